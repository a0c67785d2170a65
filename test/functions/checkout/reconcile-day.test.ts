/** Each closed day is looked at once more: what the hourly runs have missed is named, and mended. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { evidenceOf, unreconciled } from '../books.ts'
import { chargeElsewhere, lineOf } from '../dashboard.ts'
import { openGround, PRODUCT } from '../purchase.ts'
import type { Json, Shop } from '../shop.ts'

vi.setConfig({ testTimeout: 60_000 })

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

let shop: Shop

beforeAll(async () => {
  shop = (await openGround()).shop
}, 30_000)
afterAll(() => shop.cloud.stop())

/** Three in the morning of the next day. */
function nextMorning(): Promise<void> {
  return shop.cloud.jumpTo((Math.floor(shop.cloud.now() / DAY_MS) + 1) * DAY_MS + 3 * HOUR_MS)
}

function onRecord(): Json[] {
  return shop.documents('reconciliation').map(({ data }) => data)
}

async function charged(): Promise<string> {
  const buyer = await shop.person()
  return (await buyer.buy({ productId: PRODUCT, quantity: 1 }))['payment'].transactionId
}

describe('does', () => {
  test('name and post a fee that no hourly run has posted, and find nothing new in the same day again', async () => {
    const [seen, unseen] = [await charged(), await charged()]
    const { id, fee } = await lineOf(shop, unseen)
    // Stripe's list comes without this line, as long as the hourly runs look.
    const whole = shop.twist('stripe', '/v1/balance_transactions', (body) => ({ ...body, data: (body['data'] as Json[]).filter((line) => line['id'] !== id) }))
    await shop.cloud.advance(20 * 60_000)
    expect(await shop.tally('reconcile-payments')).toMatchObject({ saved: 1, refused: 0 })
    whole()
    await nextMorning()
    expect(await shop.tally('reconcile-day')).toMatchObject({ saved: 1, settled: 1, refused: 0 })
    expect(onRecord()).toEqual([expect.objectContaining({ id: `fee_missing-stripe-${id}`, state: 'repaired', amount: fee, excess: -fee, transactionId: unseen })])
    expect(seen).not.toBe(unseen)
    expect(unreconciled(evidenceOf(shop))).toEqual([])
    expect(await shop.tally('reconcile-day')).toEqual({ read: 0, saved: 0, refused: 0, settled: 0, released: 0 })
  })

  test('look at closed days only, and make up for those that were missed', async () => {
    await nextMorning()
    await shop.tally('reconcile-day')
    await chargeElsewhere(shop, { amount: 777 })
    await shop.cloud.advance(HOUR_MS)
    expect(await shop.tally('reconcile-day')).toMatchObject({ read: 0 })
    for (let day = 0; day < 3; day += 1) await nextMorning()
    expect(await shop.tally('reconcile-day')).toMatchObject({ read: 1, refused: 1 })
    expect(onRecord().filter(({ state }) => state === 'open')).toEqual([expect.objectContaining({ kind: 'charge_without_order', amount: 777 })])
    expect(unreconciled(evidenceOf(shop))).toEqual([])
  })
})

describe('survives', () => {
  test('a payment just before midnight whose order is settled just after: both days agree', async () => {
    await shop.cloud.jumpTo((Math.floor(shop.cloud.now() / DAY_MS) + 1) * DAY_MS - 30_000)
    const others = (): Json[] => onRecord().filter(({ kind }) => kind !== 'fee_missing')
    const before = others()
    const buyer = await shop.person()
    shop.fault({ target: 'stripe', operation: 'POST /v1/payment_intents', when: 'after', effect: 'drop', times: 10 })
    await buyer.pay((await buyer.fill({ productId: PRODUCT, quantity: 1 }))['id'])
    shop.calm()
    await shop.cloud.advance(5 * 60_000)
    await shop.tally('sweep-reservations')
    for (let day = 0; day < 2; day += 1) {
      await nextMorning()
      expect(await shop.tally('reconcile-day')).toMatchObject({ refused: 0 })
    }
    expect(others()).toEqual(before)
    expect(unreconciled(evidenceOf(shop))).toEqual([])
  })

  test('the scheduler firing twice at once', async () => {
    await charged()
    await nextMorning()
    const request = { method: 'POST', path: '/', headers: { 'content-type': 'application/json' }, body: '{}' }
    const answers = await Promise.all([1, 2].map(() => shop.cloud.instances.request('reconcile-day', request, 30_000)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect(unreconciled(evidenceOf(shop))).toEqual([])
    expect(new Set(onRecord().map(({ id }) => id)).size).toBe(onRecord().length)
  })
})
