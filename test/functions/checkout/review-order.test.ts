/** Orders that a person looks at: set aside, decided once, and then sold or given back, whatever is lost on the way. */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { decide, intentOf, openWatchfulGround, stateOf, toldTo, tryToBuy, type Deciding, type Held } from '../held.ts'
import { openPage, payOn } from '../hosted.ts'
import { chargesFor, checkOut, expectAllSettles, expectTrueBooks, left, orderOf, ordersOf, PRODUCT, timePasses, until, type Ground } from '../purchase.ts'
import type { Answer, Json, Person, Shop } from '../shop.ts'

vi.setConfig({ testTimeout: 30_000 })

let ground: Ground
let shop: Shop
let admin: Person

beforeAll(async () => {
  ground = await openWatchfulGround()
  shop = ground.shop
  admin = await shop.person('admin')
}, 30_000)
afterAll(() => shop.cloud.stop())
afterEach(() => {
  shop.calm()
  expectTrueBooks(ground)
})

/** Tokens live a day. */
async function daysPass(days: number): Promise<void> {
  await timePasses(ground, days * 24 * 60)
  admin = await shop.person('admin')
}

function hold(more: Json = {}): Promise<Held> {
  return tryToBuy(shop, 3, more)
}

function judge(orderId: string, decision: 'approve' | 'refuse', { who = admin, ...options }: Deciding & { who?: Person } = {}): Promise<Answer> {
  return decide(who, orderId, decision, options)
}

const asked = (orderId: string, operation: string): number =>
  shop.requests('stripe').filter(({ method, path }) => `${method} ${path}` === operation.replace(':id', intentOf(shop, orderId)['id'])).length

