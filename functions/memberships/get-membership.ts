/** Shows a customer's membership, also one that has ended. Another customer's answers as if it did not exist. */
import { z } from 'zod'
import { membershipView } from '#domain/member.ts'
import { noMembership } from '#domain/membership-orders.ts'
import { MembershipShown } from '#domain/shown/membership.ts'
import { readMember } from '#stores/members.ts'
import { refuseStranger } from '#entry/bearer.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const getMembership = endpoint({
  name: 'get-membership',
  path: '/api/memberships/:customerId',
  impact: 'Members do not see what they pay for and until when.',
  GET: route({
    who: ['customer', 'viewer', 'support', 'admin'],
    summary: 'Show a membership',
    reply: z.object({ membership: MembershipShown }),
    run: async ({ params, caller }) => {
      const customerId = params['customerId'] ?? ''
      refuseStranger(caller, customerId, 'Membership not found.')
      const member = await readMember(customerId)
      const membership = member === undefined ? null : membershipView(member)
      if (membership === null) throw noMembership()
      return { membership }
    },
  }),
})
