/**
 * Payouts: money of ours that goes to a partner or an organiser, each once.
 *
 * A payout is first written, with its amount taken off what lies at the gateway; then the gateway is asked, under the
 * payout's own key; then it is settled. So two at once cannot pay out more than is there, and a lost answer is asked
 * for again under the same key. What the gateway refuses is ours again; what is taken back later is, too.
 */
import type { AlertChange } from './alert.ts'
import { transferEntry, type JournalEntry, type Transfer } from './ledger.ts'
import type { Answer } from './order.ts'
import type { Payee } from './payee.ts'
import type { Fruitless } from './payment.ts'
import { auditEvent, ledgerRows, payoutRow, type WarehouseRow } from './rows.ts'
import type { PayoutShown } from './shown/books.ts'
import { FAILURES, Failure } from '#values/failure.ts'
import { toMajor, toText } from '#values/money.ts'
import { DAY_MS, iso, MINUTE_MS } from '#values/time.ts'

export type PayoutState = 'pending' | 'unknown' | 'paid' | 'failed' | 'returned'

export interface Payout {
  readonly id: string
  readonly payeeId: string
  /** The payee's account when it was asked for: every try goes to the same one. */
  readonly destination: string
  readonly gateway: 'stripe'
  readonly amount: number
  readonly currency: string
  readonly reason: string
  readonly state: PayoutState
  readonly history: ReadonlyArray<{ readonly state: PayoutState; readonly atMs: number; readonly cause: string }>
  readonly transferId: string | null
  /** What came back of it after it was paid. */
  readonly returns: readonly PayoutReturn[]
  readonly failure: string | null
  readonly requestedBy: string
  readonly requestHash: string
  /** Digest of the caller's key, when he gave an id of his own beside it. */
  readonly keyDigest: string | null
  /** When the sweep asks next; null when nothing is open. */
  readonly checkAtMs: number | null
  /** Given to whoever asked, and again to the same id. */
  readonly answer: Answer | null
  readonly createdAtMs: number
  readonly updatedAtMs: number
}

/** Money that came back, by the gateway's own movement. */
export interface PayoutReturn {
  readonly id: string
  readonly amount: number
}

export type PayoutOutcome =
  | { readonly status: 'paid'; readonly transferId: string; readonly returns: readonly PayoutReturn[] }
  | { readonly status: 'failed'; readonly reason: string }
  | ({ readonly status: 'unknown' } & Fruitless)

/** Everything that one fact about a payout changes, to be written in one commit. */
export interface PayoutChange {
  readonly payout: Payout
  readonly entries: readonly JournalEntry[]
  readonly rows: readonly WarehouseRow[]
  readonly alerts: readonly AlertChange[]
}

export interface PayoutWish {
  readonly id: string
  readonly amount: number
  readonly currency: string
  readonly reason: string
  readonly requestedBy: string
  readonly requestHash: string
  readonly keyDigest: string | null
}

const CHECK_MS = MINUTE_MS

/** @throws Failure CONFLICT when less than that lies at the gateway */
export function requestPayout(wish: PayoutWish, payee: Payee, { atGateway, nowMs }: { atGateway: number; nowMs: number }): PayoutChange {
  if (wish.amount > atGateway) {
    const available = toMajor(Math.max(0, atGateway), wish.currency)
    throw new Failure('CONFLICT', { message: `Only ${available} ${wish.currency} lies at the payment service.`, details: { available, currency: wish.currency } })
  }
  const payout: Payout = {
    ...wish, payeeId: payee.id, destination: payee.destination, gateway: 'stripe', state: 'pending', history: [{ state: 'pending', atMs: nowMs, cause: 'asked for' }],
    transferId: null, returns: [], failure: null, checkAtMs: nowMs + CHECK_MS, answer: null, createdAtMs: nowMs, updatedAtMs: nowMs,
  }
  return changed(payout, { entries: [entryOf(payout, { id: `payout-partner:${payout.id}`, kind: 'payout', from: 'gateway:stripe', to: 'payouts:transit', amount: payout.amount })] })
}

export function isOpenPayout({ state }: Payout): boolean {
  return state === 'pending' || state === 'unknown'
}

/** What the gateway said; undefined when it says nothing new. Paid money can only come back, and no more than was paid. */
export function settlePayout(payout: Payout, outcome: PayoutOutcome, cause: string, nowMs: number): PayoutChange | undefined {
  if (outcome.status === 'unknown') return unsure(payout, outcome.reason, nowMs)
  if (outcome.status === 'failed') return isOpenPayout(payout) ? refused(payout, outcome.reason, nowMs) : undefined
  if (payout.state === 'failed') return undefined
  const isNew = isOpenPayout(payout)
  const fresh = outcome.returns.filter(({ id }) => !payout.returns.some((known) => known.id === id))
  if (!isNew && fresh.length === 0) return undefined
  const returns = [...payout.returns, ...fresh]
  const next = { ...payout, transferId: outcome.transferId, returns, checkAtMs: null }
  const settled = moved(next, returnedOf(next) >= payout.amount ? 'returned' : 'paid', cause, nowMs)
  const paidAnswer = answered(settled, nowMs)
  return changed({ ...settled, answer: payout.answer ?? paidAnswer }, {
    entries: [
      ...(isNew ? [entryOf(settled, { id: `payout-arrival-partner:${payout.id}`, kind: 'payout_arrival', from: 'payouts:transit', to: 'partners:payable', amount: payout.amount })] : []),
      ...fresh.map(({ id, amount }) => entryOf(settled, { id: `payout-return-${id}`, kind: 'payout_return', from: 'partners:payable', to: 'gateway:stripe', amount })),
    ],
    alerts: fresh.length > 0 ? [raised(settled, 'came back from the payee\'s account', 'reversed')] : [],
  })
}

