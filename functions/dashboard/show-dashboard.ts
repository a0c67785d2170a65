/**
 * The store's day in figures: revenue, sales, customers, refunds, and how many carts became orders.
 *
 * The answer is kept for half a minute for everybody: two hundred who look at once are one question to BigQuery. Its age is
 * that of the newest row that it knows, not that of the question; in a quiet hour `completeUntil` tells that nothing is missing. When BigQuery is away, the last good answer is given and
 * says so; while none was ever loaded, zeros do.
 */
import { z } from 'zod'
import { momentShown } from '#values/shown.ts'
import { count, freshness, todayMetrics } from '#domain/dashboard.ts'
import { freshnessShown, TodayShown } from '#domain/shown/dashboard.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { todayRows } from '#stores/reports.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const showDashboard = endpoint({
  name: 'show-dashboard',
  path: '/api/bigquery/dashboard',
  impact: 'Staff do not see how the day goes.',
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'The store\'s day in figures',
    reply: z.object({ ...freshnessShown, completeUntil: momentShown.nullable().describe('Whatever happened before it was handed over to BigQuery.'), metrics: TodayShown }),
    run: async () => {
      const shown = await todayRows()
      const [row] = shown.value
      const carts = { filled: count(row?.['filled_carts']), bought: count(row?.['bought_carts']) }
      const completeUntil = row?.['complete_until'] ?? null
      return { ...freshness(shown, now()), completeUntil, metrics: todayMetrics(row, carts, config('shop').CURRENCY) }
    },
  }),
})
