/**
 * What the outcome of a charge means for an order: everything that must be written together, as data.
 *
 * The same outcome twice, or an older one after a newer one, means nothing: only an open order moves by an outcome, and
 * money that arrives for a closed one is its own case (`late`), never silently dropped.
 */
import { redactable, type Settlement } from './settlement.ts'
import { chargeEntry } from './ledger.ts'
import { FIRST_CHECK_MS, LEASE_MS, isOpen, moved, paymentView, orderView, type Answer, type Order, type OrderState } from './order.ts'
import type { ChargeOutcome } from './payment.ts'
import { receiptMail } from './receipt.ts'
import { auditRow, ledgerRows, orderRow, paymentRow } from './rows.ts'
import { FAILURES, type FailureCode } from '#values/failure.ts'
import { toMajor } from '#values/money.ts'
import { iso } from '#values/time.ts'

/** How long a customer may take to authenticate. */
export const ACTION_MS = 15 * 60_000
const RECHECK_MS = 60_000
/** How often the gateway is asked about an order that waits for a person: it may have ended the charge itself. */
const REVIEW_CHECK_MS = 15 * 60_000
const GIVEN_UP: readonly OrderState[] = ['expired', 'payment_failed', 'cancelled']

export interface Settling {
  readonly order: Order
  readonly outcome: ChargeOutcome
  /** `checkout`, `webhook evt_...`, `sweep`: goes into the history. */
  readonly cause: string
  readonly nowMs: number
  readonly shopName: string
}

/** @returns what to write, or undefined when the outcome changes nothing */
export function settle(settling: Settling): Settlement | undefined {
  const { order, outcome } = settling
  if (!isOpen(order)) return undefined
  // Money was seen and does not fit: only a decision moves the order on, not a question that found nothing.
  if (order.state === 'in_review' && !['succeeded', 'declined', 'cancelled'].includes(outcome.status)) return undefined
  switch (outcome.status) {
    case 'succeeded':
      if (fits(order, outcome)) return paid(settling, outcome)
      return order.state === 'in_review' ? undefined : review(settling)
    case 'authorised':
      return held(settling, outcome)
    case 'declined':
      return failed(settling, 'payment_failed', 'PAYMENT_DECLINED', outcome)
    case 'cancelled':
      return failed(settling, 'expired', 'CONFLICT', outcome)
    case 'absent':
      return failed(settling, order.state === 'requires_action' ? 'expired' : 'payment_failed', 'SERVICE_UNAVAILABLE', outcome)
    case 'unavailable':
      return isFirstTry(order) ? failed(settling, 'payment_failed', 'SERVICE_UNAVAILABLE', outcome) : unsure(settling, outcome)
    case 'requires_action':
      return waiting(settling, outcome)
    case 'processing':
    case 'unknown':
      return unsure(settling, outcome)
  }
}

function fits(order: Order, outcome: Extract<ChargeOutcome, { status: 'succeeded' }>): boolean {
  return outcome.amount === order.total && outcome.currency === order.currency
}

/** Nobody took over from the order's first runner. Who takes over cannot know what the one before him has sent. */
function isFirstTry(order: Order): boolean {
  return order.state === 'pending_payment' && order.leaseUntilMs === order.createdAtMs + LEASE_MS
}

/** Money came for an order that had been given up. `restocked` says whether its goods could be reserved again. */
export function isLateMoney(order: Order, outcome: ChargeOutcome): boolean {
  return outcome.status === 'succeeded' && GIVEN_UP.includes(order.state)
}

export function settleLate(settling: Settling, restocked: boolean): Settlement {
  const outcome = settling.outcome as Extract<ChargeOutcome, { status: 'succeeded' }>
  const late = { ...settling, cause: `${settling.cause}, late` }
  const holds = settling.order.lines.filter((line) => line.counted).map(({ productId, quantity }) => ({ productId, delta: quantity }))
  if (!fits(settling.order, outcome)) {
    const reviewed = review(late)
    return { ...reviewed, holds, order: { ...reviewed.order, answer: null } }
  }
  const settlement = paid(late, outcome)
  if (restocked) return { ...settlement, holds, takeCart: true }
  const { order, nowMs } = settling
  const refund = {
    id: `ref_${order.id.slice(4)}`, amount: order.total, reason: 'Payment arrived after the order had expired', lines: [], restock: false,
    status: 'pending' as const, gatewayRefundId: null, requestedBy: 'countinghouse', atMs: nowMs,
  }
  // No receipt: what this customer is told is that the money comes back.
  return { ...settlement, mails: [], stock: [], order: { ...settlement.order, refunds: [...order.refunds, refund], checkAtMs: nowMs } }
}

function paid(settling: Settling, outcome: Extract<ChargeOutcome, { status: 'succeeded' }>): Settlement {
  const { order, cause, nowMs, shopName } = settling
  const settled = moved(
    {
      ...order,
      checkAtMs: null,
      payment: {
        ...order.payment, status: 'succeeded', transactionId: outcome.transactionId ?? order.payment.transactionId, token: null, clientSecret: null, nextAction: null,
        declineCode: null, answer: redactable(outcome.answer),
      },
    },
    'paid',
    cause,
    nowMs,
  )
  const entry = chargeEntry({
    orderId: order.id, gateway: order.payment.gateway, currency: order.currency, amount: order.total, tax: order.tax,
    shipping: order.shipping, reference: outcome.transactionId ?? 'none', atMs: nowMs,
  })
  return {
    order: { ...settled, answer: paidAnswer(settled, nowMs) },
    entries: [entry],
    mails: [receiptMail(settled, shopName)],
    holds: [],
    stock: order.lines.filter((line) => line.counted).map(({ productId, quantity, source }) => ({ productId, source, delta: -quantity })),
    rows: [orderRow(settled), paymentRow(settled), ...ledgerRows(entry), auditRow(settled, 'order.paid', cause)],
    reopenCart: false,
  }
}

