/**
 * Review: an order that a person looks at before it is sold, and what that person decides.
 *
 * A decision is written on the order before the gateway is asked; whoever carries it out (the call, the sweep, a
 * webhook) finds it there. So it is made once: a refused order is never captured, an approved one never given up by us.
 * Where the gateway took another amount than the order's there is nothing to approve: order, receipt, tax and ledger
 * would name another sum than the customer's bank. Such an order is refused, and all that came is given back.
 */
import { Failure } from '#values/failure.ts'
import { toMajor } from '#values/money.ts'
import { DAY_MS, MINUTE_MS, iso } from '#values/time.ts'
import type { AlertChange } from './alert.ts'
import { REASONS, type ReviewReason } from './fraud.ts'
import { moved, orderView, paymentView, type Answer, type Order, type Review } from './order.ts'
import type { GatewayName } from './payment.ts'
import { auditRow, orderRow } from './rows.ts'
import type { Settlement } from './settlement.ts'
import type { DecisionShown, ReceivedShown, ReviewShown } from './shown/order.ts'

/** How long a gateway holds what was set aside; then it goes free by itself, and the order is given up. */
const HELD_MS: Record<GatewayName, number> = { stripe: 7 * DAY_MS, kaja: 30 * DAY_MS, none: Infinity }
/** Staff are called again so long before. */
const LAST_CALL_MS = DAY_MS
/** How often the gateway is asked about an order that waits for a person: it may have ended the payment itself. */
export const REVIEW_CHECK_MS = 15 * MINUTE_MS
/** A decision that was not carried out at once is carried out by the sweep. */
const CARRY_OUT_MS = MINUTE_MS

export interface Verdict {
  readonly id: string
  readonly decision: Review['decision']
  readonly reason: string
  readonly decidedBy: string
  readonly requestHash: string
  readonly nowMs: number
}

/**
 * Writes a decision on an order; undefined when the same was decided before.
 * @throws Failure CONFLICT when the order is not in review or was cancelled, when the other was decided, or when it
 *   cannot be approved
 */
export function decide(order: Order, verdict: Verdict): Settlement | undefined {
  const { nowMs, ...review } = verdict
  if (order.review !== null) {
    if (order.review.decision === verdict.decision) return undefined
    const details = { decision: order.review.decision, decidedAt: iso(order.review.atMs), state: order.state }
    throw new Failure('CONFLICT', { message: `This order has been ${DECIDED[order.review.decision]} already.`, details })
  }
  const { state } = order
  if (order.cancellation !== undefined) throw new Failure('CONFLICT', { message: 'This order was cancelled.', details: { state } })
  if (state !== 'in_review') throw new Failure('CONFLICT', { message: `An order that is ${state} is not in review.`, details: { state } })
  if (verdict.decision === 'approve' && order.payment.received !== null) throw differs(order)
  const word = DECIDED[verdict.decision]
  const reviewed = { ...order, review: { ...review, atMs: nowMs }, checkAtMs: nowMs + CARRY_OUT_MS }
  const decided = moved(reviewed, state, `${word} by staff`, nowMs)
  const rows = [orderRow(decided), auditRow(decided, `review.${word}`, verdict.reason, verdict.decidedBy)]
  return { order: decided, entries: [], mails: [], holds: [], stock: [], rows, alerts: noLongerWaiting(order), reopenCart: false }
}

const DECIDED = { approve: 'approved', refuse: 'refused' } as const

/** What whoever approved an order is told when another amount turns out to have been taken. */
export function differs(order: Order): Failure {
  const { received } = order.payment
  const wanted = { total: toMajor(order.total, order.currency), currency: order.currency }
  return new Failure('CONFLICT', {
    message: 'The payment service took or holds another amount than the order\'s. It can only be refused: then all of it is given back.',
    details: { ...wanted, ...(received === null ? {} : { received: receivedView(received) }) },
  })
}

/** What a decided order still needs at the gateway. Money that was taken is given back by a refund, not here. */
export function stepOf(order: Order): 'capture' | 'cancel' | 'none' {
  if (order.review === null || order.payment.transactionId === null || order.payment.status === 'succeeded') return 'none'
  return order.review.decision === 'approve' ? 'capture' : 'cancel'
}

/** Staff are told that an order waits for them; again, and louder, when its time runs out. */
export function waitsForStaff(order: Order, severity: 'p1' | 'p0' = 'p1'): AlertChange {
  const deadlineMs = deadlineOf(order)
  return {
    raise: {
      key: alertKey(order),
      severity,
      summary: `Order ${order.number} waits for a decision${severity === 'p1' ? '' : ', and its payment runs out soon'}.`,
      details: {
        reasons: order.reviewReasons.join(', '), amount: toMajor(order.total, order.currency), currency: order.currency,
        taken: order.payment.status === 'succeeded', deadline: deadlineMs === null ? null : iso(deadlineMs),
      },
      orderId: order.id,
    },
  }
}

