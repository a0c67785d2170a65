/** The purchase as one customer meets it: what is sold, what is refused, and that the same click is the same order. */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { evidenceOf } from '../books.ts'
import {
  chargesFor, checkOut, expectAllSettles, expectTrueBooks, left, openGround, orderOf, ordersOf, PRODUCT, timePasses, type Ground,
} from '../purchase.ts'
import type { Answer, Json, Shop } from '../shop.ts'

vi.setConfig({ testTimeout: 30_000 })

let ground: Ground
let shop: Shop
const TAX_RATES = '[{"state":"TX","category":"Wellness","percent":"8.25"}]'
const TAXED = 'VARCALMBALM30'

beforeAll(async () => {
  ground = await openGround({ environment: { TAX_RATES, CHECKOUTS_PER_IP_HOUR: '20' } })
  shop = ground.shop
}, 30_000)
afterAll(() => shop.cloud.stop())
afterEach(() => expectTrueBooks(ground))

function refusal(answer: Answer): [number, string, string] {
  expect(answer.body).toMatchObject({ success: false, timestamp: expect.any(String) })
  expect(answer.headers.get('x-request-id')).toBeTruthy()
  return [answer.status, answer.body['code'], answer.body['error']]
}

function fieldsOf(answer: Answer): string[] {
  return (answer.body['details']?.fields as Json[] | undefined)?.map(({ field }) => field as string) ?? []
}

