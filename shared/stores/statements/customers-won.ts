/** Customers by the month of their first purchase, and what each month's have spent since: what winning them has cost is compared with it. */
import type { Statement } from '#platform/bigquery.ts'
import { DASHBOARD_BYTES_MAX, SALES, WATERMARK, type SalesWanted } from './sales.ts'

export function customersWon(wanted: SalesWanted): Statement {
  return {
    query: `WITH ${SALES},
${WATERMARK},
customers AS (
  SELECT customer, MIN(sold_at) AS first_at, SUM(amount) AS spent
  FROM sales
  WHERE customer IS NOT NULL
  GROUP BY customer
)
SELECT FORMAT_DATE('%Y-%m', DATE(first_at, @zone)) AS month, COUNT(*) AS customers, SUM(spent) AS revenue, (SELECT seen_at FROM watermark) AS watermark
FROM customers
GROUP BY month
ORDER BY month`,
    params: { ...wanted },
    bytesBilledMax: DASHBOARD_BYTES_MAX,
  }
}
