/** Paying with a saved card, and keeping the card that has paid: the customer's own only, charged once, by whichever gateway keeps it. */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { kajaChargesFor, newNonce } from '../kaja.ts'
import { chargesFor, checkOut, expectAllSettles, expectTrueBooks, left, openGround, ordersOf, orderOf, PRICE, PRODUCT, timePasses, until, type Ground } from '../purchase.ts'
import { authenticateCard, cardsOf, destroyKey, isKept, recordOf, remove, save, saved, setupOf } from '../saved-cards.ts'
import type { Answer, Json, Person, Shop } from '../shop.ts'

const GATEWAYS = ['stripe', 'kaja'] as const

let ground: Ground
let shop: Shop

beforeAll(async () => {
  ground = await openGround({ environment: { CHARGE_DEADLINE_MS: '2000', VENDOR_DEADLINE_MS: '800', HOLDER_DEADLINE_MS: '500' } })
  shop = ground.shop
})
afterAll(() => shop.cloud.stop())
afterEach(() => {
  shop.calm()
  expectTrueBooks(ground)
})

async function payBy(buyer: Person, paymentMethod: Json, key?: string): Promise<Answer> {
  const { id: cartId } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
  return checkOut(buyer, { cartId, paymentMethod }, key)
}

function charges(gateway: string, orderId: string): Json[] {
  return gateway === 'kaja' ? kajaChargesFor(shop, orderId) : chargesFor(shop, orderId)
}

/** The answered order, whatever was answered. */
function orderIn({ body }: Answer): string {
  return body['orderId'] ?? body['details'].orderId
}

