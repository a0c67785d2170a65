/** The tiers, as everybody sees them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Json, type Shop } from '../shop.ts'

let shop: Shop

beforeAll(async () => {
  shop = await openShop()
}, 30_000)
afterAll(() => shop.cloud.stop())

describe('does', () => {
  test('tell everybody what a month costs, what it takes off and brings, the lowest first', async () => {
    const { status, body } = await shop.guest().get('/api/memberships/tiers')
    expect([status, body['success']]).toEqual([200, true])
    expect((body['tiers'] as Json[]).map(({ tier, name, price, currency, discountPercent, benefits }) => [tier, name, price, currency, discountPercent, benefits.length])).toEqual([
      ['BRONZE', 'Bronze', 47, 'USD', 10, 3], ['SILVER', 'Silver', 97, 'USD', 20, 5], ['GOLD', 'Gold', 197, 'USD', 30, 7],
    ])
  })
})
