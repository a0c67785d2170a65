/**
 * What is unusual within an hour, counted exactly: by customer, by address, by device; declined cards included. An order
 * that is unusual is set aside, not refused, and what was counted names nobody.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { checkOut, expectTrueBooks, openGround, ordersOf, PRODUCT, type Ground } from '../purchase.ts'
import type { Answer, Json, Person, Shop } from '../shop.ts'

const HOUR_MS = 3_600_000
const DECLINED = 'pm_card_visa_chargeDeclined'

let ground: Ground
let shop: Shop

beforeAll(async () => {
  ground = await openGround({
    environment: {
      FRAUD_ORDERS_PER_CUSTOMER_HOUR: '3', FRAUD_ORDERS_PER_IP_HOUR: '5', FRAUD_CARDS_PER_CUSTOMER_HOUR: '2', FRAUD_CARDS_PER_IP_HOUR: '4', FRAUD_AMOUNT_PER_CUSTOMER_HOUR: '1000',
      FRAUD_AMOUNT_PER_IP_HOUR: '1200', FRAUD_CUSTOMERS_PER_DEVICE_HOUR: '2', FRAUD_SELLS_TO: 'US, CA', IP_COUNTRY_HEADER: 'x-country-code',
    },
  })
  shop = ground.shop
}, 30_000)
afterAll(() => shop.cloud.stop())
afterEach(() => {
  shop.calm()
  expectTrueBooks(ground)
})

interface Purchase {
  readonly quantity?: number
  readonly token?: string
  readonly deviceId?: string
  readonly country?: string
  /** The address it comes from, where that is another's. */
  readonly from?: Person
}

let clicks = 0

async function buy(buyer: Person, { quantity = 1, token = 'pm_card_visa', deviceId, country, from = buyer }: Purchase = {}): Promise<Answer> {
  const who = buyer.token === undefined ? {} : { customerId: buyer.id }
  const body = { ...who, email: buyer.email, cart: [{ productId: PRODUCT, quantity }], paymentMethod: { token }, ...(deviceId === undefined ? {} : { deviceId }) }
  const headers = { 'idempotency-key': `click-${++clicks}`, 'x-forwarded-for': from.address, ...(country === undefined ? {} : { 'x-country-code': country }) }
  return buyer.call('POST', '/api/checkout', body, headers)
}

/** Why an answered order is looked at; empty when it is not. */
function reasonsOf({ body }: Answer): string[] {
  const orderId = body['orderId'] ?? body['details'].orderId
  return shop.document('orders', orderId)?.['reviewReasons'] as string[]
}

