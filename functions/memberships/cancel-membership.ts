/**
 * Cancels a membership: benefits last until the month that is paid ends, and nothing more is charged.
 *
 * What is being charged at this moment is given back when it comes. Safe to ask for again: a membership that is cancelled
 * stays as it was cancelled first.
 */
import { z } from 'zod'
import { cancel } from '#domain/membership-change.ts'
import { MembershipShown } from '#domain/shown/membership.ts'
import { endpoint, route } from '#entry/endpoint.ts'
import { changeMembership } from '#entry/membership.ts'

export const cancelMembership = endpoint({
  name: 'cancel-membership',
  path: '/api/memberships/:customerId/cancel',
  impact: 'Members who want to leave are charged again.',
  PUT: route({
    who: ['customer', 'admin'],
    summary: 'Cancel a membership at the end of its month',
    body: z.strictObject({ reason: z.string().trim().min(1).max(500) }),
    reply: z.object({ membership: MembershipShown }),
    idempotent: true,
    run: (call) => changeMembership(call, (member, scene) => cancel(member, call.body.reason, scene)),
  }),
})
