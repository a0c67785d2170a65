/**
 * An order: what was bought, at which price, what became of the payment. It is also the record of its own operation
 * (who runs it, until when, what was answered) and of its reservation, so that one document decides.
 *
 * Every change of state is written with its time and cause.
 */
import { toMajor } from '#values/money.ts'
import { iso } from '#values/time.ts'
import type { GatewayName } from './payment.ts'
import type { LineTotals, Totals } from './totals.ts'

export type OrderState =
  | 'pending_payment' | 'requires_action' | 'payment_unknown' | 'in_review' | 'paid' | 'fulfilled' | 'payment_failed'
  | 'expired' | 'cancelled' | 'partially_refunded' | 'refunded' | 'disputed'

/** States in which money may still come: stock stays reserved, the cart stays frozen. */
export const OPEN_STATES: readonly OrderState[] = ['pending_payment', 'requires_action', 'payment_unknown', 'in_review']

export interface OrderLine extends LineTotals {
  readonly productId: string
  readonly name: string
  readonly sku: string | null
  readonly category: string
  readonly quantity: number
  readonly unitPrice: number
  readonly counted: boolean
  readonly source: 'square' | 'lightspeed'
  readonly refundedQuantity: number
}

export interface Refund {
  readonly id: string
  readonly amount: number
  readonly reason: string
  readonly lines: ReadonlyArray<{ readonly productId: string; readonly quantity: number }>
  readonly restock: boolean
  readonly status: 'pending' | 'succeeded' | 'failed'
  readonly gatewayRefundId: string | null
  readonly requestedBy: string
  readonly atMs: number
  /** Part of the amount that is tax, once given. */
  readonly tax?: number
  readonly requestHash?: string
  /** Given to whoever asked, and again to the same key. */
  readonly answer?: Answer
}

export interface Payment {
  readonly gateway: GatewayName
  readonly attempt: number
  /** False when the order is to be looked at before its money is taken. */
  readonly capture: boolean
  readonly status: 'pending' | 'succeeded' | 'authorised' | 'declined' | 'requires_action' | 'processing' | 'unknown' | 'cancelled' | 'not_charged'
  readonly transactionId: string | null
  /** The card's token, kept only while the charge is open: whoever takes over sends the same. */
  readonly token: string | null
  readonly clientSecret: string | null
  readonly nextAction: unknown
  readonly declineCode: string | null
  /** The gateway's answer, redacted. */
  readonly answer: unknown
}

/** An answer given to the caller, kept to be given again byte for byte. */
export interface Answer {
  readonly status: number
  readonly body: string
}

export interface Order {
  readonly id: string
  readonly number: string
  readonly state: OrderState
  readonly history: ReadonlyArray<{ readonly state: OrderState; readonly atMs: number; readonly cause: string }>
  readonly customerId: string | null
  readonly email: string
  readonly cartId: string | null
  readonly lines: readonly OrderLine[]
  readonly subtotal: number
  readonly discount: number
  readonly discountPercent: number
  readonly tax: number
  readonly shipping: number
  readonly total: number
  readonly currency: string
  readonly payment: Payment
  readonly refunds: readonly Refund[]
  readonly stockUnconfirmed: boolean
  readonly fulfilment: Fulfilment | null
  /** Why a person must look at it before it is paid; empty when nobody must. */
  readonly reviewReasons: readonly string[]
  readonly requestHash: string
  /** Who may act on the open payment, and until when; others wait, then take over. */
  readonly runner: string
  readonly leaseUntilMs: number
  /** When the sweep looks at it next; null when nothing is open. */
  readonly checkAtMs: number | null
  readonly answer: Answer | null
  readonly ip: string
  readonly userAgent: string
  readonly createdAtMs: number
  readonly updatedAtMs: number
}

export interface Fulfilment {
  readonly how: 'picked_up' | 'shipped'
  readonly tracking: string | null
  readonly by: string
  readonly atMs: number
}

/** How long one runner may work on an open payment before another may take over. Longer than the charge's deadline. */
export const LEASE_MS = 30_000
/** First look of the sweep at an order whose runner never came back. */
export const FIRST_CHECK_MS = 60_000

export interface Draft {
  readonly id: string
  readonly customerId: string | null
  readonly email: string
  readonly cartId: string | null
  readonly lines: ReadonlyArray<Omit<OrderLine, keyof LineTotals | 'refundedQuantity'>>
  readonly sums: Totals
  readonly discountPercent: number
  readonly currency: string
  readonly gateway: GatewayName
  readonly token: string | null
  readonly stockUnconfirmed: boolean
  readonly requestHash: string
  readonly runner: string
  readonly ip: string
  readonly userAgent: string
  readonly nowMs: number
}

