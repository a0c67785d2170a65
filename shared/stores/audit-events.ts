/** Audit events and their seals as the warehouse holds them. */
import { dayAfter, startOf } from '#domain/audit-seal.ts'
import { cursorOf, cursorParts } from '#values/cursor.ts'
import { iso } from '#values/time.ts'
import { queryRows, streamRows, type Fields } from '#platform/bigquery.ts'
import { auditEventsOfDay, type DayBounds } from './statements/audit-events-of-day.ts'
import { auditEventsPage } from './statements/audit-events-page.ts'
import { auditSeals } from './statements/audit-seals.ts'

function boundsOf(day: string): DayBounds {
  return { from: iso(startOf(day)), to: iso(startOf(dayAfter(day))) }
}

/** Every row that is dated on a day, in no order; a fact that came twice comes twice. */
export function eventRows(day: string): AsyncIterable<Fields> {
  return streamRows(auditEventsOfDay(boundsOf(day)))
}

/** The rows of a day with these ids. */
export function eventRowsNamed(day: string, ids: readonly string[]): AsyncIterable<Fields> {
  return streamRows(auditEventsOfDay({ ...boundsOf(day), ids }))
}

export interface EventPage {
  readonly events: ReadonlyArray<Record<string, unknown>>
  readonly nextCursor: string | null
}

/** Events of a day in the order in which they happened. */
export async function listEvents({ day, cursor, limit }: { day: string; cursor?: string | undefined; limit: number }): Promise<EventPage> {
  const [atMs, after] = cursor === undefined ? [startOf(day), ''] : cursorParts(cursor)
  const from = iso(Math.max(atMs, startOf(day)))
  const rows = await queryRows(auditEventsPage({ ...boundsOf(day), from, after, limit: limit + 1 }))
  const shown = rows.slice(0, limit)
  const last = rows.length > limit ? shown.at(-1) : undefined
  return {
    events: shown.map(eventView),
    nextCursor: last === undefined ? null : cursorOf(Date.parse(String(last['created_at'])), String(last['id'])),
  }
}

function eventView({ id, who, via, what, subject, before, after, why, request_id: requestId, ip, created_at: at }: Fields): Record<string, unknown> {
  return { id, who, via, what, subject, before: valueOf(before), after: valueOf(after), why, requestId, ip, at }
}

/** What stands in the column is shown as it stands when it is no JSON: somebody else has written it. */
function valueOf(text: unknown): unknown {
  try {
    return typeof text === 'string' ? JSON.parse(text) : null
  } catch {
    return text
  }
}

/** Hashes of the seals that the warehouse holds, by day. More than one hash for a day means that somebody has written one. */
export async function publishedSeals(): Promise<Map<string, string[]>> {
  const byDay = new Map<string, string[]>()
  for (const { id, seal_hash: hash } of await queryRows(auditSeals())) {
    byDay.set(String(id), [...(byDay.get(String(id)) ?? []), String(hash)])
  }
  return byDay
}
