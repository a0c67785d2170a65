/**
 * What one purchase may cost: calls one after the other, documents read and written. Counted on the wire, by the
 * request's own id, so that what follows an order (mail, warehouse, stock) is not in it.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CallRecord } from '../../infra/local/wire.ts'
import { promoCode } from '../functions/promotion.ts'
import { checkOut, openGround, PRODUCT, type Ground } from '../functions/purchase.ts'
import { saved } from '../functions/saved-cards.ts'
import type { Json, Person, Shop } from '../functions/shop.ts'

const CALLS_IN_A_ROW_MAX = 6
const PRODUCTS = [PRODUCT, 'VARHEARTS250', 'VARSEEDOIL250', 'VARCALMBALM30', 'VARCALMBALM60']

const MINUTE_MS = 60_000

/** So slow is every call, so that those that are made at the same time are seen to overlap. */
const CALL_MS = 200
const TARGETS = ['firestore', 'square', 'lightspeed', 'stripe', 'pubsub']

let ground: Ground
let shop: Shop

beforeAll(async () => {
  ground = await openGround()
  shop = ground.shop
}, 30_000)
afterAll(() => shop.cloud.stop())

async function callsOf(requestId: string, since: number): Promise<CallRecord[]> {
  const answer = await fetch(`${shop.cloud.url}/_local/calls?since=${since}`)
  const { calls } = (await answer.json()) as { calls: CallRecord[] }
  return calls.filter((call) => call.requestId === requestId)
}

/** Length of the longest chain in which each call began after the one before had ended: overlapping ones count once. */
function inARow(calls: readonly CallRecord[]): number {
  let endedMs = -Infinity
  let count = 0
  for (const call of [...calls].sort((one, other) => one.startedMs + one.ms - other.startedMs - other.ms)) {
    if (call.startedMs < endedMs) continue
    endedMs = call.startedMs + call.ms
    count += 1
  }
  return count
}

function sum(calls: readonly CallRecord[], field: 'reads' | 'writes'): number {
  return calls.reduce((all, call) => all + call[field], 0)
}

/** Both instances have a lease of general tokens for this address: nine requests of ten find it so. */
async function settledIn(): Promise<Person> {
  const buyer = await shop.person()
  for (let time = 0; time < 4; time += 1) await buyer.get('/api/products/unknown')
  return buyer
}

interface Cost {
  readonly calls: number
  readonly inARow: number
  readonly reads: number
  readonly writes: number
}

/** Pays, and counts what that call has cost. */
async function costOf(buyer: Person, requestId: string, purchase: Json, key?: string): Promise<Cost> {
  await shop.cloud.drain()
  for (const target of TARGETS) shop.fault({ target, when: 'before', effect: 'delay', delayMs: CALL_MS, times: 1_000 })
  const since = shop.cloud.wire.lastCall
  const body: Json = { customerId: buyer.id, email: buyer.email, paymentMethod: { token: 'pm_card_visa' }, ...purchase }
  const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key }
  const answer = await buyer.call('POST', '/api/checkout', body, { 'x-request-id': requestId, ...headers })
  shop.calm()
  expect(answer.status).toBe(201)
  const calls = await callsOf(requestId, since)
  return { calls: calls.length, inARow: inARow(calls), reads: sum(calls, 'reads'), writes: sum(calls, 'writes') }
}

