/** From the list of tiers to the first purchase with its discount. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mailsTo, membershipOf, subscribe } from '../functions/members.ts'
import { openShop, type Json, type Shop } from '../functions/shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.cloud.stop())

describe('does', () => {
  test('choose a tier, become its member, be welcomed, and buy for less', async () => {
    const tiers = (await shop.guest().get('/api/memberships/tiers')).body['tiers'] as Json[]
    const gold = tiers.find(({ tier }) => tier === 'GOLD') as Json
    const person = await shop.person()
    expect((await subscribe(person, { tier: gold['tier'] })).body['membership']).toMatchObject({ price: gold['price'] })
    await shop.cloud.drain()
    expect(await membershipOf(person)).toMatchObject({ tier: 'GOLD', status: 'active' })
    expect(mailsTo(shop, person).some((subject) => /welcome/i.test(subject))).toBe(true)
    const order = await person.buy({ productId: 'test-product-1', quantity: 2 })
    expect(order).toMatchObject({ subtotal: 100, discount: 30 })
  })
})
