/**
 * Hands a paid order over, in the way in which it was ordered: picked up, by an adult where it must be, or shipped, of which its
 * customer is told with the tracking number.
 *
 * Safe to run twice: an order that is fulfilled the same way answers the same; another way is a conflict. What was
 * cancelled or is given back must never be handed over, also while its money is still on its way. The mail is queued in the commit
 * that hands over.
 */
import { z } from 'zod'
import { handedOver } from '#domain/fulfilment.ts'
import { orderView } from '#domain/order.ts'
import { OrderShown } from '#domain/shown/order.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { changeOrder } from '#stores/orders.ts'
import { whoIs } from '#entry/bearer.ts'
import { endpoint, route } from '#entry/endpoint.ts'

const Handover = z
  .strictObject({ how: z.enum(['picked_up', 'shipped']), tracking: z.string().trim().min(1).max(100).optional(), toAdult: z.boolean().default(false) })
  .refine(({ how, tracking }) => (how === 'shipped') === (tracking !== undefined), { path: ['tracking'], message: 'goes with shipped, and only with it' })

export const fulfilOrder = endpoint({
  name: 'fulfil-order',
  path: '/api/orders/:orderId/fulfil',
  impact: 'Paid goods cannot be handed over on record.',
  POST: route({
    who: ['support', 'admin'],
    summary: 'Mark a paid order picked up or shipped',
    body: Handover,
    reply: z.object({ order: OrderShown }),
    run: async ({ body, params, caller }) => {
      const handover = { how: body.how, tracking: body.tracking ?? null, toAdult: body.toAdult, by: whoIs(caller) }
      const order = await changeOrder(params['orderId'] ?? '', (found) => handedOver(found, handover, { nowMs: now(), shopName: config('shop').SHOP_NAME }))
      return { order: orderView(order) }
    },
  }),
})
