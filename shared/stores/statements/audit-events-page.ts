/** Audit events of a day in the order in which they happened, each once, from a moment and an id on. */
import type { Statement } from '#platform/bigquery.ts'
import { AUDIT_BYTES_MAX, OF_DAY, type DayBounds } from './audit-events-of-day.ts'

export interface EventsWanted extends DayBounds {
  /** Of those at the first moment only later ids; empty: all. */
  readonly after: string
  readonly limit: number
}

export function auditEventsPage({ from, to, after, limit }: EventsWanted): Statement {
  return {
    query: `${OF_DAY} AND (created_at > TIMESTAMP(@from) OR id > @after)
QUALIFY ROW_NUMBER() OVER (PARTITION BY id ORDER BY updated_at DESC, row_version DESC) = 1
ORDER BY created_at, id
LIMIT @limit`,
    params: { from, to, after, limit },
    bytesBilledMax: AUDIT_BYTES_MAX,
  }
}
