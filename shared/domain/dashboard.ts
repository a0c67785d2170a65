/**
 * The shop in figures, as staff see them. Rows of the warehouse come in, answers go out: money in whole minor units between
 * the two, an undefined ratio is null, days without a sale are there with zeros, and an empty list says why it is.
 */
import { toMajor, toMinor, share } from '#values/money.ts'
import { iso } from '#values/time.ts'
import type { Alert } from './alert.ts'
import { daysAfter } from './civil-day.ts'
import type {
  AcquisitionShown, ChannelShown, CohortReportShown, FreshnessShown, HistoryShown, ProductSoldShown, SegmentShown, SumsShown, TierReportShown, TodayShown, TopSellerShown, WeekdayShown,
} from './shown/dashboard.ts'

/** A row of a statement; numbers may be text. */
export type Figures = Readonly<Record<string, unknown>>

/** `live`: as new as it is meant to be; `degraded`: the last good answer; `mock`: zeros, nothing was ever loaded. */
export type Mode = 'live' | 'degraded' | 'mock'

export interface Shown<T> {
  readonly mode: Mode
  readonly value: T
  /** The last moment of which the answer knows; null: it knows of nothing. */
  readonly watermarkMs: number | null
  /** Why it is not live; null when it is. */
  readonly reason: string | null
}

/** What every answer of the dashboard begins with. */
export function freshness({ mode, watermarkMs, reason }: Shown<unknown>, nowMs: number): FreshnessShown {
  return {
    mode,
    lastUpdated: watermarkMs === null ? null : iso(watermarkMs),
    ageSeconds: watermarkMs === null ? null : Math.max(0, Math.floor((nowMs - watermarkMs) / 1000)),
    ...(reason === null ? {} : { reason }),
  }
}

export const REFRESH_KEY = 'reports/refresh'

export function refreshAlert(name: string, failures: number): Alert {
  return {
    key: REFRESH_KEY, severity: 'p1', summary: `The dashboard could not be refreshed ${failures} times in a row (${name}). Staff see older figures.`,
    details: { report: name, failures },
  }
}

/** Why a list is empty; nothing is said of one that is not. */
export function whyEmpty(rows: readonly unknown[], { mode, reason }: Shown<unknown>, nothing: string): { emptyBecause?: string } {
  if (rows.length > 0) return {}
  return { emptyBecause: mode === 'mock' ? `Nothing was loaded from BigQuery yet. ${reason ?? ''}`.trim() : nothing }
}

/** A whole number; what is none counts as nothing. */
export function count(value: unknown): number {
  const number = Number(String(value ?? 0))
  return Number.isSafeInteger(number) && number >= 0 ? number : 0
}

/** An amount in minor units; what is finer than the currency is rounded once. */
export function minor(value: unknown, currency: string): number {
  const text = String(value ?? 0)
  const exact = toMinor(text, currency)
  if (exact !== undefined) return exact
  const [, sign = '', whole = '0', part = ''] = /^(-?)(\d+)\.(\d+)$/.exec(text) ?? []
  // Nine digits: what NUMERIC has.
  const ninth = Number(`${whole}${part.padEnd(9, '0').slice(0, 9)}`)
  const ofOne = toMinor('1', currency) ?? 1
  return Number.isSafeInteger(ninth) ? share(sign === '-' ? -ninth : ninth, ofOne, 1_000_000_000) : 0
}

/** With four digits; null when there is nothing to divide by. */
export function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : Math.round((part / whole) * 10_000) / 10_000
}

export function average(minorSum: number, parts: number, currency: string): number | null {
  return parts === 0 ? null : toMajor(share(minorSum, 1, parts), currency)
}

export interface Carts {
  /** Carts with items that were touched today, and those of them that were paid for. */
  readonly filled: number
  readonly bought: number
}

