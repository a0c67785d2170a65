/** One product, as `GET /api/products/:productId` shows it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Json, type Person, type Shop } from '../shop.ts'

let shop: Shop
let guest: Person
beforeAll(async () => {
  shop = await openShop()
  guest = shop.guest()
})
afterAll(() => shop.cloud.stop())

const shown = async (id: string): Promise<Json> => (await guest.get(`/api/products/${id}`)).body['product']

describe('does', () => {
  test('shows one variation with price, stock and where it comes from', async () => {
    expect(await shown('test-product-1')).toEqual({
      id: 'test-product-1', itemId: 'ITEMTESTITEM', variationName: 'Regular', name: 'Test Product', description: expect.any(String),
      category: 'Hemp Product', price: 50, currency: 'USD', sku: 'TEST-1', available: true, inventory: 1000, ageRestricted: false,
      attributes: [], source: 'square', updated_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    })
  })

  test('writes prices in major units, exact', async () => {
    expect((await shown('VARGROWBOOK1'))['price']).toBe(21.95)
    expect((await shown('VARSELTZER1'))['price']).toBe(6.5)
  })

  test('says which products are for adults', async () => {
    expect((await shown('VARBLUEDAWN3G'))['ageRestricted']).toBe(true)
  })

  test('shows what is sold out as not available, with a count of zero', async () => {
    expect(await shown('VARSELTZER12')).toMatchObject({ available: false, inventory: 0 })
  })

  test('shows what is priced at the till without a price, and not for sale', async () => {
    expect(await shown('VARGIFTCARDANY')).toMatchObject({ price: null, available: false })
  })

  test('never calls what nobody counts sold out', async () => {
    expect(await shown('VARWORKSHOP1')).toMatchObject({ available: true, inventory: null, price: 45 })
  })

  test('takes units that are reserved or sold off what is left at once', async () => {
    const before = (await shown('VARCAPOLV'))['inventory']
    await (await shop.person()).buy({ productId: 'VARCAPOLV', quantity: 2 })
    expect((await shown('VARCAPOLV'))['inventory']).toBe(before - 2)
  })
})

describe('refuses', () => {
  test.each(['nobody-knows-this', 'VAROLDTINCTURE1', '%20', 'a%2Fb', 'x'.repeat(129), '__proto__', '..'])(
    '%s: 404, a whole answer and never a broken page',
    async (id) => {
      const { status, body } = await guest.get(`/api/products/${id}`)
      expect(status).toBe(404)
      expect(body).toMatchObject({ success: false, code: 'NOT_FOUND', retryable: false })
    },
  )

  test('a product that is gone with the words "Product unavailable"', async () => {
    expect((await guest.get('/api/products/VAROLDTINCTURE1')).body['error']).toBe('Product unavailable')
    expect((await guest.get('/api/products/never-seen')).body['error']).toBe('Product unavailable')
  })

  test('an address with a broken escape as bad input, not as a fault of ours', async () => {
    const { status } = await guest.get('/api/products/%zz')
    expect(status).toBeGreaterThanOrEqual(400)
    expect(status).toBeLessThan(500)
  })
})

describe('survives', () => {
  test('the death of any instance: the next request finds another', async () => {
    for (const { label } of shop.cloud.instances.list()) {
      shop.cloud.instances.kill(label)
      expect((await guest.get('/api/products/VARTOTE1')).status).toBe(200)
      await shop.cloud.instances.allReady()
    }
  })
})
