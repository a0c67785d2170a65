/** Customers who were forgotten from a moment on: when the store is put back to before it, they are forgotten once more. */
import type { Statement } from '#platform/bigquery.ts'
import { AUDIT_BYTES_MAX } from './audit-events-of-day.ts'

/** @param since ISO 8601 */
export function customersForgotten(since: string): Statement {
  return {
    query: `SELECT DISTINCT subject
FROM \`audit.events_log\`
WHERE what = 'customer.erased' AND created_at >= TIMESTAMP(@since)`,
    params: { since },
    bytesBilledMax: AUDIT_BYTES_MAX,
  }
}
