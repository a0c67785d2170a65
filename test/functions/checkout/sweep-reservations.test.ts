/** Orders that nobody finished: asked at Stripe first, then paid or given up; goods and cart never lost, money never either. */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import {
  chargesFor, checkOut, expectAllSettles, expectTrueBooks, left, openGround, orderOf, ordersOf, PRODUCT, timePasses, until, type Ground,
} from '../purchase.ts'
import type { Answer, Person, Shop } from '../shop.ts'

vi.setConfig({ testTimeout: 30_000 })

const SECURED = { paymentMethod: { token: 'pm_card_authenticationRequired' } }

let ground: Ground
let shop: Shop

beforeAll(async () => {
  ground = await openGround()
  shop = ground.shop
}, 30_000)
afterAll(() => shop.cloud.stop())
afterEach(() => {
  shop.calm()
  expectTrueBooks(ground)
})

async function abandoned(buyer: Person, key?: string): Promise<{ cartId: string; orderId: string; intentId: string }> {
  const { id } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
  const { body } = await checkOut(buyer, { cartId: id, ...SECURED }, key)
  return { cartId: id, orderId: body['orderId'], intentId: String(chargesFor(shop, body['orderId'])[0]?.['id']) }
}

/** As when the scheduler fires twice: two runs at the same time, in different instances. */
function sweepTwice(): Promise<unknown> {
  const request = { method: 'POST', path: '/', headers: { 'content-type': 'application/json' }, body: '{}' }
  return Promise.all([1, 2].map(() => shop.cloud.instances.request('sweep-reservations', request, 30_000)))
}

/** A purchase whose charge takes some time at Stripe; the order is there when this resolves. */
async function pending(buyer: Person, productId: string, quantity: number): Promise<{ done: Promise<Answer> }> {
  const price = shop.document('products', productId)?.['price'] as number
  const match = `amount=${quantity * price}&`
  shop.fault({ target: 'stripe', operation: 'POST /v1/payment_intents', match, when: 'before', effect: 'delay', delayMs: 1_500 })
  const done = checkOut(buyer, { cart: [{ productId, quantity }] })
  await until(() => ordersOf(shop, buyer).length === 1)
  return { done }
}

describe('does', () => {
  test('leave an authentication 15 minutes, then end it at Stripe, give stock and cart back, and tell the key so', async () => {
    const buyer = await shop.person()
    const before = await left(buyer, PRODUCT)
    const { cartId, orderId } = await abandoned(buyer, 'left')
    await timePasses(ground, 14)
    expect((await orderOf(buyer, orderId))['state']).toBe('requires_action')
    await timePasses(ground, 2)
    expect((await orderOf(buyer, orderId))['state']).toBe('expired')
    expect(chargesFor(shop, orderId)[0]).toMatchObject({ status: 'canceled', amount_received: 0 })
    expect(await left(buyer, PRODUCT)).toBe(before)
    const again = await checkOut(buyer, { cartId, ...SECURED }, 'left')
    expect([again.status, again.body['error']]).toEqual([409, 'This order has expired. Nothing was charged.'])
    expect((await checkOut(buyer, { cartId }, 'anew')).status).toBe(201)
  })

  test('find the payment of an order whose customer authenticated at the last moment', async () => {
    const buyer = await shop.person()
    const { orderId, intentId } = await abandoned(buyer)
    await shop.cloud.advance(16 * 60_000)
    await shop.act('stripe', `payment_intents/${intentId}/authenticate`, { outcome: 'succeed' })
    await shop.tally('sweep-reservations')
    await shop.cloud.drain()
    expect((await orderOf(buyer, orderId))['state']).toBe('paid')
  })

  test('count what it did, and nothing when there is nothing', async () => {
    const buyer = await shop.person()
    await abandoned(buyer)
    await shop.cloud.advance(16 * 60_000)
    expect(await shop.tally('sweep-reservations')).toEqual({ read: 1, settled: 0, released: 1, unchanged: 0, failed: 0 })
    expect(await shop.tally('sweep-reservations')).toEqual({ read: 0, settled: 0, released: 0, unchanged: 0, failed: 0 })
  })

  test('release 6 orders once, although two sweeps run at the same time', async () => {
    const before = await left(shop.guest(), PRODUCT)
    const orders = await Promise.all(Array.from({ length: 6 }, async () => abandoned(await shop.person())))
    await shop.cloud.advance(16 * 60_000)
    await sweepTwice()
    await shop.cloud.drain()
    expect(orders.map(({ orderId }) => shop.document('orders', orderId)?.['state'])).toEqual(orders.map(() => 'expired'))
    expect(await left(shop.guest(), PRODUCT)).toBe(before)
  })

  test('give late money back, and tell the customer, when the goods are gone', async () => {
    const product = 'VARCOOKBOOKHC'
    const [slow, quick] = [await shop.person(), await shop.person()]
    const quantity = shop.shelf(product)
    const answer = await pending(slow, product, quantity)
    await shop.cloud.advance(61_000)
    await shop.tally('sweep-reservations')
    expect((await checkOut(quick, { cart: [{ productId: product, quantity }] })).status).toBe(201)
    await answer.done
    await timePasses(ground, 1)
    await timePasses(ground, 2)
    const [order] = ordersOf(shop, slow)
    expect(order).toMatchObject({ state: 'refunded', refunds: [{ status: 'succeeded', amount: quantity * 3_795 }] })
    expect(shop.at('stripe', 'refunds').filter((refund) => refund['payment_intent'] === order?.['payment'].transactionId)).toHaveLength(1)
    const mails = shop.at('resend', 'emails').filter(({ to }) => String(to) === slow.email)
    expect(mails.map(({ subject }) => String(subject).slice(0, 11))).toEqual(['Your refund'])
  })
})

