/**
 * A difference on record: found, then repaired, resolved by staff, or gone by itself.
 *
 * Its id follows from what it is about, so that it is one record however often it is found. Whoever closes it does so on
 * the version that he saw.
 */
import { toMajor } from '#values/money.ts'
import { iso } from '#values/time.ts'
import type { Alert, AlertChange } from './alert.ts'
import type { Movement } from './payment.ts'
import type { Found } from './reconciliation.ts'
import { auditEvent, type WarehouseRow } from './rows.ts'
import type { DifferenceShown, MovementShown, ResolutionShown } from './shown/books.ts'

export const DIFFERENCE_STATES = ['open', 'repaired', 'resolved', 'vanished'] as const
export type DifferenceState = (typeof DIFFERENCE_STATES)[number]

export interface Resolution {
  readonly how: 'attached_charge' | 'attached_refund' | 'booked_unexplained'
  readonly orderId: string | null
  readonly reason: string
  readonly by: string
  readonly atMs: number
}

export interface Difference extends Found {
  readonly id: string
  readonly state: DifferenceState
  /** Of the excess, what staff have had booked as unexplained. */
  readonly explained: number
  readonly foundAtMs: number
  readonly closedAtMs: number | null
  readonly resolution: Resolution | null
  /** Grows with every change. */
  readonly version: number
}

/** A change of a record, with what belongs to it. */
export interface DifferenceChange {
  readonly difference: Difference
  readonly rows: readonly WarehouseRow[]
  readonly alerts: readonly AlertChange[]
}

/** Letters that an id of ours may not have are vendors' own. */
export function differenceId({ kind, gateway, subject }: Pick<Found, 'kind' | 'gateway' | 'subject'>): string {
  return `${kind}-${gateway}-${subject.replaceAll(/[^A-Za-z0-9_.:@#+-]/g, '_')}`.slice(0, 128)
}

/** What is not booked of it anywhere: the gateway's books hold so much more than ours. */
export function unbookedExcess({ excess, explained }: Pick<Difference, 'excess' | 'explained'>): number {
  return excess - explained
}

/** Puts on record what was found; undefined when that is known. */
export function recorded(before: Difference | undefined, found: Found, nowMs: number): DifferenceChange | undefined {
  if (before === undefined) return opened(undefined, blank(found, nowMs), nowMs)
  if (before.state === 'open' && sameFacts(before, found)) return undefined
  // What staff have accepted stays accepted, as long as it is no more than that.
  if (before.state !== 'open' && before.resolution?.how === 'booked_unexplained' && found.excess === before.explained) return undefined
  return opened(before, { ...before, ...found, state: 'open', closedAtMs: null }, nowMs)
}

function blank(found: Found, nowMs: number): Difference {
  return { ...found, id: differenceId(found), state: 'open', explained: 0, foundAtMs: nowMs, closedAtMs: null, resolution: null, version: 0 }
}

function sameFacts(before: Difference, found: Found): boolean {
  const facts = ({ amount, currency, excess, cause, orderId, refundId, entryId, movements }: Found): string =>
    JSON.stringify([amount, currency, excess, cause, orderId, refundId, entryId, movements.map(({ id }) => id).sort()])
  return facts(before) === facts(found)
}

function opened(before: Difference | undefined, next: Difference, nowMs: number): DifferenceChange {
  const difference = { ...next, version: next.version + 1 }
  const what = before?.state === 'open' ? 'difference.changed' : 'difference.found'
  const rows = [auditOf(before, difference, { what, why: difference.cause, atMs: nowMs })]
  return { difference, rows, alerts: unbookedExcess(difference) === 0 ? [] : [{ raise: alertOf(difference) }] }
}

function alertOf({ id, kind, gateway, amount, currency, cause, orderId }: Difference): Alert {
  return {
    key: alertKey(id),
    severity: 'p0',
    summary: `Unreconciled money: ${kind.replaceAll('_', ' ')}.`,
    details: { kind, gateway, amount: toMajor(amount, currency), currency, cause },
    ...(orderId === null ? {} : { orderId }),
  }
}

function alertKey(id: string): string {
  return `reconciliation/${id}`
}

