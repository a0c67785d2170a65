/** Square's stock: reading counts, and adjusting them for what we sold. */
import { VendorDown } from '#domain/breaker.ts'
import type { PosCount } from '#domain/product.ts'
import { ID } from '#values/ids.ts'
import { MINUTE_MS, iso } from '#values/time.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { square } from './api.ts'

interface InventoryCount {
  readonly catalog_object_id: string
  readonly state: string
  readonly location_id: string
  readonly quantity: string
  readonly calculated_at: string
}

interface CountsPage {
  readonly counts?: readonly InventoryCount[]
  readonly cursor?: string
}

/**
 * The real counts of products, for a checkout that must not wait long.
 * @throws Error when one cannot be read: a checkout then decides by our own count, and says so
 */
export async function countsNow(productIds: readonly string[], deadlineMs: number): Promise<readonly PosCount[]> {
  const { counts, unreadable } = await readCounts({ productIds, deadlineMs })
  if (unreadable.length > 0) throw new Error(`square: counts of ${unreadable.join(', ')} cannot be read`)
  return counts
}

export interface CountPage {
  readonly counts: readonly PosCount[]
  /** Products whose count is no number. */
  readonly unreadable: readonly string[]
  readonly cursor: string | undefined
}

export interface CountQuery {
  readonly productIds?: readonly string[]
  /** ISO time: only counts that changed since. */
  readonly updatedAfter?: string | undefined
  readonly cursor?: string | undefined
  readonly deadlineMs?: number
}

export async function readCounts(query: CountQuery): Promise<CountPage> {
  const page = await square<CountsPage>({
    method: 'POST',
    path: '/inventory/counts/batch-retrieve',
    body: {
      location_ids: [config('square').SQUARE_LOCATION_ID],
      states: ['IN_STOCK'],
      ...(query.productIds === undefined ? {} : { catalog_object_ids: query.productIds }),
      ...(query.updatedAfter === undefined ? {} : { updated_after: query.updatedAfter }),
      ...(query.cursor === undefined ? {} : { cursor: query.cursor }),
    },
    ...(query.deadlineMs === undefined ? {} : { deadlineMs: query.deadlineMs }),
  })
  return { ...countsIn(page.counts), cursor: page.cursor || undefined }
}

const QUANTITY = /^-?\d{1,15}(\.\d+)?$/
/** A count from further ahead would keep out every true one until then. */
const AHEAD_MAX_MS = 5 * MINUTE_MS

/**
 * Counts of our store in what Square sends. What is no number, or of no time that can be, is named and left out: an
 * unverified zero must never reach our stock.
 */
export function countsIn(given: unknown): Omit<CountPage, 'cursor'> {
  const counts: PosCount[] = []
  const unreadable: string[] = []
  const sent: readonly InventoryCount[] = Array.isArray(given) ? given.filter(Boolean) : []
  for (const { catalog_object_id: productId, state, location_id: locationId, quantity, calculated_at } of sent) {
    if (state !== 'IN_STOCK' || locationId !== config('square').SQUARE_LOCATION_ID || !ID.test(productId)) continue
    const countedAtMs = Date.parse(calculated_at)
    if (QUANTITY.test(quantity) && countedAtMs <= now() + AHEAD_MAX_MS) counts.push({ productId, quantity: Math.floor(Number(quantity)), countedAtMs })
    else unreadable.push(productId)
  }
  return { counts, unreadable }
}

export interface Adjustments {
  /** When it happened; Square takes nothing older than a day. */
  readonly occurredAt: string
  /** Negative: sold. Positive: put back. At most 100. */
  readonly changes: ReadonlyArray<{ readonly productId: string; readonly delta: number }>
}

/**
 * Adjusts counts as one request, all or nothing; the same key with the same adjustments changes nothing the second time.
 * @returns the counts after it
 * @throws VendorDown when the answer does not say what became of a change, and it cannot be found either
 */
export async function adjustCounts(key: string, adjustments: Adjustments): Promise<readonly PosCount[]> {
  const { occurredAt, changes } = adjustments
  const locationId = config('square').SQUARE_LOCATION_ID
  const answer = await square<CountsPage>({
    method: 'POST',
    path: '/inventory/changes/batch-create',
    body: {
      idempotency_key: key,
      changes: changes.map(({ productId, delta }) => ({
        type: 'ADJUSTMENT',
        adjustment: {
          reference_id: key,
          catalog_object_id: productId,
          location_id: locationId,
          from_state: delta < 0 ? 'IN_STOCK' : 'NONE',
          to_state: delta < 0 ? 'SOLD' : 'IN_STOCK',
          quantity: String(Math.abs(delta)),
          occurred_at: occurredAt,
        },
      })),
    },
  })
  const { counts } = countsIn(answer.counts)
  const untold = changes.filter(({ productId }) => !counts.some((count) => count.productId === productId))
  if (untold.length === 0) return counts
  const found = await adjustmentsMade(key, { occurredAt, changes: untold })
  if (found.made.size < untold.length) throw new VendorDown({ reason: 'square: an answer that does not say what became of an adjustment' })
  return [...counts, ...found.counts]
}

interface ChangesPage {
  readonly changes?: ReadonlyArray<{ readonly adjustment?: { readonly reference_id?: string; readonly catalog_object_id: string } }>
  readonly cursor?: string
}

export interface Made {
  /** Products whose adjustment was made. */
  readonly made: ReadonlySet<string>
  /** What Square counts of them now. */
  readonly counts: readonly PosCount[]
}

/** Which adjustments under this key Square has made, however long ago. */
export async function adjustmentsMade(key: string, { occurredAt, changes }: Adjustments): Promise<Made> {
  const made = new Set<string>()
  let cursor: string | undefined
  do {
    const page: ChangesPage = await square<ChangesPage>({
      method: 'POST',
      path: '/inventory/changes/batch-retrieve',
      body: {
        catalog_object_ids: changes.map(({ productId }) => productId),
        types: ['ADJUSTMENT'],
        updated_after: iso(Date.parse(occurredAt) - MINUTE_MS),
        ...(cursor === undefined ? {} : { cursor }),
      },
    })
    for (const { adjustment } of page.changes ?? []) if (adjustment?.reference_id === key) made.add(adjustment.catalog_object_id)
    cursor = page.cursor || undefined
  } while (cursor !== undefined)
  const { counts } = made.size === 0 ? { counts: [] } : await readCounts({ productIds: [...made] })
  return { made, counts }
}
