/**
 * One cloud per directory: two would write over each other's state. The lock is one of SQLite's on a file, so the
 * system takes it back when the process ends, however it ends; nothing stale is left after a `kill -9`.
 */
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

const LOCK = 'lock.db'

export class DirectoryTaken extends Error {
  override readonly name = 'DirectoryTaken'
}

/** Takes the directory, emptied when `fresh`. Returns a function that gives it back. */
export function ownDirectory(directory: string, fresh: boolean): () => void {
  mkdirSync(directory, { recursive: true })
  const lock = new DatabaseSync(join(directory, LOCK))
  try {
    lock.exec('BEGIN EXCLUSIVE')
  } catch {
    lock.close()
    throw new DirectoryTaken(`Another local cloud is at work in ${directory}. Stop it first.`)
  }
  for (const name of fresh ? readdirSync(directory) : []) {
    if (!name.startsWith(LOCK)) rmSync(join(directory, name), { recursive: true, force: true })
  }
  return () => lock.close()
}
