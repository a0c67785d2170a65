/** Payments that Stripe itself wants somebody to look at: not sold before, whoever looks, and however its events come. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { decide, intentOf, openWatchfulGround, RISKY, stateOf, toldTo, tryToBuy, type Held } from '../held.ts'
import { tellStripes } from '../inbox.ts'
import { checkOut, expectAllSettles, expectTrueBooks, left, ordersOf, PRODUCT, timePasses, type Ground } from '../purchase.ts'
import type { Json, Person, Shop } from '../shop.ts'

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

async function risky(): Promise<Held & { reviewId: string }> {
  const held = await tryToBuy(shop, 1, RISKY)
  expect([held.answer.status, held.answer.body['payment'].status]).toEqual([202, 'in_review'])
  return { ...held, reviewId: intentOf(shop, held.orderId)['review'] }
}

const refundsOf = (orderId: string): Json[] => shop.at('stripe', 'refunds').filter((refund) => refund['payment_intent'] === intentOf(shop, orderId)['id'])
const receiptsOf = (buyer: Person): number => toldTo(shop, buyer).filter((subject) => subject === 'Your order').length

/** Says to the shop that something has happened to a review; answers the inbox record. */
async function tell(type: string, review: Json): Promise<Json> {
  const id = `evt_told_${type}_${String(review['id'])}`
  expect(await tellStripes(shop, { id, object: 'event', type, created: 1, data: { object: review } })).toBe(200)
  await shop.cloud.drain()
  return shop.document('inbox', `stripe-${id}`) as Json
}

describe('does', () => {
  test('keep what Stripe wants looked at from being sold, although it is charged', async () => {
    const { buyer, orderId } = await risky()
    await timePasses(ground, 40)
    expect([stateOf(shop, orderId), toldTo(shop, buyer)]).toEqual(['in_review', ['We are looking at order']])
    await decide(admin, orderId, 'refuse')
  })

  test('sell it when somebody lets it through in Stripe\'s dashboard; whoever decides later is told', async () => {
    const { buyer, orderId, reviewId } = await risky()
    await shop.act('stripe', `reviews/${reviewId}/approve`)
    await shop.cloud.drain()
    expect(stateOf(shop, orderId)).toBe('paid')
    expect((await decide(admin, orderId, 'refuse')).body['error']).toBe('An order that is paid is not in review.')
    expect(toldTo(shop, buyer)).toEqual(['We are looking at order', 'Your order'])
  })

  test('sell it when our own admin approves: charged once, one receipt', async () => {
    const { buyer, orderId, reviewId } = await risky()
    expect((await decide(admin, orderId, 'approve')).body['order'].state).toBe('paid')
    await shop.act('stripe', `reviews/${reviewId}/approve`)
    await shop.cloud.drain()
    expect([refundsOf(orderId), receiptsOf(buyer)]).toEqual([[], 1])
  })

  test('give all of it back when our own admin refuses, the goods too', async () => {
    const before = await left(admin, PRODUCT)
    const { buyer, orderId } = await risky()
    expect((await decide(admin, orderId, 'refuse')).status).toBe(200)
    expect(await left(admin, PRODUCT)).toBe(before)
    await timePasses(ground, 2)
    expect([stateOf(shop, orderId), refundsOf(orderId).map(({ amount, status }) => [amount, status])]).toEqual(['refunded', [[5_000, 'succeeded']]])
    expect(toldTo(shop, buyer)).toEqual(['We are looking at order', 'We could not accept order', 'Your refund for order'])
  })

  test('both kinds of suspicion at once: set aside only, both reasons named', async () => {
    const { orderId } = await tryToBuy(shop, 3, RISKY)
    expect(shop.document('orders', orderId)).toMatchObject({ reviewReasons: ['high_amount', 'gateway_risk'], payment: { status: 'authorised' } })
    expect(intentOf(shop, orderId)['status']).toBe('requires_capture')
    await decide(admin, orderId, 'refuse')
  })
})

describe('does, when the review comes after the sale', () => {
  test('tell staff, and that it is over; order and money stay as they are', async () => {
    const { orderId } = await tryToBuy(shop, 1)
    const { id } = intentOf(shop, orderId)
    const alert = (): Json | undefined => shop.documents('alerts').map(({ data }) => data).find(({ key }) => key === `gateway-review/${orderId}`)
    const end = shop.twist('stripe', `/v1/payment_intents/${id}`, (intent) => ({ ...intent, review: 'prv_late' }))
    await tell('review.opened', { id: 'prv_late', object: 'review', payment_intent: id })
    expect([stateOf(shop, orderId), alert()]).toEqual(['paid', expect.objectContaining({ status: 'open', severity: 'p1', orderId })])
    end()
    await tell('review.closed', { id: 'prv_late', object: 'review', payment_intent: id })
    expect([stateOf(shop, orderId), alert()?.['status'], refundsOf(orderId)]).toEqual(['paid', 'resolved', []])
  })
})

describe('refuses', () => {
  test('to make anything of a review that is none of ours', async () => {
    const { orderId } = await tryToBuy(shop, 1)
    const intent = intentOf(shop, orderId)
    expect(await tell('review.opened', { id: 'prv_a', object: 'review', payment_intent: null })).toMatchObject({ status: 'ignored' })
    expect(await tell('review.opened', { id: 'prv_b', object: 'review', payment_intent: intent['id'] })).toMatchObject({ status: 'applied' })
    expect(stateOf(shop, orderId)).toBe('paid')
  })

  test('to sell on the word of an event while the review is open at Stripe', async () => {
    const { orderId, reviewId } = await risky()
    await tell('review.closed', { id: reviewId, object: 'review', open: false, reason: 'approved', payment_intent: intentOf(shop, orderId)['id'] })
    expect(stateOf(shop, orderId)).toBe('in_review')
    await decide(admin, orderId, 'refuse')
  })
})

describe('survives', () => {
  test('Stripe being away when the review closes: the event waits its time', async () => {
    const { orderId, reviewId } = await risky()
    shop.fault({ target: 'stripe', operation: 'GET /v1/payment_intents/:id', when: 'before', effect: 'error', status: 500, times: 6 })
    await shop.act('stripe', `reviews/${reviewId}/approve`)
    await shop.cloud.drain()
    shop.calm()
    for (const minutes of [2, 6, 20]) {
      await shop.cloud.advance(minutes * 60_000)
      await shop.tally('sweep-inbox')
      await timePasses(ground, 0)
    }
    expect(stateOf(shop, orderId)).toBe('paid')
  })

  test('our own answer being lost: found, held and looked at, by whichever comes first', async () => {
    const buyer = await shop.person()
    const { id: cartId } = await buyer.fill({ productId: PRODUCT, quantity: 2 })
    shop.fault({ target: 'firestore', operation: 'Commit', match: buyer.email, when: 'before', effect: 'kill', skip: 1 })
    await checkOut(buyer, { cartId, ...RISKY }, 'lost')
    shop.calm()
    await shop.cloud.drain()
    await timePasses(ground, 2)
    const [order] = ordersOf(shop, buyer)
    expect(order).toMatchObject({ state: 'in_review', reviewReasons: ['gateway_risk'] })
    await decide(admin, order?.['id'], 'approve')
    expect(stateOf(shop, order?.['id'])).toBe('paid')
  })

  test('all of it: once time has passed nothing is stuck', () => expectAllSettles(ground))
})
