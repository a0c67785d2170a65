/** Sales and refunds by the store's own days. Days without any are not in it. */
import type { Statement } from '#platform/bigquery.ts'
import { DASHBOARD_BYTES_MAX, REFUNDS, SALES, WATERMARK, type SalesWanted } from './sales.ts'

export function salesByDay(wanted: SalesWanted): Statement {
  return {
    query: `WITH ${SALES},
${REFUNDS},
${WATERMARK},
sold AS (
  SELECT DATE(sold_at, @zone) AS on_day, SUM(amount) AS day_revenue, COUNT(*) AS day_transactions, COUNT(DISTINCT customer) AS day_customers
  FROM sales
  GROUP BY on_day
),
given AS (
  SELECT DATE(given_at, @zone) AS on_day, SUM(given_back) AS day_refunds
  FROM refunds
  GROUP BY on_day
)
SELECT FORMAT_DATE('%F', on_day) AS day, IFNULL(day_revenue, 0) AS revenue, IFNULL(day_transactions, 0) AS transactions,
  IFNULL(day_customers, 0) AS customers, IFNULL(day_refunds, 0) AS refunds, (SELECT seen_at FROM watermark) AS watermark
FROM sold
FULL JOIN given USING (on_day)
ORDER BY on_day`,
    params: { ...wanted },
    bytesBilledMax: DASHBOARD_BYTES_MAX,
  }
}
