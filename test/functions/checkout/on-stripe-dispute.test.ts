/** What becomes of an order whose payment is disputed: as Stripe's books say, in whatever order its events come. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { lose } from '../inbox.ts'
import { chargesFor, expectAllSettles, expectTrueBooks, openGround, orderOf, ordersOf, PRICE, PRODUCT, timePasses, type Ground } from '../purchase.ts'
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

async function disputed(purchase: Bought, wish: Json = {}): Promise<Json> {
  const dispute = await shop.act('stripe', 'disputes', { payment_intent: purchase.intentId, ...wish })
  await shop.cloud.drain()
  return dispute
}

async function closed(dispute: Json, status: 'won' | 'lost'): Promise<void> {
  await shop.act('stripe', `disputes/${dispute['id']}/close`, { status })
  await shop.cloud.drain()
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

  test('give the money back to the books when the case is won, and the order what it was', async () => {
    const purchase = await bought()
    await closed(await disputed(purchase), 'won')
    expect(await stateOf(purchase)).toBe('paid')
    expect(balances(purchase.orderId)).toEqual({ 'gateway:stripe': 2 * PRICE - 1500, fees: 1500 })
  })

  test('write the money off when the case is lost', async () => {
    const purchase = await bought()
    await closed(await disputed(purchase), 'lost')
    expect(await orderOf(purchase.buyer, purchase.orderId)).toMatchObject({ state: 'disputed', disputes: [{ status: 'lost', evidenceDueAt: null, closedAt: expect.any(String) }] })
    expect(balances(purchase.orderId)).toEqual({ 'gateway:stripe': -1500, 'disputes:lost': 2 * PRICE, fees: 1500 })
  })

  test('record an inquiry without moving anything, also when it rests', async () => {
    const purchase = await bought()
    const dispute = await disputed(purchase, { inquiry: true })
    expect(await orderOf(purchase.buyer, purchase.orderId)).toMatchObject({ state: 'paid', disputes: [{ status: 'inquiry' }] })
    await closed(dispute, 'lost')
    expect(await orderOf(purchase.buyer, purchase.orderId)).toMatchObject({ state: 'paid', disputes: [{ status: 'closed' }] })
    expect(entriesOf(purchase.orderId).map(({ kind }) => kind)).toEqual(['charge'])
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

  test('take a dispute of an order that was refunded before, in part or whole, and go back to that', async () => {
    for (const [amount, state] of [[10, 'partially_refunded'], [100, 'refunded']] as const) {
      const purchase = await bought()
      expect((await refund(purchase.orderId, { amount })).status).toBe(201)
      const dispute = await disputed(purchase)
      expect(await stateOf(purchase)).toBe('disputed')
      await closed(dispute, 'won')
      expect(await stateOf(purchase)).toBe(state)
    }
  })

  test('go back to fulfilled when the goods had been handed over', async () => {
    const purchase = await bought()
    expect((await admin.post(`/api/orders/${purchase.orderId}/fulfil`, { how: 'picked_up' })).status).toBe(200)
    const dispute = await disputed(purchase)
    await closed(dispute, 'won')
    expect(await stateOf(purchase)).toBe('fulfilled')
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

  test('tell staff at once, with the deadline, and that it is over when it is decided', async () => {
    const purchase = await bought()
    const dispute = await disputed(purchase, { inquiry: true })
    expect(alertOf(`dispute/${dispute['id']}`)).toMatchObject({ status: 'open', severity: 'p2' })
    const taken = await disputed(await bought())
    expect(alertOf(`dispute/${taken['id']}`)).toMatchObject({
      status: 'open', severity: 'p1', details: { disputeId: taken['id'], amount: '100.00', reason: 'fraudulent', evidenceDueAt: new Date(taken['evidence_details'].due_by * 1000).toISOString() },
    })
    await closed(taken, 'won')
    await closed(dispute, 'lost')
    expect([alertOf(`dispute/${taken['id']}`)?.['status'], alertOf(`dispute/${dispute['id']}`)?.['status']]).toEqual(['resolved', 'resolved'])
  })

  test('leave an audit event and a row for each change, without anything of the evidence', async () => {
    const purchase = await bought()
    const dispute = await disputed(purchase)
    await closed(dispute, 'lost')
    await shop.cloud.drain()
    const events = ((await shop.cloud.rows('audit', 'events')) as Json[]).filter(({ subject, what }) => subject === purchase.orderId && String(what).includes('dispute'))
    expect(events.map(({ what, who }) => [what, who]).sort()).toEqual([['order.dispute_lost', 'on-stripe-dispute'], ['order.dispute_needs_response', 'on-stripe-dispute']])
    const rows = ((await shop.cloud.rows('commerce', 'payments')) as Json[]).filter(({ id }) => id === dispute['id'])
    expect(rows).toMatchObject([{ kind: 'dispute', status: 'lost', order_id: purchase.orderId }])
    expect(Number(rows[0]?.['amount'])).toBe(-100)
  })
})

describe('refuses', () => {
  test('a refund of what the bank has taken back, as Stripe would; an inquiry may be refunded', async () => {
    const taken = await bought()
    const dispute = await disputed(taken)
    expect(await refund(taken.orderId)).toMatchObject({ status: 409, body: { code: 'CONFLICT', details: { disputeId: dispute['id'], status: 'needs_response' } } })
    await closed(dispute, 'lost')
    expect((await refund(taken.orderId)).status).toBe(409)
    const asked = await bought()
    await disputed(asked, { inquiry: true })
    expect((await refund(asked.orderId)).status).toBe(201)
  })

  test('to hand over the goods of a disputed order', async () => {
    const purchase = await bought()
    await disputed(purchase)
    expect((await admin.post(`/api/orders/${purchase.orderId}/fulfil`, { how: 'picked_up' })).status).toBe(409)
  })
})

describe('survives', () => {
  test('its events in any order, twice, late: the order ends as Stripe says', async () => {
    await shop.act('stripe', 'webhooks', { duplicates: 0.6, late: 0.6 })
    const purchases = await Promise.all([1, 2, 3, 4, 5, 6].map(() => bought(1)))
    const disputes = await Promise.all(purchases.map(({ intentId }) => shop.act('stripe', 'disputes', { payment_intent: intentId })))
    await Promise.all(disputes.map(({ id }, index) => shop.act('stripe', `disputes/${id}/close`, { status: index % 2 === 0 ? 'won' : 'lost' })))
    await timePasses(ground, 30)
    const states = await Promise.all(purchases.map(stateOf))
    expect(states).toEqual(['paid', 'disputed', 'paid', 'disputed', 'paid', 'disputed'])
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

  test('its commit lost, before and after, and its instance dying: learnt once', async () => {
    for (const strike of [{ when: 'before', effect: 'drop' }, { when: 'after', effect: 'drop' }, { when: 'before', effect: 'kill' }, { when: 'after', effect: 'kill' }] as const) {
      const purchase = await bought(1)
      shop.fault({ target: 'firestore', operation: 'Commit', match: 'disputes:held', ...strike })
      await disputed(purchase)
      await timePasses(ground, 2)
      await timePasses(ground, 2)
      expect([strike, await stateOf(purchase), entriesOf(purchase.orderId).length]).toEqual([strike, 'disputed', 3])
    }
  })

  test('all of it: once time has passed nothing is stuck', () => expectAllSettles(ground))
})
