/** Writes that a member got his gift, and from whom. Safe to run twice: what was handed over stays as it was. */
import { z } from 'zod'
import { benefitView } from '#domain/member-benefits.ts'
import { BenefitShown } from '#domain/shown/membership.ts'
import { giveBenefit } from '#stores/member-benefits.ts'
import { whoIs } from '#entry/bearer.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const handOverGift = endpoint({
  name: 'hand-over-gift',
  path: '/api/admin/member-benefits/:benefitId/hand-over',
  impact: 'A gift that was handed over is asked for again.',
  POST: route({
    who: ['support', 'admin'],
    summary: 'Write that a member got his gift',
    reply: z.object({ benefit: BenefitShown }),
    run: async ({ params, caller }) => ({ benefit: benefitView(await giveBenefit(params['benefitId'] ?? '', whoIs(caller))) }),
  }),
})
