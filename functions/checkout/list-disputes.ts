/** Lists disputes with the day by which evidence is due: those that wait for it, the nearest first, or all, the latest first. */
import { z } from 'zod'
import { cursorField, limitField } from '#values/schema.ts'
import { cursorShown, listOf } from '#values/shown.ts'
import { awaitsEvidence, disputeView } from '#domain/dispute.ts'
import { DisputeShown, GatewayShown } from '#domain/shown/order.ts'
import { listDisputed } from '#stores/disputes.ts'
import { endpoint, route } from '#entry/endpoint.ts'

const Listed = DisputeShown.extend({ orderId: z.string(), orderNumber: z.string(), gateway: GatewayShown }).meta({ id: 'ListedDispute' })

export const listDisputes = endpoint({
  name: 'list-disputes',
  path: '/api/admin/disputes',
  impact: 'Staff do not see which payments are disputed and until when they must answer.',
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'List disputes with their deadlines',
    query: z.strictObject({ state: z.enum(['unanswered', 'all']).default('all'), cursor: cursorField.optional(), limit: limitField(20, 100) }),
    reply: z.object({ disputes: listOf(Listed), nextCursor: cursorShown }),
    run: async ({ query }) => {
      const { orders, nextCursor } = await listDisputed(query)
      const disputes = orders.flatMap((order) =>
        (order.disputes ?? [])
          .filter((dispute) => query.state === 'all' || awaitsEvidence(dispute))
          .map((dispute) => ({ ...disputeView(dispute), orderId: order.id, orderNumber: order.number, gateway: order.payment.gateway })),
      )
      return { disputes, nextCursor }
    },
  }),
})
