/** What of each product was sold online; tills tell sums, not lines. */
import type { Statement } from '#platform/bigquery.ts'
import { DASHBOARD_BYTES_MAX, IS_GOODS, ORDERS, PAID_STATES, type SalesWanted } from './sales.ts'

/** More products than a shop has on its shelves. */
const PRODUCTS_MAX = 5_000

export function productSales({ from, to, currency }: Omit<SalesWanted, 'zone'>): Statement {
  return {
    query: `WITH ${ORDERS},
watermark AS (
  SELECT MAX(updated_at) AS seen_at FROM orders
)
SELECT line.product_id AS product_id, SUM(line.quantity) AS units, SUM(line.total) AS revenue, COUNT(DISTINCT orders.id) AS order_count,
  (SELECT seen_at FROM watermark) AS watermark
FROM orders
CROSS JOIN UNNEST(orders.items) AS line
WHERE orders.state IN ${PAID_STATES} AND orders.currency = @currency AND ${IS_GOODS}
GROUP BY line.product_id
ORDER BY revenue DESC, product_id
LIMIT ${PRODUCTS_MAX}`,
    params: { from, to, currency },
    bytesBilledMax: DASHBOARD_BYTES_MAX,
  }
}
