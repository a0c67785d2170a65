/** Lists what the shop offers, by name, a page at a time; one query a page. */
import { z } from 'zod'
import { cursorField, limitField } from '#values/schema.ts'
import { cursorShown, listOf } from '#values/shown.ts'
import { productView } from '#domain/product.ts'
import { ProductShown } from '#domain/shown/cart.ts'
import { listProducts as listPage } from '#stores/products.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const listProducts = endpoint({
  name: 'list-products',
  path: '/api/products',
  impact: 'The shop window is empty.',
  resources: { instancesMin: 1 },
  GET: route({
    who: 'public',
    summary: 'List products',
    query: z.strictObject({
      category: z.string().min(1).max(100).optional(),
      q: z.string().trim().min(1).max(100).optional(),
      cursor: cursorField.optional(),
      limit: limitField(50, 100),
    }),
    reply: z.object({ products: listOf(ProductShown), nextCursor: cursorShown }),
    run: async ({ query }) => {
      const page = await listPage(query)
      return { products: page.products.map(productView), nextCursor: page.nextCursor }
    },
  }),
})
