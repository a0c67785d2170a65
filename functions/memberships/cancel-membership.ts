/**
 * Cancels a membership: benefits last until the month that is paid ends, and nothing more is charged.
 *
 * What is being charged at this moment is given back when it comes. Safe to ask for again: a membership that is cancelled
 * stays as it was cancelled first.
 */
import { z } from 'zod'
import { membershipView } from '#domain/member.ts'
import { cancel, membershipOf, type MemberChange } from '#domain/membership-change.ts'
import { releaseMemberCard } from '#stores/member-cards.ts'
import { changeMemberIn, scene } from '#stores/members.ts'
import { nudgeMails } from '#stores/mails.ts'
import { refuseStranger } from '#entry/bearer.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const cancelMembership = endpoint({
  name: 'cancel-membership',
  path: '/api/memberships/:customerId/cancel',
  impact: 'Members who want to leave are charged again.',
  PUT: route({
    who: ['customer', 'admin'],
    summary: 'Cancel a membership at the end of its month',
    body: z.strictObject({ reason: z.string().trim().min(1).max(500) }),
    reply: z.object({ membership: z.looseObject({}) }),
    idempotent: true,
    run: async ({ body, params, caller, once }) => {
      const customerId = params['customerId'] ?? ''
      refuseStranger(caller, customerId, 'Membership not found.')
      let change: MemberChange | undefined
      const reply = await once(async (unit) => {
        const changed = await changeMemberIn(unit, customerId, (found) => cancel(found, body.reason, scene()))
        change = changed.change
        return { membership: membershipView(changed.member) }
      })
      await nudgeMails(change?.mails ?? [])
      return reply
    },
  }),
})
