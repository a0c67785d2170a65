/**
 * Orders that are not wanted any more: given up before they are paid, given back after; once, by whoever may, whatever is
 * lost on the way.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { stateOf, toldTo, tryToBuy } from '../held.ts'
import { openPage, payOn, sessionsFor } from '../hosted.ts'
import { kajaChargesFor, kajaRefundsFor, payByKaja } from '../kaja.ts'
import {
  chargesFor, checkOut, expectAllSettles, expectTrueBooks, left, openGround, orderOf, ordersOf, PRODUCT, timePasses, until, type Ground,
} from '../purchase.ts'
import type { Answer, Json, Person, Shop } from '../shop.ts'

vi.setConfig({ testTimeout: 30_000 })

let ground: Ground
let shop: Shop
let admin: Person

beforeAll(async () => {
  ground = await openGround({ environment: { FRAUD_AMOUNT_PER_CUSTOMER_HOUR: '500' } })
  shop = ground.shop
  admin = await shop.person('admin')
}, 30_000)
afterAll(() => shop.cloud.stop())
afterEach(async () => {
  shop.calm()
  await shop.cloud.drain()
  expectTrueBooks(ground)
})

const AT_THE_BANK = { paymentMethod: { token: 'pm_card_authenticationRequired' } }

interface Bought {
  readonly buyer: Person
  readonly cartId: string
  readonly orderId: string
}

/** Somebody new has bought so many units. */
async function bought(quantity = 2): Promise<Bought> {
  const { answer, ...rest } = await tryToBuy(shop, quantity)
  expect(answer.status).toBe(201)
  return rest
}

/** Somebody new waits at his bank. */
async function atTheBank(): Promise<Bought> {
  const { answer, ...rest } = await tryToBuy(shop, 2, AT_THE_BANK)
  expect([answer.status, stateOf(shop, rest.orderId)]).toEqual([202, 'requires_action'])
  return rest
}

function cancel(who: Person, orderId: string, { reason, key }: { reason?: string; key?: string } = {}): Promise<Answer> {
  return who.post(`/api/orders/${orderId}/cancel`, reason === undefined ? {} : { reason }, key)
}

function prove(orderId: string): Promise<Json> {
  return shop.act('stripe', `payment_intents/${chargesFor(shop, orderId)[0]?.['id']}/authenticate`, { outcome: 'succeed' })
}

const atStripe = (orderId: string): string => chargesFor(shop, orderId)[0]?.['status']
const refundsOf = (orderId: string): Json[] => shop.at('stripe', 'refunds').filter(({ metadata }) => metadata['order_id'] === orderId)
const seen = ({ status, body }: Answer): unknown[] => [status, body['cancelled'], body['order']?.state]

/** Stripe's word that it was paid cannot be stored: it will send it again. */
function hearNothing(): void {
  shop.fault({ target: 'firestore', operation: 'Commit', match: 'payment_intent.succeeded', when: 'before', effect: 'drop', times: 99 })
}

/** After an instance was killed. */
async function backAgain(): Promise<void> {
  await until(async () => (await admin.get('/healthz')).status === 200 && (await shop.cloud.instances.allReady().then(() => true, () => false)))
}

async function cartState(buyer: Person, cartId: string): Promise<string> {
  return (await buyer.get(`/api/carts/${cartId}`)).body['cart'].state
}

