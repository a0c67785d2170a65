/**
 * Square's webhook: its signature, and what an event says of our stock, our catalogue, our access. Of the event only that is
 * kept: what it tells of payments names people.
 *
 * The signature covers the address as it is registered, byte for byte, and the raw body; it knows no time. The event itself
 * says when it was made, and that is signed: one that Square cannot be sending any more, or not yet, is refused.
 * One subscription tells of all stores of all accounts that have let the application in: only our own count.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { PosCount } from '#domain/product.ts'
import type { VendorMessage } from '#domain/vendor-message.ts'
import { DAY_MS, MINUTE_MS } from '#values/time.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { countsIn } from './inventory.ts'

const PATH = '/api/webhooks/square'
/** Square gives up after a day. */
const AGE_MAX_MS = 3 * DAY_MS
const AHEAD_MAX_MS = 5 * MINUTE_MS

export type SquareFact =
  | { readonly about: 'counts'; readonly counts: readonly PosCount[]; readonly unreadable: readonly string[] }
  /** Something in the catalogue is another since. */
  | { readonly about: 'catalogue'; readonly changedAtMs: number }
  /** Square lets us in no more. */
  | { readonly about: 'access' }

interface SquareEvent {
  readonly merchant_id?: unknown
  readonly type?: unknown
  readonly event_id?: unknown
  readonly created_at?: unknown
  readonly data?: { readonly object?: { readonly inventory_counts?: unknown; readonly catalog_version?: { readonly updated_at?: unknown } | null } | null } | null
}

/** The event if its signature holds, and it is one that Square may be sending now. */
export function verifiedEvent(raw: Buffer, signature: string | undefined): VendorMessage | undefined {
  if (signature === undefined || !isSigned(raw, signature)) return undefined
  const event = eventIn(raw)
  if (!isTimely(event)) return undefined
  return { id: textOf(event.event_id), type: textOf(event.type), payload: JSON.stringify(factIn(event) ?? null), subject: null }
}

/** What is stored of an event, read again; undefined for one that says nothing to us. */
export function factOf(payload: string): SquareFact | undefined {
  return (JSON.parse(payload) as SquareFact | null) ?? undefined
}

function isSigned(raw: Buffer, signature: string): boolean {
  const { SQUARE_WEBHOOK_SIGNATURE_KEY, SQUARE_WEBHOOK_SIGNATURE_KEY_PREVIOUS, SQUARE_WEBHOOK_URL } = config('squareWebhook')
  const address = SQUARE_WEBHOOK_URL ?? config('shop').PUBLIC_URL + PATH
  const given = Buffer.from(signature)
  const keys = [SQUARE_WEBHOOK_SIGNATURE_KEY, SQUARE_WEBHOOK_SIGNATURE_KEY_PREVIOUS].filter((key) => key !== undefined)
  return keys.some((key) => {
    const right = Buffer.from(createHmac('sha256', key).update(address).update(raw).digest('base64'))
    return right.length === given.length && timingSafeEqual(right, given)
  })
}

/** Whoever signed it is Square; what cannot be read of it is kept as an event that says nothing. */
function eventIn(raw: Buffer): SquareEvent {
  try {
    const event: unknown = JSON.parse(raw.toString('utf8'))
    return event !== null && typeof event === 'object' ? event : {}
  } catch {
    return {}
  }
}

function isTimely({ created_at: createdAt }: SquareEvent): boolean {
  const ageMs = now() - Date.parse(textOf(createdAt))
  return Number.isNaN(ageMs) || (ageMs <= AGE_MAX_MS && ageMs >= -AHEAD_MAX_MS)
}

function factIn({ merchant_id: merchantId, type, data }: SquareEvent): SquareFact | undefined {
  const { SQUARE_MERCHANT_ID } = config('squareWebhook')
  if (SQUARE_MERCHANT_ID !== undefined && merchantId !== SQUARE_MERCHANT_ID) return undefined
  switch (type) {
    case 'inventory.count.updated': {
      const { counts, unreadable } = countsIn(data?.object?.inventory_counts)
      return counts.length + unreadable.length === 0 ? undefined : { about: 'counts', counts, unreadable }
    }
    case 'catalog.version.updated': {
      const changedAtMs = Date.parse(textOf(data?.object?.catalog_version?.updated_at))
      return { about: 'catalogue', changedAtMs: Number.isNaN(changedAtMs) ? now() : changedAtMs }
    }
    case 'oauth.authorization.revoked':
      return { about: 'access' }
    default:
      return undefined
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
