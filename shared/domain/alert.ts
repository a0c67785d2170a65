/**
 * Alerts: what staff must be told at once, and told again when it is over.
 *
 * Facts come as they happen, many about one thing, and are folded into one record for each key. From it follows what is
 * to be told, in order: that it began, that it is over. However many facts come, a beginning is told at most once in
 * five minutes; what began and ended while it had to wait is not told at all.
 */
import { iso, MINUTE_MS, SECOND_MS } from '#values/time.ts'
import { nextTry } from './retry.ts'
import type { AlertShown } from './shown/operations.ts'

export const SEVERITIES = ['p0', 'p1', 'p2'] as const
export type Severity = (typeof SEVERITIES)[number]

export type AlertDetails = Readonly<Record<string, string | number | boolean | null>>

export interface Alert {
  /** What it is about, the same for every fact of one matter: `dispute/dp_1`, `breaker/stripe`. At most 255 characters. */
  readonly key: string
  readonly severity: Severity
  /** One sentence for whoever is woken by it. */
  readonly summary: string
  /** No personal data, no secret. */
  readonly details: AlertDetails
  readonly orderId?: string
  /** Over when nothing more was heard of it for so long; without it somebody must say that it is over. */
  readonly quietMs?: number
}

/** A fact: something is wrong (or still is), or it no longer is. */
export type AlertChange = { readonly raise: Alert } | { readonly resolve: string }

export type Telling = 'trigger' | 'resolve'

export interface AlertRecord extends Omit<Alert, 'orderId' | 'quietMs'> {
  readonly orderId: string | null
  readonly status: 'open' | 'resolved'
  /** Facts since it opened. */
  readonly count: number
  readonly firstAtMs: number
  readonly lastAtMs: number
  readonly resolvedAtMs: number | null
  /** When it is over by itself; null when it is not, or is over. */
  readonly quietAtMs: number | null
  /** How often it opened or closed. */
  readonly version: number
  /** Still to be told, in this order. */
  readonly toTell: readonly Telling[]
  /** When a beginning was last told. */
  readonly toldAtMs: number | null
  /** Failed tries of what is to be told next. */
  readonly attempts: number
  /** When the sweep looks at it next; null when nothing is to be told. */
  readonly nextAtMs: number | null
  /** Who tells it just now, and until when nobody else does. */
  readonly teller: string | null
  readonly lastError: string | null
}

/** A beginning is told at most so often. */
export const TOLD_EVERY_MS = 5 * MINUTE_MS
/** Longer than one call to whoever is told. */
export const TELLER_MS = 30 * SECOND_MS
/** Waits after each failed try; after the last one only a new fact begins anew. */
export const TELL_WAITS_MS: readonly number[] = [
  30 * SECOND_MS, 30 * SECOND_MS, MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, 60 * MINUTE_MS, 240 * MINUTE_MS,
]
/** What begins and ends for hours while nobody can be told is told from here on only as it ended. */
const TO_TELL_MAX = 4

/** What a fact makes of its alert; undefined when it says nothing new about it. */
export function folded(record: AlertRecord | undefined, change: AlertChange, atMs: number): AlertRecord | undefined {
  if ('raise' in change) return record?.status === 'open' ? heardAgain(record, change.raise, atMs) : opened(record, change.raise, atMs)
  return record?.status === 'open' ? over(record, atMs) : undefined
}

function opened(record: AlertRecord | undefined, alert: Alert, atMs: number): AlertRecord {
  return dueTo({
    ...saidBy(alert, atMs),
    status: 'open',
    severity: alert.severity,
    count: 1,
    firstAtMs: atMs,
    resolvedAtMs: null,
    version: (record?.version ?? 0) + 1,
    toTell: queued(record?.toTell ?? [], 'trigger'),
    toldAtMs: record?.toldAtMs ?? null,
    attempts: record?.attempts ?? 0,
    nextAtMs: record?.nextAtMs ?? null,
    teller: record?.teller ?? null,
    lastError: record?.lastError ?? null,
  }, atMs)
}

