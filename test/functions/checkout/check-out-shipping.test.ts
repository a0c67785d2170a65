/**
 * Buying with a delivery: the fee and the tax of the destination are in the total, the charge, the books, the mail and every
 * refund; what is for adults goes where it may; the address stays on its order.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { promoCode, ruleOf } from '../promotion.ts'
import { chargesFor, checkOut, expectTrueBooks, openGround, orderOf, PRODUCT, type Ground } from '../purchase.ts'
import type { Answer, Json, Person, Shop } from '../shop.ts'

const ADULT = 'VARBLUEDAWN14G'
const TWO = [{ productId: PRODUCT, quantity: 2 }]
const ADDRESS = { name: 'Maria Sample', line1: '17 Secret Lane', line2: 'Apt 4', city: 'Springfield', state: 'ca', postalCode: '90210-1234', country: 'us' }
const SHIP = { how: 'ship', address: ADDRESS }
const PICK_UP = { how: 'pick_up' }
const PERSONAL = /Maria Sample|Secret Lane|Apt 4|Springfield|90210/

let ground: Ground
let shop: Shop
let admin: Person

beforeAll(async () => {
  const rates = [
    { state: 'TX', category: '*', percent: '8.25' }, { state: 'TX', category: 'shipping', percent: '8.25' }, { state: 'CA', category: '*', percent: '7.25' },
  ]
  const shipping = [{ state: 'CA', fee: '9.99' }, { state: 'TX', fee: '5.95', freeFrom: '150' }]
  ground = await openGround({
    environment: {
      TAX_RATES: JSON.stringify(rates), SHIPPING_RATES: JSON.stringify(shipping), AGE_RESTRICTED_SHIPS_TO: 'tx, co',
    },
  })
  shop = ground.shop
  admin = await shop.person('admin')
}, 30_000)
afterAll(() => shop.cloud.stop())
afterEach(() => {
  shop.calm()
  expectTrueBooks(ground)
})

async function buy(fulfilment: Json | undefined, more: Json = {}, buyer?: Person): Promise<Answer> {
  return checkOut(buyer ?? (await shop.person()), { cart: TWO, ...(fulfilment === undefined ? {} : { fulfilment }), ...more })
}

function inTexas(more: Json = {}): Json {
  return { how: 'ship', address: { ...ADDRESS, state: 'TX', ...more } }
}

/** What stands on each account for an order. */
async function booked(orderId: string): Promise<Record<string, number>> {
  const { body } = await admin.get(`/api/admin/ledger/entries?orderId=${orderId}`)
  const sums: Record<string, number> = {}
  for (const { account, amount } of body['entries'].flatMap(({ postings }: Json) => postings)) sums[account] = Math.round((sums[account] ?? 0) * 100 + amount * 100) / 100
  return sums
}

