/** The addresses of the REST interface, with and without `/bigquery/v2` before them, and what each answers. */
import type { HttpCall } from '../http-ports.ts'
import type { Tally } from '../wire.ts'
import type { Catalog, Resource } from './catalog.ts'
import type { Job, Jobs, QueryRequest } from './jobs.ts'
import { Refusal } from './refusal.ts'
import type { TableResource } from './schema.ts'
import type { InsertRequest, Streaming } from './streaming.ts'
import { fieldOfColumn, type Field } from './columns.ts'
import { encodeRow } from './values.ts'

export interface Server {
  readonly catalog: Catalog
  readonly jobs: Jobs
  readonly streaming: Streaming
}

type Answer = (server: Server, request: Request) => unknown

interface Request {
  readonly call: HttpCall
  readonly tally: Tally
  /** Ids of the path after the project's. */
  readonly ids: readonly string[]
}

const PAGE_ROWS_MAX = 10_000
const DATASET = '/projects/:id/datasets/:id'
const TABLE = `${DATASET}/tables/:id`

const ROUTES: Record<string, Answer> = {
  'GET /projects/:id/datasets': ({ catalog }) => ({ kind: 'bigquery#datasetList', datasets: catalog.datasets() }),
  'POST /projects/:id/datasets': ({ catalog }, { call }) => catalog.createDataset(body(call)),
  [`GET ${DATASET}`]: ({ catalog }, { ids }) => catalog.dataset(ids[0] ?? ''),
  [`PATCH ${DATASET}`]: ({ catalog }, { call, ids }) => catalog.updateDataset(ids[0] ?? '', body(call), call.headers['if-match']),
  [`DELETE ${DATASET}`]: ({ catalog }, { call, ids }) =>
    catalog.deleteDataset(ids[0] ?? '', call.query.get('deleteContents') === 'true'),
  [`GET ${DATASET}/tables`]: ({ catalog }, { ids }) => {
    const tables = catalog.tables(ids[0] ?? '')
    return { kind: 'bigquery#tableList', tables, totalItems: tables.length }
  },
  [`POST ${DATASET}/tables`]: ({ catalog, jobs }, { call, ids }) => {
    const table = body<Partial<TableResource>>(call)
    return catalog.createTable(ids[0] ?? '', table, table.view === undefined ? undefined : jobs.describe(table.view))
  },
  [`GET ${TABLE}`]: async (server, { ids }) => {
    const table = server.catalog.table(ids[0] ?? '', ids[1] ?? '')
    return table.view === undefined ? { ...table, numRows: String(await server.jobs.count(ids[0] ?? '', ids[1] ?? '')) } : table
  },
  [`PATCH ${TABLE}`]: ({ catalog, jobs }, { call, ids }) => {
    const change = body<Resource>(call)
    const view = change['view'] as TableResource['view']
    const table = catalog.table(ids[0] ?? '', ids[1] ?? '')
    const viewFields = view === undefined ? undefined : jobs.describe(view)
    return catalog.updateTable(table, { body: change, etag: call.headers['if-match'], viewFields })
  },
  [`DELETE ${TABLE}`]: ({ catalog }, { ids }) => catalog.deleteTable(ids[0] ?? '', ids[1] ?? ''),
  [`POST ${TABLE}/insertAll`]: insertAll,
  [`GET ${TABLE}/data`]: listRows,
  'POST /projects/:id/queries': async (server, request) => {
    const { call } = request
    const query = body<QueryRequest & { maxResults?: number }>(call)
    return results(server, await server.jobs.run(query), request, query.maxResults, query['formatOptions'])
  },
  'GET /projects/:id/queries/:id': (server, request) => results(server, server.jobs.get(request.ids[0] ?? ''), request),
  'GET /projects/:id/jobs': (server) => {
    return { kind: 'bigquery#jobList', jobs: server.jobs.all().map((job) => jobResource(server, job)) }
  },
  'POST /projects/:id/jobs': insertJob,
  'GET /projects/:id/jobs/:id': (server, { ids }) => jobResource(server, server.jobs.get(ids[0] ?? '')),
  'POST /projects/:id/jobs/:id/cancel': (server, { ids }) => ({
    kind: 'bigquery#jobCancelResponse',
    job: jobResource(server, server.jobs.get(ids[0] ?? '')),
  }),
}

/** `POST /projects/:id/datasets/:id/tables/:id/insertAll`: the same with either prefix. */
export function operationOf(method: string, path: string): string {
  return `${method} /${segments(path).map((segment, index) => (index % 2 === 1 ? ':id' : segment)).join('/')}`
}

/** Answers a call; refuses an address that is none of these, or of another project. */
export function route(server: Server, call: HttpCall, tally: Tally): unknown {
  const [, project, ...rest] = segments(call.path)
  const answer = ROUTES[operationOf(call.method, call.path)]
  if (answer === undefined) throw new Refusal('notFound', `The local server does not answer ${call.method} ${call.path}`)
  if (project !== server.catalog.projectId) throw new Refusal('notFound', `Not found: Project ${project ?? ''}`)
  return answer(server, { call, tally, ids: rest.filter((_, index) => index % 2 === 1) })
}

function segments(path: string): string[] {
  return path.replace(/^\/bigquery\/v2(?=\/)/, '').split('/').slice(1)
}

