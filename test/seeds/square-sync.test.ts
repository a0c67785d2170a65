/** What the tills have sold and hold is in the warehouse and on the dashboard within a quarter of an hour. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '#values/time.ts'
import { openShop, type Json, type Person, type Shop } from '../functions/shop.ts'

const PAYMENTS = 100
/** Of what is sold, in dollars. */
const PRICE = 24

let shop: Shop
let viewer: Person
beforeAll(async () => {
  shop = await openShop()
  // Early in an afternoon in Chicago, so that nothing falls on another day.
  const noonMs = Math.ceil((shop.cloud.now() - 18 * HOUR_MS) / DAY_MS) * DAY_MS + 18 * HOUR_MS
  await shop.cloud.advance(noonMs - shop.cloud.now())
  viewer = await shop.person('viewer')
})
afterAll(() => shop.cloud.stop())

const dashboard = async (): Promise<Json> => (await viewer.get('/api/bigquery/dashboard')).body

describe('survives', () => {
  test('Square and the warehouse being away before anything was ever loaded: zeros, called no figures', async () => {
    for (const target of ['square', 'bigquery']) shop.fault({ target, when: 'before', effect: 'error', status: 500, times: 1_000 })
    expect(await dashboard()).toMatchObject({ mode: 'mock', metrics: { todayRevenue: 0, todayTransactions: 0 } })
    shop.calm()
  })
})

describe('does', () => {
  test('bring in every payment and every item, once, by the schedule alone', async () => {
    for (let n = 0; n < PAYMENTS; n += 1) await shop.act('square', 'payments', { lines: [{ variationId: 'VARTOTE1', quantity: '1' }] })
    shop.resumeJobs(['sync-square-payments', 'sync-square-catalogue', 'send-warehouse-rows'])
    await shop.cloud.advance(16 * MINUTE_MS)
    await shop.cloud.drain()
    shop.pauseJobs()
    const payments = (await shop.cloud.rows('commerce', 'square_payments')) as Json[]
    const made = shop.at('square', 'payments').map(({ id }) => String(id))
    expect(payments.map(({ id }) => String(id)).sort()).toEqual(made.sort())
    expect(made.length).toBeGreaterThanOrEqual(PAYMENTS)
    expect(((await shop.cloud.rows('commerce', 'square_items')) as Json[]).length).toBeGreaterThanOrEqual(40)
    const { mode, metrics } = await dashboard()
    // The tills have sold something today before.
    expect([mode, metrics.todayTransactions >= PAYMENTS, metrics.todayRevenue >= PAYMENTS * PRICE]).toEqual(['live', true, true])
  })
})
