/**
 * Hands a paid order over: picked up by an adult, or shipped with a tracking number.
 *
 * Safe to run twice: an order that is fulfilled the same way answers the same; another way is a conflict. What was
 * cancelled or is given back must never be handed over, also while its money is still on its way.
 */
import { z } from 'zod'
import { Failure } from '#values/failure.ts'
import { moved, orderView, type Order } from '#domain/order.ts'
import { goesBack } from '#domain/refund.ts'
import { auditRow, orderRow } from '#domain/rows.ts'
import type { Settlement } from '#domain/settlement.ts'
import { now } from '#platform/clock.ts'
import { changeOrder } from '#stores/orders.ts'
import { whoIs } from '#entry/bearer.ts'
import { endpoint, route } from '#entry/endpoint.ts'

const Handover = z
  .strictObject({ how: z.enum(['picked_up', 'shipped']), tracking: z.string().trim().min(1).max(100).optional() })
  .refine(({ how, tracking }) => (how === 'shipped') === (tracking !== undefined), { path: ['tracking'], message: 'goes with shipped, and only with it' })

export const fulfilOrder = endpoint({
  name: 'fulfil-order',
  path: '/api/orders/:orderId/fulfil',
  impact: 'Paid goods cannot be handed over on record.',
  POST: route({
    who: ['support', 'admin'],
    summary: 'Mark a paid order picked up or shipped',
    body: Handover,
    reply: z.object({ order: z.looseObject({}) }),
    run: async ({ body, params, caller }) => {
      const by = whoIs(caller)
      const order = await changeOrder(params['orderId'] ?? '', (found) => handedOver(found, { how: body.how, tracking: body.tracking ?? null, by }))
      return { order: orderView(order) }
    },
  }),
})

function handedOver(order: Order, handover: { how: 'picked_up' | 'shipped'; tracking: string | null; by: string }): Settlement | undefined {
  const { fulfilment: before, purpose } = order
  if (purpose !== undefined) throw new Failure('CONFLICT', { message: `A ${purpose.kind} is not handed over.`, details: { purpose: purpose.kind } })
  if (before !== null) {
    if (before.how === handover.how && before.tracking === handover.tracking) return undefined
    throw new Failure('CONFLICT', { message: 'This order has been handed over already.', details: { how: before.how } })
  }
  if (order.cancellation !== undefined) throw new Failure('CONFLICT', { message: 'This order was cancelled: it must not be handed over.', details: { state: order.state } })
  if (order.state !== 'paid' && order.state !== 'partially_refunded') {
    throw new Failure('CONFLICT', { message: `An order that is ${order.state} cannot be handed over.`, details: { state: order.state } })
  }
  if (goesBack(order)) throw new Failure('CONFLICT', { message: 'This order is given back: it must not be handed over.', details: { state: order.state } })
  const fulfilment = { ...handover, atMs: now() }
  const settled = moved({ ...order, fulfilment }, order.state === 'paid' ? 'fulfilled' : order.state, `${handover.how} by ${handover.by}`, now())
  return { order: settled, entries: [], mails: [], holds: [], stock: [], rows: [orderRow(settled), auditRow(settled, 'order.fulfilled', handover.how, handover.by)], reopenCart: false }
}
