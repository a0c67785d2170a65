/** Lists the tiers of the membership: what a month costs, what it takes off, what else it brings. */
import { z } from 'zod'
import { listOf } from '#values/shown.ts'
import { tierView, TIER_NAMES } from '#domain/membership-tiers.ts'
import { TierShown } from '#domain/shown/membership.ts'
import { config } from '#platform/config.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const listMembershipTiers = endpoint({
  name: 'list-membership-tiers',
  path: '/api/memberships/tiers',
  impact: 'Nobody sees what a membership costs and brings.',
  GET: route({
    who: 'public',
    summary: 'List the tiers of the membership',
    reply: z.object({ tiers: listOf(TierShown) }),
    run: async () => ({ tiers: TIER_NAMES.map((tier) => tierView(tier, config('shop').CURRENCY)) }),
  }),
})
