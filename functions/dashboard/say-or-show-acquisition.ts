/**
 * What winning a customer costs, month by month, and what he is worth: staff say what a month's advertising has cost, the
 * warehouse knows whom it brought and what they have spent since.
 *
 * A month whose cost nobody has said has none: no figure is made up. The sum may be said again; each time is on record.
 */
import { z } from 'zod'
import { invalid } from '#values/failure.ts'
import { toMinor, wireAmount } from '#values/money.ts'
import { countShown, currencyShown, listOf } from '#values/shown.ts'
import { spendView } from '#domain/acquisition.ts'
import { acquisition, freshness, whyEmpty } from '#domain/dashboard.ts'
import { dateIn } from '#domain/civil-day.ts'
import { AcquisitionShown, emptyShown, freshnessShown, SpendShown } from '#domain/shown/dashboard.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { saySpend, spendByMonth } from '#stores/acquisition.ts'
import { rowsOfLastDays } from '#stores/reports.ts'
import { endpoint, route } from '#entry/endpoint.ts'

const DAYS = 365
const DAYS_MAX = 730

const Wish = z.strictObject({
  month: z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'must be a month such as 2026-11'),
  spend: wireAmount,
  reason: z.string().trim().min(1).max(500),
})

export const sayOrShowAcquisition = endpoint({
  name: 'say-or-show-acquisition',
  path: '/api/bigquery/acquisition',
  impact: 'Staff do not see whether advertising pays.',
  POST: route({
    who: ['admin'],
    summary: 'Say what a month\'s advertising has cost',
    body: Wish,
    reply: z.object({ acquisition: SpendShown }),
    status: 201,
    idempotent: true,
    run: async ({ body: { month, spend, reason }, once }) => {
      const { CURRENCY: currency, STORE_TIMEZONE: timeZone } = config('shop')
      const amount = toMinor(spend, currency)
      if (amount === undefined) throw invalid('spend', `has more digits than ${currency} has`)
      if (month > dateIn(timeZone, now()).slice(0, 7)) throw invalid('month', 'must not be a month to come')
      return once(async (unit) => ({ acquisition: spendView(await saySpend(unit, { month, amount, currency, reason, nowMs: now() })) }))
    },
  }),
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'What winning customers costs and brings, by month',
    query: z.strictObject({ days: z.coerce.number().int().min(1).max(DAYS_MAX).default(DAYS) }),
    reply: z.object({ ...freshnessShown, days: countShown, currency: currencyShown, months: listOf(AcquisitionShown), ...emptyShown }),
    run: async ({ query: { days } }) => {
      const { CURRENCY: currency } = config('shop')
      const [shown, spend] = await Promise.all([rowsOfLastDays('acquisition', days), spendByMonth(currency)])
      const months = acquisition(shown.value, spend, currency)
      return { ...freshness(shown, now()), days, currency, months, ...whyEmpty(months, shown, `Nobody was won in the last ${days} days, and no spend was said.`) }
    },
  }),
})
