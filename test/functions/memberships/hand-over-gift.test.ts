/** What cannot be handed over; that what can is handed over once is told by the test of the list. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newMember } from '../members.ts'
import { openShop, type Json, type Shop } from '../shop.ts'

let shop: Shop

beforeAll(async () => {
  shop = await openShop()
}, 30_000)
afterAll(() => shop.cloud.stop())

describe('refuses', () => {
  test('an entry in a raffle, and what nobody was to get', async () => {
    const member = await newMember(shop)
    await shop.tally('send-member-benefits')
    const support = await shop.person('support')
    const entry = ((await support.get(`/api/admin/member-benefits?customerId=${member.id}`)).body['benefits'] as Json[]).find(({ kind }) => kind === 'raffle_entry')
    expect((await support.post(`/api/admin/member-benefits/${entry?.['id']}/hand-over`)).body['code']).toBe('CONFLICT')
    expect((await support.post('/api/admin/member-benefits/unknown/hand-over')).status).toBe(404)
  })
})

describe('does', () => {
  test('hand a gift over to eight who ask at once, once', async () => {
    const member = await newMember(shop, { tier: 'SILVER' })
    await shop.tally('send-member-benefits')
    const support = await shop.person('support')
    const [gift] = (await support.get(`/api/admin/member-benefits?customerId=${member.id}`)).body['benefits'] as Json[]
    const answers = await Promise.all(Array.from({ length: 8 }, () => support.post(`/api/admin/member-benefits/${gift?.['id']}/hand-over`)))
    expect(new Set(answers.map(({ status, body }) => `${status} ${body['benefit'].givenAt}`)).size).toBe(1)
  })
})