describe('does', () => {
  test('ask the second till for its counts beside all else, and read only its breaker for it', async () => {
    await shop.tally('sync-lightspeed-items')
    const buyer = await settledIn()
    // Both instances have signed in.
    await Promise.all(Array.from({ length: 8 }, () => buyer.buy({ productId: 'ls_11', quantity: 1 })))
    // The second of that change is over, and read again: a count that is asked for now is no news.
    await shop.cloud.drain()
    await shop.cloud.advance(2 * MINUTE_MS)
    await shop.tally('sync-lightspeed-items')
    const cart = await buyer.fill({ productId: PRODUCT, quantity: 1 }, { productId: 'ls_11', quantity: 1 })
    const cost = await costOf(buyer, 'both-tills', { cartId: cart['id'] })
    console.info(`checkout of 2 lines from both tills: ${JSON.stringify(cost)}`)
    expect(cost).toMatchObject({ calls: 9, reads: 10, writes: 11 })
    expect(cost.inARow).toBeLessThanOrEqual(CALLS_IN_A_ROW_MAX + 1)
  })

  test.each([1, 2, 5])('sell a stored cart of %i lines within its budget', async (lines) => {
    for (const key of [undefined, 'a-key']) {
      const buyer = await settledIn()
      const { id: cartId } = await buyer.fill(...PRODUCTS.slice(0, lines).map((productId) => ({ productId, quantity: 1 })))
      const cost = await costOf(buyer, `budget-${lines}-${key ?? 'none'}`, { cartId }, key)
      process.stdout.write(`checkout of ${lines} lines, ${key === undefined ? 'no key' : 'key'}: ${JSON.stringify(cost)}\n`)
      expect(cost.inARow).toBeLessThanOrEqual(CALLS_IN_A_ROW_MAX)
      expect(cost.reads).toBeLessThanOrEqual(8 + lines)
      expect(cost.writes).toBeLessThanOrEqual(9 + 2 * lines)
    }
  })

  test('sell with a promo code without one call more in a row: only the code and two marks of its customer are read and written', async () => {
    const code = await promoCode(shop)
    const costs: Cost[] = []
    for (const [what, more] of [['plain', {}], ['promo', { promoCode: code }]] as const) {
      const buyer = await settledIn()
      const { id: cartId } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
      costs.push(await costOf(buyer, `budget-${what}`, { cartId, ...more }))
    }
    const [plain, promo] = costs as [Cost, Cost]
    process.stdout.write(`checkout of 1 line with a promo code: ${JSON.stringify(promo)}\n`)
    expect(promo.inARow).toBeLessThanOrEqual(CALLS_IN_A_ROW_MAX)
    expect([promo.reads - plain.reads, promo.writes - plain.writes]).toEqual([3, 3])
  })

  test('sell by a saved card, or keep the card, without one call more in a row: only the card, its customer\'s key and a breaker are read', async () => {
    const costs: Cost[] = []
    for (const what of ['plain', 'saved', 'kept'] as const) {
      const buyer = await settledIn()
      const cardId = await saved(buyer)
      const { id: cartId } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
      const paymentMethod = what === 'saved' ? { cardId } : { token: 'pm_card_visa', save: what === 'kept' }
      costs.push(await costOf(buyer, `budget-${what}`, { cartId, paymentMethod }))
    }
    const [plain, withSaved, kept] = costs as [Cost, Cost, Cost]
    process.stdout.write(`checkout of 1 line by a saved card: ${JSON.stringify(withSaved)}, with the card kept: ${JSON.stringify(kept)}\n`)
    for (const { inARow: row } of [withSaved, kept]) expect(row).toBeLessThanOrEqual(CALLS_IN_A_ROW_MAX)
    expect([withSaved.calls - plain.calls, withSaved.reads - plain.reads, withSaved.writes - plain.writes]).toEqual([0, 3, 0])
    expect([kept.calls - plain.calls, kept.reads - plain.reads, kept.writes - plain.writes]).toEqual([1, 0, 1])
  })

  test('answer a replay with one read, and a page of products with one query', async () => {
    const buyer = await settledIn()
    const purchase = { cart: [{ productId: PRODUCT, quantity: 1 }] }
    expect((await checkOut(buyer, purchase, 'replay')).status).toBe(201)
    const since = shop.cloud.wire.lastCall
    const body = { customerId: buyer.id, email: buyer.email, paymentMethod: { token: 'pm_card_visa' }, ...purchase }
    const replay = await buyer.call('POST', '/api/checkout', body, { 'x-request-id': 'budget-replay', 'idempotency-key': 'replay' })
    await buyer.call('GET', '/api/products?limit=20', undefined, { 'x-request-id': 'budget-products' })
    expect(replay.headers.get('idempotent-replayed')).toBe('true')
    const names = async (requestId: string): Promise<string[]> => (await callsOf(requestId, since)).map(({ operation }) => operation)
    expect(await names('budget-replay')).toEqual(['BatchGetDocuments'])
    expect(await names('budget-products')).toEqual(['RunQuery'])
  })
})
