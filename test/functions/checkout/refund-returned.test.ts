/**
 * A refund that was given and comes back, days later: the customer is told, staff are told, the books are right, and the
 * money can be given again.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { expectTrueBooks, openGround, orderOf, PRODUCT, timePasses, type Ground } from '../purchase.ts'
import type { Answer, Json, Person, Shop } from '../shop.ts'

const DAY_MS = 86_400_000

let ground: Ground
let shop: Shop
let admin: Person

beforeAll(async () => {
  ground = await openGround()
  shop = ground.shop
  admin = await shop.person('admin')
}, 30_000)
afterAll(() => shop.cloud.stop())
afterEach(async () => {
  shop.calm()
  await shop.cloud.drain()
  expectTrueBooks(ground)
})

async function bought(token = 'pm_card_visa'): Promise<{ buyer: Person; orderId: string; number: string }> {
  const buyer = await shop.person()
  const { body } = await buyer.pay((await buyer.fill({ productId: PRODUCT, quantity: 2 }))['id'], { token })
  return { buyer, orderId: body['orderId'], number: body['order'].number }
}

function refund(orderId: string, wish: Json = {}, key?: string): Promise<Answer> {
  return admin.post(`/api/orders/${orderId}/refunds`, { reason: 'Came back', ...wish }, key)
}

async function comesBack(refunded: Answer): Promise<void> {
  await shop.act('stripe', `refunds/${refunded.body['refund'].transactionId}/fail`)
  await shop.cloud.drain()
}

/** Subjects of what the customer was sent about his refunds. */
const mailsTo = (buyer: Person): string[] => shop.at('resend', 'emails').filter(({ to, subject }) => String(to) === buyer.email && String(subject).includes('refund')).map(({ subject }) => subject)
const alertOf = (refundId: string): string | undefined => shop.documents('alerts').find(({ data }) => data['key'] === `refund/${refundId}`)?.data['status']
const owed = (orderId: string): number => shop.documents('ledger').filter(({ data }) => data['orderId'] === orderId).flatMap(({ data }) => data['postings']).filter(({ account }) => account === 'gateway:stripe').reduce((sum, { amount }) => sum + amount, 0)

describe('does', () => {
  test('tell the customer by one mail and staff by one alert that a refund came back days later; the order is paid again', async () => {
    const { buyer, orderId, number } = await bought()
    const given = await refund(orderId)
    expect([given.status, (await orderOf(buyer, orderId))['state'], owed(orderId)]).toEqual([201, 'refunded', 0])
    await shop.cloud.advance(0.9 * DAY_MS)
    await comesBack(given)
    expect(await orderOf(buyer, orderId)).toMatchObject({ state: 'paid', refunded: 0, refunds: [{ status: 'failed' }] })
    expect([mailsTo(buyer), alertOf(given.body['refund'].id), owed(orderId)]).toEqual([[`Your refund for order ${number}`, `Your refund for order ${number} did not arrive`], 'open', 10_000])
  })

  test('give it again under a new id: refunded, told, and the alert is over', async () => {
    const { buyer, orderId, number } = await bought()
    const first = await refund(orderId, {}, 'the-click')
    await comesBack(first)
    expect((await refund(orderId, {}, 'the-click')).text).toBe(first.text)
    const second = await refund(orderId, {}, 'another-click')
    expect([second.status, second.body['refund'].id === first.body['refund'].id]).toEqual([201, false])
    await shop.cloud.drain()
    expect(await orderOf(buyer, orderId)).toMatchObject({ state: 'refunded', refunds: [{ status: 'failed' }, { status: 'succeeded' }] })
    expect([mailsTo(buyer), alertOf(first.body['refund'].id), owed(orderId)]).toEqual([[`Your refund for order ${number}`, `Your refund for order ${number} did not arrive`, `Your refund for order ${number}`], 'resolved', 0])
  })

  test('leave the other parts as they are when one of them comes back', async () => {
    const { buyer, orderId } = await bought()
    const [one] = [await refund(orderId, { amount: 30 }), await refund(orderId, { amount: 20 })]
    await comesBack(one as Answer)
    expect(await orderOf(buyer, orderId)).toMatchObject({ state: 'partially_refunded', refunded: 20 })
    expect((await refund(orderId)).body['refund'].amount).toBe(80)
  })

  test('wait for a bank that takes its time, and take its yes and its no', async () => {
    const { buyer, orderId } = await bought('pm_card_pendingRefund')
    const given = await refund(orderId)
    expect([given.status, shop.at('stripe', 'refunds').find(({ id }) => id === given.body['refund'].transactionId)?.['status']]).toEqual([201, 'pending'])
    await timePasses(ground, 2)
    expect((await orderOf(buyer, orderId))['state']).toBe('refunded')
    await comesBack(given)
    expect((await orderOf(buyer, orderId))['state']).toBe('paid')
  })
})

describe('survives', () => {
  test('being told of it several times, by two kinds of event, late and twice: one mail, one entry', async () => {
    const { buyer, orderId, number } = await bought()
    const given = await refund(orderId)
    await shop.act('stripe', 'webhooks', { duplicates: 0.8, late: 0.8 })
    await comesBack(given)
    await timePasses(ground, 30)
    await shop.act('stripe', 'webhooks', { duplicates: 0, late: 0 })
    expect(mailsTo(buyer)).toEqual([`Your refund for order ${number}`, `Your refund for order ${number} did not arrive`])
    expect(shop.documents('ledger').filter(({ data }) => data['orderId'] === orderId).map(({ data }) => data['kind']).sort()).toEqual(['charge', 'refund', 'refund_return'])
  })

  test('a refund whose answer was lost and which failed meanwhile: nothing is booked, staff are told, and it can be given again', async () => {
    const { buyer, orderId } = await bought()
    shop.fault({ target: 'stripe', operation: 'POST /v1/refunds', when: 'after', effect: 'drop', times: 10 })
    const lost = await refund(orderId)
    expect(lost.status).toBe(504)
    shop.calm()
    const [made] = shop.at('stripe', 'refunds').filter(({ metadata }) => metadata['order_id'] === orderId)
    await shop.act('stripe', `refunds/${made?.['id']}/fail`)
    await shop.cloud.drain()
    await timePasses(ground, 2)
    expect(await orderOf(buyer, orderId)).toMatchObject({ state: 'paid', refunded: 0, refunds: [{ status: 'failed' }] })
    expect([alertOf(lost.body['details'].refundId), mailsTo(buyer)]).toEqual(['open', []])
    expect((await refund(orderId)).status).toBe(201)
  })
})
