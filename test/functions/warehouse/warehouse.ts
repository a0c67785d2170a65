/** The warehouse beside the shop: BigQuery's own client, and what somebody does there by hand. */
import { BigQuery } from '@google-cloud/bigquery'
import { PassThroughClient } from 'google-auth-library'
import { definitionOf, TABLES, type Table } from '../../../infra/warehouse/tables.ts'
import type { Json, Shop } from '../shop.ts'

export function warehouseOf(shop: Shop): BigQuery {
  const apiEndpoint = shop.cloud.addresses['BIGQUERY_EMULATOR_HOST'] ?? ''
  return new BigQuery({ projectId: shop.cloud.servers.pubsub.projectId, apiEndpoint, authClient: new PassThroughClient() as never })
}

export function tableNamed(path: string): Table {
  const table = TABLES.find(({ dataset, name }) => `${dataset}.${name}` === path)
  if (table === undefined) throw new Error(`${path} is not declared`)
  return table
}

/** Lays rows into a table as a sink that is somebody else's would. */
export async function layRows(shop: Shop, path: string, rows: readonly Json[]): Promise<void> {
  const { dataset, name } = tableNamed(path)
  if (rows.length > 0) await warehouseOf(shop).dataset(dataset).table(name).insert([...rows])
}

/** Makes a table anew, with other rows or other columns: what was in it is lost. */
export async function remakeTable(shop: Shop, path: string, change: { readonly rows?: readonly Json[]; readonly columns?: Table['columns'] } = {}): Promise<void> {
  const table = tableNamed(path)
  const dataset = warehouseOf(shop).dataset(table.dataset)
  await dataset.table(table.name).delete()
  await dataset.createTable(table.name, definitionOf({ ...table, columns: change.columns ?? table.columns }) as object)
  await layRows(shop, path, change.rows ?? [])
}
