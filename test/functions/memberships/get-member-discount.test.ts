/** What a membership takes off an amount, rounded once; nothing for whoever has none. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newMember } from '../members.ts'
import { openShop, type Person, type Shop } from '../shop.ts'

let shop: Shop
let member: Person

beforeAll(async () => {
  shop = await openShop()
  member = await newMember(shop)
}, 30_000)
afterAll(() => shop.cloud.stop())

describe('does', () => {
  test.each([['100.00', 30, 70], ['0.05', 0.02, 0.03], ['19.99', 6, 13.99], ['0', 0, 0], ['1234567.89', 370370.37, 864197.52]])('GOLD on %s: %d off, %d left', async (subtotal, discountAmount, finalTotal) => {
    const { body } = await member.get(`/api/memberships/discount/${member.id}?subtotal=${subtotal}`)
    expect(body).toMatchObject({ success: true, hasDiscount: true, discountAmount, discountPercent: 30, finalTotal, tier: 'GOLD' })
  })

  test('nothing for a customer without a membership', async () => {
    const person = await shop.person()
    expect((await person.get(`/api/memberships/discount/${person.id}?subtotal=100.00`)).body).toMatchObject({
      hasDiscount: false, discountAmount: 0, discountPercent: 0, finalTotal: 100, tier: null,
    })
  })
})

describe('refuses', () => {
  test.each(['', '-1', 'ten', '1e3', '1.005', '99999999999'])('the subtotal "%s", naming it', async (subtotal) => {
    const { status, body } = await member.get(`/api/memberships/discount/${member.id}?subtotal=${subtotal}`)
    expect([status, body['details'].fields[0].field]).toEqual([400, 'subtotal'])
  })

  test('a stranger and a guest', async () => {
    expect((await (await shop.person()).get(`/api/memberships/discount/${member.id}?subtotal=1`)).status).toBe(404)
    expect((await shop.guest().get(`/api/memberships/discount/${member.id}?subtotal=1`)).status).toBe(401)
  })
})
