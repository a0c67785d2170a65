/**
 * Units of each product by the store's own days: what a forecast is made of. A row is a product, and its days are one text (`0:3 5:1`: three on the first day, one on the sixth), for there are many of them.
 */
import type { Statement } from '#platform/bigquery.ts'
import { DASHBOARD_BYTES_MAX, GOODS, type SalesWanted } from './sales.ts'

/** More products than a shop has on its shelves. */
const PRODUCTS_MAX = 5_000

export function productUnitsByDay({ from, to, currency, zone }: SalesWanted): Statement {
  return {
    query: `WITH ${GOODS},
sold AS (
  SELECT product_id, DATE_DIFF(DATE(sold_at, @zone), DATE(TIMESTAMP(@from), @zone), DAY) AS day_number, SUM(units) AS day_units
  FROM goods
  GROUP BY product_id, day_number
)
SELECT product_id, STRING_AGG(CONCAT(CAST(day_number AS STRING), ':', CAST(day_units AS STRING)), ' ' ORDER BY day_number) AS days, SUM(day_units) AS all_units,
  (SELECT seen_at FROM watermark) AS watermark
FROM sold
GROUP BY product_id
ORDER BY all_units DESC, product_id
LIMIT ${PRODUCTS_MAX}`,
    params: { from, to, currency, zone },
    bytesBilledMax: DASHBOARD_BYTES_MAX,
  }
}
