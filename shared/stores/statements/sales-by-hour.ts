/** Sales by weekday (1 is Sunday) and hour, as the clock in the store shows it. */
import type { Statement } from '#platform/bigquery.ts'
import { DASHBOARD_BYTES_MAX, SALES, WATERMARK, type SalesWanted } from './sales.ts'

export function salesByHour(wanted: SalesWanted): Statement {
  return {
    query: `WITH ${SALES},
${WATERMARK}
SELECT EXTRACT(DAYOFWEEK FROM sold_at AT TIME ZONE @zone) AS weekday, EXTRACT(HOUR FROM sold_at AT TIME ZONE @zone) AS hour,
  SUM(amount) AS revenue, COUNT(*) AS transactions, (SELECT seen_at FROM watermark) AS watermark
FROM sales
GROUP BY weekday, hour
ORDER BY weekday, hour`,
    params: { ...wanted },
    bytesBilledMax: DASHBOARD_BYTES_MAX,
  }
}
