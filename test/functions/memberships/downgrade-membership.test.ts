/** A lower tier from the next month on; what becomes of it then is told by the test of the calendar. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { change, membershipOf, newMember } from '../members.ts'
import { openShop, type Shop } from '../shop.ts'

let shop: Shop

beforeAll(async () => {
  shop = await openShop()
}, 30_000)
afterAll(() => shop.cloud.stop())

describe('does', () => {
  test('agree on a lower tier, keep the higher one until then, and take it back', async () => {
    const member = await newMember(shop)
    const agreed = await change(member, 'downgrade', { tier: 'BRONZE' }, 'down')
    expect([agreed.status, agreed.body['membership']]).toMatchObject([200, { tier: 'GOLD', price: 197, nextTier: 'BRONZE', status: 'active' }])
    expect((await change(member, 'downgrade', { tier: 'BRONZE' }, 'down')).text).toBe(agreed.text)
    expect((await change(member, 'downgrade', { tier: 'SILVER' })).body['membership'].nextTier).toBe('SILVER')
    expect((await change(member, 'downgrade', { tier: 'GOLD' })).body['membership']).not.toHaveProperty('nextTier')
    await change(member, 'downgrade', { tier: 'SILVER' })
    expect(await membershipOf(member)).toMatchObject({ tier: 'GOLD', nextTier: 'SILVER' })
  })
})

describe('refuses', () => {
  test('what is not lower, and whoever has no membership', async () => {
    const member = await newMember(shop, { tier: 'SILVER' })
    for (const tier of ['SILVER', 'GOLD']) expect((await change(member, 'downgrade', { tier })).body).toMatchObject({ code: 'CONFLICT', error: `${tier} is not lower than SILVER.` })
    expect((await change(member, 'downgrade', { tier: 'TIN' })).status).toBe(400)
    expect((await change(await shop.person(), 'downgrade', { tier: 'BRONZE' })).status).toBe(404)
    await change(member, 'cancel', { reason: 'x' })
    expect((await change(member, 'downgrade', { tier: 'BRONZE' })).body['error']).toBe('This membership is cancelled.')
  })
})
