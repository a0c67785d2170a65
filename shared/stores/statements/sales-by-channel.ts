/** Sales online and in the store. */
import type { Statement } from '#platform/bigquery.ts'
import { DASHBOARD_BYTES_MAX, SALES, WATERMARK, type SalesWanted } from './sales.ts'

export function salesByChannel({ from, to, currency }: Omit<SalesWanted, 'zone'>): Statement {
  return {
    query: `WITH ${SALES},
${WATERMARK}
SELECT channel, SUM(amount) AS revenue, COUNT(*) AS transactions, COUNT(DISTINCT customer) AS customers, (SELECT seen_at FROM watermark) AS watermark
FROM sales
GROUP BY channel
ORDER BY channel`,
    params: { from, to, currency },
    bytesBilledMax: DASHBOARD_BYTES_MAX,
  }
}
