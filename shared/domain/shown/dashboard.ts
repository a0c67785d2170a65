/** The shop in figures, as staff are shown it. An undefined ratio is null. */
import { z } from 'zod'
import { amountShown, countShown, currencyShown, dayShown, listOf, momentShown } from '#values/shown.ts'

/** What every answer of the dashboard begins with. */
export const freshnessShown = {
  mode: z.enum(['live', 'degraded', 'mock']).describe('live: as new as it is meant to be; degraded: the last good answer; mock: zeros, nothing was ever loaded.'),
  lastUpdated: momentShown.nullable().describe('The last moment of which the answer knows; null: it knows of nothing.'),
  ageSeconds: countShown.nullable(),
  reason: z.string().optional().describe('Why it is not live.'),
}
const Freshness = z.object(freshnessShown)
export type FreshnessShown = z.input<typeof Freshness>

/** Of a list. */
export const emptyShown = { emptyBecause: z.string().optional().describe('Why there is nothing in it; absent: there is.') }

const ratioShown = z.number().nullable()
const averageShown = amountShown.nullable()
const monthShown = z.string().regex(/^\d{4}-\d{2}$/)

export const TodayShown = z
  .object({
    todayRevenue: amountShown,
    todayTransactions: countShown,
    averageOrderValue: averageShown,
    customers: countShown.describe('Those that are known; guests are not.'),
    refunds: amountShown,
    refundCount: countShown,
    netRevenue: amountShown,
    online: z.object({ revenue: amountShown, transactions: countShown }),
    store: z.object({ revenue: amountShown, transactions: countShown }),
    conversionRate: ratioShown.describe('Orders by carts with items.'),
    nps: z.number().nullable().describe('Null: the shop does not ask its customers for a score yet.'),
    currency: currencyShown,
  })
  .meta({ id: 'Today' })
export type TodayShown = z.input<typeof TodayShown>

const sums = { revenue: amountShown, transactions: countShown, averageOrderValue: averageShown, refunds: amountShown, netRevenue: amountShown }
export const SumsShown = z.object(sums).meta({ id: 'SalesSums' })
export type SumsShown = z.input<typeof SumsShown>

export const HistoryShown = z.object({
  daily: listOf(z.object({ day: dayShown, ...sums, customers: countShown }).meta({ id: 'SalesDay' })),
  monthly: listOf(z.object({ month: monthShown, days: countShown, ...sums }).meta({ id: 'SalesMonth' })),
  totals: SumsShown,
})
export type HistoryShown = z.input<typeof HistoryShown>

const group = { revenue: amountShown, transactions: countShown, averageOrderValue: averageShown, customers: countShown }
export const ChannelShown = z.object({ channel: z.enum(['online', 'store']), ...group, share: ratioShown }).meta({ id: 'ChannelReport' })
export type ChannelShown = z.input<typeof ChannelShown>
export const TierReportShown = z.object({ tier: z.string(), ...group }).meta({ id: 'TierReport' })
export type TierReportShown = z.input<typeof TierReportShown>
export const WeekdayShown = z
  .object({ weekday: z.string(), hours: listOf(z.object({ hour: z.int().min(0).max(23), revenue: amountShown, transactions: countShown })) })
  .meta({ id: 'WeekdayReport' })
export type WeekdayShown = z.input<typeof WeekdayShown>
export const CohortReportShown = z
  .object({
    cohort: monthShown,
    customers: countShown,
    months: listOf(z.object({ monthsLater: countShown, customers: countShown, retention: ratioShown, revenue: amountShown, lifetimeValue: averageShown })),
  })
  .meta({ id: 'CohortReport' })
export type CohortReportShown = z.input<typeof CohortReportShown>
export const SegmentShown = z
  .object({ segment: z.string(), customers: countShown, share: ratioShown, revenue: amountShown, transactions: countShown, averageValue: averageShown })
  .meta({ id: 'SegmentReport' })
export type SegmentShown = z.input<typeof SegmentShown>