describe('does', () => {
  test.each(GATEWAYS)('sell by a saved card of %s, twice by the same one', async (gateway) => {
    const buyer = await shop.person()
    const cardId = await saved(buyer, { gateway })
    for (let times = 0; times < 2; times++) {
      const answer = await payBy(buyer, { cardId })
      expect(answer.status).toBe(201)
      expect(answer.body).toMatchObject({ order: { state: 'paid' }, payment: { gateway, status: 'succeeded', cardId }, total: PRICE / 100 })
      expect(charges(gateway, orderIn(answer))).toHaveLength(1)
      expect(JSON.stringify(shop.document('orders', orderIn(answer)))).not.toMatch(/\b(pm|cus)_|token":"/)
    }
  })

  test.each(GATEWAYS)('charge a double click at %s once, by key, by cart and by inline cart', async (gateway) => {
    const buyer = await shop.person()
    const cardId = await saved(buyer, { gateway })
    const { id: cartId } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
    for (const [purchase, key] of [[{ cartId }, undefined], [{ cart: [{ productId: PRODUCT, quantity: 1 }] }, undefined], [{ cart: [{ productId: PRODUCT, quantity: 2 }] }, 'double']] as const) {
      const answers = await Promise.all(Array.from({ length: 4 }, () => checkOut(buyer, { ...purchase, paymentMethod: { cardId } }, key)))
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201))
      expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
      expect(charges(gateway, orderIn(answers[0] as Answer))).toHaveLength(1)
    }
  })

  test('give money back as from any payment', async () => {
    const [buyer, admin] = [await shop.person(), await shop.person('admin')]
    const answer = await payBy(buyer, { cardId: await saved(buyer) })
    expect((await admin.post(`/api/orders/${orderIn(answer)}/refunds`, { reason: 'Broken' }, 'back')).status).toBe(201)
    expect((await orderOf(buyer, orderIn(answer)))['state']).toBe('refunded')
  })

  test('let staff sell to a customer by his card', async () => {
    const [buyer, admin] = [await shop.person(), await shop.person('admin')]
    const cardId = await saved(buyer)
    const purchase = { customerId: buyer.id, email: buyer.email, cart: [{ productId: PRODUCT, quantity: 1 }], paymentMethod: { cardId } }
    expect((await admin.post('/api/checkout', purchase)).status).toBe(201)
  })

  test('answer 202 when the bank wants to see its customer, who is there, and sell when he was seen', async () => {
    const buyer = await shop.person()
    const waiting = await save(buyer, { token: 'pm_card_threeDSecure2Required' }, 'secured')
    const cardId = waiting.body['card'].id
    await authenticateCard(shop, cardId)
    await shop.cloud.drain()
    const answer = await payBy(buyer, { cardId })
    expect([answer.status, answer.body['payment'].status]).toEqual([202, 'requires_action'])
    await shop.act('stripe', `payment_intents/${chargesFor(shop, orderIn(answer))[0]?.['id']}/authenticate`, { outcome: 'succeed' })
    expect((await buyer.post(`/api/orders/${orderIn(answer)}/confirm`)).status).toBe(201)
  })

  test('only set aside by a saved card what is to be looked at', async () => {
    const buyer = await shop.person()
    const cardId = await saved(buyer, { gateway: 'kaja' })
    const { id: cartId } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
    const body = { customerId: buyer.id, email: buyer.email, cartId, paymentMethod: { cardId } }
    const answer = await buyer.call('POST', '/api/checkout', body, { 'x-country-code': 'NG' })
    expect([answer.status, kajaChargesFor(shop, orderIn(answer))[0]?.['transactionStatus']]).toEqual([202, 'authorizedPendingCapture'])
    await (await shop.person('admin')).post(`/api/orders/${orderIn(answer)}/review`, { decision: 'approve', reason: 'A regular' })
    expect((await orderOf(buyer, orderIn(answer)))['state']).toBe('paid')
  })

  test.each(GATEWAYS)('keep the card that has paid by %s, which then pays again', async (gateway) => {
    const buyer = await shop.person()
    const token = gateway === 'kaja' ? newNonce('tok_mastercard_test') : 'pm_card_mastercard'
    const answer = await payBy(buyer, { gateway, token, save: true })
    const cardId = answer.body['payment'].savedAs
    expect([answer.status, typeof cardId]).toEqual([201, 'string'])
    await shop.cloud.drain()
    expect(await cardsOf(buyer)).toMatchObject([{ id: cardId, gateway, brand: 'mastercard', state: 'stored' }])
    const again = await payBy(buyer, { cardId })
    expect([again.status, again.body['payment'].cardId]).toEqual([201, cardId])
    expect((await remove(buyer, cardId)).status).toBe(200)
  })

  test('keep the card of a payment that its customer has authenticated later', async () => {
    const buyer = await shop.person()
    const answer = await payBy(buyer, { token: 'pm_card_authenticationRequired', save: true })
    expect([answer.status, shop.documents('cards').some(({ data }) => data['customerId'] === buyer.id)]).toEqual([202, false])
    await shop.act('stripe', `payment_intents/${chargesFor(shop, orderIn(answer))[0]?.['id']}/authenticate`, { outcome: 'succeed' })
    await shop.cloud.drain()
    expect(await cardsOf(buyer)).toMatchObject([{ id: answer.body['payment'].savedAs, last4: '3155' }])
  })
})