describe('does', () => {
  test('a customer who waits at his bank: the payment ends there, goods and cart go back, he is told once', async () => {
    const before = await left(admin, PRODUCT)
    const { buyer, cartId, orderId } = await atTheBank()
    const answer = await cancel(buyer, orderId, { reason: 'Ordered twice' })
    expect(seen(answer)).toEqual([200, true, 'cancelled'])
    expect(answer.body['order'].cancellation).toEqual({ by: 'customer', reason: 'Ordered twice', at: expect.any(String) })
    expect([atStripe(orderId), await left(admin, PRODUCT), await cartState(buyer, cartId)]).toEqual(['canceled', before, 'open'])
    const click = await checkOut(buyer, { cartId, ...AT_THE_BANK }, 'the-click')
    expect([click.status, click.body['error']]).toEqual([409, 'This order was cancelled. Nothing was charged.'])
    expect((await checkOut(buyer, { cartId }, 'another-click')).status).toBe(201)
    await timePasses(ground, 20)
    expect(toldTo(shop, buyer)).toEqual(['Order', 'Your order'])
  })

  test('a customer on the payment page: the page can no longer be paid', async () => {
    const buyer = await shop.person()
    const { id: cartId } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
    const { body } = await openPage(buyer, { cartId }, 'the-click')
    expect(seen(await cancel(buyer, body['orderId']))).toEqual([200, true, 'cancelled'])
    expect(sessionsFor(shop, body['orderId'])[0]?.['status']).toBe('expired')
    await payOn(body['url'])
    await timePasses(ground, 2)
    expect([chargesFor(shop, body['orderId']), await cartState(buyer, cartId)]).toEqual([[], 'open'])
    expect((await openPage(buyer, { cartId }, 'the-click')).status).toBe(409)
  })

  test('an order in review: what was set aside goes free, staff are not asked any more', async () => {
    const { buyer, orderId, answer } = await tryToBuy(shop, 11)
    expect([answer.status, stateOf(shop, orderId)]).toEqual([202, 'in_review'])
    expect(seen(await cancel(buyer, orderId))).toEqual([200, true, 'cancelled'])
    expect(atStripe(orderId)).toBe('canceled')
    await shop.cloud.drain()
    expect(shop.documents('alerts').find(({ data }) => data['key'] === `review/${orderId}`)?.data['status']).toBe('resolved')
    expect(toldTo(shop, buyer)).toEqual(['Order', 'We are looking at order'])
    expect((await admin.post(`/api/orders/${orderId}/review`, { decision: 'approve', reason: 'Fine' })).status).toBe(409)
  })

  test('an order whose charge nobody knows: Stripe is asked, and what it had taken goes back whole', async () => {
    const before = await left(admin, PRODUCT)
    hearNothing()
    for (const [amount, when] of [[10_000, 'before'], [15_000, 'after']] as const) {
      shop.fault({ target: 'stripe', operation: 'POST /v1/payment_intents', match: `amount=${amount}&`, when, effect: 'drop', times: 99 })
    }
    const [never, taken] = await Promise.all([tryToBuy(shop, 2), tryToBuy(shop, 3)])
    for (const { answer, orderId } of [never, taken]) expect([answer.status, stateOf(shop, orderId)]).toEqual([504, 'payment_unknown'])
    expect([await cancel(never.buyer, never.orderId), await cancel(taken.buyer, taken.orderId)].map(seen)).toEqual([[200, true, 'cancelled'], [200, true, 'refunded']])
    shop.calm()
    await timePasses(ground, 2)
    expect([toldTo(shop, never.buyer), toldTo(shop, taken.buyer)]).toEqual([['Order'], ['Your refund for order']])
    expect([refundsOf(never.orderId).length, refundsOf(taken.orderId).length, await left(admin, PRODUCT)]).toEqual([0, 1, before])
  })

  test('a paid order: all of it is given back, its goods are on the shelf again, one mail about it', async () => {
    const { buyer, orderId } = await bought()
    await shop.cloud.drain()
    const shelf = shop.shelf(PRODUCT)
    const answer = await cancel(buyer, orderId)
    expect(seen(answer)).toEqual([200, true, 'refunded'])
    expect(answer.body['order']).toMatchObject({ refunded: 100, cancellation: { by: 'customer' }, refunds: [{ status: 'succeeded', restock: true }] })
    expect(refundsOf(orderId)).toMatchObject([{ amount: 10_000, status: 'succeeded' }])
    await shop.cloud.drain()
    expect([shop.shelf(PRODUCT), toldTo(shop, buyer)]).toEqual([shelf + 2, ['Your order', 'Your refund for order']])
    expect(shop.document('orders', orderId)?.['checkAtMs']).toBeNull()
  })

  test('a paid order of which a part was given back: the rest', async () => {
    const { buyer, orderId } = await bought()
    await admin.post(`/api/orders/${orderId}/refunds`, { amount: 30, reason: 'Scratched' })
    expect(seen(await cancel(buyer, orderId))).toEqual([200, true, 'refunded'])
    expect(refundsOf(orderId).map(({ amount }) => amount).toSorted()).toEqual([3_000, 7_000])
  })

  test('paid by KAJA and not settled: the charge is voided; held there: let go', async () => {
    const buyer = await shop.person()
    const { body } = await payByKaja(buyer, (await buyer.fill({ productId: PRODUCT, quantity: 1 }))['id'])
    expect(seen(await cancel(buyer, body['orderId']))).toEqual([200, true, 'refunded'])
    expect(kajaChargesFor(shop, body['orderId'])).toMatchObject([{ transactionStatus: 'voided' }])
    const held = await payByKaja(buyer, (await buyer.fill({ productId: PRODUCT, quantity: 1 }))['id'], { token: 'tok_held:cancel' })
    expect(held.status).toBe(202)
    expect(seen(await cancel(buyer, held.body['orderId']))).toEqual([200, true, 'cancelled'])
  })

  test('paid by KAJA, a part of it asked back before it is settled: it waits, is not handed over, and ends refunded', async () => {
    const buyer = await shop.person()
    const { body } = await payByKaja(buyer, (await buyer.fill({ productId: PRODUCT, quantity: 2 }))['id'])
    const { orderId } = body
    expect((await admin.post(`/api/orders/${orderId}/refunds`, { amount: 30, reason: 'Scratched' })).status).toBe(202)
    const answer = await cancel(buyer, orderId)
    expect([answer.status, answer.body['cancelled'], answer.body['message']]).toEqual([202, false, expect.stringContaining('as soon as')])
    expect((await admin.post(`/api/orders/${orderId}/fulfil`, { how: 'picked_up' })).status).toBe(409)
    await shop.act('authorize-net', 'settle')
    await timePasses(ground, 16)
    expect(seen(await cancel(buyer, orderId))).toEqual([200, true, 'refunded'])
    expect(kajaRefundsFor(shop, orderId).map(({ settleAmount }) => Number(settleAmount)).toSorted()).toEqual([30, 70])
  })

  test('a guest by the id of his order, and staff with a reason, on record', async () => {
    const guest = shop.guest()
    const { body } = await checkOut(guest, { cartId: (await guest.fill({ productId: PRODUCT, quantity: 1 }))['id'] })
    expect(seen(await cancel(shop.guest(), body['orderId']))).toEqual([200, true, 'refunded'])
    const { orderId } = await bought()
    expect(seen(await cancel(admin, orderId, { reason: 'Broken in the store' }))).toEqual([200, true, 'refunded'])
    expect((await orderOf(admin, orderId))['cancellation']).toMatchObject({ by: 'staff', reason: 'Broken in the store' })
    await shop.cloud.drain()
    const events = ((await shop.cloud.rows('audit', 'events')) as Json[]).filter(({ subject }) => subject === orderId)
    expect(events.find(({ what }) => what === 'order.cancel_requested')).toMatchObject({
      who: `admin ${admin.id}`, why: 'Broken in the store', ip: admin.address, request_id: expect.any(String),
    })
    expect(events.find(({ what }) => what === 'order.refunded')).toMatchObject({ who: `admin ${admin.id}` })
  })

  test('the same answer again, with and without a key, and to whoever asks', async () => {
    for (const { buyer, orderId } of [await atTheBank(), await bought()]) {
      const first = await cancel(buyer, orderId, { key: 'once' })
      const again = [await cancel(buyer, orderId, { key: 'once' }), await cancel(buyer, orderId), await cancel(admin, orderId, { reason: 'Me too' })]
      expect(again.map(({ text }) => text)).toEqual([first.text, first.text, first.text])
      expect([first, ...again].map(({ headers }) => headers.get('idempotent-replayed'))).toEqual([null, 'true', null, null])
      await timePasses(ground, 2)
      expect(toldTo(shop, buyer).filter((subject) => subject === 'Order' || subject === 'Your refund for order')).toHaveLength(1)
    }
  })
})

