/** A purchase on Stripe's own page, as the customer meets it: away, back by either way, twice, too late, and what he finds then. */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { look, openPage, payOn, send, sessionsFor } from '../hosted.ts'
import {
  chargesFor, checkOut, expectAllSettles, expectTrueBooks, left, openGround, orderOf, ordersOf, PRODUCT, timePasses, until, type Ground,
} from '../purchase.ts'
import type { Json, Person, Shop } from '../shop.ts'

vi.setConfig({ testTimeout: 30_000 })

const TAX_RATES = '[{"state":"TX","category":"Wellness","percent":"8.25"}]'
const TAXED = 'VARCALMBALM30'
const MINUTE_MS = 60_000

let ground: Ground
let shop: Shop

beforeAll(async () => {
  ground = await openGround({ environment: { TAX_RATES } })
  shop = ground.shop
}, 30_000)
afterAll(() => shop.cloud.stop())
afterEach(async () => {
  shop.calm()
  await shop.act('stripe', 'webhooks', { duplicates: 0, late: 0 })
  expectTrueBooks(ground)
})

interface Away {
  readonly cartId: string
  readonly orderId: string
  readonly url: string
  readonly sessionId: string
}

/** A customer who has gone to the page. */
async function away(buyer: Person, key?: string): Promise<Away> {
  const { id } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
  const { status, body } = await openPage(buyer, { cartId: id }, key)
  expect(status).toBe(201)
  const [session] = sessionsFor(shop, body['orderId'])
  return { cartId: id, orderId: body['orderId'], url: body['url'], sessionId: session?.['id'] }
}

async function stateOf(buyer: Person, orderId: string): Promise<string> {
  return (await orderOf(buyer, orderId))['state'] as string
}

async function cartOf(buyer: Person, cartId: string): Promise<Json> {
  return (await buyer.get(`/api/carts/${cartId}`)).body['cart'] as Json
}

function confirm(buyer: Person, orderId: string) {
  return buyer.post(`/api/orders/${orderId}/confirm`)
}

/** As if our clock and Stripe's did not agree: the page's time is over here, and it is open there. */
async function endsAt(orderId: string, expiresAtMs: number): Promise<void> {
  const order = shop.document('orders', orderId) as Json
  const payment = { ...order['payment'], session: { ...order['payment'].session, expiresAtMs } }
  await shop.cloud.servers.firestore.write([{ path: `orders/${orderId}`, data: { ...order, checkAtMs: expiresAtMs + 5 * MINUTE_MS, payment } }])
}

function lateHooks(): Promise<Json> {
  return shop.act('stripe', 'webhooks', { late: 1 })
}

