/** A lost event, or a person who forgets, loses no dispute: each is asked about again, and its deadline is said in time. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { lose } from '../inbox.ts'
import { expectTrueBooks, openGround, orderOf, PRODUCT, type Ground } from '../purchase.ts'
import type { Json, Person, Shop } from '../shop.ts'

const HOUR_MS = 3_600_000

let ground: Ground
let shop: Shop

beforeAll(async () => {
  ground = await openGround()
  shop = ground.shop
}, 30_000)
afterAll(() => shop.cloud.stop())
afterEach(async () => {
  shop.calm()
  await shop.cloud.drain()
  expectTrueBooks(ground)
})

async function disputed(): Promise<{ buyer: Person; orderId: string; dispute: Json }> {
  const buyer = await shop.person()
  const { id, payment } = await buyer.buy({ productId: PRODUCT, quantity: 1 })
  const dispute = await shop.act('stripe', 'disputes', { payment_intent: payment.transactionId })
  await shop.cloud.drain()
  return { buyer, orderId: id, dispute }
}

/** The case is decided, and no event of it ever comes. */
async function decideUnheard(dispute: Json, status: 'won' | 'lost'): Promise<void> {
  const before = new Set(shop.at('stripe', 'events').map(({ id }) => id))
  await shop.act('stripe', `disputes/${dispute['id']}/close`, { status })
  const lost = shop.at('stripe', 'events').filter(({ id }) => !before.has(id))
  await lose(shop, lost)
}

async function hoursPass(hours: number): Promise<Record<string, number>> {
  await shop.cloud.advance(hours * HOUR_MS)
  return shop.tally('sweep-disputes')
}

const reminded = (orderId: string): unknown => shop.document('orders', orderId)?.['disputes'][0].remindedAtMs

describe('does', () => {
  test('find out how a dispute ended whose events were lost', async () => {
    const [won, lost] = [await disputed(), await disputed()]
    await decideUnheard(won.dispute, 'won')
    await decideUnheard(lost.dispute, 'lost')
    expect(await shop.tally('sweep-disputes')).toMatchObject({ read: 0 })
    expect(await hoursPass(7)).toMatchObject({ read: 2, settled: 2, failed: 0 })
    expect([(await orderOf(won.buyer, won.orderId))['state'], (await orderOf(lost.buyer, lost.orderId))['disputes'][0].status]).toEqual(['paid', 'lost'])
    expect(await hoursPass(24)).toMatchObject({ read: 0 })
  })

  test('remind staff once when evidence is due within 48 hours', async () => {
    const { orderId, dispute } = await disputed()
    expect(await hoursPass(7)).toMatchObject({ read: 1, unchanged: 1, sent: 0 })
    expect(await hoursPass(8 * 24)).toMatchObject({ read: 1, sent: 1 })
    expect(reminded(orderId)).toEqual(expect.any(Number))
    expect(await hoursPass(7)).toMatchObject({ read: 1, sent: 0 })
    const deadline = (): unknown => shop.documents('alerts').find(({ data }) => data['key'] === `dispute-deadline/${dispute['id']}`)?.data
    await shop.cloud.drain()
    expect(deadline()).toMatchObject({ status: 'open', severity: 'p0', orderId })
    await shop.act('stripe', `disputes/${dispute['id']}/close`, { status: 'won' })
    await shop.cloud.drain()
    expect(deadline()).toMatchObject({ status: 'resolved' })
  })
})

describe('survives', () => {
  test('Stripe being away: the deadline is said all the same, and asked about again later', async () => {
    const { orderId, dispute } = await disputed()
    shop.fault({ target: 'stripe', operation: 'GET /v1/disputes/:id', when: 'before', effect: 'error', status: 401, times: 100 })
    expect(await hoursPass(9 * 24)).toMatchObject({ read: 1, failed: 1, sent: 1 })
    expect(reminded(orderId)).toEqual(expect.any(Number))
    shop.calm()
    expect(await hoursPass(7)).toMatchObject({ read: 1, failed: 0, sent: 0 })
    await shop.act('stripe', `disputes/${dispute['id']}/close`, { status: 'won' })
  })

  test('two runs at once: learnt once, reminded once', async () => {
    const { orderId, dispute } = await disputed()
    await decideUnheard(dispute, 'lost')
    await shop.cloud.advance(7 * HOUR_MS)
    const tallies = await Promise.all([shop.tally('sweep-disputes'), shop.tally('sweep-disputes'), shop.tally('sweep-disputes')])
    expect(tallies.reduce((sum, { settled }) => sum + (settled ?? 0), 0)).toBe(1)
    const entries = shop.documents('ledger').filter(({ data }) => data['orderId'] === orderId).map(({ data }) => data['kind'])
    expect(entries.sort()).toEqual(['charge', 'dispute', 'dispute_loss', 'fee'])
  })
})