/** @param row undefined: nothing was ever loaded */
export function todayMetrics(row: Figures | undefined, carts: Carts, currency: string): TodayShown {
  const [revenue, online, refunds] = [minor(row?.['revenue'], currency), minor(row?.['online_revenue'], currency), minor(row?.['refund_sum'], currency)]
  const [transactions, onlineTransactions] = [count(row?.['transactions']), count(row?.['online_transactions'])]
  const money = (amount: number): number => toMajor(amount, currency)
  return {
    todayRevenue: money(revenue), todayTransactions: transactions, averageOrderValue: average(revenue, transactions, currency), customers: count(row?.['customers']),
    refunds: money(refunds), refundCount: count(row?.['refund_count']), netRevenue: money(revenue - refunds),
    online: { revenue: money(online), transactions: onlineTransactions }, store: { revenue: money(revenue - online), transactions: transactions - onlineTransactions },
    conversionRate: ratio(carts.bought, carts.filled), nps: null, currency,
  }
}

/** `from` to `to`, both included. */
export function daysBetween(from: string, to: string): string[] {
  const days: string[] = []
  for (let day = from; day <= to; day = daysAfter(day, 1)) days.push(day)
  return days
}

interface Sums {
  readonly revenue: number
  readonly refunds: number
  readonly transactions: number
}

function sumsOf(row: Figures | undefined, currency: string): Sums {
  return { revenue: minor(row?.['revenue'], currency), refunds: minor(row?.['refunds'], currency), transactions: count(row?.['transactions']) }
}

function sumsView({ revenue, refunds, transactions }: Sums, currency: string): SumsShown {
  return {
    revenue: toMajor(revenue, currency), transactions, averageOrderValue: average(revenue, transactions, currency), refunds: toMajor(refunds, currency),
    netRevenue: toMajor(revenue - refunds, currency),
  }
}

export interface Span {
  readonly from: string
  readonly to: string
}

/** Every day of the span, and the months that it touches. */
export function history(rows: readonly Figures[], { from, to }: Span, currency: string): HistoryShown {
  const byDay = new Map(rows.map((row) => [String(row['day']), row]))
  const days = daysBetween(from, to).map((day) => ({ day, row: byDay.get(day), sums: sumsOf(byDay.get(day), currency) }))
  const months = [...Map.groupBy(days, ({ day }) => day.slice(0, 7))].map(([month, some]) => ({ month, days: some.length, ...sumsView(total(some), currency) }))
  return {
    daily: days.map(({ day, row, sums }) => ({ day, ...sumsView(sums, currency), customers: count(row?.['customers']) })),
    monthly: months,
    totals: sumsView(total(days), currency),
  }
}

function total(days: ReadonlyArray<{ readonly sums: Sums }>): Sums {
  const sum = (of: (sums: Sums) => number): number => days.reduce((all, { sums }) => all + of(sums), 0)
  return { revenue: sum(({ revenue }) => revenue), refunds: sum(({ refunds }) => refunds), transactions: sum(({ transactions }) => transactions) }
}

const CHANNELS = ['online', 'store'] as const

export function channels(rows: readonly Figures[], currency: string): ChannelShown[] {
  const revenueOf = (row: Figures | undefined): number => minor(row?.['revenue'], currency)
  const all = rows.reduce((sum, row) => sum + revenueOf(row), 0)
  return CHANNELS.map((channel) => {
    const row = rows.find((one) => one['channel'] === channel)
    return { channel, ...groupView(row, currency), share: ratio(revenueOf(row), all) }
  })
}

function groupView(row: Figures | undefined, currency: string): Omit<TierReportShown, 'tier'> {
  const [revenue, transactions] = [minor(row?.['revenue'], currency), count(row?.['transactions'])]
  return { revenue: toMajor(revenue, currency), transactions, averageOrderValue: average(revenue, transactions, currency), customers: count(row?.['customers']) }
}

export function tiers(rows: readonly Figures[], currency: string): TierReportShown[] {
  return rows.map((row) => ({ tier: String(row['member_tier']), ...groupView(row, currency) }))
}

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const

/** Seven weekdays of twenty-four hours. */
export function hours(rows: readonly Figures[], currency: string): WeekdayShown[] {
  const of = (weekday: number, hour: number): Figures | undefined => rows.find((row) => count(row['weekday']) === weekday && count(row['hour']) === hour)
  return WEEKDAYS.map((weekday, index) => ({
    weekday,
    hours: Array.from({ length: 24 }, (_, hour) => {
      const row = of(index + 1, hour)
      return { hour, revenue: toMajor(minor(row?.['revenue'], currency), currency), transactions: count(row?.['transactions']) }
    }),
  }))
}

