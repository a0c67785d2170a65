/**
 * Orders that are paid on the gateway's own page: what the page is asked to show, and what its answers mean here.
 *
 * While the customer is away his cart is frozen and untouched, his goods stay reserved, and whoever asks for the page
 * again is given the same one. The goods go back when the gateway says that the page can no longer be paid, never
 * because of our clock: the grace is for the gateway to say so by itself before it is asked.
 */
import { iso, MINUTE_MS } from '#values/time.ts'
import { chargeRequestOf } from './checkout.ts'
import { moved, shippingPaid, type Answer, type HostedSession, type Order } from './order.ts'
import type { ChargeOutcome, SessionRequest } from './payment.ts'

/** So much longer than its page lives a reservation. */
export const GRACE_MS = 5 * MINUTE_MS
const NAME_LENGTH_MAX = 250

type OpenOutcome = Extract<ChargeOutcome, { status: 'open' }>

/** The page of an order; the same for whoever asks for it, so that the gateway sees one request. */
export function sessionRequestOf(order: Order, session: HostedSession, publicUrl: string): SessionRequest {
  const shop = publicUrl.replace(/\/$/, '')
  return {
    ...chargeRequestOf(order),
    email: order.email,
    lines: pageLines(order),
    successUrl: `${shop}/checkout/success?order=${order.id}`,
    cancelUrl: `${shop}/checkout/cancel?order=${order.id}`,
    expiresAtMs: session.expiresAtMs,
  }
}

/**
 * What the customer sees: each line at what is paid for it, discount and tax included. Where that does not divide into
 * equal units, the line is shown as one piece, so that the sum is the order's total in every currency.
 */
function pageLines(order: Order): SessionRequest['lines'] {
  const lines = order.lines.map(({ name, productId, quantity, total }) => {
    const called = name === '' ? productId : name
    const equal = total % quantity === 0
    return {
      name: (equal ? called : `${quantity} × ${called}`).slice(0, NAME_LENGTH_MAX),
      quantity: equal ? quantity : 1,
      unitAmount: equal ? total / quantity : total,
    }
  })
  const shipping = shippingPaid(order)
  return shipping === 0 ? lines : [...lines, { name: 'Shipping', quantity: 1, unitAmount: shipping }]
}

/** The order with its page; undefined when it has it already. The lease ends: nobody works on it while the customer is away. */
export function withPage(order: Order, outcome: OpenOutcome, facts: { cause: string; nowMs: number }): Order | undefined {
  const { session } = order.payment
  if (session === undefined || hasPage(order)) return undefined
  const { url, expiresAtMs, transactionId } = outcome
  const page = { id: transactionId, url, expiresAtMs, answer: pageAnswer(order, outcome, facts.nowMs) }
  const next: Order = {
    ...order, leaseUntilMs: facts.nowMs, checkAtMs: expiresAtMs + GRACE_MS, updatedAtMs: facts.nowMs,
    payment: { ...order.payment, status: 'pending', transactionId, session: page },
  }
  return order.state === 'pending_payment' ? next : moved(next, 'pending_payment', facts.cause, facts.nowMs)
}

/** The customer may be on the page now: no answer from the gateway is no news. */
export function hasPage(order: Order): boolean {
  return order.state === 'pending_payment' && order.payment.session?.url != null
}

/** The page's time is over, and it has not said so itself. */
export function isOverdue(order: Order, nowMs: number): boolean {
  const { session } = order.payment
  return session !== undefined && session.expiresAtMs + GRACE_MS <= nowMs
}

function pageAnswer(order: Order, { url, expiresAtMs }: OpenOutcome, nowMs: number): Answer {
  const body = { success: true, orderId: order.id, url, expiresAt: iso(expiresAtMs), timestamp: iso(nowMs) }
  return { status: 201, body: JSON.stringify(body) }
}
