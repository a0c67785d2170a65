/**
 * Creates what is missing of the warehouse: datasets, tables, views, and columns that were declared after a table was
 * made. Safe to run twice: what is as it is declared is left alone.
 */
import type { BigQuery } from '@google-cloud/bigquery'
import { TABLES, viewOf, type Column, type Table } from './tables.ts'

export async function createWarehouse(client: BigQuery): Promise<void> {
  for (const dataset of new Set(TABLES.map((table) => table.dataset))) {
    await unlessThere(client.createDataset(dataset))
  }
  for (const table of TABLES) {
    const dataset = client.dataset(table.dataset)
    const isNew = await unlessThere(dataset.createTable(table.name, definitionOf(table) as object))
    const added = !isNew && (await addColumns(client, table))
    if (table.view === undefined) continue
    const view = { query: viewOf(table), useLegacySql: false }
    const isNewView = await unlessThere(dataset.createTable(table.view, { view }))
    // A view shows the columns that its table had when it was made.
    if (added && !isNewView) await dataset.table(table.view).setMetadata({ view })
  }
}

/** A field as BigQuery answers it: with more parts than a declared column has, which stay as they are. */
interface Field {
  readonly name: string
  readonly type?: string
  readonly mode?: string
  readonly fields?: readonly Field[]
}

/** @throws Error when a column is missing that cannot be added to a table with rows */
async function addColumns(client: BigQuery, { dataset, name, columns }: Table): Promise<boolean> {
  const table = client.dataset(dataset).table(name)
  const [{ schema }] = (await table.getMetadata()) as unknown as [{ schema: { fields: readonly Field[] } }]
  const fields = withMissing(schema.fields, columns, `${dataset}.${name}`)
  if (fields === schema.fields) return false
  await table.setMetadata({ schema: { fields } } as object)
  return true
}

/** The same fields when nothing is missing. */
function withMissing(fields: readonly Field[], columns: readonly Column[], path: string): readonly Field[] {
  const known = fields.map((field) => {
    const inner = columns.find(({ name }) => name === field.name)?.fields
    const completed = inner === undefined || field.fields === undefined ? field.fields : withMissing(field.fields, inner, `${path}.${field.name}`)
    return completed === undefined || completed === field.fields ? field : { ...field, fields: completed }
  })
  const missing = columns.filter(({ name }) => !fields.some((field) => field.name === name))
  const needed = missing.find(({ mode }) => mode === 'REQUIRED')
  if (needed !== undefined) throw new Error(`${path} has no column ${needed.name}, and needs one in every row: the table must be made anew.`)
  const changed = missing.length > 0 || known.some((field, index) => field !== fields[index])
  return changed ? [...known, ...missing.map(fieldOf)] : fields
}

const YEAR_MS = 365 * 86_400_000

/** By the day of which column a table is cut, and when a day leaves it. */
export function partitioningOf({ retentionYears }: Table): { readonly field: string; readonly expirationMs: number } {
  return { field: 'created_at', expirationMs: retentionYears * YEAR_MS }
}

function definitionOf(table: Table) {
  const { field, expirationMs } = partitioningOf(table)
  return {
    schema: { fields: table.columns.map(fieldOf) },
    timePartitioning: { type: 'DAY', field, expirationMs: String(expirationMs) },
    clustering: { fields: [...table.clusteredBy] },
  }
}

export function fieldOf({ name, type, mode, fields }: Column): Field {
  return { name, type, ...(mode === undefined ? {} : { mode }), ...(fields === undefined ? {} : { fields: fields.map(fieldOf) }) }
}

/** Whether it was created. */
async function unlessThere(creation: Promise<unknown>): Promise<boolean> {
  try {
    await creation
    return true
  } catch (error) {
    if ((error as { code?: number }).code !== 409) throw error
    return false
  }
}
