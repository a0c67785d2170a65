/** BigQuery: streaming rows into a table. Tables are made by infrastructure, never here. */
import { emulator, config } from './config.ts'
import { within } from './deadline.ts'

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
}
interface Client {
  dataset(name: string): { table(name: string): Table }
}

let loading: Promise<Client> | undefined

async function load(): Promise<Client> {
  loading ??= (async () => {
    const { BigQuery } = await import('@google-cloud/bigquery')
    const projectId = config('shop').GCP_PROJECT_ID
    const local = emulator('BIGQUERY')
    if (local === undefined) return new BigQuery({ projectId }) as unknown as Client
    const { PassThroughClient } = await import('google-auth-library')
    return new BigQuery({ projectId, apiEndpoint: local, authClient: new PassThroughClient() as never }) as unknown as Client
  })()
  return loading
}

/** Streams rows; a bad row is refused alone and does not stop the others. */
export async function insertRows(dataset: string, table: string, rows: readonly Row[]): Promise<Inserted> {
  const client = await load()
  try {
    const insert = client.dataset(dataset).table(table).insert([...rows], { raw: true, skipInvalidRows: true, partialRetries: 0 })
    await within(config('deadlines').WAREHOUSE_DEADLINE_MS, 'insertAll', insert)
    return { saved: rows.length, refused: [] }
  } catch (error) {
    const refused = refusedRows(error)
    if (refused === undefined) throw error
    return { saved: rows.length - refused.length, refused }
  }
}

function refusedRows(error: unknown): Array<{ insertId: string; reason: string }> | undefined {
  const failure = error as { name?: string; errors?: Array<{ row?: Row; errors?: Array<{ message?: string }> }> }
  if (failure.name !== 'PartialFailureError' || failure.errors === undefined) return undefined
  return failure.errors.map(({ row, errors }) => ({ insertId: row?.insertId ?? '', reason: errors?.[0]?.message ?? 'refused' }))
}
