/** What the tests of the syncs have in common. */
import { LEASE_MS } from '#domain/sync-run.ts'
import type { Json, Shop } from '../shop.ts'

/** What Lightspeed counts in the shop that is sold from. */
export function qoh(shop: Shop, itemId: string, shopId = '1'): number {
  return Number(shop.at('lightspeed', 'item_shops').find(({ itemID, shopID }) => itemID === itemId && shopID === shopId)?.['qoh'])
}

/** Sales by which Lightspeed was told what was sold online. */
export function ownSales(shop: Shop): Json[] {
  return shop.at('lightspeed', 'sales').filter(({ referenceNumber, completed }) => completed === 'true' && String(referenceNumber).startsWith('stk_'))
}

/** Lets time pass until no dead run holds the lease of a sync any more. */
export async function freeLease(shop: Shop, job: string): Promise<void> {
  const lease = shop.document('syncs', job)?.['lease'] as { untilMs: number } | null | undefined
  if (lease !== null && lease !== undefined && lease.untilMs > shop.cloud.now()) await shop.cloud.advance(LEASE_MS)
}
