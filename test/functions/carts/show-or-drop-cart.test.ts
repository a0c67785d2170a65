/** Looking at a cart, whose locks are renewed when they ran out; and dropping it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Json, type Shop } from '../shop.ts'

const MINUTE_MS = 60_000

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.cloud.stop())

async function reprice(productId: string, amount: number): Promise<void> {
  await shop.act('square', `catalog/${productId}/price`, { amount })
  await shop.tally('sync-square-catalogue')
}

describe('does', () => {
  test('show what is in it', async () => {
    const guest = shop.guest()
    const cart = await guest.fill({ productId: 'VARCAPNAT', quantity: 2 }, { productId: 'VARLIPBALM1', quantity: 1 })
    expect((await guest.get(`/api/carts/${cart['id']}`)).body['cart']).toEqual(cart)
    expect(cart).toMatchObject({ subtotal: 62, total: 62, state: 'open' })
  })

  test('show a customer\'s cart to staff', async () => {
    const [customer, support] = [await shop.person(), await shop.person('support')]
    const { id } = await customer.fill({ productId: 'VARCAPNAT', quantity: 1 })
    expect((await support.get(`/api/carts/${id}`)).status).toBe(200)
  })

  test('drop it: it is gone for everybody', async () => {
    const guest = shop.guest()
    const { id } = await guest.fill()
    expect(await guest.call('DELETE', `/api/carts/${id}`)).toMatchObject({ status: 200, body: { cartId: id } })
    expect((await guest.get(`/api/carts/${id}`)).status).toBe(404)
    expect((await guest.call('DELETE', `/api/carts/${id}`)).status).toBe(404)
  })

  test('show which order holds it, once it is bought', async () => {
    const customer = await shop.person()
    const { id } = await customer.fill({ productId: 'VARCAPNAT', quantity: 1 })
    const { body } = await customer.pay(id)
    expect((await customer.get(`/api/carts/${id}`)).body['cart']).toMatchObject({ state: 'checked_out', orderId: body['orderId'] })
  })

  test('give it back under a new version after a decline', async () => {
    const customer = await shop.person()
    const { id, version } = await customer.fill({ productId: 'VARCAPNAT', quantity: 1 })
    expect((await customer.pay(id, { token: 'pm_card_chargeDeclined' })).status).toBe(402)
    expect((await customer.get(`/api/carts/${id}`)).body['cart']).toMatchObject({ state: 'open', orderId: null, version: version + 1 })
    expect((await customer.pay(id)).status).toBe(201)
  })
})

/** The clock is everybody's: one after the other. */
describe('does, as time goes by,', () => {
  test('keep the locked price for 30 minutes, then lock every line at today\'s', async () => {
    const guest = shop.guest()
    const cart = await guest.fill({ productId: 'VARPETDROPSS', quantity: 2 })
    await reprice('VARPETDROPSS', 2750)
    const look = async (): Promise<Json> => (await guest.get(`/api/carts/${cart['id']}`)).body['cart']
    expect(await look()).toEqual(cart)
    await shop.cloud.advance(31 * MINUTE_MS)
    const relocked = await look()
    expect(relocked).toMatchObject({ total: 55, version: cart['version'] + 1, lines: [{ unitPrice: 27.5, lineTotal: 55 }] })
    expect(Date.parse(relocked['lines'][0].lockedUntil)).toBeGreaterThan(shop.cloud.now() + 29 * MINUTE_MS)
    expect(await look()).toEqual(relocked)
  })

  test('lock a line once when many look at the same moment', async () => {
    const guest = shop.guest()
    const cart = await guest.fill({ productId: 'VARPETDROPSL', quantity: 1 })
    await reprice('VARPETDROPSL', 3700)
    await shop.cloud.advance(31 * MINUTE_MS)
    const looks = await Promise.all(Array.from({ length: 6 }, () => guest.get(`/api/carts/${cart['id']}`)))
    expect(looks.map(({ status, body }) => [status, body['cart'].total])).toEqual(looks.map(() => [200, 37]))
    expect(shop.document('carts', cart['id'])).toMatchObject({ version: cart['version'] + 1 })
  })

  test('keep showing a line whose product is gone, at the price it had', async () => {
    const guest = shop.guest()
    const cart = await guest.fill({ productId: 'VARTEESHIRTL', quantity: 1 })
    await shop.act('square', 'catalog/VARTEESHIRTL', { delete: true })
    await shop.tally('sync-square-catalogue')
    await shop.cloud.advance(31 * MINUTE_MS)
    const { status, body } = await guest.get(`/api/carts/${cart['id']}`)
    expect(status).toBe(200)
    expect(body['cart']).toMatchObject({ total: 32, lines: [{ productId: 'VARTEESHIRTL', unitPrice: 32 }] })
  })
})

describe('refuses', () => {
  test('another customer\'s cart to look at or to drop, as if it were not there', async () => {
    const [one, other] = [await shop.person(), await shop.person()]
    const { id } = await one.fill({ productId: 'VARCAPOLV', quantity: 1 })
    for (const stranger of [other, shop.guest(), await shop.person('scanner'), await shop.person('organiser')]) {
      const answers = [await stranger.get(`/api/carts/${id}`), await stranger.call('DELETE', `/api/carts/${id}`)]
      const missing = await stranger.get('/api/carts/cart_nobody')
      for (const { status, body } of answers) expect([status, body['error']]).toEqual([404, missing.body['error']])
    }
    expect((await one.get(`/api/carts/${id}`)).status).toBe(200)
  })

  test('to drop a cart that an order holds: 409 with the order\'s id', async () => {
    const customer = await shop.person()
    const { id } = await customer.fill({ productId: 'VARCAPOLV', quantity: 1 })
    const { body } = await customer.pay(id)
    expect(await customer.call('DELETE', `/api/carts/${id}`)).toMatchObject({
      status: 409,
      body: { code: 'CONFLICT', details: { orderId: body['orderId'], cartId: id } },
    })
    expect((await customer.get(`/api/carts/${id}`)).status).toBe(200)
  })

  test('ids that cannot be ours', async () => {
    for (const id of ['cart_nobody', 'a b', 'x'.repeat(200)]) expect((await shop.guest().get(`/api/carts/${id}`)).status).toBe(404)
  })
})

describe('survives', () => {
  test('a drop and a checkout at the same moment: the cart is either gone or bought, never both', async () => {
    for (let round = 0; round < 3; round += 1) {
      const customer = await shop.person()
      const { id } = await customer.fill({ productId: 'VARHEARTS250', quantity: 1 })
      const [dropped, paid] = await Promise.all([customer.call('DELETE', `/api/carts/${id}`), customer.pay(id)])
      expect([[200, 404], [409, 201], [404, 201]]).toContainEqual([dropped.status, paid.status])
      const orders = shop.documents('orders').filter(({ data }) => data['cartId'] === id)
      expect(orders.length).toBe(paid.status === 201 ? 1 : 0)
    }
  })

  test.each(['before', 'after'] as const)('its instance being killed %s the drop is written: asked again, it is gone', async (when) => {
    const guest = shop.guest()
    const { id } = await guest.fill()
    shop.fault({ target: 'firestore', operation: 'Commit', match: `/documents/carts/${id}`, when, effect: 'kill' })
    expect((await guest.call('DELETE', `/api/carts/${id}`)).status).toBe(503)
    await shop.cloud.instances.allReady()
    expect([200, 404]).toContain((await guest.call('DELETE', `/api/carts/${id}`)).status)
    expect((await guest.get(`/api/carts/${id}`)).status).toBe(404)
  })
})