/** The attempt is over without money: stock goes back, the cart opens again. */
function failed(settling: Settling, state: 'payment_failed' | 'expired', code: FailureCode, outcome: ChargeOutcome): Settlement {
  const { order, cause, nowMs } = settling
  const declineCode = outcome.status === 'declined' ? outcome.declineCode : null
  const settled = moved(
    {
      ...order,
      checkAtMs: null,
      payment: {
        ...order.payment,
        status: outcome.status === 'declined' ? 'declined' : outcome.status === 'cancelled' ? 'cancelled' : 'not_charged',
        transactionId: ('transactionId' in outcome ? outcome.transactionId : null) ?? order.payment.transactionId,
        token: null, clientSecret: null, nextAction: null, declineCode,
        answer: 'answer' in outcome ? redactable(outcome.answer) : order.payment.answer,
      },
    },
    state,
    declineCode === null ? cause : `${cause}: ${declineCode}`,
    nowMs,
  )
  return {
    order: { ...settled, answer: failedAnswer(settled, code, nowMs) },
    entries: [],
    mails: [],
    holds: order.lines.filter((line) => line.counted).map(({ productId, quantity }) => ({ productId, delta: -quantity })),
    stock: [],
    rows: [orderRow(settled), paymentRow(settled), auditRow(settled, `order.${state}`, cause)],
    // An order that was given up before has given its cart back; another may hold it now.
    reopenCart: !order.history.some(({ state: before }) => GIVEN_UP.includes(before)),
  }
}

function waiting(settling: Settling, outcome: Extract<ChargeOutcome, { status: 'requires_action' }>): Settlement | undefined {
  const { order, nowMs, cause } = settling
  if (order.state === 'requires_action') return undefined
  const payment = {
    ...order.payment, status: 'requires_action' as const, transactionId: outcome.transactionId, clientSecret: outcome.clientSecret,
    nextAction: outcome.nextAction,
  }
  const settled = moved({ ...order, payment, leaseUntilMs: nowMs, checkAtMs: nowMs + ACTION_MS }, 'requires_action', cause, nowMs)
  return quiet(settled, [orderRow(settled)])
}

/** Nobody knows yet. The lease ends now, so that the next caller may ask. */
function unsure(settling: Settling, outcome: Extract<ChargeOutcome, { status: 'unknown' | 'processing' | 'unavailable' }>): Settlement | undefined {
  const { order, nowMs, cause } = settling
  // The customer may still authenticate: no answer is no news.
  if (order.state === 'requires_action' && outcome.status !== 'processing') return undefined
  const payment = {
    ...order.payment,
    status: outcome.status === 'processing' ? ('processing' as const) : ('unknown' as const),
    transactionId: outcome.status === 'processing' ? outcome.transactionId : order.payment.transactionId,
  }
  const next = { ...order, payment, leaseUntilMs: nowMs, checkAtMs: nowMs + RECHECK_MS, updatedAtMs: nowMs }
  if (order.state === 'payment_unknown') return quiet(next, [])
  const settled = moved(next, 'payment_unknown', cause, nowMs)
  return quiet(settled, [orderRow(settled)])
}

/** Set aside, not taken: a person decides. The goods stay reserved. */
function held(settling: Settling, outcome: Extract<ChargeOutcome, { status: 'authorised' }>): Settlement {
  const { order, nowMs, cause } = settling
  const reasons = outcome.held === null ? order.reviewReasons : [...order.reviewReasons, outcome.held]
  const payment = { ...order.payment, status: 'authorised' as const, transactionId: outcome.transactionId, token: null, answer: redactable(outcome.answer) }
  const settled = moved({ ...order, payment, reviewReasons: reasons, leaseUntilMs: nowMs, checkAtMs: nowMs + REVIEW_CHECK_MS }, 'in_review', cause, nowMs)
  return quiet(settled, [orderRow(settled), auditRow(settled, 'order.in_review', reasons.join(', '))])
}

/** The gateway took another amount than the order's: a person must look. */
function review(settling: Settling): Settlement {
  const { order, nowMs } = settling
  const reviewReasons = [...order.reviewReasons, 'amount_differs']
  const settled = moved({ ...order, reviewReasons, checkAtMs: nowMs + FIRST_CHECK_MS }, 'in_review', 'amount differs at the gateway', nowMs)
  return quiet(settled, [orderRow(settled), auditRow(settled, 'order.in_review', 'amount differs')])
}

function quiet(order: Order, rows: Settlement['rows']): Settlement {
  return { order, entries: [], mails: [], holds: [], stock: [], rows, reopenCart: false }
}

function paidAnswer(order: Order, nowMs: number): Answer {
  return {
    status: 201,
    body: JSON.stringify({
      success: true,
      orderId: order.id,
      order: orderView(order),
      payment: paymentView(order),
      total: toMajor(order.total, order.currency),
      timestamp: iso(nowMs),
    }),
  }
}

function failedAnswer(order: Order, code: FailureCode, nowMs: number): Answer {
  const { status, sentence, retryable } = FAILURES[code]
  const error =
    code === 'CONFLICT' ? 'This order has expired. Nothing was charged.'
    : code === 'SERVICE_UNAVAILABLE' ? 'Payment service temporarily unavailable. Please try again.'
    : sentence
  const details = { orderId: order.id, ...(order.payment.declineCode === null ? {} : { declineCode: order.payment.declineCode }) }
  return { status, body: JSON.stringify({ success: false, error, code, retryable, details, timestamp: iso(nowMs) }) }
}
