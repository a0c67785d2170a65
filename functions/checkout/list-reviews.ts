/** Lists the orders that wait for a person to look at them, the oldest first: why, over how much, and until when. */
import { z } from 'zod'
import { cursorField, limitField } from '#values/schema.ts'
import { cursorShown, listOf } from '#values/shown.ts'
import { reviewView } from '#domain/review.ts'
import { ReviewShown } from '#domain/shown/order.ts'
import { listOrdersOf } from '#stores/orders.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const listReviews = endpoint({
  name: 'list-reviews',
  path: '/api/admin/reviews',
  impact: 'Nobody sees which orders wait for a decision, and their payments run out.',
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'Orders in review',
    query: z.strictObject({ cursor: cursorField.optional(), limit: limitField(20, 100) }),
    reply: z.object({ reviews: listOf(ReviewShown), nextCursor: cursorShown }),
    run: async ({ query }) => {
      const page = await listOrdersOf({ state: 'in_review', oldestFirst: true, cursor: query.cursor, limit: query.limit })
      return { reviews: page.orders.map(reviewView), nextCursor: page.nextCursor }
    },
  }),
})
