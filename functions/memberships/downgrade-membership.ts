/**
 * Agrees on a lower tier from the next month on: the higher one is paid until then, and stays. Safe to ask for again.
 *
 * Whoever asks for his present tier takes the agreement back.
 */
import { z } from 'zod'
import { downgrade } from '#domain/membership-change.ts'
import { TIER_NAMES } from '#domain/membership-tiers.ts'
import { MembershipShown } from '#domain/shown/membership.ts'
import { endpoint, route } from '#entry/endpoint.ts'
import { changeMembership } from '#entry/membership.ts'

export const downgradeMembership = endpoint({
  name: 'downgrade-membership',
  path: '/api/memberships/:customerId/downgrade',
  impact: 'Members who want a lower tier pay for the higher one again.',
  PUT: route({
    who: ['customer', 'admin'],
    summary: 'Take a lower tier with the next month',
    body: z.strictObject({ tier: z.enum(TIER_NAMES) }),
    reply: z.object({ membership: MembershipShown }),
    idempotent: true,
    run: (call) => changeMembership(call, (member, scene) => downgrade(member, call.body.tier, scene)),
  }),
})
