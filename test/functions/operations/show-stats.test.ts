/** The day in figures: what was bought and given back today, what waits, which vendors are left alone. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newMember } from '../members.ts'
import { openShop, type Json, type Person, type Shop } from '../shop.ts'

const STATS = '/api/admin/stats'
const DAY_MS = 86_400_000

let shop: Shop
let viewer: Person
beforeAll(async () => {
  shop = await openShop()
  const early = await shop.person()
  await early.buy({ productId: 'test-product-1', quantity: 1 })
  await shop.cloud.advance(DAY_MS)
  // A token is good for a day.
  viewer = await shop.person('viewer')
})
afterAll(() => shop.cloud.stop())

async function stats(): Promise<Json> {
  const { status, body } = await viewer.get(STATS)
  expect(status).toBe(200)
  return body
}

/** The shop's day: Chicago's. */
const civilDay = (): string => new Intl.DateTimeFormat('en-CA', { timeZone: 'America/Chicago' }).format(shop.cloud.now())

describe('does', () => {
  test('count and add up what was bought and given back today, and nothing of another day', async () => {
    const [buyer, admin] = [await shop.person(), await shop.person('admin')]
    const order = await buyer.buy({ productId: 'test-product-1', quantity: 2 })
    await buyer.buy({ productId: 'test-product-1', quantity: 1 })
    await buyer.pay((await buyer.fill({ productId: 'test-product-1', quantity: 1 }))['id'], { token: 'pm_card_chargeDeclined' })
    expect((await admin.post(`/api/orders/${order['id']}/refunds`, { amount: 12.5, reason: 'One was broken' })).status).toBe(201)
    expect(await stats()).toMatchObject({
      day: civilDay(), timeZone: 'America/Chicago', currency: 'USD',
      orders: { paid: { count: 2, amount: 150 }, failed: { count: 1, amount: 50 }, open: { count: 0, amount: 0 }, in_review: { count: 0, amount: 0 } },
      refunds: { count: 1, amount: 12.5 },
    })
  })

  test('tell what of it was paid for memberships', async () => {
    const before = await stats()
    await newMember(shop, { tier: 'SILVER' })
    const after = await stats()
    expect([before['memberships'], after['memberships']]).toEqual([{ paid: { count: 0, amount: 0 } }, { paid: { count: 1, amount: 97 } }])
    expect(after['orders'].paid).toEqual({ count: before['orders'].paid.count + 1, amount: before['orders'].paid.amount + 97 })
  })

  test('say what waits in each queue, and which vendor is left alone until when', async () => {
    await shop.cloud.drain()
    expect((await stats())['queues']).toEqual({
      inbox: { pending: 0, dead: 0 }, mails: { queued: 0, deferred: 0, deadLetter: 0 }, outbox: { warehouse: 0, stock: 0 }, alerts: { open: 0 },
    })
    const nowMs = shop.cloud.now()
    await shop.cloud.servers.firestore.write([
      { path: 'inbox/stripe-evt_dead', data: { status: 'dead', receivedAtMs: nowMs, vendor: 'stripe', type: 'x' } },
      { path: 'mails/late', data: { status: 'deferred', nextAtMs: nowMs + DAY_MS } },
      { path: 'breakers/square', data: { vendor: 'square', failures: 5, openedAtMs: nowMs, retryAtMs: nowMs + 60_000, probe: null, probeUntilMs: null, restUntilMs: null, lastFailure: 'square 503' } },
    ])
    const { queues, breakers } = await stats()
    expect(queues).toMatchObject({ inbox: { dead: 1 }, mails: { deferred: 1 } })
    expect(breakers).toEqual([{ vendor: 'square', state: 'open', failures: 5, lastFailure: 'square 503', openedAt: expect.any(String), retryAt: expect.any(String), restUntil: null }])
  })

  test('cost the same on a busy day: some 15 reads', async () => {
    const cost = async (): Promise<number> => {
      const since = shop.cloud.wire.lastCall
      await stats()
      const calls = shop.cloud.wire.calls(since).filter((call) => call.function === 'show-stats' && call.target === 'firestore')
      return calls.reduce((sum, { reads }) => sum + reads, 0)
    }
    await cost()
    const before = await cost()
    const orders = Array.from({ length: 300 }, (_, n) => ({ path: `orders/busy${n}`, data: { id: `busy${n}`, state: 'paid', currency: 'USD', createdAtMs: shop.cloud.now(), total: 100 } }))
    await shop.cloud.servers.firestore.write(orders)
    expect(await cost()).toBeLessThanOrEqual(before + 1)
    expect(before).toBeLessThanOrEqual(17)
  })
})

describe('refuses', () => {
  test('customers and guests', async () => {
    expect((await (await shop.person()).get(STATS)).status).toBe(403)
    expect((await shop.guest().get(STATS)).status).toBe(401)
  })
})