describe('refuses', () => {
  test('another customer\'s card, one that is gone or never was, and charges nothing', async () => {
    const [buyer, other] = [await shop.person(), await shop.person()]
    const theirs = await saved(other)
    const gone = await saved(buyer)
    await remove(buyer, gone)
    const declined = (await save(buyer, { token: 'pm_card_visa_chargeDeclined' })).body['details'].cardId
    const before = await left(buyer, PRODUCT)
    for (const cardId of [theirs, gone, declined, 'card_none']) {
      const answer = await payBy(buyer, { cardId })
      expect([answer.status, answer.body['error']]).toEqual([404, 'Card not found.'])
    }
    expect([await left(buyer, PRODUCT), ordersOf(shop, buyer)]).toEqual([before, []])
  })

  test('a card of a customer who was forgotten', async () => {
    const buyer = await shop.person()
    const cardId = await saved(buyer)
    await destroyKey(shop, buyer.id)
    vi.unstubAllEnvs()
    expect((await payBy(buyer, { cardId })).status).toBe(404)
  })

  test('guests, and staff who name no customer', async () => {
    const [buyer, guest, admin] = [await shop.person(), shop.guest(), await shop.person('admin')]
    const cardId = await saved(buyer)
    const cart = [{ productId: PRODUCT, quantity: 1 }]
    for (const paymentMethod of [{ cardId }, { token: 'pm_card_visa', save: true }]) {
      expect((await guest.post('/api/checkout', { email: guest.email, cart, paymentMethod })).status).toBe(401)
      expect((await admin.post('/api/checkout', { email: admin.email, cart, paymentMethod })).body['details'].fields[0].field).toBe('customerId')
    }
  })

  test.each<[string, Json]>([
    ['paymentMethod.token', {}],
    ['paymentMethod.token', { token: 'pm_card_visa', cardId: 'card_1' }],
    ['paymentMethod.cardId', { cardId: 'card_1', gateway: 'stripe' }],
    ['paymentMethod.cardId', { cardId: 'card_1', save: true }],
    ['paymentMethod.cardId', { cardId: '../orders' }],
    ['paymentMethod.save', { token: 'pm_card_visa', save: 'yes' }],
  ])('what makes no sense, naming %s: %j', async (field, paymentMethod) => {
    const answer = await payBy(await shop.person(), paymentMethod)
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(field)])
  })

  test('to sell by a card that its bank declines, with stock given back, and keeps it for the next time', async () => {
    const buyer = await shop.person()
    const cards = [await saved(buyer, { token: 'pm_card_chargeCustomerFail' }), await saved(buyer, { gateway: 'kaja', token: newNonce('tok_charge_declined') })]
    const before = await left(buyer, PRODUCT)
    for (const cardId of cards) expect((await payBy(buyer, { cardId })).body).toMatchObject({ code: 'PAYMENT_DECLINED', error: 'Payment declined. Please use a different card.' })
    expect(await left(buyer, PRODUCT)).toBe(before)
    expect(await cardsOf(buyer)).toHaveLength(2)
  })

  test('to keep a card that was declined, or whose order is to be looked at', async () => {
    const buyer = await shop.person()
    await payBy(buyer, { token: 'pm_card_visa_chargeDeclined', save: true })
    const { id: cartId } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
    const suspect = { customerId: buyer.id, email: buyer.email, cartId, paymentMethod: { token: 'pm_card_visa', save: true } }
    const answer = await buyer.call('POST', '/api/checkout', suspect, { 'x-country-code': 'NG' })
    expect([answer.status, answer.body['payment'].savedAs]).toEqual([202, undefined])
    await (await shop.person('admin')).post(`/api/orders/${orderIn(answer)}/review`, { decision: 'approve', reason: 'A regular' })
    await shop.cloud.drain()
    expect(await cardsOf(buyer)).toEqual([])
  })

  test('to keep an eleventh card, although it has paid', async () => {
    const buyer = await shop.person()
    for (let n = 0; n < 10; n++) await save(buyer, {}, `card-${n}`)
    const answer = await payBy(buyer, { gateway: 'kaja', token: newNonce(), save: true })
    await timePasses(ground, 1)
    const cardId = answer.body['payment'].savedAs
    expect([answer.status, recordOf(shop, cardId)['state'], isKept(shop, cardId)]).toEqual([201, 'removed', false])
    expect(await cardsOf(buyer)).toHaveLength(10)
  })
})

