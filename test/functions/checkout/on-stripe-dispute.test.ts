/** What becomes of an order whose payment is disputed: as Stripe's books say, in whatever order its events come. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { lose } from '../inbox.ts'
import { chargesFor, expectAllSettles, expectTrueBooks, openGround, orderOf, ordersOf, PRICE, PRODUCT, timePasses, until, type Ground } from '../purchase.ts'
import type { Answer, Json, Person, Shop } from '../shop.ts'

let ground: Ground
let shop: Shop
let admin: Person

beforeAll(async () => {
  ground = await openGround()
  shop = ground.shop
  admin = await shop.person('admin')
}, 30_000)
afterAll(() => shop.cloud.stop())
afterEach(async () => {
  shop.calm()
  await shop.act('stripe', 'webhooks', { duplicates: 0, late: 0 })
  await shop.cloud.drain()
  expectTrueBooks(ground)
})

interface Bought {
  readonly buyer: Person
  readonly orderId: string
  readonly intentId: string
}

async function bought(quantity = 2): Promise<Bought> {
  const buyer = await shop.person()
  const { id, payment } = await buyer.buy({ productId: PRODUCT, quantity })
  return { buyer, orderId: id, intentId: payment['transactionId'] }
}

async function disputedAll(purchases: readonly Bought[], wish: Json = {}): Promise<Json[]> {
  const disputes = await Promise.all(purchases.map(({ intentId }) => shop.act('stripe', 'disputes', { payment_intent: intentId, ...wish })))
  await shop.cloud.drain()
  return disputes
}

async function disputed(purchase: Bought, wish: Json = {}): Promise<Json> {
  return (await disputedAll([purchase], wish))[0] as Json
}

async function closedAll(disputes: readonly Json[], status: 'won' | 'lost'): Promise<void> {
  await Promise.all(disputes.map(({ id }) => shop.act('stripe', `disputes/${id}/close`, { status })))
  await shop.cloud.drain()
}

function closed(dispute: Json, status: 'won' | 'lost'): Promise<void> {
  return closedAll([dispute], status)
}

function entriesOf(orderId: string): Json[] {
  return shop.documents('ledger').map(({ data }) => data).filter((entry) => entry['orderId'] === orderId)
}

/** Balances of the order's entries, in cents. */
function balances(orderId: string): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const { account, amount } of entriesOf(orderId).flatMap(({ postings }) => postings)) sums[account] = (sums[account] ?? 0) + amount
  return Object.fromEntries(Object.entries(sums).filter(([account, sum]) => sum !== 0 && account !== 'sales'))
}

function refund(orderId: string, wish: Json = {}): Promise<Answer> {
  return admin.post(`/api/orders/${orderId}/refunds`, { reason: 'Sorry', ...wish })
}

const alertOf = (key: string): Json | undefined => shop.documents('alerts').find(({ data }) => data['key'] === key)?.data
const stateOf = async ({ buyer, orderId }: Bought): Promise<string> => (await orderOf(buyer, orderId))['state']

