/** Reports over the last days: who buys, where and when, and nobody by name. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Json, type Person, type Shop } from '../shop.ts'
import { layRows } from '../warehouse/warehouse.ts'
import { DAY_MS, layOrders, orderOf, saleOf } from './selling.ts'

let shop: Shop
let viewer: Person
beforeAll(async () => {
  shop = await openShop()
  // Noon of a Tuesday in Chicago.
  await shop.cloud.advance(Date.parse('2027-02-02T18:00:00Z') - shop.cloud.now())
  viewer = await shop.person('viewer')
  await layOrders(shop, [
    orderOf(shop, 'o1', { customer_id: 'ann', total: '30' }), orderOf(shop, 'o2', { customer_id: 'bob', total: '10', agoMs: 7 * DAY_MS }),
    orderOf(shop, 'o3', { customer_id: 'ann', total: '20', agoMs: 20 * DAY_MS }), orderOf(shop, 'o4', { customer_id: 'ann', total: '40', agoMs: 50 * DAY_MS }),
  ])
  await layRows(shop, 'commerce.square_payments_log', [saleOf(shop, 's1', { customer_id: 'X', total: '60', agoMs: DAY_MS })])
  await layRows(shop, 'commerce.memberships_log', [{ id: 'm1', customer_id: 'ann', tier: 'GOLD', status: 'active', created_at: '2027-01-01T00:00:00Z', updated_at: '2027-01-01T00:00:00Z', row_version: 1 }])
})
afterAll(() => shop.cloud.stop())

async function report(name: string): Promise<Json> {
  const { status, body } = await viewer.get(`/api/bigquery/${name}`)
  expect([name, status]).toEqual([name, 200])
  return body
}

describe('does', () => {
  test('channels: online and in the store, with their share', async () => {
    expect(await report('channels?days=30')).toMatchObject({
      mode: 'live', days: 30, currency: 'USD',
      rows: [
        { channel: 'online', revenue: 60, transactions: 3, averageOrderValue: 20, customers: 2, share: 0.5 }, { channel: 'store', revenue: 60, transactions: 1, averageOrderValue: 60, customers: 1, share: 0.5 },
      ],
    })
  })

  test('hours: seven days of twenty-four hours, by the clock of the store', async () => {
    const { rows } = await report('hours?days=7')
    expect(rows.map(({ hours }: Json) => hours.length)).toEqual([24, 24, 24, 24, 24, 24, 24])
    expect(rows[2]).toMatchObject({ weekday: 'Tuesday' })
    expect(rows[2].hours[12]).toEqual({ hour: 12, revenue: 30, transactions: 1 })
    expect(rows[1].hours[12]).toEqual({ hour: 12, revenue: 60, transactions: 1 })
  })

  test('tiers: members and others', async () => {
    expect((await report('tiers?days=30')).rows).toMatchObject([{ tier: 'GOLD', revenue: 50, transactions: 2, customers: 1 }, { tier: 'none', revenue: 10, transactions: 1 }])
  })

  test('cohorts: who came again in which month, and what each is worth by then', async () => {
    const { rows } = await report('cohorts')
    expect(rows.map(({ cohort, customers }: Json) => [cohort, customers])).toEqual([['2026-12', 1], ['2027-01', 1], ['2027-02', 1]])
    expect(rows[0].months).toEqual([
      { monthsLater: 0, customers: 1, retention: 1, revenue: 40, lifetimeValue: 40 }, { monthsLater: 1, customers: 1, retention: 1, revenue: 20, lifetimeValue: 60 },
      { monthsLater: 2, customers: 1, retention: 1, revenue: 30, lifetimeValue: 90 },
    ])
  })

  test('segments: everybody is in one of them, and nobody is named', async () => {
    const body = await report('segments')
    expect(body['rows'].reduce((sum: number, { customers }: Json) => sum + customers, 0)).toBe(3)
    expect(JSON.stringify(body)).not.toMatch(/ann|bob|square/)
  })

  test('say why there is nothing to see', async () => {
    const fresh = await report('tiers?days=1')
    expect(fresh['emptyBecause']).toBeUndefined()
    await shop.cloud.advance(95 * DAY_MS)
    viewer = await shop.person('viewer')
    expect(await report('channels?days=30')).toMatchObject({ emptyBecause: 'Nothing was sold in the last 30 days.', rows: [{ channel: 'online', revenue: 0, averageOrderValue: null, share: null }, {}] })
  })
})

describe('refuses', () => {
  test('a report that there is not, days that are none, and customers', async () => {
    expect((await viewer.get('/api/bigquery/secrets')).status).toBe(404)
    expect((await viewer.get('/api/bigquery/channels?days=0')).status).toBe(400)
    expect((await viewer.get('/api/bigquery/hours?days=91')).status).toBe(400)
    expect((await (await shop.person()).get('/api/bigquery/channels')).status).toBe(403)
  })
})
