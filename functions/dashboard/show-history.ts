/** Sales day by day and month by month, at most ninety days at once. Days without a sale are there, with zeros. */
import { z } from 'zod'
import { invalid } from '#values/failure.ts'
import { currencyShown, dayShown } from '#values/shown.ts'
import { dateIn, daysAfter } from '#domain/civil-day.ts'
import { freshness, history, whyEmpty, type Span } from '#domain/dashboard.ts'
import { emptyShown, freshnessShown, HistoryShown } from '#domain/shown/dashboard.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { historyRows } from '#stores/reports.ts'
import { endpoint, route } from '#entry/endpoint.ts'

const DAYS_MAX = 90
const DAYS_SHOWN = 30

/** Days are compared as text: those of another length would come before all others. */
const day = z.iso.date().regex(/^2/, 'must be a day from 2000 on')
const Query = z.strictObject({ from: day.optional(), to: day.optional() })

export const showHistory = endpoint({
  name: 'show-history',
  path: '/api/bigquery/historical',
  impact: 'Staff do not see how this week compares with the last.',
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'Sales by day and month',
    query: Query,
    reply: z.object({ ...freshnessShown, from: dayShown, to: dayShown, currency: currencyShown, ...HistoryShown.shape, ...emptyShown }),
    run: async ({ query }) => {
      const span = spanOf(query)
      const shown = await historyRows(span)
      const { CURRENCY: currency } = config('shop')
      const nothing = `Nothing was sold from ${span.from} to ${span.to}.`
      return { ...freshness(shown, now()), ...span, currency, ...history(shown.value, span, currency), ...whyEmpty(shown.value, shown, nothing) }
    },
  }),
})

/** The last month without `from` and `to`; a span that begins and does not end goes on until today. */
function spanOf({ from, to }: z.output<typeof Query>): Span {
  const last = to ?? dateIn(config('shop').STORE_TIMEZONE, now())
  const first = from ?? daysAfter(last, 1 - DAYS_SHOWN)
  if (first > last) throw invalid(from === undefined ? 'to' : 'from', 'must not be after to')
  if (daysAfter(first, DAYS_MAX) <= last) throw invalid('from', `must be at most ${DAYS_MAX} days before to, both included`)
  return { from: first, to: last }
}
