/** A hundred customers buy at the same moment. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkOut, expectTrueBooks, openGround, PRODUCT, type Ground } from '../functions/purchase.ts'
import type { Json } from '../functions/shop.ts'

const CUSTOMERS = 100

let ground: Ground
beforeAll(async () => {
  ground = await openGround()
})
afterAll(() => ground.shop.cloud.stop())

describe('does', () => {
  test('sell to 100 customers at once: 100 orders, 100 charges, 100 payments in the warehouse, no two alike', async () => {
    const { shop } = ground
    const buyers = await Promise.all(Array.from({ length: CUSTOMERS }, () => shop.person()))
    const answers = await Promise.all(buyers.map((buyer) => checkOut(buyer, { cart: [{ productId: PRODUCT, quantity: 1, price: 50 }], paymentMethod: { token: 'tok_visa_test' } })))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(CUSTOMERS)
    const ids = new Set(answers.map(({ body }) => body['orderId']))
    const numbers = new Set(answers.map(({ body }) => body['order'].number))
    const charges = new Set(answers.map(({ body }) => body['payment'].transactionId))
    expect([ids.size, numbers.size, charges.size]).toEqual([CUSTOMERS, CUSTOMERS, CUSTOMERS])
    await shop.cloud.drain()
    expectTrueBooks(ground)
    await shop.tally('send-warehouse-rows')
    expect(((await shop.cloud.rows('commerce', 'payments')) as Json[]).filter((row) => ids.has(row['order_id']))).toHaveLength(CUSTOMERS)
  })
})
