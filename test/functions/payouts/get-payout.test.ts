/** One payout, as staff see it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Shop } from '../shop.ts'
import { openTreasury, payOut } from './treasury.ts'

let shop: Shop

beforeAll(async () => {
  shop = (await openTreasury({ PAYOUTS_PER_HOUR: '3' })).shop
}, 30_000)
afterAll(() => shop.cloud.stop())

describe('does', () => {
  test('show what has become of a payout, to staff', async () => {
    await payOut(await shop.person('admin'), { payoutId: 'gig-1', amount: 5 })
    for (const role of ['viewer', 'support', 'admin'] as const) {
      const { status, body } = await (await shop.person(role)).get('/api/payouts/gig-1')
      expect(status).toBe(200)
      expect(body['payout']).toMatchObject({ id: 'gig-1', amount: 5, state: 'paid', history: [{ state: 'pending', cause: 'asked for' }, { state: 'paid', cause: 'answered' }] })
    }
  })
})

describe('refuses', () => {
  test('everybody but staff, and ids that are not there', async () => {
    expect((await (await shop.person()).get('/api/payouts/gig-1')).status).toBe(403)
    expect((await shop.guest().get('/api/payouts/gig-1')).status).toBe(401)
    expect((await (await shop.person('viewer')).get('/api/payouts/gig-9')).status).toBe(404)
  })

  test('a fourth payout within an hour, also when they come at once; the same one again counts for nothing', async () => {
    const admin = await shop.person('admin')
    const answers = await Promise.all(['a', 'b', 'c', 'd'].map((payoutId) => payOut(admin, { payoutId, amount: 1 })))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 429, 429])
    expect(Number(answers.find(({ status }) => status === 429)?.headers.get('retry-after'))).toBeGreaterThan(3_500)
    expect((await payOut(admin, { payoutId: 'gig-1', amount: 5 })).status).toBe(201)
    await shop.cloud.advance(61 * 60_000)
    expect((await payOut(admin, { payoutId: 'e', amount: 1 })).status).toBe(201)
    expect(shop.at('stripe', 'transfers')).toHaveLength(4)
  })
})
