/** Lists orders, the newest first: a customer sees his own, staff see one customer's or all. */
import { z } from 'zod'
import { cursorField, idField, limitField } from '#values/schema.ts'
import { cursorShown, listOf } from '#values/shown.ts'
import { orderView } from '#domain/order.ts'
import { OrderShown } from '#domain/shown/order.ts'
import { listOrdersOf } from '#stores/orders.ts'
import { isStaff, refuseStranger } from '#entry/bearer.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const listOrders = endpoint({
  name: 'list-orders',
  path: '/api/orders',
  impact: 'Customers do not find their orders, staff cannot look them up.',
  GET: route({
    who: ['customer', 'viewer', 'support', 'admin'],
    summary: 'List orders',
    query: z.strictObject({ customerId: idField.optional(), cursor: cursorField.optional(), limit: limitField(20, 100) }),
    reply: z.object({ orders: listOf(OrderShown), nextCursor: cursorShown }),
    fails: ['NOT_FOUND'],
    run: async ({ query, caller }) => {
      const customerId = query.customerId ?? (isStaff(caller) ? undefined : (caller.id ?? undefined))
      refuseStranger(caller, customerId ?? null)
      const page = await listOrdersOf({ customerId, cursor: query.cursor, limit: query.limit })
      return { orders: page.orders.map(orderView), nextCursor: page.nextCursor }
    },
  }),
})