describe('does', () => {
  test.each<[string, Json | undefined, [shipping: number, tax: number, total: number]]>([
    ['nobody said', undefined, [0, 8.25, 108.25]],
    ['it is picked up', PICK_UP, [0, 8.25, 108.25]],
    ['it is shipped where the fee is not taxed', SHIP, [9.99, 7.25, 117.24]],
    ['it is shipped where the fee is taxed', inTexas(), [5.95, 8.74, 114.69]],
  ])('charge and book fee and tax when %s', async (_how, fulfilment, [shipping, tax, total]) => {
    const { status, body } = await buy(fulfilment, { expectedTotal: total })
    expect([status, body['total']]).toEqual([201, total])
    expect(body['order']).toMatchObject({ subtotal: 100, shipping, tax, total })
    expect(chargesFor(shop, body['orderId'])).toMatchObject([{ amount: Math.round(total * 100) }])
    const books = await booked(body['orderId'])
    expect([books['sales'], books['tax:payable'], books['shipping:income'] ?? 0]).toEqual([-100, -tax, 0 - shipping])
  })

  test('ship free from an amount on, after all that is taken off', async () => {
    const cart = [{ productId: PRODUCT, quantity: 3 }]
    expect((await buy(inTexas(), { cart })).body['order']).toMatchObject({ shipping: 0, total: 162.38 })
    expect((await buy(inTexas(), { cart, promoCode: await promoCode(shop, { amount: 1 }) })).body['order']).toMatchObject({ shipping: 5.95 })
  })

  test('show the address to its customer and to staff, and keep it on the order', async () => {
    const buyer = await shop.person()
    const { body } = await buy(SHIP, {}, buyer)
    const { orderId } = body
    const shown = { how: 'ship', address: { ...ADDRESS, state: 'CA', country: 'US' } }
    expect([body['order'].delivery, (await orderOf(buyer, orderId))['delivery'], (await orderOf(admin, orderId))['delivery']]).toEqual([shown, shown, shown])
    await admin.post(`/api/orders/${orderId}/fulfil`, { how: 'shipped', tracking: '1Z' })
    await admin.post(`/api/orders/${orderId}/refunds`, { shipping: true, reason: 'Late' })
    await shop.cloud.drain()
    const rows = await Promise.all([['commerce', 'orders_log'], ['commerce', 'payments_log'], ['commerce', 'ledger_log'], ['audit', 'events_log']].map(([set, table]) => shop.cloud.rows(set as string, table as string)))
    expect(JSON.stringify(rows)).toContain(orderId)
    expect(JSON.stringify(rows)).not.toMatch(PERSONAL)
    for (const collection of ['carts', 'mails', 'operations', 'outbox', 'inbox', 'ledger', 'audit_leaves', 'webhook_deliveries']) expect(JSON.stringify(shop.documents(collection))).not.toMatch(PERSONAL)
    expect(JSON.stringify([shop.cloud.log(), shop.requests('stripe'), shop.requests('square'), shop.requests('resend')])).not.toMatch(PERSONAL)
  })

  test('tell fee and tax in the receipt, and in which state it was taxed in the warehouse', async () => {
    const buyer = await shop.person()
    const { orderId } = (await buy(SHIP, {}, buyer)).body
    await shop.cloud.drain()
    const receipt = shop.at('resend', 'emails').find(({ to }) => String(to) === buyer.email)
    expect(receipt?.['text']).toMatch(/Shipping.*9\.99/)
    const rows = (await shop.cloud.rows('commerce', 'orders')) as Json[]
    expect(rows.find(({ id }) => id === orderId)).toMatchObject({ shipping: '9.99', tax_state: 'CA', tax: '7.25' })
  })

  test('refund a line, then the fee with its tax, then nothing is left', async () => {
    const { orderId } = (await buy(inTexas(), { promoCode: await promoCode(shop, { percent: 15 }) })).body
    const ask = (wish: Json): Promise<Answer> => admin.post(`/api/orders/${orderId}/refunds`, { reason: 'Broken', ...wish })
    const line = await ask({ lines: [{ productId: PRODUCT, quantity: 2 }], restock: true })
    expect(line.body['refund']).toMatchObject({ amount: 92.01, shipping: 0 })
    expect((await ask({ shipping: true })).body['refund']).toMatchObject({ amount: 6.44, shipping: 6.44 })
    expect((await ask({ shipping: true })).status).toBe(409)
    expect((await orderOf(admin, orderId))['state']).toBe('refunded')
    const { sales = 0, refunds = 0, ...others } = await booked(orderId)
    expect([sales + refunds, ...Object.values(others)]).toEqual([0, 0, 0, 0])
  })

  test('refund all at once, the fee with it; and cancel alike', async () => {
    const buyer = await shop.person()
    const { orderId } = (await buy(SHIP, {}, buyer)).body
    expect((await admin.post(`/api/orders/${orderId}/refunds`, { reason: 'Lost' })).body['refund']).toMatchObject({ amount: 117.24, shipping: 9.99 })
    const other = (await buy(SHIP, { cart: [{ productId: PRODUCT, quantity: 1 }] }, buyer)).body['orderId']
    expect((await buyer.post(`/api/orders/${other}/cancel`)).body['order']).toMatchObject({ state: 'refunded', refunded: 63.62 })
  })

  test('open the page of the payment service over goods and fee', async () => {
    const buyer = await shop.person()
    const page = await buyer.post('/api/checkout/sessions', { customerId: buyer.id, email: buyer.email, cart: TWO, fulfilment: inTexas() })
    const session = shop.at('stripe', 'checkout_sessions').find((one) => one['client_reference_id'] === page.body['orderId'])
    expect(session?.['amount_total']).toBe(11_469)
    await buyer.post(`/api/orders/${page.body['orderId']}/cancel`)
  })

  test('ship what is for adults where that is allowed; hand it over in the store to an adult', async () => {
    const buyer = await shop.person()
    await buyer.verifyAge()
    const cart = [{ productId: ADULT, quantity: 1 }]
    expect((await buy(inTexas(), { cart }, buyer)).status).toBe(201)
    const { orderId } = (await buy(PICK_UP, { cart }, buyer)).body
    expect(ruleOf(await admin.post(`/api/orders/${orderId}/fulfil`, { how: 'picked_up' })).slice(0, 2)).toEqual([400, 'toAdult'])
    expect((await admin.post(`/api/orders/${orderId}/fulfil`, { how: 'picked_up', toAdult: true })).body['order']).toMatchObject({ state: 'fulfilled', fulfilment: { how: 'picked_up', toAdult: true } })
  })

  test('take another address for another purchase, and the same one for a double click', async () => {
    const buyer = await shop.person()
    const orders = [(await buy(SHIP, {}, buyer)).body, (await buy(SHIP, {}, buyer)).body, (await buy(inTexas(), {}, buyer)).body].map(({ orderId }) => orderId)
    expect([orders[0] === orders[1], orders[0] === orders[2]]).toEqual([true, false])
  })

  test('sell without tax to a customer who is exempt there, and with tax elsewhere', async () => {
    const buyer = await shop.person()
    await admin.call('PUT', `/api/admin/customers/${buyer.id}/tax-exemption`, { certificate: 'TX-99', states: ['TX'], validThrough: '2030-12-31', reason: 'Reseller' })
    expect((await buy(inTexas(), {}, buyer)).body['order']).toMatchObject({ tax: 0, taxExempt: true, total: 105.95 })
    expect((await buy(SHIP, {}, buyer)).body['order']).toMatchObject({ tax: 7.25, taxExempt: false })
    await admin.post(`/api/admin/customers/${buyer.id}/tax-exemption/revoke`, { reason: 'Lapsed' })
    expect((await buy(PICK_UP, {}, buyer)).body['order']).toMatchObject({ tax: 8.25, taxExempt: false })
  })
})