/** It was found and mended in one go: on record, and nobody is called. */
export function repairedAtOnce(before: Difference | undefined, found: Found, nowMs: number): DifferenceChange | undefined {
  if (before !== undefined && before.state !== 'open') return undefined
  return closed({ ...(before ?? blank(found, nowMs)), ...found }, { state: 'repaired', nowMs })
}

/**
 * What came was given back, or the other way round. Nothing is left of an open difference; where staff had it booked as
 * unexplained, that is now what is too much.
 */
export function cameToNothing(before: Difference, listed: readonly Movement[], nowMs: number): DifferenceChange | undefined {
  const about = new Set(before.movements.map(({ transactionId, id }) => transactionId ?? id))
  const movements = listed.filter(({ transactionId, id }) => about.has(transactionId ?? id))
  if (before.explained !== 0) {
    const cause = 'What was booked as unexplained has been moved back at the gateway.'
    return recorded(before, { ...before, movements, cause, excess: 0, amount: Math.abs(before.explained) }, nowMs)
  }
  return before.state === 'open' ? closed({ ...before, movements, excess: 0 }, { state: 'vanished', nowMs }) : undefined
}

/** What staff have had booked as unexplained is booked as what it is; undefined when nothing was. */
export function explainedAfterAll(before: Difference, nowMs: number): DifferenceChange | undefined {
  return before.explained === 0 ? undefined : closed({ ...before, explained: 0 }, { state: 'repaired', nowMs })
}

export interface Closing {
  readonly state: Exclude<DifferenceState, 'open'>
  readonly resolution?: Resolution
  readonly nowMs: number
}

export function closed(before: Difference, { state, resolution, nowMs }: Closing): DifferenceChange {
  const explained = resolution?.how === 'booked_unexplained' ? before.excess : before.explained
  const difference = { ...before, state, explained, closedAtMs: nowMs, resolution: resolution ?? before.resolution, version: before.version + 1 }
  const why = resolution?.reason ?? (state === 'repaired' ? 'repaired by the reconciliation' : 'the books agree again')
  const rows = [auditOf(before.version === 0 ? undefined : before, difference, { what: `difference.${state}`, why, atMs: nowMs, by: resolution?.by })]
  return { difference, rows, alerts: before.version === 0 ? [] : [{ resolve: alertKey(before.id) }] }
}

interface Telling {
  readonly what: string
  readonly why: string
  readonly atMs: number
  readonly by?: string | undefined
}

function auditOf(before: Difference | undefined, after: Difference, { what, why, atMs, by }: Telling): WarehouseRow {
  const id = `${after.id}-${after.version}-audit`
  return auditEvent({
    id, who: by ?? null, what, subject: after.id, before: before === undefined ? null : factsOf(before), after: factsOf(after), why, requestId: null, ip: null, atMs,
  })
}

function factsOf({ state, kind, gateway, amount, currency, orderId, resolution }: Difference): Record<string, unknown> {
  return { state, kind, gateway, amount: toMajor(amount, currency), currency, orderId: resolution?.orderId ?? orderId, how: resolution?.how ?? null }
}

/** A difference as staff see it. */
export function differenceView(difference: Difference): DifferenceShown {
  const { id, kind, state, gateway, currency, cause, orderId, transactionId, refundId, closedAtMs, resolution } = difference
  return {
    id, kind, state, gateway,
    amount: toMajor(difference.amount, currency),
    currency,
    excess: toMajor(difference.excess, currency),
    cause, orderId, transactionId, refundId,
    movements: difference.movements.map(movementView),
    foundAt: iso(difference.foundAtMs),
    closedAt: closedAtMs === null ? null : iso(closedAtMs),
    resolution: resolution === null ? null : resolutionView(resolution),
  }
}

function movementView({ id, kind, amount, currency, atMs }: Movement): MovementShown {
  return { id, kind, amount: toMajor(amount, currency), currency, at: iso(atMs) }
}

function resolutionView({ how, orderId, reason, by, atMs }: Resolution): ResolutionShown {
  return { how, orderId, reason, by, at: iso(atMs) }
}
