/** Staff see which rows BigQuery would not take, and why. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Person, type Shop } from '../shop.ts'

const LIST = '/api/admin/warehouse/refused-rows'

let shop: Shop
let viewer: Person
beforeAll(async () => {
  shop = await openShop({ furnish: async () => undefined })
  viewer = await shop.person('viewer')
  const of = (n: number) => ({ table: 'commerce.orders_log', insertId: `ord_${n}`, reason: `total: no ${n}`, json: JSON.stringify({ id: `ord_${n}`, total: n }), atMs: 1_700_000_000_000 + n })
  await shop.cloud.servers.firestore.write([1, 2, 3].map((n) => ({ path: `refused_rows/commerce.orders_log-ord_${n}`, data: of(n) })))
})
afterAll(() => shop.cloud.stop())

describe('does', () => {
  test('list them, the newest first, each with its row and its reason', async () => {
    const { status, body } = await viewer.get(`${LIST}?limit=2`)
    expect(status).toBe(200)
    expect(body['rows']).toEqual([3, 2].map((n) => ({
      table: 'commerce.orders_log', insertId: `ord_${n}`, reason: `total: no ${n}`, row: { id: `ord_${n}`, total: n }, at: new Date(1_700_000_000_000 + n).toISOString(),
    })))
    const rest = await viewer.get(`${LIST}?limit=2&cursor=${body['nextCursor']}`)
    expect(rest.body).toMatchObject({ rows: [{ insertId: 'ord_1' }], nextCursor: null })
  })
})

describe('refuses', () => {
  test('a cursor that is not ours, and customers', async () => {
    expect((await viewer.get(`${LIST}?cursor=nonsense`)).status).toBe(400)
    expect((await (await shop.person()).get(LIST)).status).toBe(403)
  })
})
