/** What became of the mails of each campaign in the last days. What is not known of it (who opened, who bought) is null. */
import { z } from 'zod'
import { cursorField, limitField } from '#values/schema.ts'
import { cursorShown, countShown, listOf } from '#values/shown.ts'
import { DAY_MS } from '#values/time.ts'
import { campaignView } from '#domain/campaign.ts'
import { freshness, whyEmpty } from '#domain/dashboard.ts'
import { CampaignShown, emptyShown, freshnessShown } from '#domain/shown/dashboard.ts'
import { now } from '#platform/clock.ts'
import { campaignsSince } from '#stores/campaigns.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const listCampaigns = endpoint({
  name: 'list-campaigns',
  path: '/api/bigquery/campaigns',
  impact: 'Staff do not see whether their campaigns arrive.',
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'Campaigns and what became of their mails',
    query: z.strictObject({ cursor: cursorField.optional(), limit: limitField(20, 100), days: z.coerce.number().int().min(1).max(90).default(30) }),
    reply: z.object({ ...freshnessShown, days: countShown, campaigns: listOf(CampaignShown), nextCursor: cursorShown, ...emptyShown }),
    run: async ({ query: { cursor, limit, days } }) => {
      const all = await campaignsSince(now() - days * DAY_MS)
      const after = cursor === undefined ? all : all.filter(({ campaign }) => campaign > cursor)
      const campaigns = after.slice(0, limit).map(campaignView)
      const shown = { mode: 'live' as const, value: campaigns, watermarkMs: now(), reason: null }
      const nextCursor = after.length > limit ? (campaigns.at(-1)?.campaign ?? null) : null
      return { ...freshness(shown, now()), days, campaigns, nextCursor, ...whyEmpty(campaigns, shown, `No campaign was mailed in the last ${days} days.`) }
    },
  }),
})
