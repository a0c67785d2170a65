/**
 * Query jobs: a statement is translated, weighed, run, and its rows kept for the pages that are asked for later. Jobs live
 * in memory, the newest only; after a restart a page token is answered with notFound and the reader asks again.
 */
import { randomUUID } from 'node:crypto'
import type { DuckDBValue } from '@duckdb/node-api'
import type { Timeline } from '../timeline.ts'
import type { Catalog } from './catalog.ts'
import type { Engine } from './engine.ts'
import { readParameters, type QueryParameter } from './parameters.ts'
import { parseStatement } from './parse-query.ts'
import { Refusal } from './refusal.ts'
import type { Scan, Work } from './scope.ts'
import { wideningOf, type Widening } from './widening.ts'
import { translateQuery, translateStatement } from './translate-query.ts'
import { fieldOfColumn, quoteName, type Column, type Field, type Type } from './columns.ts'

export interface QueryRequest {
  readonly query?: string
  readonly useLegacySql?: boolean
  readonly queryParameters?: readonly QueryParameter[]
  readonly parameterMode?: string
  readonly maximumBytesBilled?: string
  readonly defaultDataset?: { readonly datasetId?: string }
  readonly dryRun?: boolean
  readonly [more: string]: unknown
}

export interface Job {
  readonly id: string
  readonly request: QueryRequest
  readonly createdMs: number
  readonly error?: Refusal | undefined
  readonly columns: readonly Column[]
  readonly rows: readonly DuckDBValue[][]
  readonly bytesProcessed: number
  readonly bytesBilled: number
}

const LEGACY_SQL = 'The local server knows no legacy SQL: set useLegacySql to false.'
const JOBS_MAX = 100
const ROWS_KEPT_MAX = 200_000
const MEGABYTE = 1024 * 1024
const BILLED_BYTES_MIN = 10 * MEGABYTE
const UNKNOWN_PARTS = 'destinationTable userDefinedFunctionResources tableDefinitions createSession'.split(' ')

export class Jobs {
  readonly #timeline: Timeline
  readonly #catalog: Catalog
  readonly #engine: Engine
  readonly #jobs = new Map<string, Job>()

  constructor(timeline: Timeline, catalog: Catalog, engine: Engine) {
    this.#timeline = timeline
    this.#catalog = catalog
    this.#engine = engine
  }

