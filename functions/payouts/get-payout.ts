/** Shows one payout: to whom, how much, and what has become of it. */
import { z } from 'zod'
import { Failure } from '#values/failure.ts'
import { payoutView } from '#domain/payout.ts'
import { PayoutShown } from '#domain/shown/books.ts'
import { readPayout } from '#stores/payouts.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const getPayout = endpoint({
  name: 'get-payout',
  path: '/api/payouts/:payoutId',
  impact: 'Staff cannot see whether a partner was paid.',
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'Show a payout',
    reply: z.object({ payout: PayoutShown }),
    run: async ({ params }) => {
      const payout = await readPayout(params['payoutId'] ?? '')
      if (payout === undefined) throw new Failure('NOT_FOUND', { message: 'Payout not found.' })
      return { payout: payoutView(payout) }
    },
  }),
})