describe('does', () => {
  test('open a page with the lines and the exact total, reserve the goods, leave the cart as it is, and charge nothing', async () => {
    const buyer = await shop.person()
    const { id } = await buyer.fill({ productId: PRODUCT, quantity: 2 }, { productId: TAXED, quantity: 3 })
    const before = await left(buyer, PRODUCT)
    const answer = await openPage(buyer, { cartId: id, expectedTotal: 158.46 })
    expect(answer.status).toBe(201)
    const { orderId, url, expiresAt } = answer.body
    const [session, ...others] = sessionsFor(shop, orderId)
    expect(others).toEqual([])
    expect(session).toMatchObject({
      status: 'open', amount_total: 15_846, currency: 'usd', customer_email: buyer.email, url, metadata: { order_id: orderId },
    })
    expect(Date.parse(expiresAt)).toBe(session?.['expires_at'] * 1000)
    expect(session?.['success_url']).toBe(`${shop.cloud.url}/checkout/success?order=${orderId}`)
    expect(await look(url)).toMatch(/\$158\.46[^]*2 × Test Product: \$100\.00[^]*Calm Balm[^]*\$58\.46/)
    expect(chargesFor(shop, orderId)).toEqual([])
    expect(await orderOf(buyer, orderId)).toMatchObject({ state: 'pending_payment', payment: { status: 'pending', session: { url, expiresAt } } })
    expect(await left(buyer, PRODUCT)).toBe(before - 2)
    expect(await cartOf(buyer, id)).toMatchObject({ state: 'checked_out', orderId, total: 158.46 })
  })

  test('be paid by the webhook while nobody asks: one charge, one receipt, the way back to the shop', async () => {
    const buyer = await shop.person()
    const { orderId, url, cartId } = await away(buyer)
    expect((await payOn(url)).location).toBe(`${shop.cloud.url}/checkout/success?order=${orderId}`)
    await shop.cloud.drain()
    const order = await orderOf(buyer, orderId)
    expect(order['history'].map(({ state }: Json) => state)).toEqual(['pending_payment', 'paid'])
    const [charge, ...others] = chargesFor(shop, orderId)
    expect([charge?.['status'], others]).toEqual(['succeeded', []])
    expect(order['payment']).toEqual({ gateway: 'stripe', transactionId: charge?.['id'], status: 'succeeded' })
    expect(shop.at('resend', 'emails').filter(({ to }) => String(to) === buyer.email)).toHaveLength(1)
    expect(await cartOf(buyer, cartId)).toMatchObject({ state: 'checked_out', orderId })
    expect(await look(url)).toContain('You have paid')
  })

  test('be paid by the customer\'s return when that is faster than the webhook, which then changes nothing', async () => {
    const buyer = await shop.person()
    const { orderId, url } = await away(buyer)
    expect((await confirm(buyer, orderId)).body).toMatchObject({ orderId, payment: { session: { url } } })
    await lateHooks()
    await payOn(url)
    const answers = await Promise.all(Array.from({ length: 6 }, () => confirm(buyer, orderId)))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201))
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    const before = await orderOf(buyer, orderId)
    await timePasses(ground, 1)
    expect(await orderOf(buyer, orderId)).toEqual(before)
  })

  test('keep the order open while cards are declined and the bank asks, and take the one payment that works', async () => {
    const buyer = await shop.person()
    const { orderId, url } = await away(buyer)
    expect((await payOn(url, 'pm_card_visa_chargeDeclined')).text).toContain('Your card was declined.')
    await shop.cloud.drain()
    expect(await stateOf(buyer, orderId)).toBe('pending_payment')
    expect((await payOn(url, 'pm_card_authenticationRequired')).text).toContain('is this you?')
    expect((await send(url, { bank: 'no' })).location).toBeNull()
    await shop.cloud.drain()
    expect(await stateOf(buyer, orderId)).toBe('pending_payment')
    await payOn(url, 'pm_card_authenticationRequired')
    expect((await send(url, { bank: 'yes' })).location).toContain(orderId)
    await shop.cloud.drain()
    expect(await stateOf(buyer, orderId)).toBe('paid')
    expect(chargesFor(shop, orderId).map(({ status }) => status)).toEqual(['succeeded'])
  })

  test('wait for a bank transfer for days with goods and cart kept, and be paid when it arrives', async () => {
    const buyer = shop.guest()
    const { id: cartId } = await buyer.fill({ productId: 'VARSEEDOIL250', quantity: 1 })
    const { orderId, url } = (await openPage(buyer, { cartId })).body
    const sessionId = sessionsFor(shop, orderId)[0]?.['id']
    const before = await left(buyer, 'VARSEEDOIL250')
    expect((await payOn(url, 'pm_usBankAccount')).location).toContain(orderId)
    const told = await confirm(buyer, orderId)
    expect([told.status, told.body['payment'].status]).toEqual([202, 'processing'])
    for (const minutes of [5, 45, 48 * 60]) await timePasses(ground, minutes)
    expect((await orderOf(buyer, orderId))['payment'].status).toBe('processing')
    expect(await left(buyer, 'VARSEEDOIL250')).toBe(before)
    expect((await cartOf(buyer, cartId))['orderId']).toBe(orderId)
    await shop.act('stripe', `checkout/sessions/${sessionId}/arrive`, { outcome: 'succeed' })
    await shop.cloud.drain()
    expect((await confirm(buyer, orderId)).body['order'].state).toBe('paid')
  })

  test('give stock and cart back when the bank transfer fails', async () => {
    const buyer = await shop.person()
    const before = await left(buyer, PRODUCT)
    const { orderId, url, sessionId, cartId } = await away(buyer)
    await payOn(url, 'pm_usBankAccount')
    await shop.cloud.drain()
    await shop.act('stripe', `checkout/sessions/${sessionId}/arrive`, { outcome: 'fail' })
    await shop.cloud.drain()
    expect(await stateOf(buyer, orderId)).toBe('payment_failed')
    expect(await left(buyer, PRODUCT)).toBe(before)
    expect((await checkOut(buyer, { cartId })).status).toBe(201)
  })

  test('give stock and cart back as soon as Stripe says that the page is over; the key is told so, another buys', async () => {
    const buyer = await shop.person()
    const before = await left(buyer, PRODUCT)
    const { cartId, orderId, sessionId } = await away(buyer, 'left')
    await shop.act('stripe', `checkout/sessions/${sessionId}/abandon`)
    await shop.cloud.drain()
    expect(await stateOf(buyer, orderId)).toBe('expired')
    expect(await left(buyer, PRODUCT)).toBe(before)
    expect(await cartOf(buyer, cartId)).toMatchObject({ state: 'open', orderId: null })
    const again = await openPage(buyer, { cartId }, 'left')
    expect([again.status, again.body['error']]).toEqual([409, 'This order has expired. Nothing was charged.'])
    const anew = await openPage(buyer, { cartId }, 'anew')
    expect([anew.status, anew.body['orderId'] === orderId]).toEqual([201, false])
  })

  test('keep the reservation as long as the page, and end both when nobody came', async () => {
    const buyer = await shop.person()
    const before = await left(buyer, 'VARHEARTS250')
    const { orderId } = (await openPage(buyer, { cart: [{ productId: 'VARHEARTS250', quantity: 1 }] })).body
    await timePasses(ground, 34)
    expect([await stateOf(buyer, orderId), await left(buyer, 'VARHEARTS250')]).toEqual(['pending_payment', before - 1])
    await timePasses(ground, 2)
    expect(sessionsFor(shop, orderId)).toMatchObject([{ status: 'expired' }])
    expect([await stateOf(buyer, orderId), await left(buyer, 'VARHEARTS250')]).toEqual(['expired', before])
  })

  test('ask after five minutes\' grace when no webhook came, and end an open page at Stripe before the goods go back', async () => {
    const buyer = await shop.person()
    const { orderId, sessionId } = await away(buyer)
    await endsAt(orderId, shop.cloud.now())
    await timePasses(ground, 4)
    expect([await stateOf(buyer, orderId), sessionsFor(shop, orderId)[0]?.['status']]).toEqual(['pending_payment', 'open'])
    shop.fault({ target: 'stripe', operation: 'POST /v1/checkout/sessions/:id/expire', match: sessionId, when: 'before', effect: 'error', status: 500, times: 3 })
    await timePasses(ground, 2)
    expect([await stateOf(buyer, orderId), sessionsFor(shop, orderId)[0]?.['status']]).toEqual(['pending_payment', 'open'])
    await timePasses(ground, 2)
    expect([await stateOf(buyer, orderId), sessionsFor(shop, orderId)[0]?.['status']]).toEqual(['expired', 'expired'])
  })

  test('find a payment of the last moment although its webhook is late: a paid page is never given up', async () => {
    const buyer = await shop.person()
    const { orderId, url } = await away(buyer)
    await endsAt(orderId, shop.cloud.now() - 5 * MINUTE_MS)
    await lateHooks()
    await payOn(url)
    expect(await shop.tally('sweep-reservations')).toMatchObject({ settled: 1, released: 0 })
    await timePasses(ground, 30)
    expect((await orderOf(buyer, orderId))['history'].map(({ state, cause }: Json) => [state, cause])).toEqual([['pending_payment', 'checkout'], ['paid', 'sweep']])
  })

  test('take the payment that comes while the sweep is about to end the page', async () => {
    const buyer = await shop.person()
    const { orderId, url, sessionId } = await away(buyer)
    await endsAt(orderId, shop.cloud.now() - 5 * MINUTE_MS)
    await lateHooks()
    shop.fault({ target: 'stripe', operation: 'POST /v1/checkout/sessions/:id/expire', match: sessionId, when: 'before', effect: 'delay', delayMs: 500 })
    const swept = shop.tally('sweep-reservations')
    await until(() => shop.cloud.wire.faults().some(({ struck }) => struck > 0))
    await payOn(url)
    expect(await swept).toMatchObject({ settled: 1, released: 0 })
    expect(await stateOf(buyer, orderId)).toBe('paid')
  })

  test('set money aside only when the order is to be looked at, and take it when it is approved', async () => {
    const buyer = await shop.person()
    const purchase = { customerId: buyer.id, email: buyer.email, cart: [{ productId: 'VARCALMBALM60', quantity: 1 }] }
    const { orderId, url } = (await buyer.call('POST', '/api/checkout/sessions', purchase, { 'x-country-code': 'FR' })).body
    await payOn(url)
    await shop.cloud.drain()
    expect(await stateOf(buyer, orderId)).toBe('in_review')
    expect(chargesFor(shop, orderId)).toMatchObject([{ status: 'requires_capture', amount_received: 0 }])
    expect((await confirm(buyer, orderId)).body['message']).toBe('Payment under review. You will be contacted.')
    await timePasses(ground, 45)
    const approved = await (await shop.person('admin')).post(`/api/orders/${orderId}/review`, { decision: 'approve', reason: 'Known customer' })
    expect([approved.status, await stateOf(buyer, orderId)]).toEqual([200, 'paid'])
    await shop.cloud.drain()
  })

  test('answer a double click and the same key with the same page, in the same bytes', async () => {
    for (const key of ['the-click', undefined]) {
      const buyer = await shop.person()
      const { id: cartId } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
      const answers = await Promise.all(Array.from({ length: 10 }, () => openPage(buyer, { cartId }, key)))
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201))
      expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
      expect(answers.filter(({ headers }) => headers.get('idempotent-replayed') !== 'true')).toHaveLength(1)
      await timePasses(ground, 20)
      expect((await openPage(buyer, { cartId }, key)).text).toBe(answers[0]?.text)
      expect(sessionsFor(shop, answers[0]?.body['orderId'])).toHaveLength(1)
    }
  })

  test('answer the click on an inline cart with the same page as long as it can be paid, and with a new one afterwards', async () => {
    const buyer = await shop.person()
    const click = () => openPage(buyer, { cart: [{ productId: PRODUCT, quantity: 3, price: 50 }] })
    const first = await click()
    await timePasses(ground, 20)
    expect((await click()).text).toBe(first.text)
    await timePasses(ground, 17)
    const second = await click()
    expect([second.status, second.body['orderId'] === first.body['orderId']]).toEqual([201, false])
    await payOn(second.body['url'])
    await shop.cloud.drain()
    expect(ordersOf(shop, buyer).map(({ state }) => state).sort()).toEqual(['expired', 'paid'])
  })

  test('answer what costs nothing as paid, without a page', async () => {
    await shop.act('square', 'catalog/VARTOTE1/price', { amount: 0 })
    await shop.tally('sync-square-catalogue')
    const buyer = await shop.person()
    const purchase = { cart: [{ productId: 'VARTOTE1', quantity: 1, price: 0 }], expectedTotal: 0 }
    const answer = await openPage(buyer, purchase)
    expect([answer.status, answer.body['order'].state, answer.body['url']]).toEqual([201, 'paid', undefined])
    expect((await openPage(buyer, purchase)).text).toBe(answer.text)
    expect(sessionsFor(shop, answer.body['orderId'])).toEqual([])
  })

  test('sell to a guest, who finds the truth by the unguessable id when he comes back long after', async () => {
    const guest = shop.guest()
    const { body } = await openPage(guest, { cart: [{ productId: PRODUCT, quantity: 1 }] }, 'guest')
    await payOn(body['url'])
    await timePasses(ground, 24 * 60)
    expect(await orderOf(shop.guest(), body['orderId'])).toMatchObject({ state: 'paid', customerId: null })
    expect((await confirm(shop.guest(), body['orderId'])).status).toBe(201)
    const left = await openPage(guest, { cart: [{ productId: PRODUCT, quantity: 1 }] }, 'left')
    await timePasses(ground, 24 * 60)
    expect((await confirm(guest, left.body['orderId'])).body['error']).toBe('This order has expired. Nothing was charged.')
  })

  test('be refunded like any other order', async () => {
    const buyer = await shop.person()
    const { orderId, url } = await away(buyer)
    await payOn(url)
    await shop.cloud.drain()
    const refund = await (await shop.person('admin')).post(`/api/orders/${orderId}/refunds`, { reason: 'Returned' })
    expect([refund.status, refund.body['order'].state]).toEqual([201, 'refunded'])
  })
})