/** Nobody has said yet what is to become of it. */
export function isUndecided(order: Order): boolean {
  return order.state === 'in_review' && order.review === null && order.cancellation === undefined
}

/** What ends the alert of an order that leaves review. One that was decided or cancelled has ended it. */
export function noLongerWaiting(order: Order): readonly AlertChange[] {
  return isUndecided(order) ? [{ resolve: alertKey(order) }] : []
}

function alertKey(order: Order): string {
  return `review/${order.id}`
}

/** The gateway has put a payment aside whose order was sold before; null when it lets it through again. */
export function reviewedTooLate(order: Order, held: string | null): AlertChange {
  const key = `gateway-review/${order.id}`
  if (held === null) return { resolve: key }
  const summary = `The payment service reviews the payment of order ${order.number}, which was sold already.`
  return { raise: { key, severity: 'p1', summary, details: { state: order.state, held }, orderId: order.id } }
}

/** Calls staff a last time, once, when an order's payment is about to run out; undefined when it is not. */
export function lastCall(order: Order, nowMs: number): Settlement | undefined {
  const deadlineMs = deadlineOf(order)
  if (!isUndecided(order) || order.lastCallAtMs !== undefined) return undefined
  if (deadlineMs === null || nowMs < deadlineMs - LAST_CALL_MS) return undefined
  const called = { ...order, lastCallAtMs: nowMs }
  const alerts = [waitsForStaff(order, 'p0')]
  return { order: called, entries: [], mails: [], holds: [], stock: [], rows: [], alerts, reopenCart: false }
}

/** How often an order came into review: the mails of each time are mails of their own. */
export function timesInReview(order: Order): number {
  const { history } = order
  return history.filter(({ state }, index) => state === 'in_review' && history[index - 1]?.state !== 'in_review').length
}

/** Keeps, with a decision that has been carried out, what whoever made it is told. */
export function concluded(order: Order, nowMs: number): Order {
  const { review } = order
  return review === null ? order : { ...order, review: { ...review, answer: answerOf(order, review, nowMs) } }
}

function answerOf(order: Order, review: Review, nowMs: number): Answer {
  const timestamp = iso(nowMs)
  if (review.decision === 'approve' && order.state !== 'paid') {
    const error = 'The payment could not be taken: it had ended at the payment service. Nothing was charged.'
    const details = { orderId: order.id, state: order.state }
    return { status: 409, body: JSON.stringify({ success: false, error, code: 'CONFLICT', retryable: false, details, timestamp }) }
  }
  const told = { success: true, orderId: order.id, review: decisionView(review), order: orderView(order), timestamp }
  return { status: 200, body: JSON.stringify(told) }
}

/** Until when the gateway holds what was set aside; null when it was taken, or waits for ever. */
export function deadlineOf(order: Order): number | null {
  const { gateway, status } = order.payment
  const sinceMs = order.history.find(({ state }) => state === 'in_review')?.atMs ?? order.createdAtMs
  return status === 'authorised' && Number.isFinite(HELD_MS[gateway]) ? sinceMs + HELD_MS[gateway] : null
}

/** An order in review as staff see it. */
export function reviewView(order: Order): ReviewShown {
  const deadlineMs = deadlineOf(order)
  const { received } = order.payment
  return {
    orderId: order.id,
    number: order.number,
    reasons: order.reviewReasons.map((code) => ({ code, about: REASONS[code as ReviewReason] ?? code })),
    amount: toMajor(order.total, order.currency),
    currency: order.currency,
    received: received === null ? null : receivedView(received),
    taken: order.payment.status === 'succeeded',
    payment: paymentView(order),
    customerId: order.customerId,
    email: order.email,
    ipCountry: order.ipCountry,
    units: order.lines.reduce((sum, { quantity }) => sum + quantity, 0),
    decision: order.review === null ? null : decisionView(order.review),
    createdAt: iso(order.createdAtMs),
    deadline: deadlineMs === null ? null : iso(deadlineMs),
  }
}

function receivedView({ amount, currency }: { amount: number; currency: string }): ReceivedShown {
  return { amount: toMajor(amount, currency), currency }
}

function decisionView(review: Review): DecisionShown {
  return { decision: review.decision, reason: review.reason, decidedBy: review.decidedBy, at: iso(review.atMs) }
}
