/** A purchase from the shelf to the books, as a frontend makes it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mailsTo } from '../functions/members.ts'
import { expectAllSettles, left, openGround, orderOf, type Ground } from '../functions/purchase.ts'
import type { Json } from '../functions/shop.ts'

let ground: Ground
beforeAll(async () => {
  ground = await openGround()
})
afterAll(() => ground.shop.cloud.stop())

describe('does', () => {
  test('find a product, fill a cart, pay, get the receipt, and have one piece taken back', async () => {
    const { shop } = ground
    const buyer = await shop.person()
    const products = (await shop.guest().get('/api/products?limit=100')).body['products'] as Json[]
    const productId = products.find(({ available, inventory, ageRestricted }) => available === true && inventory > 2 && ageRestricted === false)?.['id'] as string
    const before = await left(buyer, productId)
    const cart = await buyer.fill({ productId, quantity: 2 })
    const { status, body } = await buyer.pay(cart['id'])
    expect([status, body['order'].state, body['total']]).toEqual([201, 'paid', cart['total']])
    await shop.cloud.drain()
    expect(mailsTo(shop, buyer)).toHaveLength(1)
    expect(await left(buyer, productId)).toBe(before - 2)
    const admin = await shop.person('admin')
    const refund = await admin.post(`/api/orders/${body['orderId']}/refunds`, { lines: [{ productId, quantity: 1 }], restock: true, reason: 'Unopened' })
    expect(refund.status).toBe(201)
    expect(await orderOf(buyer, body['orderId'])).toMatchObject({ state: 'partially_refunded' })
    await expectAllSettles(ground)
  })
})
