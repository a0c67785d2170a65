/** The store's day so far, beside the watermark of the month before: a quiet morning is no old answer. */
import type { Statement } from '#platform/bigquery.ts'
import { DASHBOARD_BYTES_MAX, REFUNDS, SALES, WATERMARK, type SalesWanted } from './sales.ts'

/** @param wanted from a month before, to the end of the day; `today` is its first moment */
export function today({ from, to, currency, today: begins }: Omit<SalesWanted, 'zone'> & { readonly today: string }): Statement {
  return {
    query: `WITH ${SALES},
${REFUNDS},
${WATERMARK}
SELECT
  IFNULL(SUM(IF(sold_at >= TIMESTAMP(@today), amount, 0)), 0) AS revenue,
  COUNTIF(sold_at >= TIMESTAMP(@today)) AS transactions,
  COUNTIF(sold_at >= TIMESTAMP(@today) AND channel = 'online') AS online_transactions,
  IFNULL(SUM(IF(sold_at >= TIMESTAMP(@today) AND channel = 'online', amount, 0)), 0) AS online_revenue,
  COUNT(DISTINCT IF(sold_at >= TIMESTAMP(@today), customer, NULL)) AS customers,
  (SELECT IFNULL(SUM(given_back), 0) FROM refunds WHERE given_at >= TIMESTAMP(@today)) AS refund_sum,
  (SELECT COUNT(*) FROM refunds WHERE given_at >= TIMESTAMP(@today)) AS refund_count,
  (SELECT seen_at FROM watermark) AS watermark
FROM sales`,
    params: { from, to, currency, today: begins },
    bytesBilledMax: DASHBOARD_BYTES_MAX,
  }
}
