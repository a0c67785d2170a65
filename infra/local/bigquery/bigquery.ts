/**
 * The local BigQuery: the REST interface that the unmodified Node client speaks, over DuckDB. It runs a subset of
 * GoogleSQL that is written out in `functions.ts` and the parser, and refuses everything else: a statement that passes
 * here must mean the same in production. Rows are on disk when an insert is answered.
 */
import { join } from 'node:path'
import type { Disk } from '../disk.ts'
import type { HttpAnswer, HttpService } from '../http-ports.ts'
import type { Timeline } from '../timeline.ts'
import { Catalog, type Declared } from './catalog.ts'
import { Engine } from './engine.ts'
import { Jobs } from './jobs.ts'
import { Refusal } from './refusal.ts'
import { operationOf, route, type Server } from './routes.ts'
import { Streaming } from './streaming.ts'
import { plainRow } from './values.ts'

export interface BigQuery {
  readonly service: HttpService
  /** Every row of a table or a view, as plain JSON: what local control shows. */
  rows(datasetId: string, tableId: string): Promise<Array<Record<string, unknown>>>
  /** What was created here, for another server to begin with. */
  declared(): Declared
  declare(declared: Declared): Promise<void>
  close(): Promise<void>
}

export interface BigQueryOptions {
  readonly timeline: Timeline
  readonly disk: Disk
  readonly projectId: string
}

export async function createBigQuery({ timeline, disk, projectId }: BigQueryOptions): Promise<BigQuery> {
  const engine = await Engine.open(disk.directory === undefined ? undefined : join(disk.directory, 'bigquery.duckdb'))
  const catalog = new Catalog({ timeline, engine, shelves: disk.shelves('bigquery'), projectId })
  const jobs = new Jobs(timeline, catalog, engine)
  const server: Server = { catalog, jobs, streaming: new Streaming(timeline, catalog, engine) }
  return {
    service: {
      target: 'bigquery',
      operation: operationOf,
      handle: (call, tally) => answer(() => route(server, call, tally)),
    },
    async rows(datasetId, tableId) {
      const { columns, rows } = await jobs.peek(datasetId, tableId)
      return rows.map((row) => plainRow(row, columns))
    },
    declared: () => catalog.declared(),
    declare: (declared) => catalog.declare(declared),
    close: () => engine.close(),
  }
}

/** What is refused becomes Google's error body; what broke inside is left to the port, as a 500. */
async function answer(work: () => unknown): Promise<HttpAnswer> {
  try {
    const body = await work()
    return body === undefined ? { status: 204 } : { status: 200, body }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const { status, message } = error
    return { status, body: { error: { code: status, message, errors: [error.proto()] } } }
  }
}