describe('survives', () => {
  test.each(GATEWAYS)('an answer of %s that is lost: charged once, and answered by the truth', async (gateway) => {
    const operation = gateway === 'kaja' ? 'POST /xml/v1/request.api' : 'POST /v1/payment_intents'
    for (const [when, times] of [['after', 1], ['after', 30], ['before', 30]] as const) {
      const buyer = await shop.person()
      const cardId = await saved(buyer, { gateway })
      const { id: cartId } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
      await shop.cloud.drain()
      shop.fault({ target: gateway === 'kaja' ? 'authorize-net' : 'stripe', operation, when, effect: 'error', status: 500, times })
      const first = await checkOut(buyer, { cartId, paymentMethod: { cardId } }, 'click')
      expect([201, 504]).toContain(first.status)
      shop.calm()
      await timePasses(ground, 2)
      const again = await checkOut(buyer, { cartId, paymentMethod: { cardId } }, 'click')
      // Found to be never charged, the same click is a new attempt, with an order of its own.
      expect([again.status, orderIn(again) === orderIn(first)]).toEqual([201, when === 'after'])
      expect([...new Set([orderIn(first), orderIn(again)])].flatMap((orderId) => charges(gateway, orderId))).toHaveLength(1)
    }
  })

  test('an instance that dies after the charge: another one takes over with the same card', async () => {
    const buyer = await shop.person()
    const cardId = await saved(buyer)
    const { id: cartId } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
    await shop.act('stripe', 'webhooks', { late: 1 })
    shop.fault({ target: 'stripe', operation: 'POST /v1/payment_intents', when: 'before', effect: 'kill' })
    await checkOut(buyer, { cartId, paymentMethod: { cardId } }, 'click').catch(() => undefined)
    await shop.cloud.advance(31_000)
    const answer = await until(async () => {
      const again = await checkOut(buyer, { cartId, paymentMethod: { cardId } }, 'click').catch(() => undefined)
      return again?.status === 201 ? again : undefined
    })
    await shop.act('stripe', 'webhooks', { late: 0 })
    expect(charges('stripe', orderIn(answer))).toHaveLength(1)
  })

  test('a card that is taken back while its charge is unknown: looked up, never charged a second time', async () => {
    const buyer = await shop.person()
    const cardId = await saved(buyer)
    const { id: cartId } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
    shop.fault({ target: 'stripe', operation: 'POST /v1/payment_intents', when: 'before', effect: 'error', status: 500, times: 30 })
    const first = await checkOut(buyer, { cartId, paymentMethod: { cardId } }, 'click')
    expect(first.status).toBe(504)
    shop.calm()
    expect((await remove(buyer, cardId)).status).toBe(200)
    const again = await checkOut(buyer, { cartId, paymentMethod: { cardId } }, 'click')
    expect([again.status, charges('stripe', orderIn(first))]).toEqual([503, []])
  })

  test('Stripe not saying for whom the card is kept: sold all the same, and the card is not kept', async () => {
    for (const effect of ['drop', 'hang'] as const) {
      const buyer = await shop.person()
      shop.fault({ target: 'stripe', operation: 'GET /v1/customers', when: 'before', effect, times: 30 })
      const answer = await payBy(buyer, { token: 'pm_card_visa', save: true })
      shop.calm()
      await shop.cloud.drain()
      expect([answer.status, answer.body['payment'].savedAs, await cardsOf(buyer)]).toEqual([201, undefined, []])
    }
  })

  test('the gateway not answering when the card of a payment is to be kept: kept by the sweep', async () => {
    for (const [gateway, fault] of [['stripe', { target: 'stripe', operation: 'GET /v1/payment_intents/:id' }], ['kaja', { target: 'authorize-net', operation: 'POST /xml/v1/request.api' }]] as const) {
      const buyer = await shop.person()
      const answer = await payBy(buyer, { gateway, token: gateway === 'kaja' ? newNonce() : 'pm_card_visa', save: true })
      shop.fault({ ...fault, when: 'after', effect: 'error', status: 500, times: 30 })
      await shop.tally('sweep-cards')
      shop.calm()
      expect(recordOf(shop, answer.body['payment'].savedAs)['state']).toBe('storing')
      await timePasses(ground, 2)
      expect(await cardsOf(buyer)).toHaveLength(1)
      expect(setupOf(shop, answer.body['payment'].savedAs)).toBeUndefined()
    }
  })

  test('all of it: once time has passed nothing is stuck', () => expectAllSettles(ground))
})