describe('does', () => {
  test('move the order and the ledger when the bank takes the money, with the fee, and show the deadline', async () => {
    const purchase = await bought()
    const dispute = await disputed(purchase)
    const order = await orderOf(purchase.buyer, purchase.orderId)
    expect(order['state']).toBe('disputed')
    expect(order['disputes']).toMatchObject([{ id: dispute['id'], status: 'needs_response', amount: 100, reason: 'fraudulent', evidenceDueAt: new Date(dispute['evidence_details'].due_by * 1000).toISOString() }])
    expect(order['history'].at(-1)).toMatchObject({ state: 'disputed', cause: expect.stringMatching(/^dispute dp_\S+ needs_response, webhook evt_/) })
    expect(balances(purchase.orderId)).toEqual({ 'gateway:stripe': -1500, 'disputes:held': 2 * PRICE, fees: 1500 })
  })

  test('give the money back to the books when the case is won, and the order what it was: paid, given back in part or whole, handed over', async () => {
    const purchases = await Promise.all([1, 2, 3, 4].map(() => bought()))
    const [paid, part, whole, handed] = purchases as [Bought, Bought, Bought, Bought]
    for (const [{ orderId }, amount] of [[part, 10], [whole, 100]] as const) expect((await refund(orderId, { amount })).status).toBe(201)
    expect((await admin.post(`/api/orders/${handed.orderId}/fulfil`, { how: 'picked_up' })).status).toBe(200)
    const disputes = await disputedAll(purchases)
    expect(await Promise.all(purchases.map(stateOf))).toEqual(purchases.map(() => 'disputed'))
    await closedAll(disputes, 'won')
    expect(await Promise.all(purchases.map(stateOf))).toEqual(['paid', 'partially_refunded', 'refunded', 'fulfilled'])
    expect(balances(paid.orderId)).toEqual({ 'gateway:stripe': 2 * PRICE - 1500, fees: 1500 })
  })

  test('record an inquiry without moving anything, also when it rests; tell staff of it as of a dispute, and that it is over', async () => {
    const [asked, taken] = [await bought(), await bought()]
    const inquiry = await shop.act('stripe', 'disputes', { payment_intent: asked.intentId, inquiry: true })
    const dispute = await disputed(taken)
    expect(await orderOf(asked.buyer, asked.orderId)).toMatchObject({ state: 'paid', disputes: [{ status: 'inquiry' }] })
    expect(alertOf(`dispute/${inquiry['id']}`)).toMatchObject({ status: 'open', severity: 'p2' })
    expect(alertOf(`dispute/${dispute['id']}`)).toMatchObject({
      status: 'open', severity: 'p1', details: { disputeId: dispute['id'], amount: '100.00', reason: 'fraudulent', evidenceDueAt: new Date(dispute['evidence_details'].due_by * 1000).toISOString() },
    })
    await shop.act('stripe', `disputes/${inquiry['id']}/close`, { status: 'lost' })
    await closed(dispute, 'won')
    expect(await orderOf(asked.buyer, asked.orderId)).toMatchObject({ state: 'paid', disputes: [{ status: 'closed' }] })
    expect(entriesOf(asked.orderId).map(({ kind }) => kind)).toEqual(['charge'])
    expect([alertOf(`dispute/${dispute['id']}`)?.['status'], alertOf(`dispute/${inquiry['id']}`)?.['status']]).toEqual(['resolved', 'resolved'])
  })

  test('keep several disputes of one charge, each over a part, each with its own end', async () => {
    const purchase = await bought()
    const [one, other] = [await disputed(purchase, { amount: 3_000 }), await disputed(purchase, { amount: 2_000 })]
    await closed(one, 'won')
    expect(await stateOf(purchase)).toBe('disputed')
    await closed(other, 'lost')
    expect((await orderOf(purchase.buyer, purchase.orderId))['disputes'].map(({ status, amount }: Json) => [status, amount])).toEqual([['won', 30], ['lost', 20]])
    expect(balances(purchase.orderId)).toEqual({ 'gateway:stripe': 2 * PRICE - 2_000 - 3_000, 'disputes:lost': 2_000, fees: 3_000 })
  })

  test('know when evidence was handed in, by whoever did it', async () => {
    const purchase = await bought()
    const dispute = await disputed(purchase)
    const response = await fetch(`${shop.cloud.addresses['STRIPE_API_BASE']}/v1/disputes/${dispute['id']}`, {
      method: 'POST', body: 'evidence[uncategorized_text]=winning_evidence&submit=true',
      headers: { authorization: `Bearer ${shop.cloud.servers.keys.STRIPE_SECRET_KEY}`, 'content-type': 'application/x-www-form-urlencoded' },
    })
    expect(response.status).toBe(200)
    await shop.cloud.drain()
    expect(await orderOf(purchase.buyer, purchase.orderId)).toMatchObject({ state: 'paid', disputes: [{ status: 'won', answered: true }] })
  })

  test('write the money off when the case is lost, with an audit event and a row for each change, without anything of the evidence', async () => {
    const purchase = await bought()
    const dispute = await disputed(purchase)
    await closed(dispute, 'lost')
    expect(await orderOf(purchase.buyer, purchase.orderId)).toMatchObject({ state: 'disputed', disputes: [{ status: 'lost', evidenceDueAt: null, closedAt: expect.any(String) }] })
    expect(balances(purchase.orderId)).toEqual({ 'gateway:stripe': -1500, 'disputes:lost': 2 * PRICE, fees: 1500 })
    const events = ((await shop.cloud.rows('audit', 'events')) as Json[]).filter(({ subject, what }) => subject === purchase.orderId && String(what).includes('dispute'))
    expect(events.map(({ what, who }) => [what, who]).sort()).toEqual([['order.dispute_lost', 'on-stripe-dispute'], ['order.dispute_needs_response', 'on-stripe-dispute']])
    const rows = ((await shop.cloud.rows('commerce', 'payments')) as Json[]).filter(({ id }) => id === dispute['id'])
    expect(rows).toMatchObject([{ kind: 'dispute', status: 'lost', order_id: purchase.orderId }])
    expect(Number(rows[0]?.['amount'])).toBe(-100)
  })
})

describe('refuses', () => {
  test('a refund of what the bank has taken back, as Stripe would, and to hand over its goods; an inquiry may be refunded', async () => {
    const [taken, asked] = [await bought(), await bought()]
    await shop.act('stripe', 'disputes', { payment_intent: asked.intentId, inquiry: true })
    const dispute = await disputed(taken)
    expect(await refund(taken.orderId)).toMatchObject({ status: 409, body: { code: 'CONFLICT', details: { disputeId: dispute['id'], status: 'needs_response' } } })
    expect((await admin.post(`/api/orders/${taken.orderId}/fulfil`, { how: 'picked_up' })).status).toBe(409)
    expect((await refund(asked.orderId)).status).toBe(201)
    await closed(dispute, 'lost')
    expect((await refund(taken.orderId)).status).toBe(409)
  })
})

