/**
 * DuckDB underneath: one process owns the file, reads run side by side on connections of their own, writes one after
 * another. Rows that arrive while a write is under way are committed together, so that many small inserts cost few
 * commits. What was answered survives a `kill -9`: a commit is in the write-ahead log before the answer.
 */
import { DuckDBDataChunk, DuckDBInstance, type DuckDBConnection, type DuckDBValue } from '@duckdb/node-api'
import { MACROS } from './functions.ts'
import { refuseQuery } from './refusal.ts'
import type { Column } from './columns.ts'
import { logicalType } from './values.ts'

const CHUNK_ROWS_MAX = 2048
/** Nothing is fetched or read from outside, and a laptop keeps its memory. */
const OPTIONS = {
  threads: '2',
  memory_limit: '512MB',
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
}

interface Append {
  readonly schema: string
  readonly table: string
  readonly columns: readonly Column[]
  readonly rows: readonly DuckDBValue[][]
  readonly done: (error?: unknown) => void
}

export class Engine {
  readonly #instance: DuckDBInstance
  readonly #writer: DuckDBConnection
  #writes: Promise<void> = Promise.resolve()
  #waiting: Append[] = []

  constructor(instance: DuckDBInstance, writer: DuckDBConnection) {
    this.#instance = instance
    this.#writer = writer
  }

  /** @param file path of the database; undefined keeps it in memory */
  static async open(file: string | undefined): Promise<Engine> {
    const instance = await DuckDBInstance.create(file ?? ':memory:', OPTIONS)
    const writer = await instance.connect()
    await writer.run(`SET GLOBAL TimeZone = 'UTC'`)
    for (const macro of MACROS) await writer.run(`CREATE OR REPLACE MACRO ${macro}`)
    return new Engine(instance, writer)
  }

  /** Runs a translated query. What DuckDB says against it is the statement's fault, unless DuckDB itself broke. */
  async read(sql: string): Promise<DuckDBValue[][]> {
    const connection = await this.#instance.connect()
    try {
      return (await connection.runAndReadAll(sql)).getRows()
    } catch (error) {
      const [, kind = '', message = ''] = /^(?:([\w ]+?) Error: )?(.*)/.exec((error as Error).message) ?? []
      if (/^(INTERNAL|FATAL|Out of Memory|IO)$/.test(kind)) throw error
      return refuseQuery(message)
    } finally {
      connection.closeSync()
    }
  }

  /** Changes tables, after all writes before it. */
  change(sql: string): Promise<void> {
    return this.#write(async () => void (await this.#writer.run(sql)))
  }

  /** Adds rows; resolves when they are committed. */
  append(schema: string, table: string, columns: readonly Column[], rows: readonly DuckDBValue[][]): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (error?: unknown) => (error === undefined ? resolve() : reject(error as Error))
      this.#waiting.push({ schema, table, columns, rows, done })
      if (this.#waiting.length === 1) void this.#write(() => this.#appendWaiting())
    })
  }

  async close(): Promise<void> {
    await this.#writes
    this.#writer.closeSync()
    this.#instance.closeSync()
  }

  #write(work: () => Promise<void>): Promise<void> {
    const run = this.#writes.then(work)
    this.#writes = run.catch(() => undefined)
    return run
  }

  async #appendWaiting(): Promise<void> {
    const batch = this.#waiting
    this.#waiting = []
    let failure: unknown
    try {
      await this.#writer.run('BEGIN')
      for (const append of batch) await this.#appendRows(append)
      await this.#writer.run('COMMIT')
    } catch (error) {
      failure = error
      await this.#writer.run('ROLLBACK').catch(() => undefined)
    }
    for (const { done } of batch) done(failure)
  }

  async #appendRows({ schema, table, columns, rows }: Append): Promise<void> {
    const appender = await this.#writer.createAppender(table, schema)
    const types = columns.map((column) => logicalType(column.type))
    for (let from = 0; from < rows.length; from += CHUNK_ROWS_MAX) {
      const part = rows.slice(from, from + CHUNK_ROWS_MAX)
      const chunk = DuckDBDataChunk.create(types, part.length)
      chunk.setRows(part)
      appender.appendDataChunk(chunk)
    }
    appender.closeSync()
  }
}
