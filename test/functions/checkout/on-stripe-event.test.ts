/** What Stripe's events do to orders: each fact once, in whatever order and however often they come. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { tellStripes } from '../inbox.ts'
import { chargesFor, checkOut, expectAllSettles, expectTrueBooks, openGround, orderOf, PRODUCT, timePasses, type Ground } from '../purchase.ts'
import type { Json, Person, Shop } from '../shop.ts'

const SECURED = { paymentMethod: { token: 'pm_card_authenticationRequired' } }
const CART = [{ productId: PRODUCT, quantity: 1 }]

let ground: Ground
let shop: Shop
let events = 0

beforeAll(async () => {
  ground = await openGround()
  shop = ground.shop
}, 30_000)
afterAll(() => shop.cloud.stop())
afterEach(() => {
  shop.calm()
  expectTrueBooks(ground)
})

/** Says to the shop that something has happened to an intent; answers the inbox record's id. */
async function tell(type: string, intent: Json, more: Json = {}): Promise<string> {
  const id = `evt_told_${++events}`
  expect(await tellStripes(shop, { id, object: 'event', type, created: 1, data: { object: { ...intent, ...more } } })).toBe(200)
  return `stripe-${id}`
}

async function buy(buyer: Person, more: Json = {}): Promise<{ orderId: string; intent: Json }> {
  const { body } = await checkOut(buyer, { cart: CART, ...more })
  const [intent] = chargesFor(shop, body['orderId'])
  return { orderId: body['orderId'], intent: intent as Json }
}

/** Stripe answers an error when it is asked about this intent. */
function refuseQuestions(intent: Json, answer: { status: number; times: number }): void {
  const operation = 'GET /v1/payment_intents/:id'
  shop.fault({ target: 'stripe', operation, match: String(intent['id']), when: 'before', effect: 'error', ...answer })
}

function statusOf(record: string): Json {
  return shop.document('inbox', record) as Json
}

describe('does', () => {
  test('settle an order once, however often its success is told, by several events at the same time', async () => {
    const buyer = await shop.person()
    const { orderId, intent } = await buy(buyer, SECURED)
    await shop.act('stripe', `payment_intents/${intent['id']}/authenticate`, { outcome: 'succeed' })
    const [truth] = chargesFor(shop, orderId)
    const records = await Promise.all(Array.from({ length: 6 }, () => tell('payment_intent.succeeded', truth as Json)))
    await shop.cloud.drain()
    for (const record of records) expect(statusOf(record)['status']).toBe('applied')
    const order = await orderOf(buyer, orderId)
    expect(order['history'].map(({ state }: Json) => state)).toEqual(['pending_payment', 'requires_action', 'paid'])
    expect(shop.documents('ledger').filter(({ data }) => data['orderId'] === orderId)).toHaveLength(1)
  })

  test('send an old event again from the dashboard: nothing changes', async () => {
    const buyer = await shop.person()
    const { orderId } = await buy(buyer)
    await shop.cloud.drain()
    const before = await orderOf(buyer, orderId)
    const event = shop.at('stripe', 'events').find(({ data }) => data.object.metadata?.order_id === orderId)
    await shop.act('stripe', `events/${event?.['id']}/resend`)
    await shop.cloud.drain()
    expect(await orderOf(buyer, orderId)).toEqual(before)
  })

  test('ask Stripe what is true when an event tells of anything but success: a late failure undoes no payment', async () => {
    const buyer = await shop.person()
    const { orderId, intent } = await buy(buyer)
    const records: string[] = []
    for (const [type, status] of [['payment_failed', 'requires_payment_method'], ['canceled', 'canceled'], ['processing', 'processing']]) {
      records.push(await tell(`payment_intent.${type}`, intent, { status: status as string, amount_received: 0 }))
    }
    await shop.cloud.drain()
    for (const record of records) expect(statusOf(record)['status']).toBe('applied')
    expect((await orderOf(buyer, orderId))['state']).toBe('paid')
  })

  test('release an order whose failure is true, and take its success afterwards as late money', async () => {
    const buyer = await shop.person()
    const { orderId, intent } = await buy(buyer, SECURED)
    await tell('payment_intent.payment_failed', intent, { status: 'requires_payment_method' })
    await shop.cloud.drain()
    expect((await orderOf(buyer, orderId))['state']).toBe('requires_action')
    await shop.act('stripe', `payment_intents/${intent['id']}/authenticate`, { outcome: 'fail' }).catch(() => undefined)
    await shop.cloud.drain()
    expect((await orderOf(buyer, orderId))['state']).toBe('payment_failed')
  })

  test('put an order aside for a person when another amount was charged, and post nothing', async () => {
    const buyer = await shop.person()
    const { orderId, intent } = await buy(buyer, SECURED)
    await tell('payment_intent.succeeded', intent, { status: 'succeeded', amount_received: 1 })
    await shop.cloud.drain()
    expect((await orderOf(buyer, orderId))['state']).toBe('in_review')
    const answer = await buyer.post(`/api/orders/${orderId}/confirm`)
    expect(answer.status).toBe(202)
    expect(shop.documents('ledger').filter(({ data }) => data['orderId'] === orderId)).toEqual([])
    await shop.act('stripe', `payment_intents/${intent['id']}/authenticate`, { outcome: 'succeed' })
    await shop.cloud.drain()
    expect((await orderOf(buyer, orderId))['state']).toBe('paid')
  })
})