describe('refuses', () => {
  test('to touch an order while its charge runs', async () => {
    const buyer = await shop.person()
    const { done } = await pending(buyer, PRODUCT, 77)
    await shop.cloud.advance(20_000)
    expect((await shop.tally('sweep-reservations'))['read']).toBe(0)
    expect((await done).status).toBe(201)
  })

  test('to open a cart that another order has taken since: the same click stays the same order', async () => {
    const buyer = await shop.person()
    const click = () => checkOut(buyer, { cart: [{ productId: PRODUCT, quantity: 5 }], ...SECURED })
    const first = (await click()).body['orderId']
    await timePasses(ground, 11)
    const second = (await click()).body['orderId']
    expect(second).not.toBe(first)
    await timePasses(ground, 5)
    expect((await orderOf(buyer, first))['state']).toBe('expired')
    expect((await click()).body['orderId']).toBe(second)
    expect(ordersOf(shop, buyer)).toHaveLength(2)
  })
})

describe('survives', () => {
  const QUESTIONS = ['GET /v1/payment_intents/:id', 'POST /v1/payment_intents/:id/cancel']
  test.each(QUESTIONS)('Stripe losing answers to %s: given up once, later', async (operation) => {
    const buyer = await shop.person()
    const { orderId } = await abandoned(buyer)
    shop.fault({ target: 'stripe', operation, when: 'after', effect: 'error', status: 500, times: 3 })
    await timePasses(ground, 16)
    await timePasses(ground, 2)
    expect((await orderOf(buyer, orderId))['state']).toBe('expired')
  })

  /** Every call in every way: `npm run test:faults -- --scenario sweep-reservations`. */
  test('dying before and after it has ended a payment: another run finishes what it began', async () => {
    const orderIds: string[] = []
    for (const [when, skip] of [['after', 0], ['before', 1]] as const) {
      const { orderId } = await abandoned(await shop.person())
      await shop.cloud.advance(16 * 60_000)
      shop.fault({ target: 'firestore', operation: 'Commit', match: orderId, when, effect: 'kill', skip })
      await shop.cloud.runJob('sweep-reservations').catch(() => undefined)
      expect(shop.cloud.wire.faults()[0]?.struck).toBe(1)
      shop.calm()
      await until(() => shop.cloud.instances.allReady().then(() => true, () => false))
      orderIds.push(orderId)
    }
    await timePasses(ground, 2)
    expect(orderIds.map((orderId) => shop.document('orders', orderId)?.['state'])).toEqual(['expired', 'expired'])
  })

  test('all of it: once time has passed nothing is stuck', () => expectAllSettles(ground))
})