describe('refuses', () => {
  test('a second tab, with the order that has the cart, whichever way it wants to pay', async () => {
    const buyer = await shop.person()
    const { cartId, orderId } = await away(buyer, 'one-tab')
    const conflict = { code: 'CONFLICT', details: { orderId, cartId } }
    for (const tab of [openPage(buyer, { cartId }, 'other-tab'), checkOut(buyer, { cartId }), checkOut(buyer, { cartId }, 'one-tab')]) {
      expect((await tab).body).toMatchObject(conflict)
    }
    const paid = await buyer.fill({ productId: PRODUCT, quantity: 1 })
    const sold = await checkOut(buyer, { cartId: paid['id'] })
    expect((await openPage(buyer, { cartId: paid['id'] })).body).toMatchObject({ code: 'CONFLICT', details: { orderId: sold.body['orderId'] } })
    expect((await buyer.call('PUT', `/api/carts/${cartId}/items`, { productId: PRODUCT, quantity: 9 })).status).toBe(409)
  })

  test('what check-out refuses: wrong input, moved prices, too many pieces, other people\'s carts, another body for the key', async () => {
    const [buyer, other] = [await shop.person(), await shop.person()]
    const cart = [{ productId: PRODUCT, quantity: 1 }]
    const { id } = await other.fill({ productId: PRODUCT, quantity: 1 })
    expect((await openPage(buyer, { cart }, 'key')).status).toBe(201)
    const refused: Array<[Json, number, string]> = [
      [{}, 400, 'INVALID_INPUT'],
      [{ cart, cartId: id }, 400, 'INVALID_INPUT'],
      [{ cart, paymentMethod: { token: 'pm_card_visa' } }, 400, 'INVALID_INPUT'],
      [{ cart, email: 'nobody' }, 400, 'INVALID_INPUT'],
      [{ cart: [{ productId: PRODUCT, quantity: 4 }], expectedTotal: 49 }, 409, 'PRICE_CHANGED'],
      [{ cart: [{ productId: TAXED, quantity: 999 }] }, 409, 'OUT_OF_STOCK'],
      [{ cartId: id }, 404, 'NOT_FOUND'],
    ]
    for (const [purchase, status, code] of refused) {
      const answer = await openPage(buyer, purchase)
      expect([purchase, answer.status, answer.body['code']]).toEqual([purchase, status, code])
    }
    expect((await openPage(buyer, { cart: [{ productId: PRODUCT, quantity: 2 }] }, 'key')).body['code']).toBe('IDEMPOTENCY_MISMATCH')
    expect((await shop.guest().post('/api/checkout/sessions', { customerId: buyer.id, email: buyer.email, cart })).status).toBe(401)
    expect(ordersOf(shop, buyer)).toHaveLength(1)
  })

  test('the eleventh page of a customer in an hour, pages and checkouts counted together', async () => {
    const buyer = await shop.person()
    const cart = (quantity: number) => ({ cart: [{ productId: PRODUCT, quantity }] })
    for (const quantity of [11, 12]) expect((await checkOut(buyer, cart(quantity))).status).toBe(201)
    const answers = await Promise.all(Array.from({ length: 10 }, (_, index) => openPage(buyer, cart(index + 1))))
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(8).fill(201), 429, 429])
  })

  test('to keep anything when Stripe will not open a page, and lets the same key try again', async () => {
    const buyer = await shop.person()
    const before = await left(buyer, PRODUCT)
    const { id: cartId } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
    shop.fault({ target: 'stripe', operation: 'POST /v1/checkout/sessions', match: buyer.email.replace('@', '%40'), when: 'before', effect: 'error', status: 401 })
    const answer = await openPage(buyer, { cartId }, 'again')
    expect([answer.status, answer.body['error']]).toEqual([503, 'Payment service temporarily unavailable. Please try again.'])
    expect(await cartOf(buyer, cartId)).toMatchObject({ state: 'open', orderId: null })
    expect(await left(buyer, PRODUCT)).toBe(before)
    const again = await openPage(buyer, { cartId }, 'again')
    expect([again.status, again.body['orderId'] === answer.body['details'].orderId]).toEqual([201, false])
  })
})

describe('survives', () => {
  test('all of it: once time has passed nothing is stuck', async () => {
    await timePasses(ground, 45)
    await expectAllSettles(ground)
  })
})