describe('refuses', () => {
  test('to make anything of an event about an order it does not have, or about none', async () => {
    const { intent } = await buy(await shop.person())
    const orders = shop.documents('orders').length
    const records = [
      await tell('payment_intent.succeeded', intent, { metadata: { order_id: 'ord_of_another_shop' } }),
      await tell('payment_intent.succeeded', intent, { metadata: {} }),
      await tell('payment_intent.payment_failed', intent, { metadata: { order_id: '../carts/x' } }),
      await tell('payment_intent.succeeded', intent, { metadata: { order_id: '__x__' } }),
    ]
    await shop.cloud.drain()
    expect(shop.documents('orders')).toHaveLength(orders)
    expect(records.map((record) => statusOf(record)['status'])).toEqual(['ignored', 'ignored', 'ignored', 'ignored'])
  })
})

describe('survives', () => {
  test('Stripe being away when it asks: the event goes back on its schedule, blocks no other, and is applied a minute later', async () => {
    const [one, other] = [await shop.person(), await shop.person()]
    const [waiting, paid] = [await buy(one, SECURED), await buy(other, SECURED)]
    refuseQuestions(waiting.intent, { status: 500, times: 3 })
    await shop.act('stripe', `payment_intents/${waiting.intent['id']}/authenticate`, { outcome: 'fail' }).catch(() => undefined)
    await shop.act('stripe', `payment_intents/${paid.intent['id']}/authenticate`, { outcome: 'succeed' })
    await shop.cloud.drain()
    expect([(await orderOf(one, waiting.orderId))['state'], (await orderOf(other, paid.orderId))['state']]).toEqual(['requires_action', 'paid'])
    await timePasses(ground, 2)
    expect((await orderOf(one, waiting.orderId))['state']).toBe('payment_failed')
  })

  test('Stripe being away for days: a dead letter in the end, with why, and the sweep settles the order all the same', async () => {
    const buyer = await shop.person()
    const { orderId, intent } = await buy(buyer, SECURED)
    refuseQuestions(intent, { status: 401, times: 100 })
    const record = await tell('payment_intent.processing', intent, { status: 'processing' })
    await shop.cloud.drain()
    for (const minutes of [2, 6, 31, 121]) await timePasses(ground, minutes)
    expect(statusOf(record)).toMatchObject({ status: 'pending', attempts: 5 })
    await timePasses(ground, 24 * 60 + 1)
    expect(statusOf(record)).toMatchObject({ status: 'dead', attempts: 6, nextAtMs: null, lastError: expect.stringMatching(/./) })
    shop.calm()
    await timePasses(ground, 2)
    expect(shop.document('orders', orderId)?.['state']).toBe('expired')
    await shop.cloud.servers.firestore.write([{ path: `inbox/${record}`, delete: true }])
  })

  test('its commit lost, before and after: the event is applied once', async () => {
    for (const when of ['before', 'after'] as const) {
      const buyer = await shop.person()
      const { orderId, intent } = await buy(buyer, SECURED)
      shop.fault({ target: 'firestore', operation: 'Commit', match: buyer.email, when, effect: 'drop' })
      await shop.act('stripe', `payment_intents/${intent['id']}/authenticate`, { outcome: 'succeed' })
      await shop.cloud.drain()
      await timePasses(ground, 2)
      expect((await orderOf(buyer, orderId))['state']).toBe('paid')
    }
  })

  test('its instance dying with the event: the event is applied by another', async () => {
    const buyer = await shop.person()
    const { orderId, intent } = await buy(buyer, SECURED)
    shop.fault({ target: 'firestore', operation: 'Commit', match: buyer.email, when: 'before', effect: 'kill' })
    await shop.act('stripe', `payment_intents/${intent['id']}/authenticate`, { outcome: 'succeed' })
    await shop.cloud.drain()
    await timePasses(ground, 2)
    expect((await orderOf(buyer, orderId))['state']).toBe('paid')
  })

  test('all of it: once time has passed nothing is stuck', () => expectAllSettles(ground))
})
