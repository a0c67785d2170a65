/**
 * What the instances print: into a file beside the state, so that the first page stays readable, and the last lines
 * in memory for a test that wants to know why. A new start begins a new file.
 */
import { createWriteStream, type WriteStream } from 'node:fs'
import { join } from 'node:path'

const LINES_MAX = 1_000

export class InstanceLog {
  readonly #file: WriteStream | undefined
  readonly #aloud: boolean
  #lines: string[] = []

  constructor(directory: string | undefined, aloud: boolean) {
    this.#file = directory === undefined ? undefined : createWriteStream(join(directory, 'instances.log'))
    this.#aloud = aloud
  }

  readonly write = (label: string, text: string): void => {
    const lines = text.split('\n').filter((line) => line !== '').map((line) => `${label} ${line}`)
    this.#lines.push(...lines)
    if (this.#lines.length > 2 * LINES_MAX) this.#lines = this.#lines.slice(-LINES_MAX)
    const printed = lines.map((line) => `${line}\n`).join('')
    this.#file?.write(printed)
    if (this.#aloud) process.stderr.write(printed)
  }

  lines(): readonly string[] {
    return this.#lines.slice(-LINES_MAX)
  }

  async close(): Promise<void> {
    const file = this.#file
    if (file !== undefined) await new Promise<void>((resolve) => file.end(() => resolve()))
  }
}
