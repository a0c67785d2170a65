/**
 * Lists products of which more is promised online than the till counts, the longest first, with the orders that wait for
 * them, the last promised first; which were sold while the till could not be asked, they say. Nothing is decided here: staff
 * cancel or refund whose goods are not there, or count the shelf.
 */
import { z } from 'zod'
import { cursorField, limitField } from '#values/schema.ts'
import { cursorShown, listOf } from '#values/shown.ts'
import { StockDifferenceShown } from '#domain/shown/stock.ts'
import { stockDifferenceView } from '#domain/stock-difference.ts'
import { latestOrders } from '#stores/orders.ts'
import { listShort } from '#stores/stock-figures.ts'
import { endpoint, route } from '#entry/endpoint.ts'

/** Older orders have been handed over, or are known to staff. */
const ORDERS_MAX = 500

export const listStockDifferences = endpoint({
  name: 'list-stock-differences',
  path: '/api/admin/stock-differences',
  impact: 'Staff do not see which goods were sold that are not there.',
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'Products that are sold beyond what the till counts',
    query: z.strictObject({ cursor: cursorField.optional(), limit: limitField(20, 100) }),
    reply: z.object({ differences: listOf(StockDifferenceShown), nextCursor: cursorShown }),
    run: async ({ query }) => {
      const { products, nextCursor } = await listShort(query)
      const orders = products.length === 0 ? [] : await latestOrders(ORDERS_MAX)
      return { differences: products.map((product) => stockDifferenceView(product, orders)), nextCursor }
    },
  }),
})
