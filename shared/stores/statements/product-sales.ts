/** What was sold of each product. */
import type { Statement } from '#platform/bigquery.ts'
import { DASHBOARD_BYTES_MAX, GOODS, type SalesWanted } from './sales.ts'

/** More products than a shop has on its shelves. */
const PRODUCTS_MAX = 5_000

export function productSales({ from, to, currency }: Omit<SalesWanted, 'zone'>): Statement {
  return {
    query: `WITH ${GOODS}
SELECT product_id, SUM(units) AS units_sold, SUM(amount) AS revenue, COUNT(DISTINCT sale_id) AS order_count, (SELECT seen_at FROM watermark) AS watermark
FROM goods
GROUP BY product_id
ORDER BY revenue DESC, product_id
LIMIT ${PRODUCTS_MAX}`,
    params: { from, to, currency },
    bytesBilledMax: DASHBOARD_BYTES_MAX,
  }
}
