/**
 * Where the local cloud keeps its state: maps that are written through to SQLite, so that a `kill -9` of
 * everything loses nothing that was answered. In memory (no directory given) the same maps live as long as the process.
 *
 * `synchronous = OFF` is enough: the writes must outlive the process, not the machine.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'

export class Disk {
  readonly #directory: string | undefined
  readonly #databases: DatabaseSync[] = []

  /** @param directory folder of the state, created when missing; undefined keeps everything in memory */
  constructor(directory?: string, options: { fresh?: boolean } = {}) {
    this.#directory = directory
    if (directory === undefined) return
    if (options.fresh === true) rmSync(directory, { recursive: true, force: true })
    mkdirSync(directory, { recursive: true })
  }

  get directory(): string | undefined {
    return this.#directory
  }

  /** A database file of its own, for parts that need more than a shelf. */
  database(name: string): DatabaseSync {
    const database = new DatabaseSync(this.#directory === undefined ? ':memory:' : join(this.#directory, `${name}.db`))
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA busy_timeout = 2000;')
    this.#databases.push(database)
    return database
  }

  /** The named shelves of one part, in one file. */
  shelves(part: string): Shelves {
    return new Shelves(this.#directory === undefined ? undefined : this.database(part))
  }

  close(): void {
    for (const database of this.#databases) database.close()
    this.#databases.length = 0
  }
}

export class Shelves {
  readonly #database: DatabaseSync | undefined
  #together = false

  constructor(database: DatabaseSync | undefined) {
    this.#database = database
  }

  /**
   * Runs `work`, which must not wait for anything, so that a death in the middle of it keeps none of its writes.
   * What it wrote before it threw is kept: the maps hold it, and disk and memory must agree.
   */
  together<T>(work: () => T): T {
    if (this.#database === undefined || this.#together) return work()
    this.#together = true
    this.#database.exec('BEGIN')
    try {
      return work()
    } finally {
      this.#database.exec('COMMIT')
      this.#together = false
    }
  }

  shelf<T>(name: string): Shelf<T> {
    return new Shelf<T>(this.#database, name)
  }
}

/** A map from id to a JSON value, in insertion order. Values are kept by reference: call `set` after changing one. */
export class Shelf<T> {
  readonly #values = new Map<string, T>()
  readonly #put: StatementSync | undefined
  readonly #drop: StatementSync | undefined

  constructor(database: DatabaseSync | undefined, name: string) {
    if (database === undefined) return
    if (!/^[a-z][a-z0-9_]*$/.test(name)) throw new RangeError(`A shelf's name is lower-case words, not "${name}".`)
    database.exec(`CREATE TABLE IF NOT EXISTS ${name} (id TEXT PRIMARY KEY, value TEXT NOT NULL)`)
    const rows = database.prepare(`SELECT id, value FROM ${name} ORDER BY rowid`).all()
    for (const row of rows) this.#values.set(String(row['id']), JSON.parse(String(row['value'])) as T)
    this.#put = database.prepare(
      `INSERT INTO ${name} (id, value) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET value = excluded.value`,
    )
    this.#drop = database.prepare(`DELETE FROM ${name} WHERE id = ?`)
  }

  get size(): number {
    return this.#values.size
  }

  get(id: string): T | undefined {
    return this.#values.get(id)
  }

  has(id: string): boolean {
    return this.#values.has(id)
  }

  set(id: string, value: T): T {
    this.#values.set(id, value)
    this.#put?.run(id, JSON.stringify(value))
    return value
  }

  delete(id: string): boolean {
    this.#drop?.run(id)
    return this.#values.delete(id)
  }

  values(): T[] {
    return [...this.#values.values()]
  }

  entries(): Array<[string, T]> {
    return [...this.#values.entries()]
  }
}
