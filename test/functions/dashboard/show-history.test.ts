/** Days and months in figures: every day is there, and a span has its limits. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Json, type Person, type Shop } from '../shop.ts'
import { DAY_MS, HOUR_MS, layOrders, orderOf, questions } from './selling.ts'

const PATH = '/api/bigquery/historical'

let shop: Shop
let viewer: Person
beforeAll(async () => {
  shop = await openShop()
  await shop.cloud.advance(Date.parse('2027-02-02T18:00:00Z') - shop.cloud.now())
  viewer = await shop.person('viewer')
  await layOrders(shop, [
    orderOf(shop, 'feb', { customer_id: 'ann', total: '10.50' }), orderOf(shop, 'feb-2', { customer_id: 'ann', total: '9.50', agoMs: HOUR_MS }),
    // 23:30 of 31 January in Chicago, 1 February elsewhere.
    orderOf(shop, 'jan', { customer_id: 'bob', total: '5', agoMs: DAY_MS + 12.5 * HOUR_MS }),
  ])
})
afterAll(() => shop.cloud.stop())

describe('does', () => {
  test('show every day of the span with zeros where nothing was sold, and add them up by month', async () => {
    const { status, body } = await viewer.get(`${PATH}?from=2027-01-30&to=2027-02-02`)
    expect(status).toBe(200)
    expect(body).toMatchObject({ mode: 'live', from: '2027-01-30', to: '2027-02-02', currency: 'USD' })
    expect(body['daily'].map(({ day, revenue, transactions, averageOrderValue, customers }: Json) => [day, revenue, transactions, averageOrderValue, customers])).toEqual([
      ['2027-01-30', 0, 0, null, 0], ['2027-01-31', 5, 1, 5, 1], ['2027-02-01', 0, 0, null, 0], ['2027-02-02', 20, 2, 10, 1],
    ])
    expect(body['monthly']).toMatchObject([{ month: '2027-01', days: 2, revenue: 5 }, { month: '2027-02', days: 2, revenue: 20, transactions: 2, averageOrderValue: 10 }])
    expect(body['totals']).toMatchObject({ revenue: 25, transactions: 3, refunds: 0, netRevenue: 25 })
  })

  test('show the last month when no span is named, and keep the answer', async () => {
    const { body } = await viewer.get(PATH)
    expect([body['from'], body['to'], body['daily'].length]).toEqual(['2027-01-04', '2027-02-02', 30])
    const since = shop.cloud.wire.lastCall
    await viewer.get(PATH)
    expect(questions(shop, since)).toBe(0)
  })

  test('say why there is nothing to see', async () => {
    const { body } = await viewer.get(`${PATH}?from=2026-12-01&to=2026-12-02`)
    expect(body).toMatchObject({ mode: 'live', emptyBecause: 'Nothing was sold from 2026-12-01 to 2026-12-02.', totals: { revenue: 0, averageOrderValue: null } })
  })
})

describe('refuses', () => {
  test.each([
    ['more than ninety days', 'from=2026-11-04&to=2027-02-02', 'from'], ['an end before the beginning', 'from=2027-02-02&to=2027-02-01', 'from'],
    ['a day that no calendar has', 'from=2027-02-30&to=2027-03-01', 'from'], ['a word for a day', 'from=yesterday', 'from'], ['a day before the shop', 'from=0001-01-01&to=0001-01-31', 'from'], ['a day that nobody will see', 'from=9999-12-30&to=9999-12-31', 'from'],
  ])('%s', async (_, query, field) => {
    const { status, body } = await viewer.get(`${PATH}?${query}`)
    expect(status).toBe(400)
    expect(JSON.stringify(body['details'])).toContain(field)
  })

  test('nothing of ninety days', async () => {
    expect((await viewer.get(`${PATH}?from=2026-11-05&to=2027-02-02`)).body['daily'].length).toBe(90)
  })
})
