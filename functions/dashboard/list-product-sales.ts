/** The catalogue, product by product, with what of each was sold in the last month, and the best sellers of all. */
import { z } from 'zod'
import { cursorField, limitField } from '#values/schema.ts'
import { countShown, currencyShown, cursorShown, listOf } from '#values/shown.ts'
import { freshness, productSold, quantity, topSellers, whyEmpty } from '#domain/dashboard.ts'
import { productView } from '#domain/product.ts'
import { ProductShown } from '#domain/shown/cart.ts'
import { emptyShown, freshnessShown, ProductSoldShown, TopSellerShown } from '#domain/shown/dashboard.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { listProducts, readProducts } from '#stores/products.ts'
import { rowsOfLastDays } from '#stores/reports.ts'
import { endpoint, route } from '#entry/endpoint.ts'

const TOP = 10

export const listProductSales = endpoint({
  name: 'list-product-sales',
  path: '/api/bigquery/products',
  impact: 'Staff do not see what sells.',
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'Products with their sales, and the best sellers',
    query: z.strictObject({ cursor: cursorField.optional(), limit: limitField(50, 100), days: z.coerce.number().int().min(1).max(90).default(30) }),
    reply: z.object({
      ...freshnessShown, days: countShown, currency: currencyShown, products: listOf(ProductShown.and(ProductSoldShown)), topSellers: listOf(TopSellerShown),
      nextCursor: cursorShown, ...emptyShown,
    }),
    run: async ({ query: { cursor, limit, days } }) => {
      const [shown, page] = await Promise.all([rowsOfLastDays('products', days), listProducts({ cursor, limit })])
      const { CURRENCY: currency } = config('shop')
      const best = shown.value.filter((row) => quantity(row['units_sold']) > 0).slice(0, TOP)
      const named = await readProducts(best.map((row) => String(row['product_id'])))
      const names = new Map(named.flatMap(({ product }) => (product === undefined ? [] : [[product.id, product.name] as const])))
      const rows = new Map(shown.value.map((row) => [String(row['product_id']), row]))
      return {
        ...freshness(shown, now()), days, currency, nextCursor: page.nextCursor, topSellers: topSellers(best, names, currency),
        products: page.products.map((product) => ({ ...productView(product), ...productSold(rows.get(product.id), currency) })),
        ...whyEmpty(best, shown, `Nothing whose products are known was sold in the last ${days} days.`),
      }
    },
  }),
})
