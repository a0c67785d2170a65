/**
 * What the outcome of a charge means for an order: everything that must be written together, as data.
 *
 * The same outcome twice, or an older one after a newer one, means nothing: only an open order moves by an outcome, and
 * money that arrives for a closed one is its own case (`late`), never silently dropped.
 */
import { closed, isWithdrawn, whyWithdrawn } from './cancellation.ts'
import { redactable, type Settlement } from './settlement.ts'
import { hasPage, withPage } from './hosted.ts'
import { chargeEntry, type Booking } from './ledger.ts'
import { isFirstTry, isOpen, moved, paymentView, orderView, takenFor, type Answer, type Order, type OrderState } from './order.ts'
import type { ChargeOutcome } from './payment.ts'
import { cancelledMail, receiptMail, reviewEndedMail, underReviewMail } from './receipt.ts'
import type { ReviewReason } from './fraud.ts'
import { useReturned, useTakenAgain } from './promo-use.ts'
import { concluded, noLongerWaiting, REVIEW_CHECK_MS, timesInReview, waitsForStaff } from './review.ts'
import { auditRow, ledgerRows, orderRow, paymentRow } from './rows.ts'
import { isPaid } from './settle-dispute.ts'
import { FAILURES, type FailureCode } from '#values/failure.ts'
import { toMajor } from '#values/money.ts'
import { iso } from '#values/time.ts'

