/** Units of each product by the store's own days, as far as they were sold online: what a forecast is made of. */
import type { Statement } from '#platform/bigquery.ts'
import { DASHBOARD_BYTES_MAX, ORDERS, PAID_STATES, type SalesWanted } from './sales.ts'

const ROWS_MAX = 100_000

export function productUnitsByDay({ from, to, currency, zone }: SalesWanted): Statement {
  return {
    query: `WITH ${ORDERS},
watermark AS (
  SELECT MAX(updated_at) AS seen_at FROM orders
)
SELECT line.product_id AS product_id, FORMAT_DATE('%F', DATE(orders.created_at, @zone)) AS day, SUM(line.quantity) AS units,
  (SELECT seen_at FROM watermark) AS watermark
FROM orders
CROSS JOIN UNNEST(orders.items) AS line
WHERE orders.state IN ${PAID_STATES} AND orders.currency = @currency
GROUP BY product_id, day
ORDER BY product_id, day
LIMIT ${ROWS_MAX}`,
    params: { from, to, currency, zone },
    bytesBilledMax: DASHBOARD_BYTES_MAX,
  }
}