function body<T = Resource>(call: HttpCall): T {
  try {
    const json = JSON.parse(call.body.toString('utf8')) as unknown
    if (typeof json === 'object' && json !== null) return json as T
  } catch {
    // Not JSON: refused below like any other body that is no object.
  }
  throw new Refusal('invalid', 'Invalid JSON payload received.')
}

async function insertAll(server: Server, { call, tally, ids }: Request): Promise<unknown> {
  const table = server.catalog.table(ids[0] ?? '', ids[1] ?? '')
  const { stored, errors } = await server.streaming.insert(table, body<InsertRequest>(call), call.body.length)
  tally.writes += stored
  return { kind: 'bigquery#tableDataInsertAllResponse', ...(errors.length === 0 ? {} : { insertErrors: errors }) }
}

async function listRows({ catalog, jobs }: Server, request: Request): Promise<unknown> {
  const [datasetId = '', tableId = ''] = request.ids
  if (catalog.table(datasetId, tableId).view !== undefined) throw new Refusal('invalid', 'Cannot list a table of type VIEW.')
  if (request.call.query.has('selectedFields')) throw new Refusal('invalid', 'The local server does not know selectedFields.')
  const { start, size } = range(request)
  const { columns, rows } = await jobs.peek(datasetId, tableId, { start, size })
  const total = await jobs.count(datasetId, tableId)
  return { kind: 'bigquery#tableDataList', ...page({ columns, rows, start, total }, request) }
}

async function insertJob(server: Server, { call, tally }: Request): Promise<unknown> {
  const { configuration, jobReference } = body<{
    configuration?: { query?: QueryRequest; dryRun?: boolean }
    jobReference?: { jobId?: string }
  }>(call)
  if (configuration?.query === undefined) throw new Refusal('invalid', 'The local server runs query jobs only.')
  const job = await server.jobs.run({ ...configuration.query, dryRun: configuration.dryRun === true }, jobReference?.jobId)
  tally.bytes += job.bytesProcessed
  return jobResource(server, job)
}

function results(server: Server, job: Job, request: Request, maxResults?: number, format?: unknown): unknown {
  if (job.error !== undefined) throw job.error
  if (request.call.method === 'POST') request.tally.bytes += job.bytesProcessed
  const { start, size } = range(request, maxResults)
  const { columns, rows } = job
  const shown = { columns, rows: rows.slice(start, start + size), start, total: rows.length }
  return {
    kind: 'bigquery#queryResponse',
    schema: { fields: columns.map(fieldOfColumn) },
    jobReference: reference(server, job),
    jobComplete: true,
    cacheHit: false,
    totalBytesProcessed: String(job.bytesProcessed),
    totalBytesBilled: String(job.bytesBilled),
    ...(job.request.dryRun === true ? {} : page(shown, request, format)),
  }
}

/** The page asked for; its token is the number of its first row. */
function range({ call: { query } }: Request, maxResults?: number): { start: number; size: number } {
  const start = Number(query.get('pageToken') ?? query.get('startIndex') ?? 0)
  const size = Math.min(Number(maxResults ?? query.get('maxResults') ?? PAGE_ROWS_MAX), PAGE_ROWS_MAX)
  if (Number.isSafeInteger(start) && start >= 0 && Number.isSafeInteger(size) && size >= 0) return { start, size }
  throw new Refusal('invalid', 'Invalid page token or size.')
}

interface Page extends Pick<Job, 'columns' | 'rows'> {
  readonly start: number
  readonly total: number
}

function page({ columns, rows, start, total }: Page, { call, tally }: Request, format?: unknown): Resource {
  const asked = (format as { useInt64Timestamp?: boolean } | undefined)?.useInt64Timestamp
  const asMicros = asked ?? call.query.get('formatOptions.useInt64Timestamp') === 'true'
  const types = columns.map((column) => column.type)
  const end = start + rows.length
  tally.reads += rows.length
  return {
    totalRows: String(total),
    rows: rows.map((row) => encodeRow(row, types, asMicros)),
    ...(end < total ? { pageToken: String(end) } : {}),
  }
}

function reference({ catalog }: Server, job: Job): Resource {
  return { projectId: catalog.projectId, jobId: job.id, location: 'US' }
}

function jobResource(server: Server, job: Job): Resource {
  const { dryRun, ...query } = job.request
  const time = String(job.createdMs)
  const schema: { fields: Field[] } = { fields: job.columns.map(fieldOfColumn) }
  const proto = job.error?.proto()
  return {
    kind: 'bigquery#job',
    id: `${server.catalog.projectId}:US.${job.id}`,
    jobReference: reference(server, job),
    configuration: { jobType: 'QUERY', query, ...(dryRun === true ? { dryRun } : {}) },
    status: { state: 'DONE', ...(proto === undefined ? {} : { errorResult: proto, errors: [proto] }) },
    statistics: {
      creationTime: time,
      startTime: time,
      endTime: time,
      totalBytesProcessed: String(job.bytesProcessed),
      query: {
        statementType: 'SELECT',
        totalBytesProcessed: String(job.bytesProcessed),
        totalBytesBilled: String(job.bytesBilled),
        cacheHit: false,
        ...(dryRun === true ? { schema } : {}),
      },
    },
  }
}