describe('does', () => {
  test('sell a stored cart: one charge, one order that shows it, one receipt, the books in balance', async () => {
    const buyer = await shop.person()
    const cart = await buyer.fill({ productId: PRODUCT, quantity: 2 }, { productId: TAXED, quantity: 3 })
    const before = await left(buyer, TAXED)
    const answer = await checkOut(buyer, { cartId: cart['id'], expectedTotal: 158.46 })
    expect(answer.status).toBe(201)
    expect(answer.headers.get('idempotent-replayed')).toBeNull()
    const { orderId, order, payment, total } = answer.body
    expect(answer.body['success']).toBe(true)
    expect(total).toBe(158.46)
    expect(order).toMatchObject({ id: orderId, state: 'paid', customerId: buyer.id, email: buyer.email, stockUnconfirmed: false })
    expect(order).toMatchObject({ subtotal: 154, tax: 4.46, total: 158.46, currency: 'USD' })
    expect(order['number']).toMatch(/^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{2}$/)
    expect(order['history'].map(({ state }: Json) => state)).toEqual(['pending_payment', 'paid'])
    const [charge, ...others] = chargesFor(shop, orderId)
    expect(others).toEqual([])
    expect(charge).toMatchObject({ status: 'succeeded', amount_received: 15_846, currency: 'usd' })
    expect(payment).toEqual({ gateway: 'stripe', transactionId: charge?.['id'], status: 'succeeded' })
    expect(await orderOf(buyer, orderId)).toEqual(order)
    expect(await left(buyer, TAXED)).toBe(before - 3)
    const frozen = (await buyer.get(`/api/carts/${cart['id']}`)).body['cart']
    expect(frozen).toMatchObject({ state: 'checked_out', orderId })
    await shop.cloud.drain()
    expect(shop.at('resend', 'emails').filter(({ to }) => String(to) === buyer.email)).toHaveLength(1)
  })

  test('sell an inline cart; two lines of one product count together', async () => {
    const buyer = await shop.person()
    const cart = [{ productId: PRODUCT, quantity: 1, price: 50 }, { productId: TAXED, quantity: 1 }, { productId: PRODUCT, quantity: 2, price: 50 }]
    const { status, body } = await checkOut(buyer, { cart })
    expect([status, body['total']]).toEqual([201, 169.49])
    expect(body['order'].lines.map(({ productId, quantity }: Json) => [productId, quantity])).toEqual([[TAXED, 1], [PRODUCT, 3]])
  })

  test('sell to a guest, whose order its unguessable id protects', async () => {
    const guest = shop.guest()
    const stored = await checkOut(guest, { cartId: (await guest.fill({ productId: PRODUCT, quantity: 1 }))['id'] }, 'guest-key')
    const inline = await checkOut(guest, { cart: [{ productId: PRODUCT, quantity: 1 }] })
    expect([stored.status, inline.status]).toEqual([201, 201])
    expect(stored.body['order']).toMatchObject({ customerId: null, email: guest.email })
    expect(await orderOf(shop.guest(), stored.body['orderId'])).toMatchObject({ state: 'paid' })
    const { body } = await shop.guest().get('/api/orders/ord_00000000000000000000000000')
    expect(body['code']).toBe('NOT_FOUND')
  })

  test('let an admin buy for a customer, who then finds the order', async () => {
    const [admin, buyer] = [await shop.person('admin'), await shop.person()]
    const { status, body } = await checkOut(admin, { customerId: buyer.id, cart: [{ productId: PRODUCT, quantity: 1 }] })
    expect(status).toBe(201)
    expect(await orderOf(buyer, body['orderId'])).toMatchObject({ customerId: buyer.id })
  })

  test('need no gateway when nothing is to be paid', async () => {
    await shop.act('square', 'catalog/VARTOTE1/price', { amount: 0 })
    await shop.tally('sync-square-catalogue')
    const buyer = await shop.person()
    const { status, body } = await checkOut(buyer, { cart: [{ productId: 'VARTOTE1', quantity: 1, price: 0 }], expectedTotal: 0 })
    expect([status, body['total'], body['payment'].gateway]).toEqual([201, 0, 'none'])
    expect(chargesFor(shop, body['orderId'])).toEqual([])
  })

  test('sell what nobody counts without end', async () => {
    const buyer = await shop.person()
    expect((await checkOut(buyer, { cart: [{ productId: 'VARWORKSHOP1', quantity: 999 }] })).status).toBe(201)
  })

  test('charge the locked price for 30 minutes; then tell both totals, and charge the new one when asked again', async () => {
    const buyer = await shop.person()
    const [early, late] = [await buyer.fill({ productId: 'VARLIPBALM1', quantity: 1 }), await buyer.fill({ productId: 'VARLIPBALM1', quantity: 2 })]
    await shop.act('square', 'catalog/VARLIPBALM1/price', { amount: 900 })
    await shop.tally('sync-square-catalogue')
    expect((await checkOut(buyer, { cartId: early['id'] })).body['order'].subtotal).toBe(6)
    await timePasses(ground, 31)
    const told = await checkOut(buyer, { cartId: late['id'] })
    expect(refusal(told).slice(0, 2)).toEqual([409, 'PRICE_CHANGED'])
    expect(told.body['details']).toEqual({ expectedTotal: 12.99, total: 19.49, currency: 'USD' })
    expect((await checkOut(buyer, { cartId: late['id'], expectedTotal: 19.49 })).body['total']).toBe(19.49)
  })

  test('answer a key again with the same bytes, whatever has become of the order, and count it against no limit', async () => {
    const buyer = await shop.person()
    const cart = [{ productId: PRODUCT, quantity: 1 }]
    const first = await checkOut(buyer, { cart }, 'again')
    await timePasses(ground, 5)
    const { status } = await (await shop.person('admin')).post(`/api/orders/${first.body['orderId']}/refunds`, { reason: 'Returned' })
    expect(status).toBe(201)
    for (let time = 0; time < 12; time += 1) {
      const again = await checkOut(buyer, { cart }, 'again')
      expect([again.status, again.text, again.headers.get('idempotent-replayed')]).toEqual([201, first.text, 'true'])
    }
    expect((await orderOf(buyer, first.body['orderId']))['state']).toBe('refunded')
  })

  test('take the order of fields for nothing: the same wish with the same key is a replay', async () => {
    const buyer = await shop.person()
    const { email } = buyer
    const one = { email, cart: [{ productId: PRODUCT, quantity: 1 }], paymentMethod: { token: 'pm_card_visa', type: 'card' } }
    const other = { paymentMethod: { type: 'card', token: 'pm_card_visa' }, cart: [{ quantity: 1, productId: PRODUCT }], email }
    const first = await buyer.post('/api/checkout', one, 'order')
    expect(first.status).toBe(201)
    expect((await buyer.post('/api/checkout', other, 'order')).text).toBe(first.text)
  })

  test('keep keys apart by caller: the same key of another customer is another purchase', async () => {
    const cart = [{ productId: PRODUCT, quantity: 1 }]
    const guests = [shop.guest(), shop.guest()]
    const answers = await Promise.all([await shop.person(), await shop.person(), ...guests].map((one) => checkOut(one, { cart }, 'everybodys')))
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201])
    expect(new Set(answers.map(({ body }) => body['orderId'])).size).toBe(4)
  })

  test('take an inline cart of the same lines for a double click within ten minutes, and for a new purchase after them', async () => {
    const buyer = await shop.person()
    const buy = () => checkOut(buyer, { cart: [{ productId: PRODUCT, quantity: 4 }] })
    const [first, double] = [await buy(), await buy()]
    expect([double.text, double.headers.get('idempotent-replayed')]).toEqual([first.text, 'true'])
    await timePasses(ground, 11)
    const later = await buy()
    expect(later.status).toBe(201)
    expect(later.body['orderId']).not.toBe(first.body['orderId'])
  })

  test('open the cart again after a decline, give the stock back, and take another card at once', async () => {
    const buyer = await shop.person()
    const { id } = await buyer.fill({ productId: PRODUCT, quantity: 3 })
    const before = await left(buyer, PRODUCT)
    const declined = await checkOut(buyer, { cartId: id, paymentMethod: { token: 'pm_card_chargeDeclinedInsufficientFunds' } })
    expect(refusal(declined)).toEqual([402, 'PAYMENT_DECLINED', 'Payment declined. Please use a different card.'])
    expect(declined.body).toMatchObject({ retryable: false, details: { declineCode: 'insufficient_funds' } })
    expect(await left(buyer, PRODUCT)).toBe(before)
    expect(await orderOf(buyer, declined.body['details'].orderId)).toMatchObject({ state: 'payment_failed', payment: { status: 'declined' } })
    expect((await buyer.get(`/api/carts/${id}`)).body['cart']).toMatchObject({ state: 'open', orderId: null })
    const paid = await checkOut(buyer, { cartId: id })
    expect(paid.status).toBe(201)
    expect(paid.body['orderId']).not.toBe(declined.body['details'].orderId)
    expect(ordersOf(shop, buyer)).toHaveLength(2)
  })

  test('take an inline cart of the same lines under another key for another purchase', async () => {
    const buyer = await shop.person()
    const cart = [{ productId: PRODUCT, quantity: 1 }]
    const answers = [await checkOut(buyer, { cart }, 'this-morning'), await checkOut(buyer, { cart }, 'this-evening'), await checkOut(buyer, { cart }, 'this-morning')]
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201])
    const [first, second, again] = answers.map(({ body }) => body['orderId'])
    expect([first === again, first === second, ordersOf(shop, buyer).length]).toEqual([true, false, 2])
  })

  test('take the same declined card again as a new attempt, stored or inline, but replay it under its key', async () => {
    const buyer = await shop.person()
    const declining = { paymentMethod: { token: 'tok_declined' } }
    const { id } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
    const orders = new Set<unknown>()
    for (const what of [{ cartId: id }, { cart: [{ productId: PRODUCT, quantity: 1 }] }]) {
      for (let time = 0; time < 2; time += 1) orders.add((await checkOut(buyer, { ...what, ...declining })).body['details'].orderId)
    }
    expect(orders.size).toBe(4)
    const keyed = await checkOut(buyer, { cartId: id, ...declining }, 'declined')
    const again = await checkOut(buyer, { cartId: id, ...declining }, 'declined')
    expect([again.status, again.text, again.headers.get('idempotent-replayed')]).toEqual([402, keyed.text, 'true'])
    expect(ordersOf(shop, buyer)).toHaveLength(5)
  })

  const REFUSED = ['pm_card_chargeDeclinedExpiredCard', 'pm_card_chargeDeclinedProcessingError', 'pm_card_radarBlock', 'pm_unknown', 'tok_unknown']
  test.each(REFUSED)(
    'say the same to every card that is not taken: %s',
    async (token) => {
      const buyer = await shop.person()
      const answer = await checkOut(buyer, { cart: [{ productId: PRODUCT, quantity: 1 }], paymentMethod: { token } })
      expect(refusal(answer)).toEqual([402, 'PAYMENT_DECLINED', 'Payment declined. Please use a different card.'])
    },
  )

  test('keep where a purchase came from, and no token once it is over', async () => {
    const buyer = await shop.person()
    const { body } = await checkOut(buyer, { cart: [{ productId: PRODUCT, quantity: 1 }], paymentMethod: { token: 'tok_visa' } })
    const kept = shop.document('orders', body['orderId'])
    expect(kept).toMatchObject({ ip: buyer.address, userAgent: expect.stringMatching(/./), payment: { token: null } })
    expect(JSON.stringify(kept)).not.toContain('tok_visa')
    expect(JSON.stringify(body)).not.toContain('client_secret')
  })

  test('tell a Square count lower than ours as out of stock, and sell up to it', async () => {
    const buyer = await shop.person()
    await shop.cloud.drain()
    await shop.act('square', 'inventory', { variationId: 'VARGROWBOOK1', quantity: 2 })
    ground.stock.set('VARGROWBOOK1', 2)
    const wanted = await checkOut(buyer, { cart: [{ productId: 'VARGROWBOOK1', quantity: 3 }] })
    expect(refusal(wanted)).toEqual([409, 'OUT_OF_STOCK', 'Insufficient inventory for The Patient Gardener, Paperback. Only 2 available.'])
    expect(wanted.body['details']).toEqual({ lines: [{ productId: 'VARGROWBOOK1', requested: 3, available: 2 }] })
    expect((await checkOut(buyer, { cart: [{ productId: 'VARGROWBOOK1', quantity: 2 }] })).body['order'].stockUnconfirmed).toBe(false)
    await shop.cloud.drain()
    expect(shop.shelf('VARGROWBOOK1')).toBe(0)
  })
})

