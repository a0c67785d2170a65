/**
 * What the truth about a dispute means for its order: everything that must be written together, as data.
 *
 * The gateway is always asked what is true now, so it does not matter which of its events came, in which order or how
 * often: what is known already changes nothing. Each movement of money is booked once, by its own id; what a lost case
 * leaves with the bank is written off, and taken back on if the case is won after all.
 */
import type { AlertChange } from './alert.ts'
import { isClosed, isOver, isToRemind, amountHeld, awaitsEvidence, type Dispute, type DisputeMovement, type DisputeTruth } from './dispute.ts'
import { feeEntry, transferEntry, type JournalEntry } from './ledger.ts'
import { moved, stateOfPaid, type Disputed, type Order, type OrderState } from './order.ts'
import { auditRow, disputeRow, ledgerRows, orderRow } from './rows.ts'
import type { Settlement } from './settlement.ts'
import { Failure } from '#values/failure.ts'
import { toText } from '#values/money.ts'
import { HOUR_MS, iso } from '#values/time.ts'

/** The gateway is asked again so often while a dispute is open: an event may have been lost. */
const CHECK_MS = 6 * HOUR_MS
const PAID: readonly OrderState[] = ['paid', 'fulfilled', 'partially_refunded', 'refunded', 'disputed']

export interface DisputeSettling {
  readonly order: Order
  readonly truth: DisputeTruth
  /** `webhook evt_...`, `sweep`: goes into the history. */
  readonly cause: string
  readonly nowMs: number
  /** Entries that stand in the ledger already: the reconciliation may have been first. */
  readonly posted?: ReadonlySet<string>
}

/** The money of this order came: only then can it be disputed. */
export function isPaid(order: Order): boolean {
  return PAID.includes(order.state)
}

/**
 * @returns what to write, or undefined when the truth is what we know
 * @throws Failure CONFLICT when the order is not paid in our books: its charge must be settled first
 */
export function settleDispute({ order, truth, cause, nowMs, posted }: DisputeSettling): Settlement | undefined {
  if (!isPaid(order)) throw new Failure('CONFLICT', { reason: `order ${order.id} is ${order.state} and its charge is disputed` })
  const before = order.disputes?.find(({ id }) => id === truth.id)
  const dispute = learned(before, truth, nowMs)
  if (before !== undefined && isSame(before, dispute)) return undefined
  const all = [...movementEntries(order, before, dispute, nowMs), ...lossEntries(order, before, dispute, nowMs)]
  const entries = all.filter(({ id }) => posted?.has(id) !== true)
  const next = withDispute(order, { ...dispute, ...writtenOff(before, dispute) }, nowMs)
  const changed = next.disputes?.find(({ id }) => id === truth.id) ?? dispute
  return written(order, next, changed, { entries, cause, nowMs, what: `order.dispute_${dispute.status}`, alerts: alertsOf(order, before, changed) })
}

/** Tells staff that a deadline is near; undefined when nobody must be told, or somebody was. */
export function remindOf(order: Order, disputeId: string, nowMs: number): Settlement | undefined {
  const dispute = order.disputes?.find(({ id }) => id === disputeId)
  if (dispute === undefined || !isToRemind(dispute, nowMs)) return undefined
  const reminded = { ...dispute, remindedAtMs: nowMs, version: dispute.version + 1 }
  const alert = raised(order, dispute, { key: `dispute-deadline/${dispute.id}`, severity: 'p0', summary: `Evidence for a dispute of order ${order.number} is due within 48 hours, and none was handed in.` })
  return written(order, withDispute(order, reminded, nowMs), reminded, { entries: [], cause: 'deadline', nowMs, what: 'order.dispute_deadline', alerts: [alert] })
}

/** Nothing is new: the sweep looks again later. */
export function checkedLater(order: Order, nowMs: number): Order {
  const disputed = disputedOf(order.disputes ?? [], order.disputed?.sinceMs ?? nowMs, nowMs)
  return { ...order, disputed }
}

function learned(before: Dispute | undefined, { answerWithinMs, ...truth }: DisputeTruth, nowMs: number): Dispute {
  const dueAtMs = truth.dueAtMs ?? before?.dueAtMs ?? (answerWithinMs === undefined ? null : nowMs + answerWithinMs)
  // Of the day that we count nobody tells us when it is over, nor whether evidence came: it is the bank's turn then.
  const isOverdue = answerWithinMs !== undefined && dueAtMs !== null && dueAtMs <= nowMs && truth.status === 'needs_response'
  const known = new Set(truth.movements.map(({ id }) => id))
  // A movement that was booked stays booked, also when a later answer does not list it.
  const movements = [...(before?.movements.filter(({ id }) => !known.has(id)) ?? []), ...truth.movements]
  return {
    ...truth, dueAtMs, status: isOverdue ? 'under_review' : truth.status, movements, openedAtMs: before?.openedAtMs ?? truth.openedAtMs, writtenOff: before?.writtenOff ?? 0, writeOffs: before?.writeOffs ?? 0,
    closedAtMs: isClosed(truth) ? (before?.closedAtMs ?? nowMs) : null, remindedAtMs: before?.remindedAtMs ?? null, version: (before?.version ?? 0) + 1,
  }
}

