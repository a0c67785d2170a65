/**
 * Campaigns of the last days in figures, by campaign and creative: what became of their mails, how many were opened and
 * clicked, and the orders that came of them.
 *
 * An order comes of one mail at most: the last that its customer clicked, when that was within seven days before the order
 * and the mail was written within thirty. Who its customer is, the mail must say: of mails that name none, orders are null.
 * Like the dashboard it is kept for everybody, and says how old it is.
 */
import { z } from 'zod'
import { invalid } from '#values/failure.ts'
import { cursorField, limitField } from '#values/schema.ts'
import { cursorShown, countShown, currencyShown, listOf } from '#values/shown.ts'
import { campaigns, placeOf } from '#domain/campaign.ts'
import { freshness, whyEmpty } from '#domain/dashboard.ts'
import { CampaignShown, emptyShown, freshnessShown } from '#domain/shown/dashboard.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { rowsOfLastDays } from '#stores/reports.ts'
import { endpoint, route } from '#entry/endpoint.ts'

const PLACE = /^\S+ \S+$/

export const listCampaigns = endpoint({
  name: 'list-campaigns',
  path: '/api/bigquery/campaigns',
  impact: 'Staff do not see whether their campaigns arrive, and what comes of them.',
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'Campaigns: what became of their mails, and the orders that came of them',
    query: z.strictObject({ cursor: cursorField.optional(), limit: limitField(20, 100), days: z.coerce.number().int().min(1).max(90).default(30) }),
    reply: z.object({ ...freshnessShown, days: countShown, currency: currencyShown, campaigns: listOf(CampaignShown), nextCursor: cursorShown, ...emptyShown }),
    run: async ({ query: { cursor, limit, days } }) => {
      const from = cursor === undefined ? '' : placeIn(cursor)
      const shown = await rowsOfLastDays('campaigns', days)
      const { CURRENCY: currency } = config('shop')
      const after = campaigns(shown.value, currency).filter((one) => placeOf(one) > from)
      const page = after.slice(0, limit)
      const last = after.length > limit ? page.at(-1) : undefined
      const nextCursor = last === undefined ? null : Buffer.from(placeOf(last)).toString('base64url')
      const empty = whyEmpty(page, shown, `No campaign was mailed in the last ${days} days.`)
      return { ...freshness(shown, now()), days, currency, campaigns: page, nextCursor, ...empty }
    },
  }),
})

/** @throws Failure INVALID_INPUT when it is not one of ours */
function placeIn(cursor: string): string {
  const place = Buffer.from(cursor, 'base64url').toString('utf8')
  if (!PLACE.test(place)) throw invalid('cursor', 'is not one of ours')
  return place
}
