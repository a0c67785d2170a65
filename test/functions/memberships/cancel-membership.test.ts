/** The end of a membership at its member's wish, and the lower tier or the newsletter that he may want instead. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { cardsOf, remove } from '../saved-cards.ts'
import { change, later, mailsTo, memberOrders, membershipOf, newMember } from '../members.ts'
import { expectAllSettles, expectTrueBooks, openGround, orderOf, type Ground } from '../purchase.ts'
import type { Json, Shop } from '../shop.ts'

let ground: Ground
let shop: Shop

beforeAll(async () => {
  ground = await openGround()
  shop = ground.shop
}, 30_000)
afterAll(async () => {
  await expectAllSettles(ground)
  await shop.cloud.stop()
})
afterEach(() => expectTrueBooks(ground))

function discount(person: { id: string; get: (path: string) => Promise<{ body: Json }> }): Promise<Json> {
  return person.get(`/api/memberships/discount/${person.id}?subtotal=100`).then(({ body }) => body)
}

describe('does', () => {
  test('keep benefits until the month ends, tell it once, and let the card be removed', async () => {
    const member = await newMember(shop)
    const { periodEndsAt } = await membershipOf(member)
    const answer = await change(member, 'cancel', { reason: 'moving away' })
    expect([answer.status, answer.body['membership']]).toMatchObject([200, { status: 'cancelled', cancelReason: 'moving away', periodEndsAt, nextBillingDate: null }])
    const again = await change(member, 'cancel', { reason: 'really' })
    expect([again.status, again.body['membership']]).toEqual([200, answer.body['membership']])
    expect((await discount(member))['discountAmount']).toBe(30)
    await shop.cloud.drain()
    expect(mailsTo(shop, member).sort()).toEqual(['Welcome: your GOLD membership at Countinghouse Shop', 'Your GOLD membership is cancelled'])
    expect((await remove(member, (await cardsOf(member))[0]?.['id'])).status).toBe(200)
    await shop.cloud.advance(Date.parse(periodEndsAt) - shop.cloud.now())
    expect(await discount(await later(shop, member))).toMatchObject({ hasDiscount: false, discountAmount: 0, discountPercent: 0, finalTotal: 100, tier: null })
  })

  test('answer the same key with the same bytes, and leave an audit event without what the member wrote', async () => {
    const member = await newMember(shop, { tier: 'BRONZE' })
    const [first, replayed] = [await change(member, 'cancel', { reason: 'my name is Maria' }, 'bye'), await change(member, 'cancel', { reason: 'my name is Maria' }, 'bye')]
    expect([replayed.text, replayed.headers.get('idempotent-replayed')]).toEqual([first.text, 'true'])
    expect((await change(member, 'cancel', { reason: 'another' }, 'bye')).status).toBe(422)
    await shop.cloud.drain()
    const events = ((await shop.cloud.rows('audit', 'events')) as Json[]).filter(({ subject }) => subject === first.body['membership'].id)
    expect(events.map(({ what, who, via }) => [what, who, via])).toEqual(expect.arrayContaining([
      ['membership.started', `customer ${member.id}`, 'subscribe-customer'], ['membership.cancelled', `customer ${member.id}`, 'cancel-membership'],
    ]))
    expect(JSON.stringify([events, await shop.cloud.rows('commerce', 'memberships')])).not.toContain('Maria')
  })

  test('end a membership whose month staff give back whole, with the discount', async () => {
    const member = await newMember(shop, { tier: 'SILVER' })
    const admin = await shop.person('admin')
    const [order] = memberOrders(shop, member) as [Json]
    expect((await admin.post(`/api/orders/${order['id']}/refunds`, { reason: 'complaint' })).status).toBe(201)
    expect(await membershipOf(member)).toMatchObject({ status: 'cancelled', cancelReason: 'refunded' })
    expect((await discount(member))['hasDiscount']).toBe(false)
    await shop.cloud.drain()
    expect(mailsTo(shop, member).sort()).toEqual([
      'Welcome: your SILVER membership at Countinghouse Shop', 'Your SILVER membership is cancelled', `Your refund for order ${order['number']}`,
    ])
  })

  test('show the month among the orders of its member, which nobody cancels or hands over', async () => {
    const member = await newMember(shop, { tier: 'SILVER' })
    const [listed] = (await member.get('/api/orders')).body['orders'] as Json[]
    expect(listed).toMatchObject({ state: 'paid', purpose: 'membership', total: 97, lines: [{ productId: 'membership-silver', quantity: 1 }] })
    const support = await shop.person('support')
    expect((await member.post(`/api/orders/${listed?.['id']}/cancel`)).body['code']).toBe('CONFLICT')
    expect((await support.post(`/api/orders/${listed?.['id']}/fulfil`, { how: 'picked_up' })).body['code']).toBe('CONFLICT')
    expect((await orderOf(member, listed?.['id']))['state']).toBe('paid')
  })

  test('be done for a member by an admin, who is on record', async () => {
    const member = await newMember(shop)
    const admin = await shop.person('admin')
    expect((await admin.call('PUT', `/api/memberships/${member.id}/cancel`, { reason: 'asked by phone' })).body['membership'].status).toBe('cancelled')
  })
})

describe('refuses', () => {
  test('to cancel without a reason, what nobody has, and somebody else\'s', async () => {
    const [member, stranger] = [await newMember(shop), await shop.person()]
    expect((await change(member, 'cancel', {})).body['details'].fields[0].field).toBe('reason')
    expect((await change(stranger, 'cancel', { reason: 'x' })).body).toMatchObject({ code: 'NOT_FOUND', error: 'Membership not found.' })
    expect((await stranger.call('PUT', `/api/memberships/${member.id}/cancel`, { reason: 'x' })).body).toMatchObject({ code: 'NOT_FOUND', error: 'Membership not found.' })
    expect((await (await shop.person('support')).call('PUT', `/api/memberships/${member.id}/cancel`, { reason: 'x' })).status).toBe(403)
    expect((await membershipOf(member))['status']).toBe('active')
  })
})
