/**
 * insertAll: rows checked one by one, good ones stored together. Without `skipInvalidRows` one bad row stops the whole
 * request; an insertId seen in the last minute is taken as stored already. The memory of ids is lost with the process,
 * as the real service promises no more than its best effort: exactly-once is the reader's work (a view over the log).
 */
import type { DuckDBValue } from '@duckdb/node-api'
import type { Timeline } from '../timeline.ts'
import { acceptRow, RowFault } from './acceptance.ts'
import type { Catalog } from './catalog.ts'
import type { Engine } from './engine.ts'
import { Refusal } from './refusal.ts'
import type { TableResource } from './schema.ts'
import { columnsOf, type Field } from './columns.ts'

export interface InsertRequest {
  readonly rows?: ReadonlyArray<{ readonly insertId?: string; readonly json?: unknown }>
  readonly skipInvalidRows?: boolean
  readonly ignoreUnknownValues?: boolean
  readonly templateSuffix?: string
}

interface RowError {
  readonly index: number
  readonly errors: ReadonlyArray<{ reason: string; location: string; debugInfo: string; message: string }>
}

const ROWS_MAX = 50_000
const BYTES_MAX = 10_000_000
const INSERT_ID_LENGTH_MAX = 128
const DEDUPE_MS = 60_000
const DAY_MS = 86_400_000
const PAST_DAYS_MAX = 3650
const FUTURE_DAYS_MAX = 366

interface Accepted {
  readonly insertId: string | undefined
  readonly values: DuckDBValue[]
}

/** Of one table: insertIds, when their rows came, and until when they are stored. */
type Seen = Map<string, { readonly atMs: number; readonly stored: Promise<void> }>

export class Streaming {
  readonly #timeline: Timeline
  readonly #catalog: Catalog
  readonly #engine: Engine
  readonly #seen = new Map<string, Seen>()

  constructor(timeline: Timeline, catalog: Catalog, engine: Engine) {
    this.#timeline = timeline
    this.#catalog = catalog
    this.#engine = engine
  }

  async insert(table: TableResource, request: InsertRequest, bytes: number): Promise<{ stored: number; errors: RowError[] }> {
    const rows = checked(table, request, bytes)
    const accepted: Accepted[] = []
    const errors: RowError[] = []
    for (const [index, { insertId, json }] of rows.entries()) {
      try {
        const values = acceptRow(json, table.schema.fields, request.ignoreUnknownValues === true)
        this.#checkPartition(table, values)
        accepted.push({ insertId, values })
      } catch (error) {
        if (!(error instanceof RowFault)) throw error
        errors.push(rowError(index, 'invalid', error.location, error.message))
      }
    }
    if (errors.length > 0 && request.skipInvalidRows !== true) return { stored: 0, errors: allStopped(rows.length, errors) }
    await this.#store(table, accepted)
    return { stored: accepted.length, errors }
  }

  async #store(table: TableResource, accepted: readonly Accepted[]): Promise<void> {
    const { datasetId, tableId } = table.tableReference
    const seen = this.#seenBy(`${datasetId}.${tableId}@${table.creationTime}`)
    const { promise: stored, resolve, reject } = Promise.withResolvers<void>()
    const earlier: Promise<void>[] = []
    const fresh: DuckDBValue[][] = []
    const ids: string[] = []
    for (const { insertId, values } of accepted) {
      const before = insertId === undefined ? undefined : seen.get(insertId)
      if (before !== undefined) {
        if (before.stored !== stored) earlier.push(before.stored)
        continue
      }
      if (insertId !== undefined) {
        seen.set(insertId, { atMs: this.#timeline.now(), stored })
        ids.push(insertId)
      }
      fresh.push(values)
    }
    if (fresh.length > 0) {
      const schema = this.#catalog.schemaName(datasetId)
      this.#engine.append(schema, tableId, columnsOf(table.schema.fields), fresh).then(resolve, (error: unknown) => {
        for (const id of ids) seen.delete(id)
        reject(error)
      })
    } else resolve()
    await Promise.all([stored, ...earlier])
  }

  #seenBy(table: string): Seen {
    const seen: Seen = this.#seen.get(table) ?? new Map()
    this.#seen.set(table, seen)
    const oldestMs = this.#timeline.now() - DEDUPE_MS
    for (const [id, { atMs }] of seen) {
      if (atMs > oldestMs) break
      seen.delete(id)
    }
    return seen
  }

  /** Streaming reaches ten years back and one year ahead, no further. */
  #checkPartition(table: TableResource, values: readonly DuckDBValue[]): void {
    const name = table.timePartitioning?.field
    const place = table.schema.fields.findIndex((field: Field) => field.name === name)
    const value = values[place] as { readonly micros?: bigint; readonly days?: number } | null | undefined
    if (name === undefined || value === null || value === undefined) return
    const day = value.days ?? Number(value.micros) / 1000 / DAY_MS
    const ahead = day - this.#timeline.now() / DAY_MS
    if (ahead >= -PAST_DAYS_MAX && ahead <= FUTURE_DAYS_MAX) return
    const bounds = `within ${PAST_DAYS_MAX} days in the past and ${FUTURE_DAYS_MAX} days in the future`
    throw new RowFault(name, `The partition is outside the allowed bounds. You can only stream to partitions ${bounds}.`)
  }
}

function checked(table: TableResource, request: InsertRequest, bytes: number): NonNullable<InsertRequest['rows']> {
  const rows = request.rows ?? []
  if (table.view !== undefined) throw new Refusal('invalid', 'Cannot stream into a view.')
  if (request.templateSuffix !== undefined) throw new Refusal('invalid', 'The local server does not know templateSuffix.')
  if (rows.length === 0) throw new Refusal('invalid', 'No rows present in the request.')
  if (rows.length > ROWS_MAX) throw new Refusal('invalid', `too many rows present in the request, limit: ${ROWS_MAX}.`)
  if (bytes > BYTES_MAX) throw new Refusal('invalid', `Request payload size exceeds the limit: ${BYTES_MAX} bytes.`)
  if (rows.some(({ insertId }) => (insertId ?? '').length > INSERT_ID_LENGTH_MAX)) {
    throw new Refusal('invalid', `An insertId is longer than ${INSERT_ID_LENGTH_MAX} characters.`)
  }
  return rows
}

function allStopped(count: number, errors: readonly RowError[]): RowError[] {
  const invalid = new Map(errors.map((error) => [error.index, error]))
  return Array.from({ length: count }, (_, index) => invalid.get(index) ?? rowError(index, 'stopped', '', ''))
}

function rowError(index: number, reason: string, location: string, message: string): RowError {
  return { index, errors: [{ reason, location, debugInfo: '', message }] }
}
