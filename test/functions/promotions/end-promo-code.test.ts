/** Ending a promo code: nobody can use it from then on, whoever holds a use keeps it, and it is ended once. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { endCode, promoCode, ruleOf, usesOf } from '../promotion.ts'
import { openShop, type Answer, type Json, type Person, type Shop } from '../shop.ts'

let shop: Shop
let admin: Person
beforeAll(async () => {
  shop = await openShop()
  admin = await shop.person('admin')
})
afterAll(() => shop.cloud.stop())

function buy(buyer: Person, code: string): Promise<Answer> {
  const cart = [{ productId: 'test-product-1', quantity: 1 }]
  return buyer.post('/api/checkout', { customerId: buyer.id, email: buyer.email, cart, promoCode: code, paymentMethod: { token: 'pm_card_visa' } })
}

describe('does', () => {
  test('end it for everybody who has not used it; paid orders keep what it gave', async () => {
    const code = await promoCode(shop)
    const { orderId } = (await buy(await shop.person(), code)).body
    const { status, body } = await endCode(admin, code.toLowerCase())
    expect([status, body['promoCode'].state, body['promoCode'].uses]).toEqual([200, 'ended', 1])
    expect(ruleOf(await buy(await shop.person(), code))).toEqual([400, 'promoCode', 'has ended'])
    expect([usesOf(shop, code), shop.document('orders', orderId)?.['promo'].held]).toEqual([1, true])
  })

  test('answer the same when it is ended again, with one audit event', async () => {
    const code = await promoCode(shop)
    const first = await endCode(admin, code)
    await shop.cloud.advance(60_000)
    const second = await admin.post(`/api/admin/promo-codes/${code}/end`, { reason: 'once more' })
    expect(second.body['promoCode']).toEqual(first.body['promoCode'])
    await shop.cloud.drain()
    const events = ((await shop.cloud.rows('audit', 'events_log')) as Json[]).filter(({ subject, what }) => subject === code && what === 'promo_code.ended')
    expect(events.map(({ why, who }) => [why, who])).toEqual([['leaked', `admin ${admin.id}`]])
  })
})

describe('refuses', () => {
  test('one that is not there, no reason, and everybody but admins', async () => {
    const code = await promoCode(shop)
    expect((await endCode(admin, 'NO-SUCH')).status).toBe(404)
    expect(ruleOf(await admin.post(`/api/admin/promo-codes/${code}/end`, {})).slice(0, 2)).toEqual([400, 'reason'])
    const people = [await shop.person('support'), await shop.person('viewer'), await shop.person(), shop.guest()]
    expect(await Promise.all(people.map(async (who) => (await endCode(who, code)).status))).toEqual([403, 403, 403, 401])
    expect(shop.document('promo_codes', code)?.['endedAtMs']).toBeNull()
  })
})

describe('survives', () => {
  test('customers who use it while it is ended: each use is counted, none after the end', async () => {
    const code = await promoCode(shop)
    const buyers = await Promise.all(Array.from({ length: 12 }, () => shop.person()))
    const [ended, ...answers] = await Promise.all([endCode(admin, code), ...buyers.map((buyer) => buy(buyer, code))])
    expect(ended?.status).toBe(200)
    const paid = answers.filter(({ status }) => status === 201).length
    expect(answers.every(({ status }) => status === 201 || status === 400)).toBe(true)
    expect(usesOf(shop, code)).toBe(paid)
  })
})
