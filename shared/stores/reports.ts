/** The dashboard's questions: each is one statement, over days of the store, in its currency. */
import type { Shown } from '#domain/dashboard.ts'
import { dayIn, dayNamed, daysAfter } from '#domain/civil-day.ts'
import { iso } from '#values/time.ts'
import type { Fields } from '#platform/bigquery.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { countFilled } from './carts.ts'
import { oldestWaitingMs } from './outbox.ts'
import { reportRows } from './report-cache.ts'
import { campaignFigures } from './statements/campaign-figures.ts'
import { customersByValue } from './statements/customers-by-value.ts'
import { customersWon } from './statements/customers-won.ts'
import { productSales } from './statements/product-sales.ts'
import { productUnitsByDay } from './statements/product-units-by-day.ts'
import type { SalesWanted } from './statements/sales.ts'
import { salesByChannel } from './statements/sales-by-channel.ts'
import { salesByCohort } from './statements/sales-by-cohort.ts'
import { salesByDay } from './statements/sales-by-day.ts'
import { salesByHour } from './statements/sales-by-hour.ts'
import { salesByTier } from './statements/sales-by-tier.ts'
import { today } from './statements/today.ts'

/** Days that a forecast is made of. */
export const HISTORY_DAYS = 90

type Rows = Promise<Shown<readonly Fields[]>>

/** So far back the newest row is looked for: a quiet morning is no old answer. */
const WATERMARK_DAYS = 30

/** The last so many days, today included. */
function lastDays(days: number): SalesWanted & { readonly todayMs: number } {
  const { STORE_TIMEZONE: zone, CURRENCY: currency } = config('shop')
  const { day, fromMs: todayMs, toMs } = dayIn(zone, now())
  return { from: iso(dayNamed(zone, daysAfter(day, 1 - days)).fromMs), to: iso(toMs), currency, zone, todayMs }
}

export function todayRows(): Rows {
  const { from, to, currency, todayMs } = lastDays(WATERMARK_DAYS)
  return reportRows({
    name: 'today', statement: today({ from, to, currency, today: iso(todayMs) }), notBeforeMs: todayMs,
    beside: async () => {
      const [{ filled, bought }, waitingMs] = await Promise.all([countFilled(todayMs), oldestWaitingMs('warehouse')])
      return { filled_carts: filled, bought_carts: bought, complete_until: iso(waitingMs ?? now()) }
    },
  })
}

/** @param span days, both included */
export function historyRows(span: { readonly from: string; readonly to: string }): Rows {
  const { STORE_TIMEZONE: zone, CURRENCY: currency } = config('shop')
  const [from, to] = [iso(dayNamed(zone, span.from).fromMs), iso(dayNamed(zone, span.to).toMs)]
  return reportRows({ name: `history/${span.from}/${span.to}`, statement: salesByDay({ from, to, currency, zone }) })
}

/** Reports over the last days, by name. */
const REPORTS = {
  channels: salesByChannel, hours: salesByHour, tiers: salesByTier, cohorts: salesByCohort, segments: customersByValue, acquisition: customersWon,
  products: productSales, campaigns: campaignFigures,
} as const

export type ReportName = keyof typeof REPORTS

export function rowsOfLastDays(name: ReportName, days: number): Rows {
  const { todayMs, ...wanted } = lastDays(days)
  return reportRows({ name: `${name}/${days}`, statement: REPORTS[name](wanted), notBeforeMs: todayMs })
}

/** Units of products on the days before today, whose end nobody knows yet. */
export function unitsRows(): Rows {
  const { from, todayMs, currency, zone } = lastDays(HISTORY_DAYS + 1)
  return reportRows({ name: 'units', statement: productUnitsByDay({ from, to: iso(todayMs), currency, zone }), notBeforeMs: todayMs })
}