function isSame(before: Dispute, after: Dispute): boolean {
  const facts = ({ status, amount, currency, reason, dueAtMs, answered, refundable, movements }: Dispute): string =>
    JSON.stringify([status, amount, currency, reason, dueAtMs, answered, refundable, movements.map(({ id }) => id).sort()])
  return facts(before) === facts(after)
}

function movementEntries(order: Order, before: Dispute | undefined, dispute: Dispute, atMs: number): JournalEntry[] {
  const known = new Set(before?.movements.map(({ id }) => id))
  return dispute.movements.filter(({ id }) => !known.has(id)).flatMap((movement) => entriesOf(order, dispute, movement, atMs))
}

function entriesOf(order: Order, dispute: Dispute, { id, amount, fee, currency }: DisputeMovement, atMs: number): JournalEntry[] {
  const { gateway } = order.payment
  const common = { orderId: order.id, currency, atMs, reference: dispute.id }
  const kind = amount < 0 ? ('dispute' as const) : ('dispute_reversal' as const)
  return [
    ...(amount === 0 ? [] : [transferEntry({ ...common, id: `dispute-${id}`, kind, from: 'disputes:held', to: `gateway:${gateway}`, amount })]),
    ...(fee === 0 ? [] : [feeEntry(id, { ...common, gateway, amount: fee })]),
  ]
}

/** A lost case leaves nothing to wait for. */
function lossEntries(order: Order, before: Dispute | undefined, dispute: Dispute, atMs: number): JournalEntry[] {
  const { writtenOff: after, writeOffs } = writtenOff(before, dispute)
  const amount = after - (before?.writtenOff ?? 0)
  if (amount === 0) return []
  const currency = dispute.movements[0]?.currency ?? dispute.currency
  return [transferEntry({
    id: `dispute-loss-${dispute.id}-${writeOffs}`, kind: 'dispute_loss', orderId: order.id, currency, atMs, reference: dispute.id,
    from: 'disputes:held', to: 'disputes:lost', amount,
  })]
}

function writtenOff(before: Dispute | undefined, dispute: Dispute): Pick<Dispute, 'writtenOff' | 'writeOffs'> {
  const amount = dispute.status === 'lost' ? amountHeld(dispute) : 0
  const same = amount === (before?.writtenOff ?? 0)
  return { writtenOff: amount, writeOffs: (before?.writeOffs ?? 0) + (same ? 0 : 1) }
}

function withDispute(order: Order, dispute: Dispute, nowMs: number): Order {
  const others = order.disputes ?? []
  const known = others.some(({ id }) => id === dispute.id)
  const disputes = known ? others.map((other) => (other.id === dispute.id ? dispute : other)) : [...others, dispute]
  return { ...order, disputes, disputed: disputedOf(disputes, order.disputed?.sinceMs ?? nowMs, nowMs) }
}

function disputedOf(disputes: readonly Dispute[], sinceMs: number, nowMs: number): Disputed {
  const open = disputes.filter((one) => !isOver(one))
  const due = open.filter(awaitsEvidence).flatMap(({ dueAtMs }) => (dueAtMs === null ? [] : [dueAtMs]))
  return { sinceMs, dueAtMs: due.length === 0 ? null : Math.min(...due), checkAtMs: open.length === 0 ? null : nowMs + CHECK_MS }
}

interface Telling {
  readonly entries: readonly JournalEntry[]
  readonly cause: string
  readonly nowMs: number
  readonly what: string
  readonly alerts: readonly AlertChange[]
}

/** Whoever must act is told when a case begins or turns, and that it is over when it is. */
function alertsOf(order: Order, before: Dispute | undefined, dispute: Dispute): AlertChange[] {
  const [key, deadline] = [`dispute/${dispute.id}`, `dispute-deadline/${dispute.id}`]
  if (isClosed(dispute)) return before === undefined ? [] : [{ resolve: key }, { resolve: deadline }]
  if (before !== undefined && !awaitsEvidence(dispute)) return [{ resolve: deadline }]
  if (before?.status === dispute.status) return []
  const inquiry = dispute.status === 'inquiry'
  const summary = inquiry
    ? `A customer's bank asks about order ${order.number}. No money has moved; an answer may prevent a dispute.`
    : `A customer's bank has taken back money of order ${order.number}.${awaitsEvidence(dispute) ? ' Without evidence in time it is lost.' : ''}`
  return [raised(order, dispute, { key, severity: inquiry ? 'p2' : 'p1', summary })]
}

function raised(order: Order, dispute: Dispute, alert: { key: string; severity: 'p0' | 'p1' | 'p2'; summary: string }): AlertChange {
  const details = {
    disputeId: dispute.id, amount: toText(dispute.amount, dispute.currency), currency: dispute.currency, reason: dispute.reason,
    evidenceDueAt: dispute.dueAtMs === null ? null : iso(dispute.dueAtMs),
  }
  return { raise: { ...alert, details, orderId: order.id } }
}

function written(before: Order, next: Order, dispute: Dispute, { entries, cause, nowMs, what, alerts }: Telling): Settlement {
  const state = stateOfPaid(next)
  const order = state === before.state ? { ...next, updatedAtMs: nowMs } : moved(next, state, `dispute ${dispute.id} ${dispute.status}, ${cause}`, nowMs)
  const rows = [orderRow(order), disputeRow(order, dispute), ...entries.flatMap(ledgerRows), auditRow(order, what, `${dispute.reason}, ${cause}`)]
  return { order, entries, mails: [], holds: [], stock: [], rows, alerts, reopenCart: false }
}
