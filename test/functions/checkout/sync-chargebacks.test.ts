/** KAJA tells of no chargeback: each is found the day after, and means to the order what a dispute means. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { kajaChargesFor, payByKaja } from '../kaja.ts'
import { expectTrueBooks, openGround, orderOf, PRICE, PRODUCT, type Ground } from '../purchase.ts'
import type { Answer, Json, Person, Shop } from '../shop.ts'

const DAY_MS = 86_400_000
const EVIDENCE_DAYS = 12

let ground: Ground
let shop: Shop

beforeAll(async () => {
  ground = await openGround({ environment: { AUTHORIZE_NET_EVIDENCE_DAYS: String(EVIDENCE_DAYS) } })
  shop = ground.shop
}, 30_000)
afterAll(() => shop.cloud.stop())
afterEach(async () => {
  shop.calm()
  await shop.cloud.drain()
  expectTrueBooks(ground)
})

/** Bought by KAJA, and settled. */
async function bought(): Promise<{ orderId: string; transId: string }> {
  const buyer = await shop.person()
  const answer = await payByKaja(buyer, (await buyer.fill({ productId: PRODUCT, quantity: 2 }))['id'])
  const orderId = answer.body['orderId']
  await shop.act('authorize-net', 'settle')
  await shop.cloud.drain()
  return { orderId, transId: kajaChargesFor(shop, orderId)[0]?.['transId'] }
}

async function shown(orderId: string): Promise<Json> {
  return orderOf(await shop.person('admin'), orderId)
}

async function refund(orderId: string): Promise<Answer> {
  const admin: Person = await shop.person('admin')
  return admin.post(`/api/orders/${orderId}/refunds`, { reason: 'Sorry' })
}

function balances(orderId: string): Record<string, number> {
  const sums: Record<string, number> = {}
  const postings = shop.documents('ledger').filter(({ data }) => data['orderId'] === orderId).flatMap(({ data }) => data['postings'])
  for (const { account, amount } of postings) sums[account] = (sums[account] ?? 0) + amount
  return Object.fromEntries(Object.entries(sums).filter(([account, sum]) => sum !== 0 && account !== 'sales'))
}

const deadline = (transId: string): Json | undefined => shop.documents('alerts').find(({ data }) => data['key'] === `dispute-deadline/${transId}`)?.data

async function daysPass(days: number): Promise<Record<string, number>> {
  await shop.cloud.advance(days * DAY_MS)
  const tally = await shop.tally('sweep-disputes')
  await shop.cloud.drain()
  return tally
}

describe('does', () => {
  test('find a chargeback months later: the order is disputed, the ledger says where the money is, staff are told', async () => {
    const { orderId, transId } = await bought()
    await shop.cloud.advance(100 * DAY_MS)
    await shop.act('authorize-net', `transactions/${transId}/chargeback`)
    const before = shop.cloud.now()
    expect(await shop.tally('sync-chargebacks')).toMatchObject({ read: 1, saved: 1 })
    const order = await shown(orderId)
    expect(order).toMatchObject({ state: 'disputed', disputes: [{ id: transId, status: 'needs_response', amount: 100, reason: 'chargeback' }] })
    // So many days after it was found evidence is due.
    const foundAt = Date.parse(order['disputes'][0].evidenceDueAt) - EVIDENCE_DAYS * DAY_MS
    expect(foundAt).toBeGreaterThanOrEqual(before)
    expect(foundAt).toBeLessThanOrEqual(shop.cloud.now())
    expect(balances(orderId)).toEqual({ 'disputes:held': 2 * PRICE })
    await shop.cloud.drain()
    expect(shop.documents('alerts').find(({ data }) => data['key'] === `dispute/${transId}`)?.data).toMatchObject({ status: 'open', severity: 'p1', orderId, details: { evidenceDueAt: expect.any(String) } })
    expect(await shop.tally('sync-chargebacks')).toMatchObject({ read: 1, saved: 0, unchanged: 1 })
    await shop.act('authorize-net', `transactions/${transId}/chargeback_reversal`)
    expect(await shop.tally('sync-chargebacks')).toMatchObject({ saved: 1 })
    expect([(await shown(orderId))['state'], balances(orderId)]).toEqual(['paid', { 'gateway:kaja': 2 * PRICE }])
  })

  test('remind staff once when evidence is due within 48 hours, and leave it to the bank after that', async () => {
    const { orderId, transId } = await bought()
    await shop.act('authorize-net', `transactions/${transId}/chargeback`)
    await shop.tally('sync-chargebacks')
    const [{ evidenceDueAt }] = (await shown(orderId))['disputes']
    expect(await daysPass(EVIDENCE_DAYS - 3)).toMatchObject({ sent: 0 })
    expect(await daysPass(1.5)).toMatchObject({ sent: 1 })
    expect(deadline(transId)).toMatchObject({ status: 'open', severity: 'p0', orderId })
    expect(await daysPass(0.5)).toMatchObject({ sent: 0 })
    expect((await shown(orderId))['disputes']).toMatchObject([{ status: 'needs_response', evidenceDueAt }])
    await daysPass(2)
    expect((await shown(orderId))['disputes']).toMatchObject([{ status: 'under_review', evidenceDueAt }])
    expect(deadline(transId)).toMatchObject({ status: 'resolved' })
    expect(balances(orderId)).toEqual({ 'disputes:held': 2 * PRICE })
  })

  test('leave what is open to the sweep of disputes, which learns that it was given back', async () => {
    const { orderId, transId } = await bought()
    await shop.act('authorize-net', `transactions/${transId}/chargeback`)
    await shop.tally('sync-chargebacks')
    await shop.act('authorize-net', `transactions/${transId}/chargeback_reversal`)
    await shop.cloud.advance(0.3 * DAY_MS)
    expect(await shop.tally('sweep-disputes')).toMatchObject({ settled: 1 })
    expect(await shown(orderId)).toMatchObject({ state: 'paid', disputes: [{ status: 'won' }] })
    expect(await shop.tally('sweep-disputes')).toMatchObject({ read: 0 })
  })
})

describe('refuses', () => {
  test('a refund of what the bank has taken back', async () => {
    const { orderId, transId } = await bought()
    await shop.act('authorize-net', `transactions/${transId}/chargeback`)
    await shop.tally('sync-chargebacks')
    expect((await refund(orderId)).status).toBe(409)
    await shop.act('authorize-net', `transactions/${transId}/chargeback_reversal`)
    await shop.tally('sync-chargebacks')
    expect((await refund(orderId)).status).toBe(201)
  })
})

describe('survives', () => {
  test('KAJA not answering, a lost commit, two runs at once: each chargeback once', async () => {
    const { orderId, transId } = await bought()
    await shop.act('authorize-net', `transactions/${transId}/chargeback`)
    shop.fault({ target: 'authorize-net', when: 'before', effect: 'error', status: 500, times: 1 })
    await shop.cloud.runJob('sync-chargebacks')
    shop.calm()
    shop.fault({ target: 'firestore', operation: 'Commit', match: 'disputes:held', when: 'after', effect: 'drop' })
    await Promise.all([shop.tally('sync-chargebacks'), shop.tally('sync-chargebacks')])
    expect((await shown(orderId))['state']).toBe('disputed')
    expect(shop.documents('ledger').filter(({ data }) => data['orderId'] === orderId).map(({ data }) => data['kind']).sort()).toEqual(['charge', 'dispute'])
  })
})
