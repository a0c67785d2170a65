/** Square's stock: reading counts, and adjusting them for what we sold. */
import type { PosCount } from '#domain/product.ts'
import { MINUTE_MS, iso } from '#values/time.ts'
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

const asked = new Map<string, Promise<readonly PosCount[]>>()

/**
 * The real counts of products, for a checkout that must not wait long. Questions about the same products that are
 * under way are asked once.
 * @throws Failure when Square does not answer within `STOCK_DEADLINE_MS`
 */
export function countsNow(productIds: readonly string[]): Promise<readonly PosCount[]> {
  const key = [...productIds].sort().join(' ')
  const known = asked.get(key)
  if (known !== undefined) return known
  const fresh = readCounts({ productIds, deadlineMs: config('square').STOCK_DEADLINE_MS })
    .then(allReadable)
    .finally(() => asked.delete(key))
  asked.set(key, fresh)
  return fresh
}

/** @throws Error when one cannot be read: a checkout then decides by our own count, and says so */
function allReadable({ counts, unreadable }: CountPage): readonly PosCount[] {
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
  return { ...sorted(page.counts ?? []), cursor: page.cursor || undefined }
}

const QUANTITY = /^-?\d{1,15}(\.\d+)?$/

/** What is no number is named and left out: an unverified zero must never reach our stock. */
function sorted(given: readonly InventoryCount[]): Omit<CountPage, 'cursor'> {
  const counts: PosCount[] = []
  const unreadable: string[] = []
  for (const { catalog_object_id: productId, state, quantity, calculated_at } of given) {
    if (state !== 'IN_STOCK') continue
    const countedAtMs = Date.parse(calculated_at)
    if (QUANTITY.test(quantity) && Number.isFinite(countedAtMs)) counts.push({ productId, quantity: Math.floor(Number(quantity)), countedAtMs })
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
 */
export async function adjustCounts(key: string, { occurredAt, changes }: Adjustments): Promise<readonly PosCount[]> {
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
  return sorted(answer.counts ?? []).counts
}

interface ChangesPage {
  readonly changes?: ReadonlyArray<{ readonly adjustment?: { readonly reference_id?: string; readonly catalog_object_id: string } }>
  readonly cursor?: string
}

/** Products whose adjustment under this key Square has made, however long ago. */
export async function adjustmentsMade(key: string, { occurredAt, changes }: Adjustments): Promise<ReadonlySet<string>> {
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
  return made
}
