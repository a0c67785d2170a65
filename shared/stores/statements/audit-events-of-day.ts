/**
 * Audit events that are dated on a UTC day, in no order: all of them, or those with some ids. The log is read, not the view
 * over it: the view shows the latest row of an id, and would hide what somebody added later. A fact that came twice comes twice.
 */
import type { Statement } from '#platform/bigquery.ts'

export interface DayBounds {
  /** ISO 8601. */
  readonly from: string
  /** The first moment that is not of the day. */
  readonly to: string
}

/** What a statement about the audit trail may read: each is of one day. */
export const AUDIT_BYTES_MAX = 20 * 2 ** 30

export const OF_DAY = `SELECT *
FROM \`audit.events_log\`
WHERE created_at >= TIMESTAMP(@from) AND created_at < TIMESTAMP(@to)`

/** @param ids undefined: whichever; some, for an empty list has no type */
export function auditEventsOfDay({ from, to, ids }: DayBounds & { readonly ids?: readonly string[] }): Statement {
  if (ids === undefined) return { query: OF_DAY, params: { from, to }, bytesBilledMax: AUDIT_BYTES_MAX }
  return { query: `${OF_DAY} AND id IN UNNEST(@ids)`, params: { from, to, ids: [...ids] }, bytesBilledMax: AUDIT_BYTES_MAX }
}
