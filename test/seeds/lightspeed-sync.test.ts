/** What the second till has sold is in the warehouse within a quarter of an hour; of its customers only the number. */
import { afterAll, beforeAll, expect, test, describe } from 'vitest'
import { MINUTE_MS } from '#values/time.ts'
import { openShop, type Json, type Shop } from '../functions/shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.cloud.stop())

describe('does', () => {
  test('bring in sales and items, each once, by the schedule alone', async () => {
    const { saleID } = (await shop.act('lightspeed', 'sales', { customerID: '7', lines: [{ itemID: '3', quantity: 2 }] }))['sale']
    shop.resumeJobs(['sync-lightspeed-sales', 'sync-lightspeed-items'])
    await shop.cloud.advance(31 * MINUTE_MS)
    await shop.cloud.drain()
    shop.pauseJobs()
    const sales = (await shop.cloud.rows('analytics', 'lightspeed_transactions')) as Json[]
    expect(sales.filter(({ id }) => id === saleID)).toMatchObject([{ mode: 'live', status: 'COMPLETED', customer_id: '7' }])
    const items = ((await shop.cloud.rows('analytics', 'lightspeed_products')) as Json[]).map(({ id }) => id)
    expect(items).toContain('3')
    expect(new Set(items).size).toBe(items.length)
  })
})
