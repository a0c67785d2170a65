/** The shop in figures, as staff are shown them. */
import { z } from 'zod'
import { amountShown, countShown, currencyShown, dayShown, listOf, momentShown } from '#values/shown.ts'
import { ProductShown } from './cart.ts'

/** What every answer of the dashboard begins with. */
export const freshnessShown = {
  mode: z.enum(['live', 'degraded', 'mock']).describe('`degraded`: the last good answer; `mock`: zeros, nothing was ever loaded.'),
  lastUpdated: momentShown.nullable().describe('The last moment of which the answer knows.'),
  ageSeconds: countShown.nullable(),
  reason: z.string().optional().describe('Why it is not live.'),
}
export const emptyShown = { emptyBecause: z.string().optional().describe('Why a list is empty.') }

const ratioShown = z.number().nullable()
const salesShown = { revenue: amountShown, transactions: countShown, averageOrderValue: amountShown.nullable(), refunds: amountShown, netRevenue: amountShown }
const partShown = z.object({ revenue: amountShown, transactions: countShown })

export const TodayShown = z.looseObject({
  todayRevenue: amountShown, todayTransactions: countShown, averageOrderValue: amountShown.nullable(), customers: countShown, refunds: amountShown,
  refundCount: countShown, netRevenue: amountShown, online: partShown, store: partShown, conversionRate: ratioShown, nps: z.number().nullable(), currency: currencyShown,
})

export const HistoryShown = z.object({
  ...freshnessShown,
  from: dayShown,
  to: dayShown,
  currency: currencyShown,
  daily: listOf(z.looseObject({ day: dayShown, ...salesShown, customers: countShown })),
  monthly: listOf(z.looseObject({ month: z.string(), days: countShown, ...salesShown })),
  totals: z.looseObject(salesShown),
  ...emptyShown,
})

export const ProductSalesShown = z.object({
  ...freshnessShown,
  days: countShown,
  currency: currencyShown,
  nextCursor: z.string().nullable(),
  topSellers: listOf(z.looseObject({ rank: countShown, productId: z.string() })),
  products: listOf(z.looseObject(ProductShown.shape)),
  ...emptyShown,
})

export const ReportShown = z.object({ ...freshnessShown, report: z.string(), days: countShown, currency: currencyShown, rows: listOf(z.looseObject({})), ...emptyShown })
