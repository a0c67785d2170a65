/** Tells what a customer's membership takes off an amount just now, as a checkout would at this moment. */
import { z } from 'zod'
import { invalid } from '#values/failure.ts'
import { share, toMajor, toMinor } from '#values/money.ts'
import { amountShown, percentShown } from '#values/shown.ts'
import { standingOf } from '#domain/member.ts'
import { TierNameShown } from '#domain/shown/membership.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { readMember } from '#stores/members.ts'
import { refuseStranger } from '#entry/bearer.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const getMemberDiscount = endpoint({
  name: 'get-member-discount',
  path: '/api/memberships/discount/:customerId',
  impact: 'Members do not see what they save before they pay.',
  GET: route({
    who: ['customer', 'viewer', 'support', 'admin'],
    summary: 'Tell what a membership takes off an amount',
    query: z.strictObject({ subtotal: z.string().regex(/^\d{1,10}(\.\d{1,10})?$/, 'must be an amount such as 100.00') }),
    reply: z.object({
      hasDiscount: z.boolean(), discountAmount: amountShown, discountPercent: percentShown, finalTotal: amountShown, tier: TierNameShown.nullable(),
    }),
    run: async ({ params, query, caller }) => {
      const customerId = params['customerId'] ?? ''
      refuseStranger(caller, customerId, 'Customer not found.')
      const { CURRENCY } = config('shop')
      const subtotal = toMinor(query.subtotal, CURRENCY)
      if (subtotal === undefined) throw invalid('subtotal', `has more digits than ${CURRENCY} has`)
      const { tier, discountPercent } = standingOf(await readMember(customerId), now())
      const discount = share(subtotal, discountPercent, 100)
      const [discountAmount, finalTotal] = [toMajor(discount, CURRENCY), toMajor(subtotal - discount, CURRENCY)]
      return { hasDiscount: discountPercent > 0, discountAmount, discountPercent, finalTotal, tier }
    },
  }),
})
