/** Shows one product. One that vanished from the point of sale answers 404, never a broken page. */
import { z } from 'zod'
import { productView } from '#domain/product.ts'
import { unavailable } from '#domain/cart.ts'
import { ProductShown } from '#domain/shown/cart.ts'
import { readProducts } from '#stores/products.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const getProduct = endpoint({
  name: 'get-product',
  path: '/api/products/:productId',
  impact: 'Customers cannot look at a product.',
  GET: route({
    who: 'public',
    summary: 'Show a product',
    reply: z.object({ product: ProductShown }),
    run: async ({ params }) => {
      const [found] = await readProducts([params['productId'] ?? ''])
      if (found?.product === undefined || !found.product.listed) throw unavailable()
      return { product: productView(found.product) }
    },
  }),
})