/** How long a customer may take to authenticate. */
export const ACTION_MS = 15 * 60_000
const RECHECK_MS = 60_000
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
  if (isWithdrawn(order)) return settleWithdrawn(settling)
  if (order.state === 'in_review') return settleReview(settling)
  switch (outcome.status) {
    case 'succeeded':
      if (!fits(order, outcome)) return review(settling, outcome, 'amount_differs')
      return isRisky(outcome) ? review(settling, outcome, 'gateway_risk') : paid(settling, outcome)
    case 'open':
      return away(settling, outcome)
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

type Took = Extract<ChargeOutcome, { status: 'succeeded' }>

/** Cancelled, or refused after review: nothing is sold any more, and what came all the same goes back. It waits until the gateway has ended it. */
function settleWithdrawn(settling: Settling): Settlement | undefined {
  const { order, outcome } = settling
  switch (outcome.status) {
    case 'succeeded':
      return givenBack(settling, outcome)
    case 'declined':
    case 'cancelled':
      return failed(settling, 'cancelled', 'CONFLICT', outcome)
    case 'absent':
      // What is in review is known to the gateway: a search that misses it proves nothing.
      return order.state === 'in_review' ? undefined : failed(settling, 'cancelled', 'CONFLICT', outcome)
    default:
      return undefined
  }
}

/** Only a decision moves an order on that a person looks at, ours or one made at the gateway; not a question that found nothing. */
function settleReview(settling: Settling): Settlement | undefined {
  const { order, outcome } = settling
  switch (outcome.status) {
    case 'succeeded':
      if (fits(order, outcome)) return isRisky(outcome) && order.review === null ? undefined : paid(settling, outcome)
      return order.reviewReasons.includes('amount_differs') ? undefined : review(settling, outcome, 'amount_differs')
    case 'declined':
      return failed(settling, 'payment_failed', 'PAYMENT_DECLINED', outcome)
    case 'cancelled':
      return failed(settling, 'expired', 'CONFLICT', outcome)
    default:
      return undefined
  }
}

function fits(order: Order, outcome: { readonly amount: number; readonly currency: string }): boolean {
  return outcome.amount === order.total && outcome.currency === order.currency
}

function isRisky(outcome: Took): boolean {
  return typeof outcome.held === 'string'
}

/** Money came for an order that had been given up. `restocked` says whether its goods could be reserved again. */
export function isLateMoney(order: Order, outcome: ChargeOutcome): boolean {
  return outcome.status === 'succeeded' && GIVEN_UP.includes(order.state)
}

/** Money was set aside for an order that had been given up: it is to be let go. */
export function isLateHold(order: Order, outcome: ChargeOutcome): outcome is Extract<ChargeOutcome, { status: 'authorised' }> {
  return outcome.status === 'authorised' && GIVEN_UP.includes(order.state)
}

export function settleLate(settling: Settling, restocked: boolean): Settlement {
  const outcome = settling.outcome as Took
  const late = { ...settling, cause: `${settling.cause}, late` }
  if (isWithdrawn(settling.order)) return notWanted(late, outcome)
  if (!restocked) return backToSender(late, outcome, 'Payment arrived after the order had expired')
  const again = { ...late, order: useTakenAgain(settling.order) }
  const holds = settling.order.lines.filter((line) => line.counted).map(({ productId, quantity }) => ({ productId, delta: quantity }))
  const fitting = fits(settling.order, outcome)
  if (fitting && !isRisky(outcome)) return { ...paid(again, outcome), holds, takeCart: true }
  const reviewed = review(again, outcome, fitting ? 'gateway_risk' : 'amount_differs')
  return { ...reviewed, holds, order: { ...reviewed.order, answer: null } }
}

/** Money came that we may not keep: booked, and all of it on its way back. Nothing is sold. */
function backToSender(settling: Settling, outcome: Took, reason: string): Settlement {
  return onItsWayBack(paid(settling, outcome), reason, settling.nowMs)
}

function onItsWayBack({ order, ...settlement }: Settlement, reason: string, nowMs: number): Settlement {
  const { amount, shipping } = takenFor(order)
  const refund = {
    id: `ref_${order.id.slice(4)}`, amount, reason, lines: [], restock: false, status: 'pending' as const, gatewayRefundId: null, requestedBy: 'countinghouse',
    atMs: nowMs, ...(shipping === 0 ? {} : { shipping }),
  }
  // No receipt: what this customer is told is that the money comes back.
  return { ...settlement, mails: [], stock: [], order: { ...order, refunds: [...order.refunds, refund], checkAtMs: nowMs } }
}

/** Paid, and what it was for cannot be had any more: the same, and whoever asked is told. */
export function notGranted(settlement: Settlement, reason: string, nowMs: number): Settlement {
  const back = onItsWayBack(settlement, reason, nowMs)
  return { ...back, order: { ...back.order, answer: failedAnswer(back.order, 'CONFLICT', nowMs) } }
}

/** What a settlement means for that for which its order was, where it is no goods; undefined while it means nothing. */
export function turnOf(before: Order, { order: after }: Settlement): 'paid' | 'ended' | 'given_back' | undefined {
  if (after.state === 'refunded') return before.state === 'refunded' ? undefined : 'given_back'
  if (isPaid(after)) return isPaid(before) ? undefined : after.refunds.length > before.refunds.length ? 'ended' : 'paid'
  return isOpen(before) && !isOpen(after) ? 'ended' : undefined
}

/** Money came for an order that was cancelled or refused: whoever bought it is told that it comes back. */
function notWanted(settling: Settling, outcome: Took): Settlement {
  const settlement = backToSender(settling, outcome, whyWithdrawn(settling.order))
  return { ...settlement, order: { ...settlement.order, answer: failedAnswer(settlement.order, 'CONFLICT', settling.nowMs) } }
}

/** The same while its goods are reserved: they go back, its customer gets cart and money back. Of a cancelled one the refund's mail tells. */
function givenBack(settling: Settling, outcome: Took): Settlement {
  const { order, shopName } = settling
  const settlement = notWanted(settling, outcome)
  return {
    ...settlement,
    order: useReturned(settlement.order),
    mails: order.cancellation === undefined ? [reviewEndedMail(settlement.order, timesInReview(order), shopName)] : [],
    holds: released(order),
    reopenCart: neverGivenUp(order),
  }
}

function released(order: Order): Settlement['holds'] {
  return order.lines.filter((line) => line.counted).map(({ productId, quantity }) => ({ productId, delta: -quantity }))
}

/** An order that was given up before has given its cart back; another may hold it now. */
function neverGivenUp(order: Order): boolean {
  return !order.history.some(({ state }) => GIVEN_UP.includes(state))
}

function paid(settling: Settling, outcome: Took): Settlement {
  const { order, cause, nowMs, shopName } = settling
  const settled = moved(
    {
      ...order,
      checkAtMs: null,
      payment: {
        ...order.payment, status: 'succeeded', transactionId: outcome.transactionId ?? order.payment.transactionId, token: null, clientSecret: null, nextAction: null,
        declineCode: null, received: receivedOf(order, outcome), answer: redactable(outcome.answer),
      },
    },
    'paid',
    cause,
    nowMs,
  )
  const taken = takenFor(settled)
  const entry = chargeEntry({
    orderId: order.id, gateway: order.payment.gateway, currency: taken.currency, amount: taken.amount, tax: taken.tax,
    shipping: taken.shipping - taken.shippingTax, ...incomeOf(order), reference: outcome.transactionId ?? 'none', atMs: nowMs,
  })
  return {
    order: { ...concluded(settled, nowMs), answer: paidAnswer(settled, nowMs) },
    entries: [entry],
    mails: order.purpose === undefined ? [receiptMail(settled, shopName)] : [],
    holds: [],
    stock: order.lines.filter((line) => line.counted).map(({ productId, quantity, source }) => ({ productId, source, delta: -quantity })),
    rows: [orderRow(settled), paymentRow(settled), ...ledgerRows(entry), auditRow(settled, 'order.paid', cause)],
    alerts: noLongerWaiting(order),
    reopenCart: false,
    ...leaving(settled),
  }
}

function incomeOf({ purpose }: Order): Pick<Booking, 'income'> {
  return purpose?.kind === 'membership' ? { income: 'memberships' } : {}
}

/** Its customer wants the card to be kept: also when the money goes back, for that is no fault of the card's. */
function leaving({ id: orderId, customerId, email, payment }: Order): Pick<Settlement, 'leaves'> {
  const { keep, gateway, transactionId } = payment
  if (keep === undefined || customerId === null || transactionId === null) return {}
  return { leaves: { id: keep.cardId, customerId, email, gateway, paidWith: { orderId, transactionId } } }
}

/** The attempt is over without money: stock goes back, the cart opens again. */
function failed(settling: Settling, state: 'payment_failed' | 'expired' | 'cancelled', code: FailureCode, outcome: ChargeOutcome): Settlement {
  const { order, cause, nowMs, shopName } = settling
  const declineCode = outcome.status === 'declined' ? outcome.declineCode : null
  const settled = moved(
    {
      ...useReturned(order),
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
    order: { ...closed(concluded(settled, nowMs), nowMs), answer: failedAnswer(settled, code, nowMs) },
    entries: [],
    mails: endedMails(order, settled, shopName),
    holds: released(order),
    stock: [],
    rows: [orderRow(settled), paymentRow(settled), endedRow(settled, cause)],
    alerts: noLongerWaiting(order),
    reopenCart: neverGivenUp(order),
  }
}

/** Whoever was told to wait is told how it ended, and so is whose order was cancelled; anybody else has the answer on his screen. */
function endedMails(order: Order, settled: Order, shopName: string): Settlement['mails'] {
  if (order.cancellation !== undefined) return [cancelledMail(settled, shopName)]
  return order.state === 'in_review' ? [reviewEndedMail(settled, timesInReview(order), shopName)] : []
}

function endedRow(settled: Order, cause: string): Settlement['rows'][number] {
  const what = `order.${settled.state}`
  return settled.cancellation === undefined ? auditRow(settled, what, cause) : auditRow(settled, what, whyWithdrawn(settled), settled.cancellation.by)
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

/** The customer has the gateway's page: the order waits for him, and the sweep for the page to expire. */
function away({ order, cause, nowMs }: Settling, outcome: Extract<ChargeOutcome, { status: 'open' }>): Settlement | undefined {
  const next = withPage(order, outcome, { cause, nowMs })
  return next === undefined ? undefined : quiet(next, next.state === order.state ? [] : [orderRow(next)])
}

/** Nobody knows yet. The lease ends now, so that the next caller may ask. */
function unsure(settling: Settling, outcome: Extract<ChargeOutcome, { status: 'unknown' | 'processing' | 'unavailable' }>): Settlement | undefined {
  const { order, nowMs, cause } = settling
  // The customer may still authenticate, or pay on the gateway's page: no answer is no news.
  if ((order.state === 'requires_action' || hasPage(order)) && outcome.status !== 'processing') return undefined
  const payment = {
    ...order.payment,
    status: outcome.status === 'processing' ? ('processing' as const) : ('unknown' as const),
    transactionId: outcome.status === 'processing' ? outcome.transactionId : order.payment.transactionId,
  }
  // What is not paid by card takes a bank days, and the gateway tells when it is there.
  const slow = outcome.status === 'processing' && order.payment.session !== undefined
  const next = { ...order, payment, leaseUntilMs: nowMs, checkAtMs: nowMs + (slow ? REVIEW_CHECK_MS : RECHECK_MS), updatedAtMs: nowMs }
  if (order.state === 'payment_unknown') return quiet(next, [])
  const settled = moved(outcome.status === 'processing' ? next : { ...next, unansweredAtMs: nowMs }, 'payment_unknown', cause, nowMs)
  return quiet(settled, [orderRow(settled)])
}

/** Set aside, not taken: a person decides. The goods stay reserved. */
function held(settling: Settling, outcome: Extract<ChargeOutcome, { status: 'authorised' }>): Settlement {
  const { order, cause } = settling
  const found: ReviewReason[] = []
  if (outcome.held !== null) found.push('gateway_risk')
  if (!fits(order, outcome)) found.push('amount_differs')
  return intoReview(settling, { payment: heldPayment(order, outcome), found, said: outcome.held, cause })
}

/** Taken, and not as it should be: a person must look. What was decided before was decided about something else. */
function review(settling: Settling, outcome: Took, found: 'amount_differs' | 'gateway_risk'): Settlement {
  const cause = found === 'amount_differs' ? 'amount differs at the gateway' : settling.cause
  return intoReview(settling, { payment: heldPayment(settling.order, outcome), found: [found], said: outcome.held ?? null, cause })
}

interface Found {
  readonly payment: Order['payment']
  readonly found: readonly ReviewReason[]
  /** The gateway's own word for it. */
  readonly said: string | null
  readonly cause: string
}

function intoReview(settling: Settling, { payment, found, said, cause }: Found): Settlement {
  const { order, nowMs, shopName } = settling
  const reviewReasons = [...new Set([...order.reviewReasons, ...found])]
  const open = { ...order, payment, reviewReasons, review: null, leaseUntilMs: nowMs, checkAtMs: nowMs + REVIEW_CHECK_MS }
  const settled = moved(open, 'in_review', cause, nowMs)
  const why = reviewReasons.join(', ') + (said === null || reviewReasons.includes(said) ? '' : ` (${said})`)
  const told = order.state === 'in_review'
  const mails = told ? [] : [underReviewMail(settled, timesInReview(settled), shopName)]
  return { ...quiet(settled, [orderRow(settled), auditRow(settled, 'order.in_review', why)]), mails, alerts: [waitsForStaff(settled)] }
}

function heldPayment(order: Order, outcome: Took | Extract<ChargeOutcome, { status: 'authorised' }>): Order['payment'] {
  const transactionId = outcome.transactionId ?? order.payment.transactionId
  return {
    ...order.payment, status: outcome.status, transactionId, token: null, clientSecret: null, nextAction: null,
    received: receivedOf(order, outcome), answer: redactable(outcome.answer),
  }
}

function receivedOf(order: Order, outcome: { readonly amount: number; readonly currency: string }): Order['payment']['received'] {
  return fits(order, outcome) ? null : { amount: outcome.amount, currency: outcome.currency }
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
  const ended = order.cancellation === undefined ? 'This order was not accepted.' : 'This order was cancelled.'
  const error =
    order.state === 'cancelled' ? `${ended} Nothing was charged.`
    : order.state === 'paid' ? `${ended} What was charged is given back.`
    : code === 'CONFLICT' ? 'This order has expired. Nothing was charged.'
    : code === 'SERVICE_UNAVAILABLE' ? 'Payment service temporarily unavailable. Please try again.'
    : sentence
  const details = { orderId: order.id, ...(order.payment.declineCode === null ? {} : { declineCode: order.payment.declineCode }) }
  return { status, body: JSON.stringify({ success: false, error, code, retryable, details, timestamp: iso(nowMs) }) }
}
