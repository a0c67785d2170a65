/** Lists the gifts that members are to get, the longest waiting first, or those that were handed over. */
import { z } from 'zod'
import { cursorField, idField, limitField } from '#values/schema.ts'
import { cursorShown, listOf } from '#values/shown.ts'
import { benefitView } from '#domain/member-benefits.ts'
import { BenefitShown } from '#domain/shown/membership.ts'
import { listBenefits } from '#stores/member-benefits.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const listMemberBenefits = endpoint({
  name: 'list-member-benefits',
  path: '/api/admin/member-benefits',
  impact: 'Staff do not know which member waits for a gift.',
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'List what members are to get',
    query: z.strictObject({
      status: z.enum(['due', 'given']).default('due'), customerId: idField.optional(), cursor: cursorField.optional(), limit: limitField(50, 100),
    }),
    reply: z.object({ benefits: listOf(BenefitShown), nextCursor: cursorShown }),
    run: async ({ query }) => {
      const { benefits, nextCursor } = await listBenefits(query)
      return { benefits: benefits.map(benefitView), nextCursor }
    },
  }),
})