export const AcquisitionShown = z
  .object({
    month: monthShown,
    newCustomers: countShown,
    spend: amountShown.nullable().describe('Null: nobody has said what was spent.'),
    cac: averageShown.describe('What winning one customer has cost.'),
    lifetimeValue: averageShown.describe('What one of them has spent since.'),
    ltvToCac: ratioShown,
  })
  .meta({ id: 'AcquisitionMonth' })
export type AcquisitionShown = z.input<typeof AcquisitionShown>

export const SpendShown = z.object({ month: monthShown, spend: amountShown, currency: currencyShown }).meta({ id: 'AcquisitionSpend' })
export type SpendShown = z.input<typeof SpendShown>

const sold = { unitsSold: z.number().min(0), revenue: amountShown, orders: countShown }
export const ProductSoldShown = z.object(sold)
export type ProductSoldShown = z.input<typeof ProductSoldShown>
export const TopSellerShown = z
  .object({ rank: countShown, productId: z.string(), name: z.string().nullable().describe('Null: it left the catalogue.'), ...sold })
  .meta({ id: 'TopSeller' })
export type TopSellerShown = z.input<typeof TopSellerShown>

const errorShown = z.object({ wape: ratioShown, naiveWape: ratioShown, days: countShown })
export type ErrorShown = z.input<typeof errorShown>
export const ForecastShown = z
  .object({
    productId: z.string(),
    name: z.string(),
    sku: z.string().nullable(),
    nextDays: listOf(z.object({ day: dayShown, units: z.number().min(0) })),
    error: errorShown.describe('Of the method on its own past, beside that of saying: as a week ago.'),
    sellable: countShown.nullable().describe('Null: nobody counts it.'),
    onOrder: countShown,
    daysLeft: countShown.nullable().describe('Until it is sold out; null: not within what is looked ahead.'),
    reorderPoint: countShown,
    suggestedQuantity: countShown,
    orderNumber: countShown.describe('Approve the suggestion with this number: so it is approved once.'),
    because: z.string(),
  })
  .meta({ id: 'Forecast' })
export type ForecastShown = z.input<typeof ForecastShown>
export const ForecastErrorShown = errorShown

export const PurchaseOrderShown = z
  .object({
    id: z.string(),
    productId: z.string(),
    name: z.string(),
    sku: z.string().nullable(),
    quantity: countShown,
    orderNumber: countShown,
    supplierEmail: z.string(),
    mailId: z.string(),
    approvedBy: z.string(),
    reason: z.string(),
    approvedAt: momentShown,
    expectedAt: momentShown,
  })
  .meta({ id: 'PurchaseOrder' })
export type PurchaseOrderShown = z.input<typeof PurchaseOrderShown>

export const CampaignShown = z
  .object({
    campaign: z.string(),
    creative: z.string(),
    queued: countShown,
    sent: countShown,
    delivered: countShown,
    bounced: countShown,
    complained: countShown,
    failed: countShown,
    suppressed: countShown,
    deliveryRate: ratioShown,
    opened: countShown.describe('Mails that were opened, each once; whoever clicked has opened. Programs that fetch pictures ahead count as well. Resend tells of both where its tracking is switched on for the domain.'),
    clicked: countShown.describe('Mails in which a link was followed, each once; the link to unsubscribe is none.'),
    orders: countShown.nullable().describe(
      'Orders that were paid and came of these mails: each of the last mail that its customer clicked in the seven days before it, of the thirty days before it. '
        + 'Renewals of memberships come of none. Null: none of the mails names a customer.',
    ),
    revenue: amountShown.nullable().describe('What those orders came to, less what was refunded of them since.'),
  })
  .meta({ id: 'CampaignReport' })
export type CampaignShown = z.input<typeof CampaignShown>

export const RefusedRowShown = z
  .object({ table: z.string(), insertId: z.string(), reason: z.string(), row: z.unknown(), at: momentShown })
  .meta({ id: 'RefusedRow' })
export type RefusedRowShown = z.input<typeof RefusedRowShown>
