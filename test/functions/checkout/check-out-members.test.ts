/** What a membership does to a purchase, as it is at that moment: its discount, and goods that are for members first. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { change, later, membershipOf, newMember } from '../members.ts'
import { checkOut, expectTrueBooks, openGround, PRODUCT, type Ground } from '../purchase.ts'
import type { Json, Shop } from '../shop.ts'

const FIRST = 'VARHEARTS250'

let ground: Ground
let shop: Shop

beforeAll(async () => {
  ground = await openGround()
  shop = ground.shop
  const { itemId } = shop.document('products', FIRST) as Json
  const until = new Date(shop.cloud.now() + 50 * 86_400_000).toISOString()
  await shop.act('square', `catalog/${itemId}`, { custom_attribute_values: { min_tier: { string_value: 'SILVER' }, early_access_until: { string_value: until } } })
  await shop.tally('sync-square-catalogue')
}, 30_000)
afterAll(() => shop.cloud.stop())
afterEach(() => expectTrueBooks(ground))

describe('does', () => {
  test.each([['BRONZE', 45], ['SILVER', 40], ['GOLD', 35]])('charge a %s member %d of 50, whether the lines are stored or sent', async (tier, total) => {
    const member = await newMember(shop, { tier })
    const { id: cartId } = await member.fill({ productId: PRODUCT, quantity: 1 })
    expect((await checkOut(member, { cartId, expectedTotal: total })).body['total']).toBe(total)
    expect((await checkOut(member, { cart: [{ productId: PRODUCT, quantity: 1, price: 50 }] })).body['total']).toBe(total)
    const page = await member.post('/api/checkout/sessions', { customerId: member.id, email: member.email, cart: [{ productId: PRODUCT, quantity: 1 }], expectedTotal: total })
    expect([page.status, shop.at('stripe', 'checkout_sessions').find(({ client_reference_id: id }) => id === page.body['orderId'])?.['amount_total']]).toEqual([201, total * 100])
  })

  test('take off what holds now: more after an upgrade, as much until a cancelled month ends, nothing after it', async () => {
    const member = await newMember(shop, { tier: 'BRONZE' })
    const { id: cartId, total } = await member.fill({ productId: PRODUCT, quantity: 2 })
    expect(total).toBe(90)
    await change(member, 'upgrade', { tier: 'GOLD' })
    expect((await member.get(`/api/carts/${cartId}`)).body['cart'].total).toBe(70)
    expect((await checkOut(member, { cartId, expectedTotal: 90 })).body).toMatchObject({ code: 'PRICE_CHANGED', details: { expectedTotal: 90, total: 70 } })
    await change(member, 'cancel', { reason: 'x' })
    expect((await checkOut(member, { cartId, expectedTotal: 70 })).status).toBe(201)
    await shop.cloud.advance(Date.parse((await membershipOf(member))['periodEndsAt']) - shop.cloud.now())
    expect((await checkOut(await later(shop, member), { cart: [{ productId: PRODUCT, quantity: 1 }] })).body['total']).toBe(50)
  })

  test('sell goods that are for SILVER members first to them, at their price', async () => {
    const member = await newMember(shop, { tier: 'SILVER' })
    const { price } = (await member.get(`/api/products/${FIRST}`)).body['product']
    expect((await checkOut(member, { cart: [{ productId: FIRST, quantity: 1 }] })).body['total']).toBeCloseTo(price * 0.8, 2)
  })
})

describe('refuses', () => {
  test('goods that are for SILVER members first to everybody else, naming the tier', async () => {
    for (const person of [await newMember(shop, { tier: 'BRONZE' }), await shop.person(), shop.guest()]) {
      const { status, body } = await checkOut(person, { cart: [{ productId: FIRST, quantity: 1 }] })
      expect([status, body['code'], body['details']]).toMatchObject([403, 'FORBIDDEN', { productId: FIRST, minTier: 'SILVER' }])
    }
  })

  test('a member\'s discount to whoever buys as a guest', async () => {
    await newMember(shop)
    expect((await checkOut(shop.guest(), { cart: [{ productId: PRODUCT, quantity: 1 }] })).body['total']).toBe(50)
  })
})
