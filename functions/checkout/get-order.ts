/**
 * Shows one order: to its customer, to staff, or, for a guest's order, to the bearer of its unguessable id.
 * Another customer's order answers as if it did not exist.
 */
import { z } from 'zod'
import { Failure } from '#values/failure.ts'
import { orderView } from '#domain/order.ts'
import { OrderShown } from '#domain/shown/order.ts'
import { readOrder } from '#stores/orders.ts'
import { refuseStranger } from '#entry/bearer.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const getOrder = endpoint({
  name: 'get-order',
  path: '/api/orders/:orderId',
  impact: 'Customers and staff cannot see what was ordered and paid.',
  GET: route({
    who: 'public',
    summary: 'Show an order',
    reply: z.object({ order: OrderShown }),
    run: async ({ params, caller }) => {
      const order = await readOrder(params['orderId'] ?? '')
      if (order === undefined) throw new Failure('NOT_FOUND', { message: 'Order not found.' })
      refuseStranger(caller, order.customerId, 'Order not found.')
      return { order: orderView(order) }
    },
  }),
})
