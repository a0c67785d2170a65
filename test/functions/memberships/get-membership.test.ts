/** What one sees of a membership, and who does. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newMember } from '../members.ts'
import { openShop, type Json, type Person, type Shop } from '../shop.ts'

let shop: Shop
let member: Person

beforeAll(async () => {
  shop = await openShop()
  member = await newMember(shop, { tier: 'SILVER', newsletter: true })
}, 30_000)
afterAll(() => shop.cloud.stop())

describe('does', () => {
  test('show everything that a member may know, and nothing of what we keep for ourselves', async () => {
    const { membership } = (await member.get(`/api/memberships/${member.id}`)).body as { membership: Json }
    expect(membership).toEqual({
      id: expect.stringMatching(/^mem_/), customerId: member.id, email: member.email, tier: 'SILVER', price: 97, currency: 'USD', discountPercent: 20, status: 'active',
      startDate: expect.stringMatching(/Z$/), nextBillingDate: membership['periodEndsAt'], periodEndsAt: expect.stringMatching(/Z$/), newsletter: true,
      benefits: [
        '20% discount on all products', 'Access to exclusive strains', 'Monthly gift with purchase', 'Priority customer support', 'Early access to new products',
      ],
    })
    for (const role of ['viewer', 'support', 'admin'] as const) {
      expect((await (await shop.person(role)).get(`/api/memberships/${member.id}`)).body['membership']).toEqual(membership)
    }
  })
})

describe('refuses', () => {
  test('a stranger, as if there were none; a guest', async () => {
    const stranger = await shop.person()
    const [foreign, unknown] = [await stranger.get(`/api/memberships/${member.id}`), await stranger.get(`/api/memberships/${stranger.id}`)]
    expect([foreign.status, foreign.body['error']]).toEqual([unknown.status, unknown.body['error']])
    expect(foreign.body).toMatchObject({ success: false, code: 'NOT_FOUND', error: 'Membership not found.' })
    expect((await shop.guest().get(`/api/memberships/${member.id}`)).status).toBe(401)
  })
})
