/** What the shop does is in the warehouse: as it is now, once, over all that it was. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Json, type Shop } from '../functions/shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.cloud.stop())

async function kept(table: string, order: string): Promise<Json[]> {
  await shop.cloud.drain()
  await shop.tally('send-warehouse-rows')
  return ((await shop.cloud.rows('commerce', table)) as Json[]).filter((row) => row[table.startsWith('orders') ? 'id' : 'order_id'] === order)
}

describe('does', () => {
  test('show an order with its payment and its ledger, then the refund, and keep what was before', async () => {
    const order = await (await shop.person()).buy({ productId: 'test-product-1', quantity: 2 })
    expect(await kept('orders', order['id'])).toMatchObject([{ state: 'paid', total: String(order['total']) }])
    expect(await kept('payments', order['id'])).toMatchObject([{ status: 'succeeded' }])
    const posted = (await kept('ledger', order['id'])).length
    expect(posted).toBeGreaterThan(1)
    const refund = await (await shop.person('admin')).post(`/api/orders/${order['id']}/refunds`, { amount: 10, reason: 'Late' })
    expect(refund.status).toBe(201)
    expect(await kept('orders', order['id'])).toMatchObject([{ state: 'partially_refunded' }])
    expect((await kept('orders_log', order['id'])).length).toBeGreaterThan(1)
    expect((await kept('ledger', order['id'])).length).toBeGreaterThan(posted)
  })
})
