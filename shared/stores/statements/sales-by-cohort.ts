/** Customers by the month of their first purchase, how many of them bought in each month after it, and for how much. */
import type { Statement } from '#platform/bigquery.ts'
import { DASHBOARD_BYTES_MAX, SALES, WATERMARK, type SalesWanted } from './sales.ts'

/** Whoever bought before `from` counts as new in the first month that is looked at. */
export function salesByCohort(wanted: SalesWanted): Statement {
  return {
    query: `WITH ${SALES},
${WATERMARK},
bought AS (
  SELECT customer, DATE_TRUNC(DATE(sold_at, @zone), MONTH) AS in_month, amount
  FROM sales
  WHERE customer IS NOT NULL
),
begun AS (
  SELECT customer, MIN(in_month) AS first_month
  FROM bought
  GROUP BY customer
)
SELECT FORMAT_DATE('%Y-%m', begun.first_month) AS cohort, DATE_DIFF(bought.in_month, begun.first_month, MONTH) AS months_later,
  COUNT(DISTINCT bought.customer) AS customers, SUM(bought.amount) AS revenue, (SELECT seen_at FROM watermark) AS watermark
FROM bought
JOIN begun ON begun.customer = bought.customer
GROUP BY cohort, months_later
ORDER BY cohort, months_later`,
    params: { ...wanted },
    bytesBilledMax: DASHBOARD_BYTES_MAX,
  }
}
