/** Writes whether a member agrees to get the newsletter, from now on until he says otherwise. Safe to ask for again. */
import { z } from 'zod'
import { newsletter } from '#domain/membership-change.ts'
import { MembershipShown } from '#domain/shown/membership.ts'
import { endpoint, route } from '#entry/endpoint.ts'
import { changeMembership } from '#entry/membership.ts'

export const chooseNewsletter = endpoint({
  name: 'choose-newsletter',
  path: '/api/memberships/:customerId/newsletter',
  impact: 'Members get mail that they no longer want, or none that they asked for.',
  PUT: route({
    who: ['customer', 'admin'],
    summary: 'Agree to the newsletter, or take that back',
    body: z.strictObject({ agreed: z.boolean() }),
    reply: z.object({ membership: MembershipShown }),
    idempotent: true,
    run: (call) => changeMembership(call, (member, scene) => newsletter(member, call.body.agreed, scene)),
  }),
})