/** Nobody knows yet: the sweep asks again under the same key. */
function unsure(payout: Payout, reason: string, nowMs: number): PayoutChange | undefined {
  if (payout.state !== 'pending') return undefined
  return changed(moved({ ...payout, checkAtMs: nowMs + CHECK_MS }, 'unknown', reason, nowMs), { entries: [] })
}

function refused(payout: Payout, reason: string, nowMs: number): PayoutChange {
  const settled = moved({ ...payout, failure: reason, checkAtMs: null }, 'failed', reason, nowMs)
  return changed({ ...settled, answer: failedAnswer(settled, nowMs) }, {
    entries: [entryOf(settled, { id: `payout-return-partner:${payout.id}`, kind: 'payout_return', from: 'payouts:transit', to: 'gateway:stripe', amount: payout.amount })],
    alerts: [raised(settled, 'was refused by the payment service', reason)],
  })
}

function moved(payout: Payout, state: PayoutState, cause: string, nowMs: number): Payout {
  return { ...payout, state, history: [...payout.history, { state, atMs: nowMs, cause }], updatedAtMs: nowMs }
}

function entryOf(payout: Payout, move: Pick<Transfer, 'id' | 'kind' | 'from' | 'to' | 'amount'>): JournalEntry {
  return transferEntry({ ...move, orderId: null, currency: payout.currency, reference: payout.transferId ?? payout.id, atMs: payout.updatedAtMs })
}

export function returnedOf({ returns }: Pick<Payout, 'returns'>): number {
  return returns.reduce((sum, { amount }) => sum + amount, 0)
}

function changed(payout: Payout, { entries, alerts = [] }: { entries: readonly JournalEntry[]; alerts?: readonly AlertChange[] }): PayoutChange {
  return { payout, entries, alerts, rows: [payoutRow(payout), ...entries.flatMap(ledgerRows), auditOf(payout)] }
}

function auditOf(payout: Payout): WarehouseRow {
  const [before, after] = [payout.history.at(-2)?.state ?? null, payout.history.at(-1)]
  return auditEvent({
    id: `payout-${payout.id}-${payout.history.length}-audit`, who: before === null ? payout.requestedBy : null, what: `payout.${payout.state}`, subject: payout.id,
    before: before === null ? null : { state: before },
    after: { state: payout.state, payeeId: payout.payeeId, amount: toText(payout.amount, payout.currency), currency: payout.currency },
    why: before === null ? payout.reason : (after?.cause ?? ''), requestId: null, ip: null, atMs: payout.updatedAtMs,
  })
}

function raised(payout: Payout, what: string, reason: string): AlertChange {
  const details = { payoutId: payout.id, payeeId: payout.payeeId, amount: toText(payout.amount, payout.currency), currency: payout.currency, reason }
  return { raise: { key: `payout/${payout.id}`, severity: 'p1', summary: `A payout of ${details.amount} ${payout.currency} ${what}.`, details, quietMs: 7 * DAY_MS } }
}

/** As staff see it. */
export function payoutView(payout: Payout): PayoutShown {
  const major = (minor: number): number => toMajor(minor, payout.currency)
  return {
    id: payout.id, recipientId: payout.payeeId, destination: payout.destination, amount: major(payout.amount), currency: payout.currency, reason: payout.reason,
    state: payout.state, gateway: payout.gateway, transferId: payout.transferId, returned: major(returnedOf(payout)), failure: payout.failure,
    requestedBy: payout.requestedBy, history: payout.history.map(({ state, atMs, cause }) => ({ state, at: iso(atMs), cause })),
    createdAt: iso(payout.createdAtMs), updatedAt: iso(payout.updatedAtMs),
  }
}

function answered(payout: Payout, nowMs: number): Answer {
  return { status: 201, body: JSON.stringify({ success: true, payout: payoutView(payout), timestamp: iso(nowMs) }) }
}

function failedAnswer(payout: Payout, nowMs: number): Answer {
  const { status, retryable } = FAILURES.CONFLICT
  const error = 'The payment service refused this payout. Nothing was paid.'
  const details = { payoutId: payout.id, reason: payout.failure }
  return { status, body: JSON.stringify({ success: false, error, code: 'CONFLICT', retryable, details, timestamp: iso(nowMs) }) }
}