describe('refuses', () => {
  test('prices and totals that the customer did not see, telling both, charging nothing', async () => {
    const buyer = await shop.person()
    const { id } = await buyer.fill({ productId: PRODUCT, quantity: 2 })
    const cases: Array<[Json, number, number]> = [
      [{ cartId: id, expectedTotal: 99.99 }, 99.99, 100],
      [{ cartId: id, expectedTotal: 0 }, 0, 100],
      [{ cart: [{ productId: PRODUCT, quantity: 2, price: 49.5 }] }, 99, 100],
      [{ cart: [{ productId: PRODUCT, quantity: 1, price: 60 }, { productId: TAXED, quantity: 1, price: 8 }] }, 68.66, 69.49],
      [{ cart: [{ productId: PRODUCT, quantity: 1, price: 50 }], expectedTotal: 51 }, 51, 50],
    ]
    for (const [purchase, expectedTotal, total] of cases) {
      const answer = await checkOut(buyer, purchase)
      expect([...refusal(answer).slice(0, 2), answer.body['details']]).toEqual([409, 'PRICE_CHANGED', { expectedTotal, total, currency: 'USD' }])
    }
    expect(ordersOf(shop, buyer)).toEqual([])
  })

  test('amounts with more digits than the currency has, naming the field', async () => {
    const buyer = await shop.person()
    const total = await checkOut(buyer, { cart: [{ productId: PRODUCT, quantity: 1 }], expectedTotal: 50.001 })
    const price = await checkOut(buyer, { cart: [{ productId: TAXED, quantity: 1 }, { productId: PRODUCT, quantity: 1, price: 50.001 }] })
    expect([total.status, ...fieldsOf(total)]).toEqual([400, 'expectedTotal'])
    expect([price.status, ...fieldsOf(price)]).toEqual([400, 'cart.1.price'])
  })

  test('a card number anywhere in the body, and writes it nowhere', async () => {
    const buyer = await shop.person()
    const card = '4242424242424242'
    const cart = [{ productId: PRODUCT, quantity: 1 }]
    const escaped = JSON.stringify({ email: buyer.email, cart, paymentMethod: { token: card } }).replace('42424242', '\\u00342424242')
    const bodies: unknown[] = [
      { email: buyer.email, cart, paymentMethod: { token: card } },
      { email: buyer.email, cart, paymentMethod: { token: 'pm_card_visa', type: `card ${card}` } },
      { email: buyer.email, cart, paymentMethod: { token: '4242 4242 4242 4242' } },
      { email: buyer.email, cart, paymentMethod: { token: 'pm_card_visa' }, number: 4_242_424_242_424_242 },
      { email: buyer.email, cart, paymentMethod: { token: 'pm_card_visa' }, deep: [[{ [card]: true }]] },
      { email: `${card}@example.com`, cart, paymentMethod: { token: 'pm_card_visa' } },
      `{"broken": "${card}"`,
      escaped,
    ]
    for (const [place, body] of bodies.entries()) {
      const answer = await buyer.post('/api/checkout', body, `card-${place}`)
      expect([place, answer.status]).toEqual([place, 400])
      expect(answer.text).not.toMatch(/\b4242/)
    }
    const written = [shop.cloud.log(), evidenceOf(shop), shop.requests('stripe'), shop.documents('operations')]
    expect([...JSON.stringify(written).matchAll(/.{60}4242[ -]?4242[ -]?4242/g)].map(([found]) => found)).toEqual([])
    expect(ordersOf(shop, buyer)).toEqual([])
  })

  test("another customer's cart and order, as if they did not exist", async () => {
    const [owner, stranger, guest] = [await shop.person(), await shop.person(), shop.guest()]
    const { id } = await owner.fill({ productId: PRODUCT, quantity: 1 })
    for (const other of [stranger, guest]) expect(refusal(await checkOut(other, { cartId: id })).slice(0, 2)).toEqual([404, 'NOT_FOUND'])
    const { body } = await checkOut(owner, { cartId: id })
    for (const other of [stranger, guest]) {
      expect((await other.get(`/api/orders/${body['orderId']}`)).status).toBe(404)
      expect((await other.post(`/api/orders/${body['orderId']}/confirm`)).status).toBe(404)
      expect((await checkOut(other, { cartId: id })).text).not.toContain(body['orderId'])
    }
    expect(ordersOf(shop, stranger)).toEqual([])
  })

  test.each(['its cart paid', 'a bank asking its customer'])('the order of somebody else to whoever has the id of a cart of nobody: %s', async (what) => {
    const [owner, stranger, guest, admin] = [await shop.person(), await shop.person(), shop.guest(), await shop.person('admin')]
    const { id: cartId } = await shop.guest().fill({ productId: PRODUCT, quantity: 1 })
    const token = what === 'its cart paid' ? 'pm_card_visa' : 'pm_card_authenticationRequired'
    const { body } = await checkOut(owner, { cartId, paymentMethod: { token } })
    for (const other of [stranger, guest, admin]) {
      const answer = await checkOut(other, { cartId })
      expect([refusal(answer).slice(0, 2), answer.text.includes(owner.email), answer.text.includes('secret')]).toEqual([[409, 'CONFLICT'], false, false])
    }
    expect((await checkOut(owner, { cartId })).text).toContain(body['orderId'])
    expect([stranger, guest].flatMap((other) => ordersOf(shop, other))).toEqual([])
  })

  test('a guest the order of another guest, whose cart he has: by his address he is told apart', async () => {
    const [one, other] = [shop.guest(), shop.guest()]
    const { id: cartId } = await one.fill({ productId: PRODUCT, quantity: 1 })
    expect((await checkOut(one, { cartId })).status).toBe(201)
    expect(refusal(await checkOut(other, { cartId })).slice(0, 2)).toEqual([409, 'CONFLICT'])
    expect(await checkOut(one, { cartId, email: one.email.toUpperCase() })).toMatchObject({ status: 201 })
  })

  test('whoever buys in the name of somebody else', async () => {
    const cart = [{ productId: PRODUCT, quantity: 1 }]
    const [guest, customer, viewer, support] = [shop.guest(), await shop.person(), await shop.person('viewer'), await shop.person('support')]
    expect((await checkOut(guest, { cart, customerId: 'customer-1' })).status).toBe(401)
    expect((await checkOut(customer, { cart, customerId: 'somebody-else' })).status).toBe(404)
    expect((await checkOut(viewer, { cart })).status).toBe(403)
    expect((await checkOut(support, { cart, customerId: customer.id })).status).toBe(403)
    const expired = await shop.cloud.token({ role: 'customer', sub: 'x', expiresIn: -10 })
    for (const authorization of [`Bearer ${expired}`, 'Bearer x.y.z', 'Basic abc', '']) {
      const body = { email: guest.email, cart, paymentMethod: { token: 'pm_card_visa' } }
      expect((await guest.call('POST', '/api/checkout', body, { authorization })).status).toBe(401)
    }
  })

  test('what cannot be sold: unknown, without a price, gone, more than there is, an empty cart, an unknown cart', async () => {
    const buyer = await shop.person()
    const buy = async (productId: string, quantity = 1) => refusal(await checkOut(buyer, { cart: [{ productId, quantity }] }))
    expect(await buy('no-such-product')).toEqual([404, 'NOT_FOUND', 'Product unavailable'])
    expect(await buy('VARGIFTCARDANY')).toEqual([404, 'NOT_FOUND', 'Product unavailable'])
    await shop.act('square', 'catalog/VARLIPBALM1', { delete: true })
    await shop.tally('sync-square-catalogue')
    expect(await buy('VARLIPBALM1')).toEqual([404, 'NOT_FOUND', 'Product unavailable'])
    expect(await buy('VARDAYOIL1500')).toEqual([409, 'OUT_OF_STOCK', 'Insufficient inventory for Morning CBD Oil, 1,500 mg. Only 0 available.'])
    expect(refusal(await checkOut(buyer, { cartId: (await buyer.fill())['id'] }))).toEqual([400, 'INVALID_INPUT', 'The cart is empty.'])
    expect(refusal(await checkOut(buyer, { cartId: 'cart_unknown' }))).toEqual([404, 'NOT_FOUND', 'Cart not found.'])
    expect(ordersOf(shop, buyer)).toEqual([])
  })

  test('a gateway that the shop does not have, and keeps nothing reserved for it', async () => {
    const buyer = await shop.person()
    const { id } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
    const before = await left(buyer, PRODUCT)
    const answer = await checkOut(buyer, { cartId: id, paymentMethod: { token: 'pm_card_visa', gateway: 'razorpay' } }, 'razorpay')
    expect([answer.status, answer.body['code']]).toEqual([400, 'INVALID_INPUT'])
    expect(await left(buyer, PRODUCT)).toBe(before)
    expect((await checkOut(buyer, { cartId: id }, 'stripe')).status).toBe(201)
  })

  test('a key used with another body, before and after the order is over', async () => {
    const buyer = await shop.person()
    const { id } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
    const [one, other] = await Promise.all([
      checkOut(buyer, { cart: [{ productId: PRODUCT, quantity: 1 }] }, 'mismatch'),
      checkOut(buyer, { cart: [{ productId: PRODUCT, quantity: 2 }] }, 'mismatch'),
    ])
    expect([one.status, other.status].sort()).toEqual([201, 422])
    const later = await checkOut(buyer, { cartId: id }, 'mismatch')
    expect(refusal(later).slice(0, 2)).toEqual([422, 'IDEMPOTENCY_MISMATCH'])
    expect(ordersOf(shop, buyer)).toHaveLength(1)
    expect((await checkOut(buyer, { cartId: id }, 'another')).status).toBe(201)
  })

  test('the click that comes again after a death before the charge: it pays when the dead runner\'s time is over, and does not give up before', async () => {
    const buyer = await shop.person()
    const { id: cartId } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
    shop.fault({ target: 'stripe', operation: 'POST /v1/payment_intents', when: 'before', effect: 'kill' })
    expect((await checkOut(buyer, { cartId })).status).toBe(503)
    await shop.cloud.instances.allReady()
    const again = checkOut(buyer, { cartId })
    await shop.cloud.advance(20_001)
    expect(await again).toMatchObject({ status: 201, body: { order: { state: 'paid' } } })
  })

  test('a second tab with another key: this cart is being or has been paid, by this order', async () => {
    const buyer = await shop.person()
    const { id } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
    const { body } = await checkOut(buyer, { cartId: id }, 'tab-1')
    const second = await checkOut(buyer, { cartId: id }, 'tab-2')
    expect(refusal(second)).toEqual([409, 'CONFLICT', 'This cart is being paid or has been paid.'])
    expect(second.body['details']).toEqual({ orderId: body['orderId'], cartId: id })
    expect(refusal(await buyer.call('PUT', `/api/carts/${id}/items`, { productId: PRODUCT, quantity: 2 })).slice(0, 2)).toEqual([409, 'CONFLICT'])
  })

  test('the eleventh checkout of a customer in an hour, and says when the next may come', async () => {
    const buyer = await shop.person()
    const buy = (quantity: number) => checkOut(buyer, { cart: [{ productId: PRODUCT, quantity }] })
    for (let quantity = 1; quantity <= 10; quantity += 1) expect((await buy(quantity)).status).toBe(201)
    const over = await buy(11)
    expect(refusal(over).slice(0, 2)).toEqual([429, 'RATE_LIMITED'])
    const waitSeconds = Number(over.headers.get('retry-after'))
    expect(waitSeconds).toBeGreaterThan(3_500)
    expect(waitSeconds).toBeLessThanOrEqual(3_600)
    expect((await buy(10)).status).toBe(201)
    await timePasses(ground, 60)
    expect((await buy(11)).status).toBe(201)
  })

  test('the twenty-first checkout of an address in an hour, whoever makes it', async () => {
    const house = shop.guest()
    const buy = (quantity: number) => checkOut(house, { email: `${quantity}@example.com`, cart: [{ productId: PRODUCT, quantity }] })
    const answers: Answer[] = []
    for (let first = 1; first <= 20; first += 5) answers.push(...(await Promise.all([0, 1, 2, 3, 4].map((more) => buy(first + more)))))
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 201))
    const over = await buy(21)
    expect(refusal(over).slice(0, 2)).toEqual([429, 'RATE_LIMITED'])
    expect(Number(over.headers.get('retry-after'))).toBeGreaterThan(3_000)
  })

  const good = { email: 'a@example.com', cart: [{ productId: PRODUCT, quantity: 1 }], paymentMethod: { token: 'pm_card_visa' } }
  const big = 'x'.repeat(1_000_000)
  const line = good.cart[0]
  const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`
  test.each<[string, unknown, string]>([
    ['no body', undefined, 'Content-Type'],
    ['an empty object', {}, 'email'],
    ['a list', [], 'body'],
    ['an unknown field', { ...good, coupon: 'X' }, 'coupon'],
    ['a field of every object', { ...good, constructor: 1 }, 'constructor'],
    ['a prototype', JSON.stringify(good).replace('{', '{"__proto__": {"admin": true},'), '__proto__'],
    ['an e-mail that is none', { ...good, email: 'nobody' }, 'email'],
    ['an e-mail of a megabyte', { ...good, email: `${big}@example.com` }, 'email'],
    ['an e-mail list', { ...good, email: ['a@example.com'] }, 'email'],
    ['an e-mail with a line break', { ...good, email: 'a@example.com\r\nBcc: b@example.com' }, 'email'],
    ['no payment', { ...good, paymentMethod: undefined }, 'paymentMethod'],
    ['a payment that is a text', { ...good, paymentMethod: 'pm_card_visa' }, 'paymentMethod'],
    ['a token of a megabyte', { ...good, paymentMethod: { token: big } }, 'paymentMethod.token'],
    ['an empty token', { ...good, paymentMethod: { token: '' } }, 'paymentMethod.token'],
    ['an unknown gateway', { ...good, paymentMethod: { token: 'x', gateway: 'cash' } }, 'paymentMethod.gateway'],
    ['a secret field of a payment', { ...good, paymentMethod: { token: 'x', cvc: '123' } }, 'paymentMethod.cvc'],
    ['both carts', { ...good, cartId: 'cart_1' }, 'cart'],
    ['no cart', { ...good, cart: undefined }, 'cart'],
    ['an empty inline cart', { ...good, cart: [] }, 'cart'],
    ['51 lines', { ...good, cart: Array.from({ length: 51 }, () => line) }, 'cart'],
    ['a cart of nulls', { ...good, cart: [null] }, 'cart.0'],
    ['a deep cart', JSON.stringify({ ...good, cart: 'DEEP' }).replace('"DEEP"', nested(2_000)), 'cart.0'],
    ['a very deep cart', JSON.stringify({ ...good, cart: 'DEEP' }).replace('"DEEP"', nested(100_000)), 'cart.0'],
    ['a quantity of zero', { ...good, cart: [{ ...line, quantity: 0 }] }, 'cart.0.quantity'],
    ['a quantity below zero', { ...good, cart: [{ ...line, quantity: -1 }] }, 'cart.0.quantity'],
    ['half a quantity', { ...good, cart: [{ ...line, quantity: 0.5 }] }, 'cart.0.quantity'],
    ['a quantity in words', { ...good, cart: [{ ...line, quantity: '1' }] }, 'cart.0.quantity'],
    ['a quantity beyond reason', { ...good, cart: [{ ...line, quantity: 1_000 }] }, 'cart.0.quantity'],
    ['an endless quantity', JSON.stringify(good).replace('"quantity":1', '"quantity":1e999'), 'cart.0.quantity'],
    ['a product id with a slash', { ...good, cart: [{ ...line, productId: 'a/b' }] }, 'cart.0.productId'],
    ['a product id of dots', { ...good, cart: [{ ...line, productId: '..' }] }, 'cart.0.productId'],
    ['a product id of underscores', { ...good, cart: [{ ...line, productId: '__x__' }] }, 'cart.0.productId'],
    ['a product id of a megabyte', { ...good, cart: [{ ...line, productId: big }] }, 'cart.0.productId'],
    ['a price below zero', { ...good, cart: [{ ...line, price: -50 }] }, 'cart.0.price'],
    ['a price in words', { ...good, cart: [{ ...line, price: '50' }] }, 'cart.0.price'],
    ['two prices of one product', { ...good, cart: [{ ...line, price: 50 }, { ...line, price: 51 }] }, 'cart.1.price'],
    ['a total in words', { ...good, expectedTotal: 'fifty' }, 'expectedTotal'],
    ['an endless total', JSON.stringify(good).replace('{', '{"expectedTotal": 1e999,'), 'expectedTotal'],
    ['a cart id that is a number', { ...good, cart: undefined, cartId: 7 }, 'cartId'],
    ['a cart id that is a path', { ...good, cart: undefined, cartId: '../orders/x' }, 'cartId'],
    ['a customer id with a null byte', { ...good, customerId: 'a\u0000b' }, 'customerId'],
  ])('%s: 400, naming the field', async (_what, body, field) => {
    const answer = await shop.guest().post('/api/checkout', body)
    expect([answer.status, answer.body['code']]).toEqual([400, 'INVALID_INPUT'])
    if (body !== undefined) expect(fieldsOf(answer)).toContain(field)
    expect(answer.text.length).toBeLessThan(10_000)
  })

  test('rubbish around the body: no type, another type, broken JSON, too much, a query, methods, keys, ids', async () => {
    const guest = shop.guest()
    const text = JSON.stringify(good)
    const send = async (method: string, path: string, body?: string, headers: Record<string, string> = {}) => guest.call(method, path, body, headers)
    const plain = await send('POST', '/api/checkout', text, { 'content-type': 'text/plain' })
    const wide = await guest.call('POST', '/api/checkout', text, { 'content-type': 'application/json; charset=utf-16' })
    const unknown = await send('POST', '/api/checkout', text, { 'content-type': 'application/json; charset=klingon' })
    expect([wide.status, unknown.status]).toEqual([400, 400])
    const bare = { method: 'POST', headers: { 'x-forwarded-for': guest.address }, body: Buffer.from(text) }
    const none = await fetch(`${shop.cloud.url}/api/checkout`, bare)
    expect([plain.status, ...fieldsOf(plain)]).toEqual([400, 'Content-Type'])
    expect([none.status, (await none.json() as Json)['details'].fields[0].field]).toEqual([400, 'Content-Type'])
    for (const broken of ['{', '{"email": }', text.slice(0, -1), '\u0000', 'undefined', 'null', '"text"']) {
      const answer = await send('POST', '/api/checkout', broken)
      expect(answer.status).toBe(400)
      expect(answer.text).not.toMatch(/\bat .*\.[jt]s\b|node_modules|SyntaxError/)
    }
    expect((await send('POST', '/api/checkout', `{"email":"${'x'.repeat(3 << 20)}"}`)).status).toBe(413)
    const query = await send('POST', '/api/checkout?debug=1', text)
    expect([query.status, ...fieldsOf(query)]).toEqual([400, 'debug'])
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'HEAD']) {
      expect([method, (await send(method, '/api/checkout')).status]).toEqual([method, 404])
    }
    for (const key of ['ö'.normalize(), 'a b', 'x'.repeat(256), '']) {
      const answer = await send('POST', '/api/checkout', text, { 'idempotency-key': Buffer.from(key).toString('latin1') })
      expect([key, answer.status, ...fieldsOf(answer)]).toEqual([key, 400, 'Idempotency-Key'])
    }
    for (const id of ['%2e%2e', '..%2fproducts', '%00', 'a'.repeat(2_000), '__x__', '%F0%9F%92%A9', "';--", '%E0%A4%A', '%zz']) {
      const { status } = await send('GET', `/api/orders/${id}`)
      expect([id, status === 404 || status === 400]).toEqual([id, true])
    }
    expect(ordersOf(shop, guest)).toEqual([])
  })
})

describe('survives', () => {
  test('all of the above: once time has passed nothing is stuck, nothing is held, every mail is sent', async () => {
    await expectAllSettles(ground)
  })
})