describe('refuses', () => {
  test('strangers, as if there were no such order; and who may only read or scan', async () => {
    const { orderId } = await bought()
    const missing = await cancel(await shop.person(), 'ord_unknown')
    for (const who of [shop.guest(), await shop.person(), await shop.person('scanner'), await shop.person('organiser')]) {
      const { status, body } = await cancel(who, orderId)
      expect([status, body['error']]).toEqual([404, missing.body['error']])
    }
    for (const role of ['viewer', 'support'] as const) expect((await cancel(await shop.person(role), orderId, { reason: 'x' })).status).toBe(403)
    expect([missing.status, stateOf(shop, orderId), refundsOf(orderId)]).toEqual([404, 'paid', []])
  })

  test('staff without a reason, a reason of another kind, the same key with another wish', async () => {
    const { buyer, orderId } = await bought()
    expect(await cancel(admin, orderId)).toMatchObject({ status: 400, body: { details: { fields: [{ field: 'reason' }] } } })
    for (const body of [{ reason: ' ' }, { reason: 5 }, { reason: 'x'.repeat(501) }, { because: 'x' }]) {
      expect((await buyer.post(`/api/orders/${orderId}/cancel`, body)).status).toBe(400)
    }
    await cancel(buyer, orderId, { key: 'once' })
    expect(await cancel(buyer, orderId, { key: 'once', reason: 'Another' })).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_MISMATCH' } })
  })

  test('what was handed over, and to hand over what is cancelled', async () => {
    const { buyer, orderId } = await bought()
    const clerk = await shop.person('support')
    expect((await clerk.post(`/api/orders/${orderId}/fulfil`, { how: 'picked_up' })).status).toBe(200)
    expect(await cancel(buyer, orderId)).toMatchObject({ status: 409, body: { code: 'CONFLICT', retryable: false, details: { state: 'fulfilled', how: 'picked_up' } } })
    const other = await bought()
    shop.fault({ target: 'stripe', operation: 'POST /v1/refunds', match: other.orderId, when: 'before', effect: 'drop', times: 99 })
    expect((await cancel(other.buyer, other.orderId)).status).toBe(504)
    expect((await clerk.post(`/api/orders/${other.orderId}/fulfil`, { how: 'picked_up' })).body['error']).toBe('This order was cancelled: it must not be handed over.')
    shop.calm()
    await timePasses(ground, 2)
  })

  test('orders that are over, disputed, or given back already', async () => {
    const declined = await tryToBuy(shop, 1, { paymentMethod: { token: 'pm_card_visa_chargeDeclined' } })
    expect(await cancel(declined.buyer, declined.orderId)).toMatchObject({ status: 409, body: { details: { state: 'payment_failed' } } })
    const abandoned = await atTheBank()
    await timePasses(ground, 20)
    expect(await cancel(abandoned.buyer, abandoned.orderId)).toMatchObject({ status: 409, body: { details: { state: 'expired' } } })
    const refunded = await bought()
    await admin.post(`/api/orders/${refunded.orderId}/refunds`, { reason: 'Sorry' })
    expect(await cancel(refunded.buyer, refunded.orderId)).toMatchObject({ status: 409, body: { details: { state: 'refunded' } } })
    const disputed = await bought()
    await shop.act('stripe', 'disputes', { payment_intent: chargesFor(shop, disputed.orderId)[0]?.['id'], reason: 'fraudulent' })
    await shop.cloud.drain()
    expect(await cancel(disputed.buyer, disputed.orderId)).toMatchObject({ status: 409, body: { details: { state: 'disputed' } } })
  })

  test('while the order is being paid: 409 that says when to come again, and then it works', async () => {
    shop.fault({ target: 'stripe', operation: 'POST /v1/payment_intents', when: 'before', effect: 'delay', delayMs: 1500 })
    const buyer = await shop.person()
    const { id: cartId } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
    const paying = checkOut(buyer, { cartId }, 'the-click')
    const orderId = await until(() => shop.documents('orders').find(({ data }) => data['cartId'] === cartId)?.id)
    const early = await cancel(buyer, orderId)
    expect(early).toMatchObject({ status: 409, body: { error: 'This order is being paid just now.', retryable: true } })
    expect(Number(early.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await paying).status).toBe(201)
    expect(seen(await cancel(buyer, orderId))).toEqual([200, true, 'refunded'])
  })

  test('to give back what Stripe refuses: the order stays paid, staff are told, and the next try gives it', async () => {
    const { buyer, orderId } = await bought()
    shop.fault({ target: 'stripe', operation: 'POST /v1/refunds', match: orderId, when: 'before', effect: 'error', status: 400 })
    expect(await cancel(buyer, orderId)).toMatchObject({ status: 409, body: { code: 'CONFLICT', details: { state: 'paid' } } })
    await shop.cloud.drain()
    expect(shop.documents('alerts').filter(({ data }) => data['orderId'] === orderId).map(({ data }) => data['status'])).toEqual(['open'])
    expect(seen(await cancel(admin, orderId, { reason: 'Once more' }))).toEqual([200, true, 'refunded'])
    expect(refundsOf(orderId)).toHaveLength(1)
  })
})

