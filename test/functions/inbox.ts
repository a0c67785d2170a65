/**
 * Vendor events as they lie in the inbox, for the tests about what becomes of them: some that nobody can apply, some
 * that are dead already, some that come in by the door under ids as odd as a vendor may make them.
 */
import { expect } from 'vitest'
import { signatureHeader } from '../../infra/local/vendors/stripe/webhook-signature.ts'
import type { Json, Shop } from './shop.ts'

const MINUTE_MS = 60_000

/** About nothing of ours: applied at once, and changes nothing. */
export const ABOUT_US_NOT: Json = { type: 'customer.created', payload: '{"type":"customer.created","data":{"object":{}}}', subject: null }
/** Fails however often it is tried. */
export const POISON: Json = { type: 'payment_intent.succeeded', payload: 'not JSON' }

export class Inbox {
  readonly #shop: Shop
  /** An order that exists, for events that are about one. */
  readonly #orderId: string
  #laid = 0

  constructor(shop: Shop, orderId: string) {
    this.#shop = shop
    this.#orderId = orderId
  }

  /** Lays events down as the webhook stores them, `POISON` unless something else is wanted; answers their records' ids. */
  async lay(wanted: Json = {}, count = 1): Promise<string[]> {
    const nowMs = this.#shop.cloud.now()
    const records = Array.from({ length: count }, () => {
      const vendor = String(wanted['vendor'] ?? 'stripe')
      const id = `evt_laid${++this.#laid}`
      const data = {
        ...POISON, id, vendor, subject: this.#orderId, status: 'pending', attempts: 0, receivedAtMs: nowMs, nextAtMs: nowMs + MINUTE_MS,
        lastError: null, ...wanted,
      }
      return { path: `inbox/${vendor}-${id}`, data }
    })
    for (let from = 0; from < count; from += 400) await this.#shop.cloud.servers.firestore.write(records.slice(from, from + 400))
    return records.map(({ path }) => path.slice('inbox/'.length))
  }

  /** The same, given up already. */
  layDead(wanted: Json = {}, count = 1): Promise<string[]> {
    return this.lay({ status: 'dead', attempts: 6, nextAtMs: null, lastError: 'Stripe was away.', ...wanted }, count)
  }

  record(id: string): Json {
    return this.#shop.document('inbox', id) as Json
  }

  statuses(ids: readonly string[]): Record<string, number> {
    const byId = new Map(this.#shop.documents('inbox').map(({ id, data }) => [id, String(data['status'])]))
    const counts: Record<string, number> = {}
    for (const id of ids) counts[byId.get(id) ?? 'gone'] = (counts[byId.get(id) ?? 'gone'] ?? 0) + 1
    return counts
  }

  async remove(ids: readonly string[]): Promise<void> {
    await this.#shop.cloud.servers.firestore.write(ids.map((id) => ({ path: `inbox/${id}`, delete: true })))
  }
}

/** Says something to the shop with Stripe's signature; answers the status of the door. */
export async function tellStripes(shop: Shop, event: unknown): Promise<number> {
  const body = JSON.stringify(event)
  const signature = signatureHeader(body, [shop.cloud.servers.keys.STRIPE_WEBHOOK_SECRET], Math.floor(shop.cloud.now() / 1000))
  return (await shop.guest().call('POST', '/api/webhooks/stripe', body, { 'stripe-signature': signature })).status
}

/** A minute passes, the sweep looks, and what it nudged is done. */
export async function sweepAfter(shop: Shop, minutes: number): Promise<Record<string, number>> {
  await shop.cloud.advance(minutes * MINUTE_MS)
  const tally = await shop.tally('sweep-inbox')
  await shop.cloud.drain()
  return tally
}

export function expectDead(record: Json): void {
  expect(record).toMatchObject({ status: 'dead', nextAtMs: null })
}

/** While this runs, no webhook of Stripe's is taken in: it will send them again, hours later. */
export async function unheard<T>(shop: Shop, work: () => Promise<T>): Promise<T> {
  shop.fault({ target: 'firestore', operation: 'Commit', function: 'receive-stripe', when: 'before', effect: 'error', status: 7, times: 1_000 })
  const done = await work()
  await shop.cloud.drain()
  shop.calm()
  return done
}

/** Events of Stripe's that have happened and not come yet are never applied: as if they were lost for good. */
export async function lose(shop: Shop, events: readonly Json[]): Promise<void> {
  const ignored = { vendor: 'stripe', status: 'ignored', attempts: 0, nextAtMs: null, lastError: null, receivedAtMs: shop.cloud.now() }
  await shop.cloud.servers.firestore.write(events.map(({ id, type }) => ({ path: `inbox/stripe-${id}`, data: { ...ignored, id, type } })))
}

/** What Stripe has told, or tried to tell, of a charge's success. */
export function successOf(shop: Shop, orderId: string): Json {
  const event = shop.at('stripe', 'events').find(({ type, data }) => type === 'payment_intent.succeeded' && data.object.metadata?.order_id === orderId)
  if (event === undefined) throw new Error(`Stripe knows no success of order ${orderId}.`)
  return event
}