/** Customers by the month they began: how many came again in each later month, and what each has been worth so far. */
export function cohorts(rows: readonly Figures[], currency: string): CohortReportShown[] {
  return [...Map.groupBy(rows, (row) => String(row['cohort']))].map(([cohort, some]) => {
    const months = some.toSorted((one, other) => count(one['months_later']) - count(other['months_later']))
    const size = count(months.find((row) => count(row['months_later']) === 0)?.['customers'])
    let worth = 0
    return {
      cohort, customers: size,
      months: months.map((row) => {
        worth += minor(row['revenue'], currency)
        const customers = count(row['customers'])
        return { monthsLater: count(row['months_later']), customers, retention: ratio(customers, size), revenue: toMajor(minor(row['revenue'], currency), currency), lifetimeValue: average(worth, size, currency) }
      }),
    }
  })
}

/** What a customer's ranks say; the first that fits. */
const SEGMENTS: ReadonlyArray<readonly [string, (recency: number, frequency: number, money: number) => boolean]> = [
  ['champions', (recency, frequency, money) => recency >= 4 && frequency >= 4 && money >= 4],
  ['loyal', (recency, frequency) => recency >= 3 && frequency >= 3],
  ['at_risk', (recency, frequency) => recency <= 2 && frequency >= 3],
  ['new', (recency, frequency) => recency >= 4 && frequency <= 2],
  ['fading', (recency) => recency === 3],
  ['lost', () => true],
]

export function segments(rows: readonly Figures[], currency: string): SegmentShown[] {
  const named = rows.map((row) => {
    const [recency, frequency, money] = [count(row['recency']), count(row['frequency']), count(row['money'])]
    const segment = SEGMENTS.find(([, fits]) => fits(recency, frequency, money))?.[0] ?? 'lost'
    return { segment, customers: count(row['customers']), revenue: minor(row['revenue'], currency), transactions: count(row['transactions']) }
  })
  const all = named.reduce((sum, { customers }) => sum + customers, 0)
  return SEGMENTS.flatMap(([segment]) => {
    const some = named.filter((one) => one.segment === segment)
    if (some.length === 0) return []
    const sum = (of: 'customers' | 'revenue' | 'transactions'): number => some.reduce((sums, one) => sums + one[of], 0)
    const [customers, revenue] = [sum('customers'), sum('revenue')]
    return [{ segment, customers, share: ratio(customers, all), revenue: toMajor(revenue, currency), transactions: sum('transactions'), averageValue: average(revenue, customers, currency) }]
  })
}

/** What winning a month's customers has cost, and what they have brought since. Without a given spend there is no such figure. */
export function acquisition(rows: readonly Figures[], spend: ReadonlyMap<string, number>, currency: string): AcquisitionShown[] {
  const months = [...new Set([...rows.map((row) => String(row['month'])), ...spend.keys()])].sort()
  return months.map((month) => {
    const row = rows.find((one) => one['month'] === month)
    const [customers, revenue, spent] = [count(row?.['customers']), minor(row?.['revenue'], currency), spend.get(month)]
    return {
      month, newCustomers: customers, spend: spent === undefined ? null : toMajor(spent, currency), cac: spent === undefined ? null : average(spent, customers, currency),
      lifetimeValue: average(revenue, customers, currency), ltvToCac: spent === undefined || customers === 0 ? null : ratio(revenue, spent),
    }
  })
}

/** Pieces, or parts of them where goods are weighed; what came back is taken off. */
export function quantity(value: unknown): number {
  const number = Number(String(value ?? 0))
  return Number.isFinite(number) && number > 0 ? number : 0
}

/** What was sold of a product. */
export function productSold(row: Figures | undefined, currency: string): ProductSoldShown {
  return { unitsSold: quantity(row?.['units_sold']), revenue: toMajor(minor(row?.['revenue'], currency), currency), orders: count(row?.['order_count']) }
}

/** @param names of those that are still in the catalogue */
export function topSellers(rows: readonly Figures[], names: ReadonlyMap<string, string>, currency: string): TopSellerShown[] {
  return rows.map((row, index) => {
    const productId = String(row['product_id'])
    return { rank: index + 1, productId, name: names.get(productId) ?? null, ...productSold(row, currency) }
  })
}
