/**
 * One report over the last days: `channels` (online and store), `hours` (a heat-map of weekdays and hours), `tiers`,
 * `cohorts` (who comes again, and what customers are worth), `segments` (recency, frequency and money).
 *
 * Nobody is named in any of them. Like the dashboard it is kept for everybody, and says how old it is.
 */
import { z } from 'zod'
import { Failure, invalid } from '#values/failure.ts'
import { channels, cohorts, freshness, hours, segments, tiers, whyEmpty, type Figures } from '#domain/dashboard.ts'
import { ReportShown } from '#domain/shown/dashboard.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { rowsOfLastDays } from '#stores/reports.ts'
import { endpoint, route } from '#entry/endpoint.ts'

interface Kind {
  readonly view: (rows: readonly Figures[], currency: string) => Array<Record<string, unknown>>
  readonly days: number
  readonly daysMax: number
}

/** Those about customers look back further: most of them do not come every month. */
const KINDS: Record<'channels' | 'hours' | 'tiers' | 'cohorts' | 'segments', Kind> = {
  channels: { view: channels, days: 30, daysMax: 90 },
  hours: { view: hours, days: 30, daysMax: 90 },
  tiers: { view: tiers, days: 30, daysMax: 90 },
  cohorts: { view: cohorts, days: 365, daysMax: 730 },
  segments: { view: segments, days: 365, daysMax: 730 },
}
const DAYS_MAX = 730

export const showReport = endpoint({
  name: 'show-report',
  path: '/api/bigquery/:report',
  impact: 'Staff do not see who buys, where and when.',
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'A report: channels, hours, tiers, cohorts or segments',
    query: z.strictObject({ days: z.coerce.number().int().min(1).max(DAYS_MAX).optional() }),
    reply: ReportShown,
    run: async ({ params, query }) => {
      const name = nameOf(params['report'] ?? '')
      const { view, days: usual, daysMax } = KINDS[name]
      const { days = usual } = query
      if (days > daysMax) throw invalid('days', `must be at most ${daysMax} in this report`)
      const shown = await rowsOfLastDays(name, days)
      const { CURRENCY: currency } = config('shop')
      const rows = view(shown.value, currency)
      return { ...freshness(shown, now()), report: name, days, currency, rows, ...whyEmpty(shown.value, shown, `Nothing was sold in the last ${days} days.`) }
    },
  }),
})

function nameOf(report: string): keyof typeof KINDS {
  if (!Object.hasOwn(KINDS, report)) throw new Failure('NOT_FOUND')
  return report as keyof typeof KINDS
}
