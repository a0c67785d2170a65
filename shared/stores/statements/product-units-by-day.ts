/**
 * Units of each product by the store's own days, as far as they were sold online: what a forecast is made of. A row is a
 * product, and its days are one text (`0:3 5:1`: three on the first day, one on the sixth), for there are many of them.
 */
import type { Statement } from '#platform/bigquery.ts'
import { DASHBOARD_BYTES_MAX, IS_GOODS, ORDERS, PAID_STATES, type SalesWanted } from './sales.ts'

/** More products than a shop has on its shelves. */
const PRODUCTS_MAX = 5_000

export function productUnitsByDay({ from, to, currency, zone }: SalesWanted): Statement {
  return {
    query: `WITH ${ORDERS},
watermark AS (
  SELECT MAX(updated_at) AS seen_at FROM orders
),
sold AS (
  SELECT line.product_id AS product_id, DATE_DIFF(DATE(orders.created_at, @zone), DATE(TIMESTAMP(@from), @zone), DAY) AS day_number,
    SUM(line.quantity) AS units
  FROM orders
  CROSS JOIN UNNEST(orders.items) AS line
  WHERE orders.state IN ${PAID_STATES} AND orders.currency = @currency AND ${IS_GOODS}
  GROUP BY product_id, day_number
)
SELECT product_id, STRING_AGG(CONCAT(CAST(day_number AS STRING), ':', CAST(units AS STRING)), ' ' ORDER BY day_number) AS days, SUM(units) AS all_units,
  (SELECT seen_at FROM watermark) AS watermark
FROM sold
GROUP BY product_id
ORDER BY all_units DESC, product_id
LIMIT ${PRODUCTS_MAX}`,
    params: { from, to, currency, zone },
    bytesBilledMax: DASHBOARD_BYTES_MAX,
  }
}
