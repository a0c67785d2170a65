/** Creates what is missing of the warehouse. Safe to run twice: what exists is left as it is. */
import type { BigQuery } from '@google-cloud/bigquery'
import { TABLES, viewOf, type Column, type Table } from './tables.ts'

export async function createWarehouse(client: BigQuery): Promise<void> {
  for (const dataset of new Set(TABLES.map((table) => table.dataset))) {
    await unlessThere(client.createDataset(dataset))
  }
  for (const table of TABLES) {
    await unlessThere(client.dataset(table.dataset).createTable(table.name, definitionOf(table) as object))
    if (table.view !== undefined) {
      await unlessThere(client.dataset(table.dataset).createTable(table.view, { view: { query: viewOf(table), useLegacySql: false } }))
    }
  }
}

function definitionOf(table: Table) {
  const yearMs = 365 * 86_400_000
  return {
    schema: { fields: table.columns.map(fieldOf) },
    timePartitioning: { type: 'DAY', field: 'created_at', expirationMs: String(table.retentionYears * yearMs) },
    clustering: { fields: [...table.clusteredBy] },
  }
}

function fieldOf({ name, type, mode, fields }: Column): object {
  return { name, type, ...(mode === undefined ? {} : { mode }), ...(fields === undefined ? {} : { fields: fields.map(fieldOf) }) }
}

async function unlessThere(creation: Promise<unknown>): Promise<void> {
  try {
    await creation
  } catch (error) {
    if ((error as { code?: number }).code !== 409) throw error
  }
}