describe('does', () => {
  test('set a suspicious order aside: nothing is taken, goods and cart are kept for it, the customer is told to wait, once', async () => {
    const before = await left(admin, PRODUCT)
    const { buyer, cartId, orderId, answer } = await hold()
    expect([answer.status, answer.body['payment'].status, answer.body['message']]).toEqual([202, 'in_review', 'Payment under review. You will be contacted.'])
    expect(JSON.stringify(answer.body)).not.toContain('high_amount')
    expect(intentOf(shop, orderId)).toMatchObject({ status: 'requires_capture', amount_capturable: 15_000, amount_received: 0 })
    expect(await left(admin, PRODUCT)).toBe(before - 3)
    const other = await checkOut(buyer, { cartId }, 'another-tab')
    expect([other.status, other.body['details'].orderId]).toEqual([409, orderId])
    const again = await checkOut(buyer, { cartId }, 'the-click')
    expect([again.status, again.body['orderId']]).toEqual([202, orderId])
    await timePasses(ground, 20)
    expect(toldTo(shop, buyer)).toEqual(['We are looking at order'])
    expect(shop.documents('ledger').filter(({ data }) => data['orderId'] === orderId)).toEqual([])
    await judge(orderId, 'refuse')
  })

  test('approve: the money is taken, the order is sold like any other, and the first click gets its receipt', async () => {
    const { buyer, cartId, orderId } = await hold()
    const shelf = shop.shelf(PRODUCT)
    const { status, body } = await judge(orderId, 'approve')
    expect([status, body['order'].state, body['review'].decision]).toEqual([200, 'paid', 'approve'])
    expect(intentOf(shop, orderId)).toMatchObject({ status: 'succeeded', amount_received: 15_000 })
    expect((await checkOut(buyer, { cartId }, 'the-click')).status).toBe(201)
    await shop.cloud.drain()
    expect(toldTo(shop, buyer)).toEqual(['We are looking at order', 'Your order'])
    expect(shop.shelf(PRODUCT)).toBe(shelf - 3)
  })

  test('refuse: what was set aside goes free, goods and cart go back, the customer is told', async () => {
    const before = await left(admin, PRODUCT)
    const { buyer, cartId, orderId } = await hold()
    const { status, body } = await judge(orderId, 'refuse')
    expect([status, body['order'].state]).toEqual([200, 'cancelled'])
    expect(intentOf(shop, orderId)).toMatchObject({ status: 'canceled', amount_received: 0 })
    expect(await left(admin, PRODUCT)).toBe(before)
    const again = await checkOut(buyer, { cartId }, 'the-click')
    expect([again.status, again.body['error']]).toEqual([409, 'This order was not accepted. Nothing was charged.'])
    expect((await buyer.get(`/api/carts/${cartId}`)).body['cart'].state).toBe('open')
    await shop.cloud.drain()
    expect(toldTo(shop, buyer)).toEqual(['We are looking at order', 'We could not accept order'])
  })

  test('a decision is given once: the same key gets the same bytes, another admin who thinks alike gets the same order', async () => {
    const { orderId } = await hold()
    const first = await judge(orderId, 'approve', { key: 'once' })
    const again = await judge(orderId, 'approve', { key: 'once' })
    expect([again.text, again.headers.get('idempotent-replayed'), first.headers.get('idempotent-replayed')]).toEqual([first.text, 'true', null])
    const other = await judge(orderId, 'approve', { who: await shop.person('admin') })
    expect([other.status, other.body['order'].state]).toEqual([200, 'paid'])
    expect(asked(orderId, 'POST /v1/payment_intents/:id/capture')).toBe(1)
  })

  test('authentication first, then review: an order that needs both is never charged by the one alone', async () => {
    const { buyer, orderId, answer } = await hold({ paymentMethod: { token: 'pm_card_authenticationRequired' } })
    expect([answer.status, stateOf(shop, orderId)]).toEqual([202, 'requires_action'])
    await shop.act('stripe', `payment_intents/${intentOf(shop, orderId)['id']}/authenticate`, { outcome: 'succeed' })
    await shop.cloud.drain()
    expect(stateOf(shop, orderId)).toBe('in_review')
    expect((await buyer.post(`/api/orders/${orderId}/confirm`)).body['payment'].status).toBe('in_review')
    expect(intentOf(shop, orderId)['status']).toBe('requires_capture')
    expect((await judge(orderId, 'approve')).body['order'].state).toBe('paid')
  })

  test('paid on Stripe\'s own page: set aside there too, and taken when approved', async () => {
    const buyer = await shop.person()
    const { id: cartId } = await buyer.fill({ productId: PRODUCT, quantity: 3 })
    const { body } = await openPage(buyer, { cartId }, 'a-page')
    await payOn(body['url'])
    await shop.cloud.drain()
    expect([stateOf(shop, body['orderId']), intentOf(shop, body['orderId'])['status']]).toEqual(['in_review', 'requires_capture'])
    expect((await judge(body['orderId'], 'approve')).body['order'].state).toBe('paid')
    expect(intentOf(shop, body['orderId'])).toMatchObject({ status: 'succeeded', amount_received: 15_000 })
  })

  test('a decline is a decline: nobody looks at what was not paid', async () => {
    const { orderId, answer } = await hold({ paymentMethod: { token: 'pm_card_visa_chargeDeclined' } })
    expect([answer.status, stateOf(shop, orderId)]).toEqual([402, 'payment_failed'])
    expect((await judge(orderId, 'approve')).status).toBe(409)
  })

  test('leave an audit event that names the admin, his reason, and where the call came from', async () => {
    const { orderId } = await hold()
    await judge(orderId, 'refuse', { reason: 'Stolen card, says the bank' })
    await shop.cloud.drain()
    const events = ((await shop.cloud.rows('audit', 'events')) as Json[]).filter(({ subject }) => subject === orderId)
    expect(events.find(({ what }) => what === 'review.refused')).toMatchObject({ who: `admin ${admin.id}`, why: 'Stolen card, says the bank', ip: admin.address, request_id: expect.any(String) })
    expect(events.find(({ what }) => what === 'order.in_review')).toMatchObject({ why: 'high_amount' })
  })

  test('raise an alert while an order waits, louder on its last day, and end it with the decision', async () => {
    const { orderId } = await hold()
    const alert = async (): Promise<Json> => {
      await shop.cloud.drain()
      return shop.documents('alerts').map(({ data }) => data).find(({ key }) => key === `review/${orderId}`) as Json
    }
    expect(await alert()).toMatchObject({ status: 'open', severity: 'p1', orderId, details: { reasons: 'high_amount' } })
    await daysPass(5)
    expect((await alert())['severity']).toBe('p1')
    await daysPass(1.5)
    expect(await alert()).toMatchObject({ status: 'open', severity: 'p0' })
    const { count } = await alert()
    for (const minutes of [20, 20]) await timePasses(ground, minutes)
    expect((await alert())['count']).toBe(count)
    await judge(orderId, 'approve')
    expect((await alert())['status']).toBe('resolved')
  })
})

