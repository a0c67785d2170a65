/** What leaves our balance at Stripe by itself, and what comes back, is in the books once. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { lose } from '../inbox.ts'
import { expectTrueBooks, timePasses, type Ground } from '../purchase.ts'
import type { Json, Shop } from '../shop.ts'
import { balanceOf, openTreasury, payOut, transfersFor } from './treasury.ts'

const DAY_MS = 86_400_000

let ground: Ground
let shop: Shop

beforeAll(async () => {
  ground = await openTreasury()
  shop = ground.shop
}, 30_000)
afterAll(() => shop.cloud.stop())
afterEach(async () => {
  shop.calm()
  await shop.act('stripe', 'webhooks', { duplicates: 0, late: 0 })
  await shop.cloud.drain()
  expectTrueBooks(ground)
})

async function paidOut(wish: Json): Promise<Json> {
  const payout = await shop.act('stripe', 'payouts', wish)
  await shop.cloud.drain()
  return payout
}

/** What lies where, against what lay there before, in cents. */
function watch(): () => { stripe: number; transit: number; bank: number } {
  const now = () => ({ stripe: balanceOf(shop, 'gateway:stripe'), transit: balanceOf(shop, 'payouts:transit'), bank: balanceOf(shop, 'bank') })
  const before = now()
  return () => {
    const after = now()
    return { stripe: after.stripe - before.stripe, transit: after.transit - before.transit, bank: after.bank - before.bank }
  }
}

describe('does', () => {
  test('book a payout to our bank when it leaves and when it arrives', async () => {
    const moved = watch()
    await paidOut({ amount: 5_000 })
    expect(moved()).toEqual({ stripe: -5_000, transit: 5_000, bank: 0 })
    await shop.cloud.advance(2 * DAY_MS)
    await shop.cloud.drain()
    expect(moved()).toEqual({ stripe: -5_000, transit: 0, bank: 5_000 })
  })

  test('put the money back when the bank refuses it, and tell staff', async () => {
    const moved = watch()
    const { id } = await paidOut({ amount: 4_000, fails: true })
    await shop.cloud.advance(2 * DAY_MS)
    await shop.cloud.drain()
    expect(moved()).toEqual({ stripe: 0, transit: 0, bank: 0 })
    const told = [...shop.documents('alerts'), ...shop.documents('alert_facts')].map(({ data }) => data['key'])
    expect(told).toContain(`bank-payout/${id}`)
  })

  test('learn that a partner\'s payout came back, in parts', async () => {
    const admin = await shop.person('admin')
    const before = balanceOf(shop, 'gateway:stripe')
    await payOut(admin, { payoutId: 'gig', amount: 30 })
    const transferId = transfersFor(shop, 'gig')[0]?.['id']
    await shop.act('stripe', `transfers/${transferId}/reverse`, { amount: 1_000 })
    await shop.cloud.drain()
    expect((await admin.get('/api/payouts/gig')).body['payout']).toMatchObject({ state: 'paid', returned: 10 })
    await shop.act('stripe', `transfers/${transferId}/reverse`)
    await shop.cloud.drain()
    expect((await admin.get('/api/payouts/gig')).body['payout']).toMatchObject({ state: 'returned', returned: 30 })
    expect([balanceOf(shop, 'gateway:stripe'), balanceOf(shop, 'partners:payable')]).toEqual([before, 0])
  })
})

describe('survives', () => {
  test('its events twice, late and in disorder: each step once', async () => {
    await shop.act('stripe', 'webhooks', { duplicates: 0.7, late: 0.7 })
    const moved = watch()
    await Promise.all([100, 200, 300].map((amount) => shop.act('stripe', 'payouts', { amount })))
    await shop.act('stripe', 'payouts', { amount: 400, fails: true })
    await shop.cloud.advance(2 * DAY_MS)
    await timePasses(ground, 30)
    expect(moved()).toEqual({ stripe: -600, transit: 0, bank: 600 })
  })

  test('only the last event arriving, and old ones sent again after it', async () => {
    const moved = watch()
    const { id } = await shop.act('stripe', 'payouts', { amount: 700 })
    const early = shop.at('stripe', 'events').filter(({ data }) => data.object.id === id)
    await lose(shop, early)
    await shop.cloud.advance(2 * DAY_MS)
    await shop.cloud.drain()
    expect(moved()).toEqual({ stripe: -700, transit: 0, bank: 700 })
    for (const event of early) {
      await shop.cloud.servers.firestore.write([{ path: `inbox/stripe-${event['id']}`, delete: true }])
      await shop.act('stripe', `events/${event['id']}/resend`)
    }
    await shop.cloud.drain()
    expect(moved()).toEqual({ stripe: -700, transit: 0, bank: 700 })
  })

  test('Stripe being away when it asks, its commit lost, its instance dying: booked once', async () => {
    for (const fault of [
      { target: 'stripe', operation: 'GET /v1/payouts/:id', when: 'before', effect: 'error', status: 500, times: 3 },
      { target: 'firestore', operation: 'Commit', match: 'payouts:transit', when: 'after', effect: 'drop' },
      { target: 'firestore', operation: 'Commit', match: 'payouts:transit', when: 'before', effect: 'kill' },
    ] as const) {
      const moved = watch()
      shop.fault({ ...fault })
      await paidOut({ amount: 50 })
      await timePasses(ground, 2)
      await timePasses(ground, 6)
      expect(moved()).toEqual({ stripe: -50, transit: 50, bank: 0 })
    }
  })
})
