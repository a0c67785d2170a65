/** One order, as its customer, a guest who knows its id, and staff see it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Json, type Person, type Shop } from '../shop.ts'

let shop: Shop
let customer: Person
let order: Json
beforeAll(async () => {
  shop = await openShop()
  customer = await shop.person()
  order = await customer.buy({ productId: 'VARGROWBOOK1', quantity: 2 }, { productId: 'VARTOTE1', quantity: 1 })
})
afterAll(() => shop.cloud.stop())

describe('does', () => {
  test('show what was bought, at which price, and what became of the payment', async () => {
    const { status, body } = await customer.get(`/api/orders/${order['id']}`)
    expect(status).toBe(200)
    expect(body['order']).toEqual(order)
    expect(order).toMatchObject({
      state: 'paid', customerId: customer.id, subtotal: 67.9, total: 67.9, refunded: 0, currency: 'USD', fulfilment: null, refunds: [],
      number: expect.stringMatching(/^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{2}$/),
      lines: [{ productId: 'VARGROWBOOK1', quantity: 2, unitPrice: 21.95, total: 43.9 }, { productId: 'VARTOTE1', quantity: 1, total: 24 }],
      payment: { gateway: 'stripe', status: 'succeeded', transactionId: expect.stringMatching(/^pi_/) },
    })
    expect(order['history'].map(({ state }: Json) => state)).toEqual(['pending_payment', 'paid'])
  })

  test('show a guest\'s order to whoever knows its id, which nobody can guess', async () => {
    const bought = await shop.guest().buy({ productId: 'VARTOTE1', quantity: 1 })
    expect(bought['id']).toMatch(/^ord_[0-9a-z]{26}$/)
    expect((await shop.guest().get(`/api/orders/${bought['id']}`)).body['order']).toEqual(bought)
  })

  test.each(['viewer', 'support', 'admin'] as const)('show any order to a %s', async (role) => {
    expect((await (await shop.person(role)).get(`/api/orders/${order['id']}`)).status).toBe(200)
  })

  test('show a declined order as it is', async () => {
    const buyer = await shop.person()
    const { id } = await buyer.fill({ productId: 'VARTOTE1', quantity: 1 })
    const declined = await buyer.pay(id, { token: 'pm_card_chargeDeclined' })
    const { body } = await buyer.get(`/api/orders/${declined.body['details'].orderId}`)
    expect(body['order']).toMatchObject({ state: 'payment_failed', payment: { status: 'declined', declineCode: 'generic_decline' } })
  })
})

describe('refuses', () => {
  test.each(['customer', 'scanner', 'organisation', 'organiser'] as const)(
    'another %s, as if the order did not exist',
    async (role) => {
      const stranger = await shop.person(role)
      const strange = await stranger.get(`/api/orders/${order['id']}`)
      const missing = await stranger.get('/api/orders/ord_00000000000000000000000000')
      expect([strange.status, missing.status]).toEqual([404, 404])
      expect(strange.body['code']).toBe(missing.body['code'])
      expect(strange.body['error']).toBe(missing.body['error'])
    },
  )

  test('a guest who knows the id of a customer\'s order', async () => {
    expect((await shop.guest().get(`/api/orders/${order['id']}`)).status).toBe(404)
  })

  test('to tell anybody what only we need: tokens, secrets, addresses, hashes', async () => {
    const { text } = await customer.get(`/api/orders/${order['id']}`)
    for (const word of ['pm_card', 'client_secret', 'clientSecret', 'requestHash', 'runner', 'userAgent', customer.address]) {
      expect(text).not.toContain(word)
    }
  })

  test('query fields that it does not know', async () => {
    expect((await customer.get(`/api/orders/${order['id']}?expand=everything`)).status).toBe(400)
  })
})

describe('survives', () => {
  test('the death of the instance that took the order', async () => {
    for (const { label } of shop.cloud.instances.list()) shop.cloud.instances.kill(label)
    await shop.cloud.instances.allReady()
    expect((await customer.get(`/api/orders/${order['id']}`)).body['order']).toEqual(order)
  })
})
