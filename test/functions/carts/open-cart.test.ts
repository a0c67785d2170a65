/** Carts come into being: a customer's own, or a guest's that whoever knows its id may use. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Shop } from '../shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.cloud.stop())

describe('does', () => {
  test('open an empty cart for a guest, under an id that nobody can guess', async () => {
    const { status, body } = await shop.guest().post('/api/carts')
    expect(status).toBe(201)
    expect(body).toMatchObject({
      success: true,
      timestamp: expect.any(String),
      cart: { customerId: null, state: 'open', orderId: null, currency: 'USD', lines: [], subtotal: 0, discount: 0, tax: 0, total: 0 },
    })
    expect(body['cart'].id).toMatch(/^cart_[0-9a-z]{26}$/)
  })

  test('open a customer\'s own cart, named or not', async () => {
    const customer = await shop.person()
    expect((await customer.post('/api/carts')).body['cart'].customerId).toBe(customer.id)
    expect((await customer.post('/api/carts', { customerId: customer.id })).body['cart'].customerId).toBe(customer.id)
  })

  test('open a cart for a customer when the admin does it for him', async () => {
    const [customer, admin] = [await shop.person(), await shop.person('admin')]
    const { body } = await admin.post('/api/carts', { customerId: customer.id })
    expect(body['cart'].customerId).toBe(customer.id)
    expect((await customer.get(`/api/carts/${body['cart'].id}`)).status).toBe(200)
  })

  test('open another cart with every request that has no key', async () => {
    const guest = shop.guest()
    const answers = await Promise.all([guest.post('/api/carts'), guest.post('/api/carts'), guest.post('/api/carts')])
    expect(new Set(answers.map(({ body }) => body['cart'].id)).size).toBe(3)
  })
})

describe('refuses', () => {
  test('a guest who claims to be a customer', async () => {
    expect(await shop.guest().post('/api/carts', { customerId: 'somebody' })).toMatchObject({ status: 401, body: { code: 'UNAUTHORIZED' } })
  })

  test('a customer who opens one for another: as if that one did not exist', async () => {
    const [one, other] = [await shop.person(), await shop.person()]
    expect(await one.post('/api/carts', { customerId: other.id })).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } })
  })

  test.each([
    [{ customerID: 'a' }, 'customerID'],
    [{ customerId: '' }, 'customerId'],
    [{ customerId: 7 }, 'customerId'],
    [{ lines: [] }, 'lines'],
  ])('%j: 400 that names the field, and no cart', async (input, field) => {
    const before = shop.documents('carts').length
    const { status, body } = await shop.guest().post('/api/carts', input)
    expect({ status, field: body['details']?.fields[0].field }).toEqual({ status: 400, field })
    expect(shop.documents('carts').length).toBe(before)
  })

  test('an array, a text or a number for a body', async () => {
    for (const body of ['[]', '"cart"', '7', 'null']) {
      expect((await shop.guest().call('POST', '/api/carts', body)).status).toBe(400)
    }
  })
})

describe('survives', () => {
  test('a commit whose answer is lost: with a key the cart exists once', async () => {
    const guest = shop.guest()
    await guest.get('/api/products/none')
    const before = shop.documents('carts').length
    shop.fault({ target: 'firestore', operation: 'Commit', match: '/documents/carts/', when: 'after', effect: 'error', status: 10 })
    const { status } = await guest.post('/api/carts', {}, 'lost-answer')
    shop.calm()
    expect(status).toBe(201)
    expect(shop.documents('carts').length).toBe(before + 1)
  })
})
