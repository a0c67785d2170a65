/** What waits for a person, as staff see it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decide, openWatchfulGround, RISKY, tryToBuy } from '../held.ts'
import type { Ground } from '../purchase.ts'
import type { Json, Person, Shop } from '../shop.ts'

let ground: Ground
let shop: Shop
let admin: Person

beforeAll(async () => {
  ground = await openWatchfulGround()
  shop = ground.shop
  admin = await shop.person('admin')
}, 30_000)
afterAll(() => shop.cloud.stop())

const idsIn = (body: Json): string[] => body['reviews'].map(({ orderId }: Json) => orderId)

describe('does', () => {
  test('list what waits, the oldest first, with reasons, amount and deadline, to all staff; what is decided leaves', async () => {
    expect((await admin.get('/api/admin/reviews')).body).toMatchObject({ reviews: [], nextCursor: null })
    const first = await tryToBuy(shop, 3)
    await shop.cloud.advance(60_000)
    const second = await tryToBuy(shop, 1, RISKY)
    await tryToBuy(shop, 1)
    for (const role of ['viewer', 'support', 'admin'] as const) {
      const { status, body } = await (await shop.person(role)).get('/api/admin/reviews')
      expect([status, idsIn(body)]).toEqual([200, [first.orderId, second.orderId]])
    }
    const page = await admin.get('/api/admin/reviews?limit=1')
    expect(page.body['reviews'][0]).toMatchObject({
      orderId: first.orderId, amount: 150, currency: 'USD', units: 3, taken: false, received: null, decision: null, email: first.buyer.email,
      reasons: [{ code: 'high_amount', about: 'The orders of one hour add up to more than is usual.' }], payment: { gateway: 'stripe', status: 'authorised' },
    })
    const { deadline, createdAt } = page.body['reviews'][0]
    expect((Date.parse(deadline) - Date.parse(createdAt)) / 86_400_000).toBeCloseTo(7, 2)
    const next = await admin.get(`/api/admin/reviews?limit=1&cursor=${page.body['nextCursor']}`)
    expect([idsIn(next.body), next.body['nextCursor']]).toEqual([[second.orderId], null])
    expect(next.body['reviews'][0]).toMatchObject({ taken: true, deadline: null, reasons: [{ code: 'gateway_risk' }] })
    for (const { orderId } of [first, second]) await decide(admin, orderId, 'refuse')
    expect((await admin.get('/api/admin/reviews')).body['reviews']).toEqual([])
  })

  test('show a decision that is still to be carried out', async () => {
    const { orderId } = await tryToBuy(shop, 3)
    shop.fault({ target: 'stripe', operation: 'POST /v1/payment_intents/:id/capture', when: 'before', effect: 'error', status: 500, times: 3 })
    expect((await decide(admin, orderId, 'approve', { reason: 'A regular' })).status).toBe(504)
    expect((await admin.get('/api/admin/reviews')).body['reviews']).toMatchObject([
      { orderId, decision: { decision: 'approve', reason: 'A regular', decidedBy: `admin ${admin.id}` } },
    ])
  })
})

describe('refuses', () => {
  test('whoever is no staff, and a page that is none of ours', async () => {
    expect((await shop.guest().get('/api/admin/reviews')).status).toBe(401)
    expect((await (await shop.person()).get('/api/admin/reviews')).status).toBe(403)
    for (const query of ['cursor=xyz', 'limit=0', 'limit=101', 'state=paid']) expect([query, (await admin.get(`/api/admin/reviews?${query}`)).status]).toEqual([query, 400])
  })
})