export function newOrder(draft: Draft): Order {
  const { sums, nowMs } = draft
  return {
    id: draft.id,
    number: orderNumber(draft.id),
    state: 'pending_payment',
    history: [{ state: 'pending_payment', atMs: nowMs, cause: 'checkout' }],
    customerId: draft.customerId,
    email: draft.email,
    cartId: draft.cartId,
    lines: draft.lines.map((line, index) => ({ ...line, ...(sums.lines[index] as LineTotals), refundedQuantity: 0 })),
    subtotal: sums.subtotal,
    discount: sums.discount,
    discountPercent: draft.discountPercent,
    tax: sums.tax,
    shipping: 0,
    total: sums.total,
    currency: draft.currency,
    payment: {
      gateway: sums.total === 0 ? 'none' : draft.gateway,
      attempt: 1,
      capture: true,
      status: 'pending',
      transactionId: null,
      token: draft.token,
      clientSecret: null,
      nextAction: null,
      declineCode: null,
      answer: null,
    },
    refunds: [],
    stockUnconfirmed: draft.stockUnconfirmed,
    fulfilment: null,
    reviewReasons: [],
    requestHash: draft.requestHash,
    runner: draft.runner,
    leaseUntilMs: nowMs + LEASE_MS,
    checkAtMs: nowMs + FIRST_CHECK_MS,
    answer: null,
    ip: draft.ip,
    userAgent: draft.userAgent,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  }
}

/** `K7QM-4T9B-2X`: read out on the phone without doubt; 50 bits of the id, which is itself derived or random. */
export function orderNumber(id: string): string {
  const text = id.slice(id.indexOf('_') + 1).toUpperCase()
  return `${text.slice(0, 4)}-${text.slice(4, 8)}-${text.slice(8, 10)}`
}

export function isOpen(order: Order): boolean {
  return OPEN_STATES.includes(order.state)
}

/** The order in another state, with time and cause. */
export function moved(order: Order, state: OrderState, cause: string, nowMs: number): Order {
  return { ...order, state, history: [...order.history, { state, atMs: nowMs, cause }], updatedAtMs: nowMs }
}

/** Gives `runner` the right to act on the open payment; undefined when somebody else has it. */
export function leased(order: Order, runner: string, nowMs: number): Order | undefined {
  if (order.leaseUntilMs > nowMs && order.runner !== runner) return undefined
  return { ...order, runner, leaseUntilMs: nowMs + LEASE_MS, updatedAtMs: nowMs }
}

/** Key of a charge: the same for every try of an attempt, never for another attempt. */
export function chargeKey(order: Pick<Order, 'id' | 'payment'>): string {
  return `${order.id}:${order.payment.attempt}`
}

export function refundedAmount(order: Order): number {
  return order.refunds.reduce((sum, refund) => (refund.status === 'failed' ? sum : sum + refund.amount), 0)
}

/** An order as callers see it. */
export function orderView(order: Order): Record<string, unknown> {
  const major = (minor: number): number => toMajor(minor, order.currency)
  return {
    id: order.id,
    number: order.number,
    state: order.state,
    customerId: order.customerId,
    email: order.email,
    lines: order.lines.map((line) => ({
      productId: line.productId,
      name: line.name,
      sku: line.sku,
      quantity: line.quantity,
      unitPrice: major(line.unitPrice),
      discount: major(line.discount),
      tax: major(line.tax),
      total: major(line.total),
      refundedQuantity: line.refundedQuantity,
    })),
    subtotal: major(order.subtotal),
    discount: major(order.discount),
    discountPercent: order.discountPercent,
    tax: major(order.tax),
    shipping: major(order.shipping),
    total: major(order.total),
    refunded: major(refundedAmount(order)),
    currency: order.currency,
    payment: paymentView(order),
    refunds: order.refunds.map((refund) => refundView(order, refund)),
    stockUnconfirmed: order.stockUnconfirmed,
    fulfilment: order.fulfilment === null ? null : fulfilmentView(order.fulfilment),
    history: order.history.map(({ state, atMs, cause }) => ({ state, at: iso(atMs), cause })),
    createdAt: iso(order.createdAtMs),
    updatedAt: iso(order.updatedAtMs),
  }
}

export function paymentView(order: Order): Record<string, unknown> {
  const { gateway, transactionId, status, declineCode } = order.payment
  return { gateway, transactionId, status, ...(declineCode === null ? {} : { declineCode }) }
}

export function refundView(order: Order, refund: Refund): Record<string, unknown> {
  return {
    id: refund.id,
    amount: toMajor(refund.amount, order.currency),
    reason: refund.reason,
    lines: refund.lines,
    restock: refund.restock,
    status: refund.status,
    transactionId: refund.gatewayRefundId,
    createdAt: iso(refund.atMs),
  }
}

function fulfilmentView(fulfilment: Fulfilment): Record<string, unknown> {
  return { how: fulfilment.how, tracking: fulfilment.tracking, at: iso(fulfilment.atMs) }
}