describe('refuses', () => {
  test('what is for adults where it may not be shipped to, in a sentence; nothing is reserved', async () => {
    const buyer = await shop.person()
    const answer = await buy(SHIP, { cart: [{ productId: ADULT, quantity: 1 }] }, buyer)
    expect(answer.body['error']).toMatch(/^Blue Dawn Flower.* is for adults only and cannot be shipped to CA\. It can be shipped to TX, CO, or picked up in the store\.$/)
    expect(ruleOf(answer).slice(0, 2)).toEqual([400, 'fulfilment.address.state'])
  })

  test.each<[string, Json]>([
    ['fulfilment.address.state', inTexas({ state: 'NY' })],
    ['fulfilment.address.country', inTexas({ country: 'CA' })],
    ['fulfilment.address.country', inTexas({ country: 'USA' })],
    ['fulfilment.address.state', inTexas({ state: 'Texas' })],
    ['fulfilment.address.postalCode', inTexas({ postalCode: '!' })],
    ['fulfilment.address.name', inTexas({ name: ' ' })],
    ['fulfilment.address.phone', inTexas({ phone: '1' })],
    ['fulfilment.how', { how: 'drone' }],
    ['fulfilment.address', { how: 'ship' }],
    ['fulfilment.address', { how: 'pick_up', address: ADDRESS }],
  ])('400 that names %s', async (field, fulfilment) => {
    const answer = await buy(fulfilment)
    expect(ruleOf(answer).slice(0, 2)).toEqual([400, field])
    expect(answer.text).not.toMatch(PERSONAL)
  })

  test('to hand over in another way than was ordered', async () => {
    const { orderId } = (await buy(SHIP)).body
    expect(await admin.post(`/api/orders/${orderId}/fulfil`, { how: 'picked_up' })).toMatchObject({ status: 409, body: { error: 'This order is to be shipped to its customer.', details: { ordered: 'ship' } } })
  })

  test('a refund of an amount and the fee in one', async () => {
    const { orderId } = (await buy(SHIP)).body
    expect(ruleOf(await admin.post(`/api/orders/${orderId}/refunds`, { amount: 1, shipping: true, reason: 'x' })).slice(0, 2)).toEqual([400, 'amount'])
  })
})
