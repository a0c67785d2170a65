/** Figures of a warehouse whose rows were laid by hand, at moments of the shop's own clock. */
import type { Json, Shop } from '../shop.ts'
import { layRows } from '../warehouse/warehouse.ts'

export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS

export function orderOf(shop: Shop, id: string, change: Json): Json {
  const at = new Date(shop.cloud.now() - (change['agoMs'] ?? 0)).toISOString()
  const { agoMs: _, ...columns } = change
  return { id, state: 'paid', currency: 'USD', items: [], created_at: at, updated_at: at, row_version: 1, schema_version: 1, ...columns }
}

export async function layOrders(shop: Shop, orders: readonly Json[]): Promise<void> {
  await layRows(shop, 'commerce.orders_log', orders)
}

/** Statements that BigQuery was asked since a call. */
export function questions(shop: Shop, since: number): number {
  return shop.cloud.wire.calls(since).filter(({ target, operation }) => target === 'bigquery' && operation === 'POST /projects/:id/queries').length
}
