/**
 * Finds orders for staff: by number as it is read out, by address of mail, exact amount, days, state and gateway, alone or together;
 * the newest first.
 *
 * Every combination is answered by an index. A number is searched alone: whoever has one needs nothing else.
 */
import { z } from 'zod'
import { invalid } from '#values/failure.ts'
import { toMinor } from '#values/money.ts'
import { cursorField, emailField, limitField } from '#values/schema.ts'
import { cursorShown, listOf } from '#values/shown.ts'
import { dayNamed } from '#domain/civil-day.ts'
import { numberPrefix } from '#domain/order-number.ts'
import { ORDER_STATES, orderView } from '#domain/order.ts'
import { OrderShown } from '#domain/shown/order.ts'
import { config } from '#platform/config.ts'
import { listOrdersOf, ordersNumbered, type OrderFilter, type OrderPage } from '#stores/orders.ts'
import { endpoint, route } from '#entry/endpoint.ts'

const Query = z
  .strictObject({
    number: z.string().trim().min(1).max(20).optional(),
    email: emailField.optional(),
    /** In major units of the shop's currency. */
    amount: z.string().regex(/^\d{1,10}(\.\d{1,3})?$/, 'must be an amount such as 12.50').optional(),
    /** First and last day, as the store counts days. */
    from: z.iso.date().optional(),
    to: z.iso.date().optional(),
    state: z.enum(ORDER_STATES).optional(),
    gateway: z.enum(['stripe', 'kaja', 'none']).optional(),
    cursor: cursorField.optional(),
    limit: limitField(20, 100),
  })
  .refine(({ from = '', to }) => to === undefined || from <= to, { path: ['to'], message: 'must not be before from' })
type Asked = z.output<typeof Query>

export const searchOrders = endpoint({
  name: 'search-orders',
  path: '/api/admin/orders',
  impact: 'Staff cannot find the order that a customer asks about.',
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'Find orders',
    query: Query,
    reply: z.object({ orders: listOf(OrderShown), nextCursor: cursorShown }),
    run: async ({ query }) => {
      const { orders, nextCursor } = query.number === undefined ? await listOrdersOf(filterOf(query)) : await byNumber(query.number, query)
      return { orders: orders.map(orderView), nextCursor }
    },
  }),
})

async function byNumber(typed: string, { number: _number, cursor, limit, ...others }: Asked): Promise<OrderPage> {
  const [other] = Object.entries(others).flatMap(([field, value]) => (value === undefined ? [] : [field]))
  if (other !== undefined) throw invalid(other, 'cannot be combined with number, which is searched alone')
  const prefix = numberPrefix(typed)
  if (prefix === undefined) throw invalid('number', 'must be the first 4 to 10 characters of an order number')
  return ordersNumbered(prefix, { cursor, limit })
}

function filterOf({ email, amount, from, to, state, gateway, cursor, limit }: Asked): OrderFilter {
  const { STORE_TIMEZONE, CURRENCY } = config('shop')
  const total = amount === undefined ? undefined : toMinor(amount, CURRENCY)
  if (amount !== undefined && total === undefined) throw invalid('amount', `has more digits than ${CURRENCY} has`)
  return {
    email, total, gateway, state, cursor, limit,
    fromMs: from === undefined ? undefined : dayNamed(STORE_TIMEZONE, from).fromMs,
    toMs: to === undefined ? undefined : dayNamed(STORE_TIMEZONE, to).toMs,
  }
}
