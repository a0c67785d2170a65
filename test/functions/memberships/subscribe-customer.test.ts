/** Becoming a member: charged once, granted with the charge, the card kept; and what everybody sees of it. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { change, chargedFor, mailsTo, memberOrders, membershipOf, newMember, subscribe } from '../members.ts'
import { checkOut, expectAllSettles, expectTrueBooks, openGround, orderOf, PRODUCT, type Ground } from '../purchase.ts'
import type { Json, Shop } from '../shop.ts'

let ground: Ground
let shop: Shop

beforeAll(async () => {
  ground = await openGround()
  shop = ground.shop
}, 30_000)
afterAll(() => shop.cloud.stop())
afterEach(() => {
  shop.calm()
  expectTrueBooks(ground)
})

describe('does', () => {
  test('charge GOLD 197, keep the card, write welcome, ledger and warehouse, and take 30 % off the next purchase', async () => {
    const member = await shop.person()
    const answer = await subscribe(member)
    expect(answer.status).toBe(201)
    expect(answer.body['membership']).toMatchObject({
      customerId: member.id, email: member.email, tier: 'GOLD', price: 197, currency: 'USD', discountPercent: 30, status: 'active', newsletter: false,
    })
    expect(await membershipOf(member)).toEqual(answer.body['membership'])
    expect(chargedFor(shop, answer.body['orderId'])).toEqual([19_700])
    const discount = await member.get(`/api/memberships/discount/${member.id}?subtotal=100.00`)
    expect(discount.body).toMatchObject({ success: true, hasDiscount: true, discountAmount: 30, discountPercent: 30, finalTotal: 70, tier: 'GOLD' })
    const { id: cartId, subtotal, discount: off, total } = await member.fill({ productId: PRODUCT, quantity: 2 })
    expect([subtotal, off, total]).toEqual([100, 30, 70])
    const bought = await checkOut(member, { cartId, expectedTotal: 70 })
    expect(bought.body['order']).toMatchObject({ discount: 30, discountPercent: 30, total: 70, state: 'paid' })
    await shop.cloud.drain()
    const order = await orderOf(member, bought.body['orderId'])
    expect(mailsTo(shop, member).sort()).toEqual(['Welcome: your GOLD membership at Countinghouse Shop', `Your order ${order['number']} at Countinghouse Shop`])
    const receipt = shop.at('resend', 'emails').find(({ subject, to }) => String(to) === member.email && String(subject).startsWith('Your order'))
    expect(receipt?.['text']).toContain('Member discount (30 %): -30.00 USD')
    const postings = shop.documents('ledger').filter(({ data }) => data['orderId'] === answer.body['orderId']).flatMap(({ data }) => data['postings'] as Json[])
    expect(postings).toEqual([{ account: 'gateway:stripe', amount: 19_700 }, { account: 'memberships', amount: -19_700 }])
    const [row] = ((await shop.cloud.rows('commerce', 'memberships')) as Json[]).filter(({ customer_id }) => customer_id === member.id)
    expect(row).toMatchObject({ tier: 'GOLD', status: 'active', months_paid: 1, order_id: answer.body['orderId'] })
    const cards = (await member.get(`/api/customers/${member.id}/cards`)).body['cards'] as Json[]
    expect(cards).toMatchObject([{ brand: 'visa', last4: '4242', state: 'stored' }])
  })
})