/** Told again only when it was last told long enough ago; a matter that got worse stays as bad as it was. */
function heardAgain(record: AlertRecord, alert: Alert, atMs: number): AlertRecord {
  const severity = alert.severity < record.severity ? alert.severity : record.severity
  const again = !isHeld(record, atMs) && record.toTell.at(-1) !== 'trigger'
  const toTell = again ? queued(record.toTell, 'trigger') : record.toTell
  return dueTo({ ...record, ...saidBy(alert, atMs), severity, count: record.count + 1, toTell }, atMs)
}

function saidBy({ key, summary, details, orderId, quietMs }: Alert, atMs: number) {
  return { key, summary, details, orderId: orderId ?? null, lastAtMs: atMs, quietAtMs: quietMs === undefined ? null : atMs + quietMs }
}

function over(record: AlertRecord, atMs: number): AlertRecord {
  const untold = record.toTell.at(-1) === 'trigger' && isHeld(record, atMs)
  const toTell = untold ? record.toTell.slice(0, -1) : queued(record.toTell, 'resolve')
  return dueTo({ ...record, status: 'resolved', resolvedAtMs: atMs, quietAtMs: null, version: record.version + 1, toTell }, atMs)
}

function queued(toTell: readonly Telling[], telling: Telling): readonly Telling[] {
  const all = [...toTell, telling]
  return all.length > TO_TELL_MAX ? all.slice(2) : all
}

function isHeld({ toldAtMs }: AlertRecord, atMs: number): boolean {
  return toldAtMs !== null && toldAtMs + TOLD_EVERY_MS > atMs
}

/** When what comes next may be told. Who tells it just now is left his time, and a try that is put off stays put off. */
function dueTo(record: AlertRecord, nowMs: number): AlertRecord {
  const [next] = record.toTell
  if (next === undefined) return { ...record, nextAtMs: null, attempts: 0, lastError: null }
  if (record.teller !== null && record.nextAtMs !== null && record.nextAtMs > nowMs) return record
  const notBeforeMs = next === 'trigger' && record.toldAtMs !== null ? record.toldAtMs + TOLD_EVERY_MS : nowMs
  const waiting = record.attempts > 0 && record.nextAtMs !== null ? record.nextAtMs : nowMs
  return { ...record, nextAtMs: Math.max(notBeforeMs, waiting) }
}

/** Takes the right to tell what is due; undefined when nothing is, or somebody tells it just now. */
export function tellerOf(record: AlertRecord, teller: string, nowMs: number): AlertRecord | undefined {
  if (record.toTell.length === 0 || record.nextAtMs === null || record.nextAtMs > nowMs) return undefined
  return { ...record, teller, nextAtMs: nowMs + TELLER_MS }
}

/** The first in the queue was told. */
export function told(record: AlertRecord, nowMs: number): AlertRecord {
  const [done, ...toTell] = record.toTell
  return dueTo({ ...record, toTell, attempts: 0, teller: null, lastError: null, toldAtMs: done === 'trigger' ? nowMs : record.toldAtMs }, nowMs)
}

/** It could not be told: again later, until the waits are used up. */
export function notTold(record: AlertRecord, failure: { readonly reason: string; readonly waitMs: number }, nowMs: number): AlertRecord {
  const attempts = record.attempts + 1
  const next = nextTry(TELL_WAITS_MS, attempts, nowMs)
  const nextAtMs = next === null ? null : Math.max(next, nowMs + failure.waitMs)
  return { ...record, attempts: nextAtMs === null ? 0 : attempts, nextAtMs, teller: null, lastError: failure.reason.slice(0, 300) }
}

/** Put off without a try: whoever is to be told cannot be reached, as is known. */
export function tellLater(record: AlertRecord, untilMs: number): AlertRecord {
  return { ...record, nextAtMs: untilMs, teller: null }
}

/** An alert as staff see it. */
export function alertView(record: AlertRecord): AlertShown {
  const { key, severity, summary, details, orderId, status, count, version, toTell } = record
  return {
    key, severity, summary, details, orderId, status, count, version,
    firstAt: iso(record.firstAtMs),
    lastAt: iso(record.lastAtMs),
    resolvedAt: record.resolvedAtMs === null ? null : iso(record.resolvedAtMs),
    toldAt: record.toldAtMs === null ? null : iso(record.toldAtMs),
    toTell, lastError: record.lastError,
  }
}
