/**
 * Cancelling an order: what is written before anybody is asked.
 *
 * While its payment is open the wish is written and nothing more: goods and cart go back when the gateway says that the
 * payment can no longer be made (`settle`), never before. While somebody is charging, there is nothing to cancel yet.
 * Paid, and nothing handed over: all that is left is asked back, its goods with it, as one refund. Whoever asks again
 * while that is under way asks for nothing new; whoever asks after the gateway refused it, asks for what is left.
 */
import { Failure } from '#values/failure.ts'
import { iso, MINUTE_MS } from '#values/time.ts'
import { whyWithdrawn } from './cancellation.ts'
import { hasPage } from './hosted.ts'
import { isOpen, moved, refundedAmount, takenFor, type Cancellation, type Order } from './order.ts'
import { requestRefund } from './refund.ts'
import { noLongerWaiting } from './review.ts'
import { auditRow } from './rows.ts'
import type { Settlement } from './settlement.ts'

/** A wish that was not carried out at once is carried out by the sweep. */
const CARRY_OUT_MS = MINUTE_MS
const CHARGING: readonly Order['state'][] = ['pending_payment', 'payment_unknown']
const PAID: readonly Order['state'][] = ['paid', 'partially_refunded']

export interface CancelWish extends Omit<Cancellation, 'atMs' | 'answer'> {
  /** Of the refund, should it need one: the same for whoever asks at the same moment. */
  readonly refundId: string
  readonly nowMs: number
}

/**
 * Writes on an order that it is cancelled; undefined when that is written already.
 * @throws Failure CONFLICT when it cannot be cancelled, or not just now
 */
export function cancel(order: Order, wish: CancelWish): Settlement | undefined {
  if (order.state === 'cancelled' || order.cancellation?.answer !== undefined) return undefined
  if (isOpen(order)) return order.cancellation === undefined ? givenUp(order, wish) : undefined
  if (order.cancellation !== undefined && order.refunds.some(({ status }) => status === 'pending')) return undefined
  return askedBack(order, wish)
}

function givenUp(order: Order, wish: CancelWish): Settlement {
  if (order.review !== null) {
    const { decision, atMs } = order.review
    throw conflict(`This order has been ${decision === 'approve' ? 'approved' : 'refused'} already.`, { decision, decidedAt: iso(atMs) })
  }
  if (isBeingPaid(order, wish.nowMs)) {
    const retryAfterSeconds = Math.ceil((order.leaseUntilMs - wish.nowMs) / 1000)
    throw new Failure('CONFLICT', { message: 'This order is being paid just now.', details: { state: order.state }, retryAfterSeconds })
  }
  return { ...written({ ...withdrawn(order, wish), checkAtMs: wish.nowMs + CARRY_OUT_MS }), alerts: noLongerWaiting(order) }
}

/** Somebody has the right to charge, and may be doing it. A customer at his bank or on the gateway's page is nobody of ours. */
function isBeingPaid(order: Order, nowMs: number): boolean {
  return CHARGING.includes(order.state) && !hasPage(order) && order.leaseUntilMs > nowMs
}

function askedBack(order: Order, wish: CancelWish): Settlement {
  const { state, fulfilment, purpose } = order
  if (purpose !== undefined) throw conflict(`What this order was for, a ${purpose.kind}, is not goods that can go back.`, { state, purpose: purpose.kind })
  if (fulfilment !== null) throw conflict('This order has been handed over: it can be refunded, not cancelled.', { state, how: fulfilment.how })
  if (!PAID.includes(state)) throw conflict(`An order that is ${state} cannot be cancelled.`, { state })
  const left = takenFor(order).amount - refundedAmount(order)
  if (left <= 0 && order.refunds.length > 0) throw conflict('All of this order is being given back already.', { state })
  const wanted = withdrawn(order, wish)
  const asked = requestRefund(wanted, {
    id: wish.refundId, restock: true, reason: whyWithdrawn(wanted), requestedBy: wish.by, nowMs: wish.nowMs,
  })
  return written(asked)
}

/** The first who cancelled it has cancelled it. */
function withdrawn(order: Order, { id, by, byStaff, reason, requestHash, nowMs }: CancelWish): Order {
  const cancellation = order.cancellation ?? { id, by, byStaff, reason, atMs: nowMs, requestHash }
  return moved({ ...order, cancellation }, order.state, `cancelled by ${byStaff ? 'staff' : 'the customer'}`, nowMs)
}

function written(order: Order): Settlement {
  const rows = [auditRow(order, 'order.cancel_requested', whyWithdrawn(order), order.cancellation?.by)]
  return { order, entries: [], mails: [], holds: [], stock: [], rows, reopenCart: false }
}

function conflict(message: string, details: Record<string, unknown>): Failure {
  return new Failure('CONFLICT', { message, details })
}
