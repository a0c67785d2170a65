/** BigQuery: streaming rows into a table, and asking for rows. Tables are made by infrastructure, never here. */
import { Failure } from '#values/failure.ts'
import { emulator, config } from './config.ts'
import { within } from './deadline.ts'
import { inRequests } from './row-requests.ts'

export interface Row {
  /** Makes a repeated insert of the same row countable as one. */
  readonly insertId: string
  readonly json: Record<string, unknown>
}

/** What became of a batch: rows stored, and those refused with the reason. */
export interface Inserted {
  readonly saved: number
  readonly refused: ReadonlyArray<{ insertId: string; reason: string }>
}

interface Table {
  insert(rows: object[], options: object): Promise<unknown>
  getMetadata(): Promise<readonly [unknown, ...unknown[]]>
}
interface Client {
  dataset(name: string): { table(name: string): Table }
  query(options: Query): Promise<readonly [readonly Fields[], ...unknown[]]>
  createQueryStream(options: Query): AsyncIterable<Fields>
}

export type Fields = Record<string, unknown>

interface Query {
  readonly query: string
  readonly params: Record<string, unknown>
  readonly maximumBytesBilled: string
}

export interface Statement {
  /** GoogleSQL; datasets by their declared names. */
  readonly query: string
  readonly params: Readonly<Record<string, unknown>>
  /** A wrong statement must not cost a month's rent. */
  readonly bytesBilledMax: number
}

/** How the shop calls its datasets, by the names under which they are declared. */
export function datasetNames(): Record<string, string> {
  const { LIGHTSPEED_BQ_DATASET: analytics, MEMORY_DATASET_ID: memory } = config('warehouse')
  return { commerce: config('shop').BQ_DATASET, analytics, customer_memory: memory }
}

function datasetOf(declared: string): string {
  return datasetNames()[declared] ?? declared
}

/** A statement with the datasets as the shop calls them. */
function withNames(query: string): string {
  return query.replaceAll(/`(\w+)\./g, (_, declared: string) => `\`${datasetOf(declared)}.`)
}

const loading = new Map<boolean, Promise<Client>>()

/** @param patient the client tries again by itself what the service did not answer */
async function load(patient = true): Promise<Client> {
  const known = loading.get(patient)
  if (known !== undefined) return known
  const made = (async () => {
    const { BigQuery } = await import('@google-cloud/bigquery')
    const options = { projectId: config('shop').GCP_PROJECT_ID, autoRetry: patient }
    const local = emulator('BIGQUERY')
    if (local === undefined) return new BigQuery(options) as unknown as Client
    const { PassThroughClient } = await import('google-auth-library')
    return new BigQuery({ ...options, apiEndpoint: local, authClient: new PassThroughClient() as never }) as unknown as Client
  })()
  loading.set(patient, made)
  return made
}

/** Streams rows, in as many requests as they need; a bad row is refused alone and does not stop the others. */
export async function insertRows(dataset: string, table: string, rows: readonly Row[]): Promise<Inserted> {
  const inserted: Inserted[] = []
  for (const some of inRequests(rows)) inserted.push(await insertSome(dataset, table, some))
  return { saved: inserted.reduce((sum, { saved }) => sum + saved, 0), refused: inserted.flatMap(({ refused }) => refused) }
}

async function insertSome(dataset: string, table: string, rows: readonly Row[]): Promise<Inserted> {
  const client = await load()
  try {
    const insert = client.dataset(datasetOf(dataset)).table(table).insert([...rows], { raw: true, skipInvalidRows: true, partialRetries: 0 })
    await within(config('deadlines').WAREHOUSE_DEADLINE_MS, 'insertAll', insert)
    return { saved: rows.length, refused: [] }
  } catch (error) {
    const refused = refusedRows(error)
    if (refused === undefined) throw error
    return { saved: rows.length - refused.length, refused }
  }
}

/** What BigQuery says of a table or a view; undefined when there is none. */
export async function tableMetadata(dataset: string, table: string): Promise<unknown> {
  const client = await load()
  try {
    const [metadata] = await within(config('deadlines').WAREHOUSE_DEADLINE_MS, 'table', client.dataset(datasetOf(dataset)).table(table).getMetadata())
    return metadata
  } catch (error) {
    if ((error as { code?: number }).code === 404) return undefined
    throw error
  }
}

/**
 * The rows of a statement that people wait for: one try, within the time that is left, and not more bytes than these.
 * @throws Failure SERVICE_UNAVAILABLE when the warehouse does not answer, INTERNAL_ERROR when it refuses the statement
 */
export async function queryQuickly(statement: Statement, leftMs: number): Promise<Fields[]> {
  const client = await load(false)
  try {
    const asked = client.query(asQuery(statement))
    const [rows] = await within(Math.max(leftMs, 1), 'query', asked)
    return rows.map(plainFields)
  } catch (error) {
    if (error instanceof Failure) throw error
    const refused = (error as { code?: number }).code === 400
    throw new Failure(refused ? 'INTERNAL_ERROR' : 'SERVICE_UNAVAILABLE', { reason: `bigquery: ${(error as Error).message}`, cause: error })
  }
}

/**
 * The rows of a bounded statement.
 * @throws Failure SERVICE_UNAVAILABLE when the warehouse does not answer
 */
export async function queryRows(statement: Statement): Promise<Fields[]> {
  const client = await load()
  try {
    const asked = client.query(asQuery(statement))
    const [rows] = await within(config('deadlines').WAREHOUSE_DEADLINE_MS, 'query', asked)
    return rows.map(plainFields)
  } catch (error) {
    if (error instanceof Failure) throw error
    throw new Failure('SERVICE_UNAVAILABLE', { reason: `bigquery: ${(error as Error).message}`, cause: error })
  }
}

/** The rows of a statement that may have a million, a page at a time. */
export async function* streamRows(statement: Statement): AsyncGenerator<Fields> {
  const client = await load()
  for await (const row of client.createQueryStream(asQuery(statement))) yield plainFields(row)
}

function asQuery({ query, params, bytesBilledMax }: Statement): Query {
  return { query: withNames(query), params: { ...params }, maximumBytesBilled: String(bytesBilledMax) }
}

/** Values without the client's wrappers: moments as text with milliseconds, unless they have more. */
function plainFields(row: Fields): Fields {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)]))
}

function plain(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || !('value' in value)) return value
  return String(value.value).replace(/(\.\d{3})0*Z$/, '$1Z')
}

function refusedRows(error: unknown): Array<{ insertId: string; reason: string }> | undefined {
  const failure = error as { name?: string; errors?: Array<{ row?: Row; errors?: Array<{ message?: string }> }> }
  if (failure.name !== 'PartialFailureError' || failure.errors === undefined) return undefined
  return failure.errors.map(({ row, errors }) => ({ insertId: row?.insertId ?? '', reason: errors?.[0]?.message ?? 'refused' }))
}
