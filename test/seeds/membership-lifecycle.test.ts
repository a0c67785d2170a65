/** A membership from its first payment by KAJA to its end, as customer and warehouse see it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newNonce } from '../functions/kaja.ts'
import { change, subscribe } from '../functions/members.ts'
import { openShop, type Json, type Person, type Shop } from '../functions/shop.ts'

let shop: Shop
let member: Person
beforeAll(async () => {
  shop = await openShop()
  member = await shop.person()
})
afterAll(() => shop.cloud.stop())

async function kept(): Promise<Json[]> {
  await shop.cloud.drain()
  await shop.tally('send-warehouse-rows')
  return ((await shop.cloud.rows('commerce', 'memberships')) as Json[]).filter((row) => row['customer_id'] === member.id)
}

describe('does', () => {
  test('begin with GOLD for 197, take thirty of a hundred off, and stand in the warehouse', async () => {
    const { status, body } = await subscribe(member, { paymentMethod: { gateway: 'kaja', type: 'credit_card', token: newNonce() } })
    expect([status, body]).toMatchObject([201, { success: true, membership: { tier: 'GOLD', price: 197, status: 'active' } }])
    const discount = await member.get(`/api/memberships/discount/${member.id}?subtotal=100.00`)
    expect(discount.body).toMatchObject({ discountAmount: 30, finalTotal: 70 })
    expect(await kept()).toMatchObject([{ tier: 'GOLD', status: 'active' }])
  })

  test('end when its member says so', async () => {
    expect((await change(member, 'cancel', { reason: 'Moving away' })).body).toMatchObject({ success: true, membership: { status: 'cancelled' } })
    expect(await kept()).toMatchObject([{ status: 'cancelled' }])
  })
})

describe('refuses', () => {
  test('a second membership beside one that runs: nothing more is charged', async () => {
    const person = await shop.person()
    const wanted = { tier: 'SILVER', paymentMethod: { token: 'tok_visa_test' } }
    expect((await subscribe(person, wanted)).body).toMatchObject({ success: true })
    const charges = shop.at('stripe', 'payment_intents').length
    expect(await subscribe(person, wanted, 'another-click')).toMatchObject({ status: 409, body: { success: false, error: expect.stringContaining('Customer already has an active membership') } })
    expect(shop.at('stripe', 'payment_intents').length).toBe(charges)
  })
})