describe('refuses', () => {
  test.each(['customer', 'scanner', 'viewer', 'support', 'organisation', 'organiser'] as const)('a %s to decide', async (role) => {
    expect((await judge('ord_any', 'approve', { who: await shop.person(role) })).status).toBe(403)
  })

  test('an unknown order, an order that is not in review, a decision without a reason or of another kind', async () => {
    expect((await judge('ord_unknown', 'approve')).status).toBe(404)
    const order = await (await shop.person()).buy({ productId: PRODUCT, quantity: 1 })
    const answer = await judge(order['id'], 'refuse')
    expect([answer.status, answer.body['error']]).toEqual([409, 'An order that is paid is not in review.'])
    for (const body of [{ decision: 'approve' }, { decision: 'approve', reason: ' ' }, { decision: 'maybe', reason: 'x' }, {}]) {
      expect((await admin.post(`/api/orders/${order['id']}/review`, body)).status).toBe(400)
    }
  })

  test('the same key with another decision', async () => {
    const { orderId } = await hold()
    await judge(orderId, 'refuse', { key: 'once' })
    expect(await judge(orderId, 'approve', { key: 'once' })).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_MISMATCH' } })
  })

  test('to approve what was taken in another amount; refused, all that came goes back', async () => {
    const { orderId } = await hold()
    await captureAtStripe(orderId, 9_000)
    await shop.cloud.drain()
    expect(shop.document('orders', orderId)).toMatchObject({ state: 'in_review', reviewReasons: ['high_amount', 'amount_differs'], payment: { received: { amount: 9_000, currency: 'USD' } } })
    const no = await judge(orderId, 'approve')
    expect([no.status, no.body['details']]).toEqual([409, { total: 150, currency: 'USD', received: { amount: 90, currency: 'USD' } }])
    expect((await judge(orderId, 'refuse')).status).toBe(200)
    await timePasses(ground, 2)
    expect(await orderOf(admin, orderId)).toMatchObject({ state: 'refunded', refunded: 90 })
    expect(shop.documents('ledger').filter(({ data }) => data['orderId'] === orderId && data['kind'] !== 'fee').map(({ data }) => data['kind']).sort()).toEqual(['charge', 'refund'])
  })
})

/** Somebody takes a part of what was set aside, in Stripe's dashboard. */
async function captureAtStripe(orderId: string, amount: number): Promise<void> {
  const { default: Stripe } = await import('stripe')
  const service = shop.cloud.servers.services.find(({ target }) => target === 'stripe')
  const port = await shop.cloud.servers.http.open(service!, 'dashboard')
  const stripe = new Stripe(shop.cloud.servers.keys.STRIPE_SECRET_KEY, { host: '127.0.0.1', port, protocol: 'http', telemetry: false, maxNetworkRetries: 0 })
  await stripe.paymentIntents.capture(intentOf(shop, orderId)['id'], { amount_to_capture: amount })
}

