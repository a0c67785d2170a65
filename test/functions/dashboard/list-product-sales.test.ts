/** Products with what of each was sold, page by page, and the best sellers of all. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Json, type Person, type Shop } from '../shop.ts'
import { layOrders, orderOf } from './selling.ts'

const PATH = '/api/bigquery/products'

let shop: Shop
let viewer: Person
beforeAll(async () => {
  shop = await openShop()
  viewer = await shop.person('viewer')
})
afterAll(() => shop.cloud.stop())

describe('does', () => {
  test('say why nobody is a best seller yet', async () => {
    const { status, body } = await viewer.get(`${PATH}?days=7`)
    expect(status).toBe(200)
    expect(body).toMatchObject({ mode: 'live', topSellers: [], emptyBecause: 'Nothing whose products are known was sold in the last 7 days.' })
    expect(body['products'].length).toBeGreaterThan(0)
  })

  test('rank what was sold, and show it beside the catalogue, page by page', async () => {
    const line = (productId: string, quantity: number, total: string) => ({ product_id: productId, quantity, total })
    await layOrders(shop, [
      orderOf(shop, 'o1', { total: '60', items: [line('test-product-1', 1, '50'), line('gone', 1, '10')] }), orderOf(shop, 'o2', { total: '100', items: [line('test-product-1', 2, '100')] }),
    ])
    const seen: Json[] = []
    for (let cursor = ''; ; ) {
      const { body } = await viewer.get(`${PATH}?limit=5${cursor}`)
      expect(body['topSellers']).toEqual([
        { rank: 1, productId: 'test-product-1', name: expect.any(String), unitsSold: 3, revenue: 150, orders: 2 }, { rank: 2, productId: 'gone', name: null, unitsSold: 1, revenue: 10, orders: 1 },
      ])
      seen.push(...body['products'])
      if (body['nextCursor'] === null) break
      cursor = `&cursor=${body['nextCursor']}`
    }
    expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length)
    expect(seen.find(({ id }) => id === 'test-product-1')).toMatchObject({ unitsSold: 3, revenue: 150, orders: 2, price: 50 })
    expect(seen.filter(({ unitsSold }) => unitsSold > 0).length).toBe(1)
  })
})

describe('refuses', () => {
  test('more than ninety days, and customers', async () => {
    expect((await viewer.get(`${PATH}?days=91`)).status).toBe(400)
    expect((await (await shop.person()).get(PATH)).status).toBe(403)
  })
})