describe('survives', () => {
  test('six people at once on two instances: cancelled once, given back once, told once', async () => {
    for (const make of [atTheBank, bought]) {
      const { buyer, orderId } = await make()
      const answers = await Promise.all(Array.from({ length: 6 }, (_, index) => (index % 2 === 0 ? cancel(buyer, orderId) : cancel(admin, orderId, { reason: 'Both' }))))
      expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200])
      await shop.cloud.drain()
      expect(refundsOf(orderId).length).toBe(make === bought ? 1 : 0)
      expect(toldTo(shop, buyer).filter((subject) => subject !== 'Your order')).toHaveLength(1)
    }
  })

  test('cancelled and refunded, cancelled and handed over, cancelled and proved at the bank, at the same moment', async () => {
    const clerk = await shop.person('support')
    const atBank: string[] = []
    for (let round = 0; round < 2; round += 1) {
      const [refunded, handed, proved] = await Promise.all([bought(), bought(), atTheBank()])
      await Promise.all([cancel(refunded.buyer, refunded.orderId), admin.post(`/api/orders/${refunded.orderId}/refunds`, { reason: 'Sorry' })])
      expect([stateOf(shop, refunded.orderId), refundsOf(refunded.orderId).reduce((sum, { amount }) => sum + amount, 0)]).toEqual(['refunded', 10_000])
      const [away, over] = await Promise.all([cancel(handed.buyer, handed.orderId), clerk.post(`/api/orders/${handed.orderId}/fulfil`, { how: 'picked_up' })])
      expect([[away.status, over.status].toSorted(), stateOf(shop, handed.orderId)]).toEqual([[200, 409], away.status === 200 ? 'refunded' : 'fulfilled'])
      await Promise.all([cancel(proved.buyer, proved.orderId), prove(proved.orderId).catch(() => undefined), proved.buyer.post(`/api/orders/${proved.orderId}/confirm`)])
      atBank.push(proved.orderId)
    }
    await timePasses(ground, 2)
    for (const orderId of atBank) expect(['cancelled canceled', 'refunded succeeded']).toContain(`${stateOf(shop, orderId)} ${atStripe(orderId)}`)
  })

  test('a customer who has proved himself while we did not know: what was taken goes back, the sale never happens', async () => {
    const { buyer, orderId } = await atTheBank()
    const shelf = shop.shelf(PRODUCT)
    hearNothing()
    await prove(orderId)
    expect(seen(await cancel(buyer, orderId))).toEqual([200, true, 'refunded'])
    shop.calm()
    await timePasses(ground, 20)
    expect([toldTo(shop, buyer), shop.shelf(PRODUCT)]).toEqual([['Your refund for order'], shelf])
  })

  /** Every call in every way: `npm run test:faults -- --scenario cancel-open`, `cancel-paid`. */
  test('answers of Stripe and of our store that are lost, and the death of an instance: the same click or the sweep finishes it, once', async () => {
    const losses = [
      { kind: 'open', target: 'stripe', operation: 'POST /v1/payment_intents/:id/cancel', when: 'after', effect: 'drop', times: 9 },
      { kind: 'paid', target: 'stripe', operation: 'POST /v1/refunds', when: 'before', effect: 'error', status: 500, times: 9 },
      { kind: 'open', target: 'firestore', operation: 'Commit', when: 'after', effect: 'kill', asksAgain: true },
      { kind: 'paid', target: 'firestore', operation: 'Commit', when: 'before', effect: 'kill', skip: 1 },
    ] as const
    const struck: Array<Bought & { end: string; refunds: number }> = []
    for (const { kind, ...loss } of losses) {
      const purchase = kind === 'open' ? await atTheBank() : await bought()
      const { buyer, orderId } = purchase
      await shop.cloud.drain()
      shop.fault({ ...loss, match: loss.operation.endsWith('cancel') ? chargesFor(shop, orderId)[0]?.['id'] : orderId })
      const lost = await cancel(buyer, orderId, { key: 'lost' })
      // A webhook may have told us what Stripe's answer would have.
      expect([200, 503, 504]).toContain(lost.status)
      expect(shop.cloud.wire.faults().some((fault) => fault.struck > 0)).toBe(true)
      shop.calm()
      await backAgain()
      if ('asksAgain' in loss) await until(async () => (await cancel(buyer, orderId, { key: 'lost' })).status === 200)
      struck.push({ ...purchase, ...(kind === 'open' ? { end: 'cancelled', refunds: 0 } : { end: 'refunded', refunds: 1 }) })
    }
    await timePasses(ground, 2)
    for (const { buyer, orderId, end, refunds } of struck) {
      expect([stateOf(shop, orderId), refundsOf(orderId).length]).toEqual([end, refunds])
      expect(seen(await cancel(buyer, orderId, { key: 'lost' }))).toEqual([200, true, end])
      expect(toldTo(shop, buyer).filter((subject) => subject !== 'Your order')).toHaveLength(1)
    }
  })

  test('a runner that died before it asked Stripe: cancelled when its time is over, and a second click does not charge', async () => {
    shop.fault({ target: 'stripe', operation: 'POST /v1/payment_intents', when: 'before', effect: 'kill' })
    const buyer = await shop.person()
    const { id: cartId } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
    await checkOut(buyer, { cartId }, 'the-click')
    const orderId = shop.documents('orders').find(({ data }) => data['cartId'] === cartId)?.id as string
    shop.calm()
    await backAgain()
    expect((await cancel(buyer, orderId)).status).toBe(409)
    await shop.cloud.advance(31_000)
    const [answer, click] = await Promise.all([cancel(buyer, orderId), checkOut(buyer, { cartId }, 'the-click')])
    await timePasses(ground, 2)
    // Whoever was first: the click is told what became of it, and what was charged is kept only if it was not cancelled.
    const charged = chargesFor(shop, orderId).length
    expect([click.status, charged]).toEqual(charged === 1 ? [201, 1] : [409, 0])
    expect([answer.status, stateOf(shop, orderId)]).toEqual(charged === 0 ? [200, 'cancelled'] : answer.status === 200 ? [200, 'refunded'] : [409, 'paid'])
  })

  test('the click of an order that was cancelled before anything was charged: it is told so, and buys nothing; another one does', async () => {
    const buyer = await shop.person()
    const { id: cartId } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
    shop.fault({ target: 'stripe', operation: 'POST /v1/payment_intents', when: 'before', effect: 'error', status: 500, times: 99 })
    expect((await checkOut(buyer, { cartId }, 'given-up')).status).toBe(504)
    shop.calm()
    const orderId = ordersOf(shop, buyer)[0]?.['id'] as string
    expect(seen(await cancel(buyer, orderId))).toEqual([200, true, 'cancelled'])
    const again = await checkOut(buyer, { cartId }, 'given-up')
    expect([again.status, ordersOf(shop, buyer).map(({ state }) => state)]).toEqual([409, ['cancelled']])
    expect((await checkOut(buyer, { cartId }, 'another')).status).toBe(201)
  })

  test('everything settles in the end', async () => {
    admin = await shop.person('admin')
    await expectAllSettles(ground)
  })
})
