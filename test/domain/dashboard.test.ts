/** Figures as staff see them: exact to the cent, null where there is nothing to divide by, and never a number that is none. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { acquisition, average, channels, cohorts, freshness, history, hours, minor, ratio, segments, tiers, todayMetrics, topSellers, whyEmpty } from '#domain/dashboard.ts'

const NOW = Date.parse('2026-11-30T12:00:00.000Z')

describe('does', () => {
  test('read money as the warehouse writes it, and round what is finer than a cent once', () => {
    expect(['12.3', 12.3, '0', null, undefined, '-4.05', '7'].map((value) => minor(value, 'USD'))).toEqual([1230, 1230, 0, 0, 0, -405, 700])
    expect(['1.005', '1.0049', '-1.005'].map((value) => minor(value, 'USD'))).toEqual([101, 100, -101])
    expect([minor('12', 'JPY'), minor('12.5', 'JPY'), minor('1.2345', 'KWD')]).toEqual([12, 13, 1235])
  })

  test('say how old an answer is, and why it is not live', () => {
    expect(freshness({ mode: 'live', value: [], watermarkMs: NOW - 61_500, reason: null }, NOW)).toEqual({ mode: 'live', lastUpdated: '2026-11-30T11:58:58.500Z', ageSeconds: 61 })
    expect(freshness({ mode: 'degraded', value: [], watermarkMs: null, reason: 'Away.' }, NOW)).toEqual({ mode: 'degraded', lastUpdated: null, ageSeconds: null, reason: 'Away.' })
    expect(whyEmpty([], { mode: 'mock', value: [], watermarkMs: null, reason: 'Away.' }, 'x')).toEqual({ emptyBecause: 'Nothing was loaded from BigQuery yet. Away.' })
    expect([whyEmpty([], { mode: 'live', value: [], watermarkMs: null, reason: null }, 'Nothing.'), whyEmpty([1], { mode: 'live', value: [], watermarkMs: null, reason: null }, 'x')]).toEqual([{ emptyBecause: 'Nothing.' }, {}])
  })

  test('divide by nothing: null', () => {
    expect([ratio(1, 0), ratio(1, 3), average(100, 0, 'USD'), average(2005, 3, 'USD')]).toEqual([null, 0.3333, null, 6.68])
  })

  test('add days up to months, also where a month begins within', () => {
    const rows = [{ day: '2026-10-31', revenue: '10.10', transactions: 1, refunds: '0' }, { day: '2026-11-01', revenue: '20.20', transactions: 3, refunds: '5.05' }]
    const { monthly, totals } = history(rows, { from: '2026-10-30', to: '2026-11-02' }, 'USD')
    expect(monthly).toEqual([
      { month: '2026-10', days: 2, revenue: 10.1, transactions: 1, averageOrderValue: 10.1, refunds: 0, netRevenue: 10.1 },
      { month: '2026-11', days: 2, revenue: 20.2, transactions: 3, averageOrderValue: 6.73, refunds: 5.05, netRevenue: 15.15 },
    ])
    expect(totals).toEqual({ revenue: 30.3, transactions: 4, averageOrderValue: 7.58, refunds: 5.05, netRevenue: 25.25 })
  })

  test('put every customer into one segment, the best that fits', () => {
    const of = (recency: number, frequency: number, money: number) => ({ recency, frequency, money, customers: 1, revenue: '1', transactions: 1 })
    const found = segments([of(5, 5, 5), of(5, 5, 1), of(2, 4, 4), of(5, 1, 1), of(3, 1, 1), of(1, 1, 5)], 'USD')
    expect(found.map(({ segment, customers }) => [segment, customers])).toEqual([['champions', 1], ['loyal', 1], ['at_risk', 1], ['new', 1], ['fading', 1], ['lost', 1]])
  })
})

describe('refuses', () => {
  test('a figure that is none, whatever the rows say', () => {
    const any = fc.oneof(fc.constant(null), fc.constant(undefined), fc.integer(), fc.double(), fc.string(), fc.constant('NaN'), fc.constant('1e400'))
    const row = fc.dictionary(fc.constantFrom('revenue', 'online_revenue', 'refund_sum', 'refunds', 'transactions', 'customers', 'units', 'weekday', 'hour', 'months_later', 'recency', 'frequency', 'money', 'channel', 'cohort', 'month', 'day'), any)
    fc.assert(fc.property(fc.array(row, { maxLength: 4 }), fc.nat(5), (rows, carts) => {
      const answers = [
        todayMetrics(rows[0], { filled: carts, bought: 1 }, 'USD'), history(rows, { from: '2026-11-01', to: '2026-11-03' }, 'USD'), channels(rows, 'USD'), tiers(rows, 'USD'),
        hours(rows, 'USD'), cohorts(rows, 'USD'), segments(rows, 'USD'), acquisition(rows, new Map([['2026-11', carts]]), 'USD'), topSellers(rows, new Map(), 'USD'),
      ]
      const numbers: number[] = []
      JSON.stringify(answers, (_, value: unknown) => {
        if (typeof value === 'number') numbers.push(value)
        return value
      })
      expect(numbers.every(Number.isFinite)).toBe(true)
    }))
  })
})