describe('survives', () => {
  test('its events in any order, twice, late: the order ends as Stripe says', async () => {
    await shop.act('stripe', 'webhooks', { duplicates: 0.6, late: 0.6 })
    const purchases = await Promise.all([1, 2, 3, 4].map(() => bought(1)))
    const disputes = await Promise.all(purchases.map(({ intentId }) => shop.act('stripe', 'disputes', { payment_intent: intentId })))
    await Promise.all(disputes.map(({ id }, index) => shop.act('stripe', `disputes/${id}/close`, { status: index % 2 === 0 ? 'won' : 'lost' })))
    await timePasses(ground, 30)
    const states = await Promise.all(purchases.map(stateOf))
    expect(states).toEqual(['paid', 'disputed', 'paid', 'disputed'])
  })

  test('old events sent again from the dashboard, in every order: nothing changes', async () => {
    const purchase = await bought()
    const dispute = await disputed(purchase)
    await closed(dispute, 'won')
    const before = [await orderOf(purchase.buyer, purchase.orderId), entriesOf(purchase.orderId)]
    const events = shop.at('stripe', 'events').filter(({ data, type }) => data.object.id === dispute['id'] && type.startsWith('charge.dispute.'))
    expect(events.length).toBe(4)
    for (const { id } of [...events, ...events.toReversed()]) {
      const record = `inbox/stripe-${id}`
      await shop.cloud.servers.firestore.write([{ path: record, delete: true }])
      await shop.act('stripe', `events/${id}/resend`)
      await shop.cloud.drain()
    }
    expect([await orderOf(purchase.buyer, purchase.orderId), entriesOf(purchase.orderId)]).toEqual(before)
  })

  test('only the last event ever arriving', async () => {
    const purchase = await bought()
    const dispute = await shop.act('stripe', 'disputes', { payment_intent: purchase.intentId })
    const lost = shop.at('stripe', 'events').filter(({ data }) => data.object.id === dispute['id'])
    await lose(shop, lost)
    await closed(dispute, 'lost')
    expect(shop.documents('inbox').filter(({ data }) => String(data['payload']).includes(dispute['id']))).toHaveLength(1)
    expect(balances(purchase.orderId)).toEqual({ 'gateway:stripe': -1500, 'disputes:lost': 2 * PRICE, fees: 1500 })
  })

  test('a dispute that comes before our own books know of the payment: the payment is settled first', async () => {
    const buyer = await shop.person()
    const { id } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
    // Else the webhook of the payment may be faster than a busy machine looks.
    await shop.act('stripe', 'webhooks', { late: 1 })
    shop.fault({ target: 'firestore', operation: 'Commit', match: buyer.email, skip: 1, when: 'before', effect: 'kill' })
    await buyer.pay(id)
    const [order] = ordersOf(shop, buyer)
    const [intent] = chargesFor(shop, order?.['id'])
    expect(order?.['state']).toBe('pending_payment')
    await shop.act('stripe', 'disputes', { payment_intent: intent?.['id'] })
    await timePasses(ground, 2)
    expect(await orderOf(buyer, order?.['id'])).toMatchObject({ state: 'disputed', disputes: [{ status: 'needs_response' }] })
  })

  test('Stripe being away when it asks: the event goes back on its schedule', async () => {
    const purchase = await bought()
    shop.fault({ target: 'stripe', operation: 'GET /v1/disputes/:id', when: 'before', effect: 'error', status: 500, times: 6 })
    await disputed(purchase)
    expect(await stateOf(purchase)).toBe('paid')
    await timePasses(ground, 2)
    await timePasses(ground, 6)
    expect(await stateOf(purchase)).toBe('disputed')
  })

  /** Every call in every way: `npm run test:faults -- --scenario dispute`. */
  test('its commit lost, before and after, and its instance dying: learnt once', async () => {
    const strikes = [{ when: 'before', effect: 'drop' }, { when: 'after', effect: 'drop' }, { when: 'after', effect: 'kill' }] as const
    const purchases = await Promise.all(strikes.map(() => bought(1)))
    for (const [index, strike] of strikes.entries()) {
      shop.fault({ target: 'firestore', operation: 'Commit', match: 'disputes:held', ...strike })
      await shop.act('stripe', 'disputes', { payment_intent: purchases[index]?.intentId })
      await until(() => shop.cloud.wire.faults()[index]?.struck === 1)
      await shop.cloud.quiet()
    }
    for (const minutes of [2, 2]) await timePasses(ground, minutes)
    const ends = await Promise.all(purchases.map(async (purchase) => [await stateOf(purchase), entriesOf(purchase.orderId).length]))
    expect(ends).toEqual(purchases.map(() => ['disputed', 3]))
  })

  test('all of it: once time has passed nothing is stuck', () => expectAllSettles(ground))
})
