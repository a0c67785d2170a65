/** The memberships in figures, counted by the store. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { change, later, newMember, subscribe } from '../members.ts'
import { openShop, type Json, type Shop } from '../shop.ts'

const DAY_MS = 86_400_000

let shop: Shop

beforeAll(async () => {
  shop = await openShop()
}, 30_000)
afterAll(() => shop.cloud.stop())

async function metrics(): Promise<Json> {
  const { success: _success, timestamp: _timestamp, ...figures } = (await (await shop.person('viewer')).get('/api/memberships/metrics')).body
  return figures
}

describe('does', () => {
  test('tell of an empty shop without a ratio that nobody can know', async () => {
    expect(await metrics()).toEqual({
      mrr: 0, currency: 'USD', activeMembers: 0, churnRate: null, tierDistribution: { BRONZE: 0, SILVER: 0, GOLD: 0 }, averagePrice: null,
      lifetimeValue: { BRONZE: 564, SILVER: 1164, GOLD: 2364 }, lifetimeValueByRetention: { BRONZE: null, SILVER: null, GOLD: null }, cohorts: [],
    })
  })

  test('count revenue and members by tier, churn over thirty days, and what is kept of a year', async () => {
    const people = await Promise.all(['BRONZE', 'BRONZE', 'SILVER', 'GOLD'].map((tier) => newMember(shop, { tier })))
    expect(await metrics()).toMatchObject({ mrr: 388, activeMembers: 4, churnRate: null, tierDistribution: { BRONZE: 2, SILVER: 1, GOLD: 1 }, averagePrice: 97 })
    await shop.cloud.advance(40 * DAY_MS)
    await change(await later(shop, people[0] as never), 'cancel', { reason: 'x' })
    expect(await metrics()).toMatchObject({ mrr: 341, activeMembers: 3, churnRate: 25, averagePrice: 113.67, lifetimeValueByRetention: { BRONZE: null } })
    for (let month = 0; month < 3; month += 1) {
      await shop.tally('renew-memberships')
      await shop.cloud.advance(31 * DAY_MS)
    }
    const figures = await metrics()
    expect(figures).toMatchObject({ churnRate: 0, lifetimeValueByRetention: { SILVER: 1164, GOLD: 2364 } })
    expect(figures['lifetimeValueByRetention'].BRONZE).toBeLessThan(564)
    expect(figures['cohorts'][0]).toMatchObject({ members: 4, kept: [4, 4, 3, 3, 3] })
    expect((await subscribe(await later(shop, people[0] as never), { tier: 'GOLD' })).status).toBe(201)
    expect(await metrics()).toMatchObject({ tierDistribution: { BRONZE: 1, GOLD: 2 }, cohorts: [{ members: 4 }, { members: 1 }] })
  })
})

describe('refuses', () => {
  test('everybody but staff', async () => {
    for (const role of ['customer', 'organiser', 'scanner'] as const) expect((await (await shop.person(role)).get('/api/memberships/metrics')).status).toBe(403)
    expect((await shop.guest().get('/api/memberships/metrics')).status).toBe(401)
  })
})
