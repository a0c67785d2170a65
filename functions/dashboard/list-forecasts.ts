/**
 * What will be sold of each product in the next week, and what to order of it.
 *
 * The method is stated with its error on the shop's own past, beside that of the plainest forecast. A suggestion becomes an
 * order when staff approve it (`approve-or-list-purchase-orders`), by its number and once.
 */
import { z } from 'zod'
import { cursorField, limitField } from '#values/schema.ts'
import { cursorShown, listOf } from '#values/shown.ts'
import { dateIn, daysAfter } from '#domain/civil-day.ts'
import { freshness, whyEmpty } from '#domain/dashboard.ts'
import { added, backTest, errorOf, forecastView, METHOD, unitsByDay } from '#domain/forecast.ts'
import { onOrder } from '#domain/purchase-order.ts'
import { emptyShown, ForecastErrorShown, ForecastShown, freshnessShown } from '#domain/shown/dashboard.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { listProducts } from '#stores/products.ts'
import { lastNumbersOf, openPurchases } from '#stores/purchase-orders.ts'
import { HISTORY_DAYS, unitsRows } from '#stores/reports.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const listForecasts = endpoint({
  name: 'list-forecasts',
  path: '/api/bigquery/forecast',
  impact: 'Staff do not see what will run out.',
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'What will be sold, and what to order',
    query: z.strictObject({ cursor: cursorField.optional(), limit: limitField(20, 100) }),
    reply: z.object({
      ...freshnessShown, method: z.record(z.string(), z.union([z.string(), z.number()])), error: ForecastErrorShown, rules: z.record(z.string(), z.number()),
      products: listOf(ForecastShown), nextCursor: cursorShown, ...emptyShown,
    }),
    run: async ({ query }) => {
      const [shown, page, open] = await Promise.all([unitsRows(), listProducts(query), openPurchases()])
      const { REORDER_LEAD_DAYS: leadDays, REORDER_SAFETY_DAYS: safetyDays, REORDER_COVER_DAYS: coverDays } = config('warehouse')
      const rules = { leadDays, safetyDays, coverDays }
      const histories = new Map(shown.value.map((row) => [String(row['product_id']), unitsByDay(row['days'], HISTORY_DAYS)]))
      const today = dateIn(config('shop').STORE_TIMEZONE, now())
      const numbers = await lastNumbersOf(page.products.map(({ id }) => id))
      const products = page.products.map((product, index) => forecastView({
        product, history: histories.get(product.id) ?? unitsByDay('', HISTORY_DAYS), onOrder: onOrder(open, product.id, now()), lastNumber: numbers[index] ?? 0, rules,
        dayNamed: (ahead) => daysAfter(today, ahead),
      }))
      const misses = [...histories.values()].map(backTest).reduce(added, { missed: 0, naiveMissed: 0, sold: 0, days: 0 })
      const nothing = `Nothing whose products are known was sold in the last ${HISTORY_DAYS} days.`
      return { ...freshness(shown, now()), method: METHOD, error: errorOf(misses), rules, products, nextCursor: page.nextCursor, ...whyEmpty(shown.value, shown, nothing) }
    },
  }),
})
