/**
 * What becomes of a vendor's event in the inbox: tried, tried again on a schedule, a dead letter, put back by a person.
 *
 * An event is never given up unseen: also a worker that does not answer (it is missing, it dies of the event) counts as
 * a failed try. A try says which one it was, so that two copies of one nudge are not counted as two tries.
 */
import { DAY_MS, HOUR_MS, MINUTE_MS } from '#values/time.ts'
import { nextTry } from './retry.ts'
import type { VendorMessage } from './vendor-message.ts'

export const INBOX_STATUSES = ['pending', 'applied', 'ignored', 'dead'] as const

export interface InboxRecord extends VendorMessage {
  readonly vendor: string
  readonly status: (typeof INBOX_STATUSES)[number]
  /** Failed tries in all; it never falls, so it names a try. */
  readonly attempts: number
  readonly receivedAtMs: number
  /** When the sweep nudges it; null when it is done or dead. */
  readonly nextAtMs: number | null
  readonly lastError: string | null
  /** Nudges of the sweep that no worker has answered; absent: none. */
  readonly nudges?: number
  /** The last replay: which it was, how many there were, and how many tries had failed before it. Absent: never replayed. */
  readonly replay?: { readonly id: string; readonly count: number; readonly attemptsBefore: number }
}

export type InboxChange = Partial<Pick<InboxRecord, 'status' | 'attempts' | 'nextAtMs' | 'lastError' | 'nudges' | 'replay'>>

/** Waits after each failed try; after the last one the event is a dead letter. */
export const WAITS_MS: readonly number[] = [MINUTE_MS, 5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, 24 * HOUR_MS]
/** An event's own nudge, and each of the sweep's, has so long to be answered. */
export const ANSWER_MS = MINUTE_MS
/** Nudges that may stay unanswered before that counts as a failed try. */
const SILENCES_MAX = 3
const NO_ANSWER = 'No worker answered.'
/** So long an event is remembered after it was done: longer than any vendor sends it again. Until then it is not forgotten. */
export const KEPT_MS = 45 * DAY_MS

export function newRecord(vendor: string, event: VendorMessage, status: 'pending' | 'applied', nowMs: number): InboxRecord {
  const nextAtMs = status === 'pending' ? nowMs + ANSWER_MS : null
  return { ...event, vendor, status, attempts: 0, receivedAtMs: nowMs, nextAtMs, lastError: null }
}

/** After a failed try: back on the schedule, or a dead letter. */
export function failedTry(record: InboxRecord, lastError: string, nowMs: number): InboxChange {
  const attempts = record.attempts + 1
  const nextAtMs = nextTry(WAITS_MS, attempts - (record.replay?.attemptsBefore ?? 0), nowMs)
  return { status: nextAtMs === null ? 'dead' : 'pending', attempts, nextAtMs, lastError, nudges: 0 }
}

/** The sweep finds it due: it is nudged, unless nobody answers any more. */
export function dueAgain(record: InboxRecord, nowMs: number): InboxChange {
  const nudges = (record.nudges ?? 0) + 1
  return nudges > SILENCES_MAX ? failedTry(record, NO_ANSWER, nowMs) : { nudges, nextAtMs: nowMs + ANSWER_MS }
}

/** A dead letter goes back to the start of the schedule. */
export function putBack(record: InboxRecord, replayId: string, nowMs: number): InboxChange {
  const replay = { id: replayId, count: (record.replay?.count ?? 0) + 1, attemptsBefore: record.attempts }
  return { status: 'pending', nextAtMs: nowMs + ANSWER_MS, nudges: 0, replay }
}
