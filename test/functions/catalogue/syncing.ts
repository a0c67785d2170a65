/** What the tests of the syncs have in common. */
import { LEASE_MS } from '#domain/sync-run.ts'
import type { Shop } from '../shop.ts'

/** Lets time pass until no dead run holds the lease of a sync any more. */
export async function freeLease(shop: Shop, job: string): Promise<void> {
  const lease = shop.document('syncs', job)?.['lease'] as { untilMs: number } | null | undefined
  if (lease !== null && lease !== undefined && lease.untilMs > shop.cloud.now()) await shop.cloud.advance(LEASE_MS)
}