describe('does', () => {
  test('many orders of one customer: the fourth within an hour is looked at, an hour later none', async () => {
    const buyer = await shop.person()
    const answers: Answer[] = []
    for (let n = 0; n < 4; n += 1) answers.push(await buy(buyer, { quantity: n + 1, from: shop.guest() }))
    expect(answers.map((answer) => [answer.status, reasonsOf(answer)])).toEqual([[201, []], [201, []], [201, []], [202, ['many_orders']]])
    await shop.cloud.advance(HOUR_MS)
    expect(reasonsOf(await buy(buyer, { quantity: 6, from: shop.guest() }))).toEqual([])
  })

  test('many cards of one customer: declined ones count, and the third is only set aside', async () => {
    const buyer = await shop.person()
    const tried = [await buy(buyer, { token: DECLINED }), await buy(buyer, { token: 'pm_card_visa_chargeDeclinedInsufficientFunds' })]
    expect(tried.map((answer) => [answer.status, reasonsOf(answer)])).toEqual([[402, []], [402, []]])
    const third = await buy(buyer)
    expect([third.status, reasonsOf(third)]).toEqual([202, ['many_cards']])
  })

  test('one card again is one card', async () => {
    const buyer = await shop.person()
    for (const token of [DECLINED, 'pm_card_visa', 'pm_card_visa']) expect(reasonsOf(await buy(buyer, { token, quantity: 2 }))).toEqual([])
  })

  test('many customers behind one address: orders and cards add up, though each has few', async () => {
    const office = shop.guest()
    const orders = []
    for (let n = 0; n < 6; n += 1) orders.push(reasonsOf(await buy(await shop.person(), { from: office })))
    expect(orders).toEqual([[], [], [], [], [], ['many_orders']])
    const cafe = shop.guest()
    const cards = []
    for (const token of ['pm_card_visa', 'pm_card_mastercard', 'pm_card_amex', DECLINED, 'pm_card_bypassPending']) cards.push(reasonsOf(await buy(await shop.person(), { from: cafe, token })))
    expect(cards).toEqual([[], [], [], [], ['many_cards']])
  })

  test('much money at once, or in parts', async () => {
    expect(reasonsOf(await buy(await shop.person(), { quantity: 20 }))).toEqual([])
    expect(reasonsOf(await buy(await shop.person(), { quantity: 21 }))).toEqual(['high_amount'])
    const [one, other, office] = [await shop.person(), await shop.person(), shop.guest()]
    expect(reasonsOf(await buy(one, { quantity: 13, from: office }))).toEqual([])
    expect(reasonsOf(await buy(other, { quantity: 12, from: office }))).toEqual(['high_amount'])
  })

  test('one device that buys for several customers; without its name nobody is watched by it', async () => {
    const reasons = []
    for (let n = 0; n < 4; n += 1) reasons.push(reasonsOf(await buy(await shop.person(), n === 3 ? {} : { deviceId: 'phone-of-somebody' })))
    expect(reasons).toEqual([[], [], ['many_customers'], []])
  })

  test('the country of the address, where the platform tells it', async () => {
    const countries = ['US', 'ca', 'NG', 'ZZ', 'nonsense', undefined]
    const reasons = await Promise.all(countries.map(async (country) => reasonsOf(await buy(await shop.person(), country === undefined ? {} : { country }))))
    expect(reasons).toEqual([[], [], ['country_differs'], [], [], []])
  })

  test('a guest is known by his address of mail, however he writes it', async () => {
    const guest = shop.guest()
    const reasons = []
    for (const [index, email] of ['Jo@Example.com', 'jo@example.com', 'JO@example.com', 'jo@example.COM'].entries()) {
      const body = { email, cart: [{ productId: PRODUCT, quantity: index + 1 }], paymentMethod: { token: 'pm_card_visa' } }
      reasons.push(reasonsOf(await guest.call('POST', '/api/checkout', body, { 'x-forwarded-for': shop.guest().address, 'idempotency-key': `guest-${++clicks}` })))
    }
    expect(reasons).toEqual([[], [], [], ['many_orders']])
  })
})

describe('refuses', () => {
  test('a device\'s name that is empty or too long', async () => {
    for (const deviceId of ['', 'x'.repeat(101)]) expect((await buy(await shop.person(), { deviceId })).status).toBe(400)
  })

  test('to keep a token, a device\'s name or a customer in its counters', async () => {
    const buyer = await shop.person()
    await buy(buyer, { deviceId: 'a-secret-device', token: 'pm_card_mastercard' })
    const counters = shop.documents('limit_counters')
    expect(counters.some(({ data }) => (data['cards'] as string[] | undefined)?.length === 1)).toBe(true)
    expect(JSON.stringify(counters)).not.toMatch(new RegExp(`pm_card|a-secret-device|${buyer.id}|${buyer.address}`))
  })

  test('to tell the customer why, in answer, order or mail', async () => {
    const buyer = await shop.person()
    const answer = await buy(buyer, { quantity: 21 })
    await shop.cloud.drain()
    const seen: Json[] = [answer.body, (await buyer.get(`/api/orders/${answer.body['orderId']}`)).body, ...shop.at('resend', 'emails').filter(({ to }) => String(to) === buyer.email)]
    expect(seen).toHaveLength(3)
    expect(JSON.stringify(seen)).not.toMatch(/high_amount|fraud|usual/i)
  })
})

describe('survives', () => {
  test('eight orders of one customer at once, on two instances: exactly those beyond three are looked at', async () => {
    const buyer = await shop.person()
    const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => buy(buyer, { quantity: n + 1, from: shop.guest() })))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 201, 202, 202, 202, 202, 202])
    // In what order they were counted, and no two in the same place: the sums stand in the counter.
    const spent = ordersOf(shop, buyer).reduce((sum, { total }) => sum + total, 0)
    expect(shop.documents('limit_counters').filter(({ data }) => data['used'] === 8 && data['amount'] === spent)).toHaveLength(1)
  })

  test('the same click twice: counted once', async () => {
    const buyer = await shop.person()
    const { id: cartId } = await buyer.fill({ productId: PRODUCT, quantity: 19 })
    await Promise.all([1, 2, 3].map(() => checkOut(buyer, { cartId }, 'click')))
    expect(shop.documents('limit_counters').filter(({ data }) => data['amount'] === 95_000).map(({ data }) => data['used'])).toEqual([1, 1])
  })
})