  all(): Job[] {
    return [...this.#jobs.values()]
  }

  get(id: string): Job {
    const job = this.#jobs.get(id)
    if (job === undefined) throw new Refusal('notFound', `Not found: Job ${this.#catalog.projectId}:US.${id}`)
    return job
  }

  /** Runs the query; a failed one is a job too, which says why. A dry run leaves no job and throws its refusal. */
  async run(request: QueryRequest, id: string = `job_${randomUUID()}`): Promise<Job> {
    if (this.#jobs.has(id)) throw new Refusal('duplicate', `Already Exists: Job ${this.#catalog.projectId}:US.${id}`)
    if (request.dryRun === true) return this.#execute(request, id)
    try {
      return this.#keep(await this.#execute(request, id))
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      const nothing = { columns: [], rows: [], bytesProcessed: 0, bytesBilled: 0 }
      return this.#keep({ id, request, createdMs: this.#timeline.now(), error, ...nothing })
    }
  }

  /** Columns of a view's query, which may name existing tables only and takes no parameters. */
  describe(view: { readonly query: string; readonly useLegacySql?: boolean }): Field[] {
    if (view.useLegacySql !== false) throw new Refusal('invalid', LEGACY_SQL)
    const { columns } = translateQuery(this.#work({}), new Map(), parseStatement(view.query))
    return columns.map(fieldOfColumn)
  }

  /** Rows of a table or a view, for people who look inside; no filter is required of them. */
  async peek(datasetId: string, tableId: string, part?: { start: number; size: number }): Promise<Pick<Job, 'columns' | 'rows'>> {
    const limit = part === undefined ? '' : ` LIMIT ${part.size} OFFSET ${part.start}`
    const statement = parseStatement(`SELECT * FROM \`${datasetId}.${tableId}\`${limit}`)
    const { sql, columns } = translateQuery(this.#work({}), new Map(), statement)
    return { columns, rows: await this.#engine.read(sql) }
  }

  async count(datasetId: string, tableId: string): Promise<number> {
    const [row] = await this.#engine.read(`SELECT count(*) FROM ${this.#catalog.relation([datasetId, tableId], undefined).sql}`)
    return Number(row?.[0])
  }

  async #execute(request: QueryRequest, id: string): Promise<Job> {
    check(request)
    const widening = wideningOf(request.query ?? '')
    if (widening !== undefined) return this.#widen(widening, request, id)
    const work = this.#work(request)
    const translated = translateStatement(work, request.query ?? '')
    const bytesProcessed = await this.#weigh(work.scans)
    const bytesBilled = billed(bytesProcessed)
    const cap = Number(request.maximumBytesBilled ?? Number.POSITIVE_INFINITY)
    if (bytesBilled > cap) {
      const message = `Query exceeded limit for bytes billed: ${cap}. ${bytesBilled} or higher required.`
      throw new Refusal('bytesBilledLimitExceeded', message)
    }
    const rows = request.dryRun === true ? [] : await this.#engine.read(translated.sql)
    return { id, request, createdMs: this.#timeline.now(), columns: translated.columns, rows, bytesProcessed, bytesBilled }
  }

  async #widen({ path, column, type }: Widening, request: QueryRequest, id: string): Promise<Job> {
    if (request.dryRun !== true) await this.#catalog.widenColumn(path, column, type)
    return { id, request, createdMs: this.#timeline.now(), columns: [], rows: [], bytesProcessed: 0, bytesBilled: 0 }
  }

  #work(request: QueryRequest): Work {
    return {
      relation: (path) => this.#catalog.relation(path, request.defaultDataset?.datasetId),
      params: readParameters(request.queryParameters ?? []),
      nowMicros: BigInt(this.#timeline.now()) * 1000n,
      scans: [],
      depth: 0,
      met: [],
      references: 0,
      folds: [],
    }
  }

  /** Bytes of the columns read, each once, whole tables: an upper bound, as the real estimate is one for clustered tables. */
  async #weigh(scans: readonly Scan[]): Promise<number> {
    let sum = 0
    for (const [table, some] of Map.groupBy(scans, (scan) => scan.table)) {
      const relation = this.#catalog.relation(table.split('.'), undefined)
      const columns = relation.columns.filter((column) => some.some((scan) => scan.columns.has(column.name)))
      if (columns.length === 0) continue
      const [row] = await this.#engine.read(`SELECT ${columns.map(width).join(' + ')} FROM ${relation.sql}`)
      sum += Number(row?.[0] ?? 0)
    }
    return sum
  }

  #keep(job: Job): Job {
    this.#jobs.set(job.id, job)
    let rows = this.all().reduce((sum, one) => sum + one.rows.length, 0)
    for (const [id, old] of this.#jobs) {
      if ((this.#jobs.size <= JOBS_MAX && rows <= ROWS_KEPT_MAX) || id === job.id) break
      this.#jobs.delete(id)
      rows -= old.rows.length
    }
    return job
  }
}

function check(request: QueryRequest): void {
  if (request.useLegacySql !== false) throw new Refusal('invalid', LEGACY_SQL)
  if (request.parameterMode === 'POSITIONAL') throw new Refusal('invalid', 'The local server takes named parameters only.')
  const unknown = UNKNOWN_PARTS.find((part) => request[part] !== undefined)
  if (unknown !== undefined) throw new Refusal('invalid', `The local server does not know ${unknown}.`, unknown)
}

const WIDTHS: Partial<Record<Type['is'], number>> = {
  INT64: 8,
  FLOAT64: 8,
  NUMERIC: 16,
  BOOL: 1,
  TIMESTAMP: 8,
  DATE: 8,
  DATETIME: 8,
}

function width({ name, type }: Column): string {
  const fixed = WIDTHS[type.is]
  const column = quoteName(name)
  return fixed === undefined ? `coalesce(sum(2 + strlen(CAST(${column} AS VARCHAR))), 0)` : `${fixed} * count(${column})`
}

/** Whole megabytes, ten at least; nothing read costs nothing. */
function billed(bytes: number): number {
  return bytes === 0 ? 0 : Math.max(Math.ceil(bytes / MEGABYTE) * MEGABYTE, BILLED_BYTES_MIN)
}