describe('survives', () => {
  test('two admins who decide differently at once: one wins, the other is told what was decided, on both instances', async () => {
    const other = await shop.person('admin')
    const outcomes = new Set<string>()
    for (let round = 0; round < 3; round += 1) {
      const { orderId } = await hold()
      const answers = await Promise.all([judge(orderId, 'approve'), judge(orderId, 'refuse', { who: other })])
      const [yes, no] = answers.map(({ status }) => status)
      expect([yes, no].toSorted()).toEqual([200, 409])
      const approved = yes === 200
      expect(answers[approved ? 1 : 0]?.body['details'].decision).toBe(approved ? 'approve' : 'refuse')
      expect([stateOf(shop, orderId), intentOf(shop, orderId)['status']]).toEqual(approved ? ['paid', 'succeeded'] : ['cancelled', 'canceled'])
      outcomes.add(stateOf(shop, orderId))
    }
    expect(outcomes.size).toBeGreaterThan(0)
  })

  test('five admins who approve at once: captured once, one receipt', async () => {
    const { buyer, orderId } = await hold()
    const answers = await Promise.all(Array.from({ length: 5 }, () => judge(orderId, 'approve')))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    await shop.cloud.drain()
    expect(toldTo(shop, buyer).filter((subject) => subject === 'Your order')).toHaveLength(1)
  })

  /** Every call in every way: `npm run test:faults -- --scenario review-approve`, `review-refuse`. */
  test('answers of Stripe that are lost, and the death of an instance: decided once, carried out once, by the same click or by the sweep', async () => {
    const losses = [
      { decision: 'approve', target: 'stripe', operation: 'POST /v1/payment_intents/:id/capture', when: 'after', effect: 'drop', times: 6 },
      { decision: 'refuse', target: 'stripe', operation: 'POST /v1/payment_intents/:id/cancel', when: 'before', effect: 'error', status: 500, times: 3 },
      { decision: 'approve', target: 'firestore', operation: 'Commit', when: 'before', effect: 'kill', skip: 1 },
      { decision: 'refuse', target: 'firestore', operation: 'Commit', when: 'after', effect: 'kill', asksAgain: true },
    ] as const
    const struck: Array<{ orderId: string; decision: 'approve' | 'refuse' }> = []
    for (const { decision, ...loss } of losses) {
      const { orderId } = await hold()
      await shop.cloud.drain()
      shop.fault({ ...loss, match: loss.target === 'stripe' ? intentOf(shop, orderId)['id'] : orderId })
      const answer = await judge(orderId, decision, { key: 'lost' })
      expect(shop.cloud.wire.faults().some((fault) => fault.struck > 0)).toBe(true)
      shop.calm()
      if (answer.status === 504) expect(answer.body).toMatchObject({ code: 'GATEWAY_TIMEOUT', error: expect.stringContaining('The decision stands') })
      if (loss.effect === 'kill') await until(() => shop.cloud.instances.allReady().then(() => true, () => false))
      if ('asksAgain' in loss) await until(async () => (await judge(orderId, decision, { key: 'lost' })).status === 200)
      expect((await judge(orderId, decision === 'approve' ? 'refuse' : 'approve')).status).toBe(409)
      struck.push({ orderId, decision })
    }
    for (const minutes of [2, 2]) await timePasses(ground, minutes)
    for (const { orderId, decision } of struck) {
      const [state, status] = decision === 'approve' ? ['paid', 'succeeded'] : ['cancelled', 'canceled']
      expect([stateOf(shop, orderId), intentOf(shop, orderId)['status']]).toEqual([state, status])
      const again = await judge(orderId, decision, { key: 'lost' })
      expect([again.status, again.body['order'].state]).toEqual([200, state])
    }
  })

  test('nobody deciding: after seven days Stripe lets go, the order is given up, the customer is told', async () => {
    const before = await left(admin, PRODUCT)
    const { buyer, cartId, orderId } = await hold()
    await daysPass(6.9)
    expect(stateOf(shop, orderId)).toBe('in_review')
    await daysPass(0.2)
    expect([stateOf(shop, orderId), intentOf(shop, orderId)['status']]).toEqual(['expired', 'canceled'])
    expect(await left(admin, PRODUCT)).toBe(before)
    expect(toldTo(shop, buyer)).toEqual(['We are looking at order', 'We could not accept order'])
    const again = await shop.person('customer', buyer.id)
    expect((await checkOut(again, { cartId }, 'the-click')).body['error']).toBe('This order has expired. Nothing was charged.')
    expect((await judge(orderId, 'approve')).status).toBe(409)
  })

  test('an approval that comes when the payment has just run out: the admin is told, nothing is sold', async () => {
    const { orderId } = await hold()
    shop.fault({ target: 'stripe', operation: 'POST /v1/payment_intents/:id/capture', match: intentOf(shop, orderId)['id'], when: 'before', effect: 'error', status: 500, times: 1000 })
    expect((await judge(orderId, 'approve', { key: 'late' })).status).toBe(504)
    await shop.cloud.advance(8 * 24 * 60 * 60_000)
    shop.calm()
    await daysPass(0.01)
    expect(stateOf(shop, orderId)).toBe('expired')
    const answer = await judge(orderId, 'approve')
    expect([answer.status, answer.body['error']]).toEqual([409, 'The payment could not be taken: it had ended at the payment service. Nothing was charged.'])
  })

  test('the answer that money was set aside being lost, before and after it was: found, and still looked at', async () => {
    const orderIds = await Promise.all((['before', 'after'] as const).map(async (when, index) => {
      const buyer = await shop.person()
      const quantity = 4 + 2 * index
      shop.fault({ target: 'stripe', operation: 'POST /v1/payment_intents', match: `amount=${quantity * 5_000}&`, when, effect: 'drop', times: 6 })
      const { id: cartId } = await buyer.fill({ productId: PRODUCT, quantity })
      const answer = await checkOut(buyer, { cartId }, 'lost')
      expect([202, 504]).toContain(answer.status)
      const again = await checkOut(buyer, { cartId }, 'lost')
      const [order] = ordersOf(shop, buyer)
      expect([when, again.status, order?.['state'], chargesFor(shop, order?.['id']).length]).toEqual([when, 202, 'in_review', 1])
      return order?.['id'] as string
    }))
    shop.calm()
    for (const orderId of orderIds) await judge(orderId, 'refuse')
    // What follows waits until nobody is served: it would hold the clock of whoever is served for long.
    await shop.cloud.drain()
  })

  test('money set aside after the order had been given up: it goes free at once', async () => {
    const buyer = await shop.person()
    const operation = 'POST /v1/payment_intents'
    shop.fault({ target: 'stripe', operation, match: 'amount=25000&', when: 'before', effect: 'delay', delayMs: 60_000, times: 3 })
    const done = checkOut(buyer, { cart: [{ productId: PRODUCT, quantity: 5 }] })
    await until(() => shop.cloud.wire.faults().some(({ struck }) => struck > 0))
    await shop.cloud.advance(61_000)
    await shop.tally('sweep-reservations')
    expect(ordersOf(shop, buyer)[0]?.['state']).toBe('payment_failed')
    shop.calm()
    await done
    await shop.cloud.drain()
    expect(chargesFor(shop, ordersOf(shop, buyer)[0]?.['id'])).toMatchObject([{ status: 'canceled', amount_received: 0 }])
  })

  test('all of it: once time has passed nothing is stuck', () => expectAllSettles(ground))
})
