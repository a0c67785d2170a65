/** Figures of a warehouse whose rows were laid by hand, at moments of the shop's own clock. */
import type { Json, Shop } from '../shop.ts'
import { layRows } from '../warehouse/warehouse.ts'

export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS

/** An order that was paid so long ago. */
export function orderOf(shop: Shop, id: string, change: Json): Json {
  return factOf(shop, { id, state: 'paid', items: [] }, change)
}

/** A sale at the till. */
export function saleOf(shop: Shop, id: string, change: Json): Json {
  return factOf(shop, { id, status: 'COMPLETED', refunded: '0' }, change)
}

function factOf(shop: Shop, usual: Json, { agoMs = 0, ...columns }: Json): Json {
  const at = new Date(shop.cloud.now() - agoMs).toISOString()
  return { ...usual, currency: 'USD', created_at: at, updated_at: at, row_version: 1, schema_version: 1, ...columns }
}

export async function layOrders(shop: Shop, orders: readonly Json[]): Promise<void> {
  await layRows(shop, 'commerce.orders_log', orders)
}

/** Statements that BigQuery was asked since a call. */
export function questions(shop: Shop, since: number): number {
  return shop.cloud.wire.calls(since).filter(({ target, operation }) => target === 'bigquery' && operation === 'POST /projects/:id/queries').length
}
