/** What will be sold and what to order, with the error of the method beside it. The cases share a shop and run in order. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Json, type Person, type Shop } from '../shop.ts'
import { DAY_MS, layOrders, orderOf } from './selling.ts'

const PATH = '/api/bigquery/forecast'
const PRODUCT = 'test-product-1'

let shop: Shop
let viewer: Person
beforeAll(async () => {
  shop = await openShop({ environment: { REORDER_LEAD_DAYS: '10', REORDER_SAFETY_DAYS: '5', REORDER_COVER_DAYS: '30' } })
  viewer = await shop.person('viewer')
})
afterAll(() => shop.cloud.stop())

async function forecast(): Promise<{ body: Json; product: Json }> {
  const { status, body } = await viewer.get(`${PATH}?limit=100`)
  expect(status).toBe(200)
  return { body, product: body['products'].find(({ productId }: Json) => productId === PRODUCT) }
}

describe('does', () => {
  test('foretell nothing without a history, and say why', async () => {
    const { body, product } = await forecast()
    expect(body).toMatchObject({ mode: 'live', error: { wape: null, naiveWape: null }, emptyBecause: 'Nothing whose products are known was sold in the last 90 days.' })
    expect(product).toMatchObject({ suggestedQuantity: 0, daysLeft: null, because: 'Nothing of it is expected to be sold.' })
    await shop.cloud.advance(31_000)
  })

  test('foretell a week from what was sold, state method and error, and suggest an order before it runs out', async () => {
    // Forty pieces a day for ninety days: nothing to be missed. A thousand are on the shelf, for twenty-five days.
    await layOrders(shop, Array.from({ length: 90 }, (_, day) => orderOf(shop, `o${day}`, { total: '2000', agoMs: (day + 1) * DAY_MS, items: [{ product_id: PRODUCT, quantity: 40, total: '2000' }] })))
    const { body, product } = await forecast()
    expect(body).toMatchObject({
      mode: 'live', method: { name: 'exponential smoothing with weekdays', naive: 'as a week ago' }, error: { wape: 0, naiveWape: 0, days: 28 },
      rules: { leadDays: 10, safetyDays: 5, coverDays: 30 },
    })
    expect(product['nextDays'].map(({ units }: Json) => units)).toEqual([40, 40, 40, 40, 40, 40, 40])
    expect(product).toMatchObject({ sellable: 1000, onOrder: 0, daysLeft: 25, reorderPoint: 600, suggestedQuantity: 0, orderNumber: 1 })
    await shop.act('square', 'inventory', { productId: PRODUCT, quantity: 500 })
    await shop.tally('sync-square-catalogue')
    const { product: low } = await forecast()
    // Ten days until it is there and thirty that it is to last are 1600, five to be safe 200; 500 are there.
    expect(low).toMatchObject({ sellable: 500, suggestedQuantity: 1300, because: '500 are there or on their way, and 600 are needed until an order is here.' })
  })

  test('page through the catalogue', async () => {
    const { body } = await viewer.get(`${PATH}?limit=2`)
    expect(body['products'].length).toBe(2)
    const rest = await viewer.get(`${PATH}?limit=2&cursor=${body['nextCursor']}`)
    expect(rest.body['products'].map(({ productId }: Json) => productId)).not.toEqual(body['products'].map(({ productId }: Json) => productId))
  })
})

describe('refuses', () => {
  test('customers', async () => {
    expect((await (await shop.person()).get(PATH)).status).toBe(403)
  })
})
