/** Which gifts wait for whom, page by page; and that each is handed over once. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newMember } from '../members.ts'
import { openShop, type Json, type Person, type Shop } from '../shop.ts'

let shop: Shop
let support: Person
let members: Person[]

beforeAll(async () => {
  shop = await openShop()
  support = await shop.person('support')
  members = [await newMember(shop, { tier: 'SILVER' }), await newMember(shop), await newMember(shop, { tier: 'BRONZE' })]
  await shop.tally('send-member-benefits')
}, 30_000)
afterAll(() => shop.cloud.stop())

async function listed(query = ''): Promise<Json[]> {
  return (await support.get(`/api/admin/member-benefits${query}`)).body['benefits'] as Json[]
}

describe('does', () => {
  test('list what is due, page by page, or for one member', async () => {
    const first = (await support.get('/api/admin/member-benefits?limit=2')).body
    const second = (await support.get(`/api/admin/member-benefits?limit=2&cursor=${first['nextCursor']}`)).body
    expect([...first['benefits'], ...second['benefits']].map(({ kind }: Json) => kind).sort()).toEqual(['gift', 'gift_box', 'raffle_entry'])
    expect(second['nextCursor']).toBeNull()
    expect(await listed(`?customerId=${members[0]?.id}`)).toMatchObject([{ kind: 'gift', tier: 'SILVER', status: 'due', givenAt: null, givenBy: null }])
    expect(await listed('?status=given')).toEqual([])
  })

  test('write that a gift was handed over, once, and by whom', async () => {
    const [gift] = await listed(`?customerId=${members[0]?.id}`)
    const path = `/api/admin/member-benefits/${gift?.['id']}/hand-over`
    const { status, body } = await support.post(path)
    expect([status, body['benefit']]).toMatchObject([200, { id: gift?.['id'], status: 'given', givenBy: `support ${support.id}` }])
    expect((await (await shop.person('admin')).post(path)).body['benefit']).toEqual(body['benefit'])
    expect([await listed(`?customerId=${members[0]?.id}`), (await listed('?status=given')).length]).toEqual([[], 1])
    await shop.cloud.drain()
    const events = ((await shop.cloud.rows('audit', 'events')) as Json[]).filter(({ what }) => what === 'membership.gift_given')
    expect(events.map(({ who }) => who)).toEqual([`support ${support.id}`])
  })
})

describe('refuses', () => {
  test('customers and guests, and whoever may only look', async () => {
    expect((await (members[0] as Person).get('/api/admin/member-benefits')).status).toBe(403)
    expect((await shop.guest().get('/api/admin/member-benefits')).status).toBe(401)
    expect((await (await shop.person('viewer')).post('/api/admin/member-benefits/any/hand-over')).status).toBe(403)
  })
})
