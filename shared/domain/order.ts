/**
 * An order: what was bought, at which price, what became of the payment. It is also the record of its own operation
 * (who runs it, until when, what was answered) and of its reservation, so that one document decides.
 *
 * Every change of state is written with its time and cause.
 */
import { toMajor } from '#values/money.ts'
import { iso, MINUTE_MS } from '#values/time.ts'
import { deliveryView, type Delivery } from './delivery.ts'
import { disputeView, holdsMoney, type Dispute } from './dispute.ts'
import type { GatewayName } from './payment.ts'
import { promoUseView, type PromoUse } from './promo-use.ts'
import type { Purpose } from './purpose.ts'
import type { CancellationShown, FulfilmentShown, OrderShown, PaymentShown, RefundShown } from './shown/order.ts'
import type { LineTotals, Taxed } from './totals.ts'

export const ORDER_STATES = [
  'pending_payment', 'requires_action', 'payment_unknown', 'in_review', 'paid', 'fulfilled', 'payment_failed', 'expired', 'cancelled',
  'partially_refunded', 'refunded', 'disputed',
] as const
export type OrderState = (typeof ORDER_STATES)[number]

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
  /** The till that counts it; `shop` for what no till knows. */
  readonly source: 'square' | 'lightspeed' | 'shop'
  /** Handed over to adults only; absent: to anybody. */
  readonly ageRestricted?: true
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
  /** Part of the amount that is for shipping, tax included; absent: none. */
  readonly shipping?: number
  /** Part of the amount that is tax: from the beginning where its lines tell, in any case once given. */
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
  /** What the gateway took or holds, where that is not the order's total. */
  readonly received: Received | null
  /** The gateway's answer, redacted. */
  readonly answer: unknown
  /** Only where the customer pays on the gateway's own page. */
  readonly session?: HostedSession
  /** The saved card that pays; its name at the gateway lies with the card. */
  readonly cardId?: string
  /** The card is to be kept when it has paid: as which one, and for whom, where its gateway must know it (`holderFor`). */
  readonly keep?: { readonly cardId: string; readonly holder: string | null }
}

/** A page of the gateway's; until it is known, `transactionId` too is null. */
export interface HostedSession {
  readonly id: string | null
  readonly url: string | null
  readonly expiresAtMs: number
  /** Given to whoever asked for the page, and again to the same click. */
  readonly answer: Answer | null
}

export interface Received {
  readonly amount: number
  readonly currency: string
}

/** What staff decided about an order in review. It is written before the gateway is asked, and carried out until that is done. */
export interface Review {
  readonly id: string
  readonly decision: 'approve' | 'refuse'
  readonly reason: string
  readonly decidedBy: string
  readonly atMs: number
  readonly requestHash: string
  /** Given to whoever decided, and again to the same key. */
  readonly answer?: Answer
}

/** That an order is not wanted any more. It is written before the gateway is asked, and carried out until that is done. */
export interface Cancellation {
  readonly id: string
  readonly by: string
  readonly byStaff: boolean
  /** Staff say why; customers may. */
  readonly reason: string | null
  readonly atMs: number
  readonly requestHash: string
  /** Given to whoever cancelled, and again to whoever asks. */
  readonly answer?: Answer
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
  /** By which staff find it, however the address was written. */
  readonly canonicalEmail: string
  readonly cartId: string | null
  /** What its payment grants; absent: goods. */
  readonly purpose?: Purpose
  readonly lines: readonly OrderLine[]
  readonly subtotal: number
  readonly discount: number
  readonly discountPercent: number
  /** Absent: bought without a promo code. */
  readonly promo?: PromoUse
  readonly tax: number
  readonly taxed: Taxed
  /** The fee; its tax is in `tax`. */
  readonly shipping: number
  readonly shippingTax: number
  readonly total: number
  readonly currency: string
  readonly payment: Payment
  readonly refunds: readonly Refund[]
  /** What customers' banks have asked or taken back; absent while there was nothing. */
  readonly disputes?: readonly Dispute[]
  readonly disputed?: Disputed
  readonly stockUnconfirmed: boolean
  /** How its goods are to come to the customer; absent: nobody said. */
  readonly delivery?: Delivery
  readonly fulfilment: Fulfilment | null
  /** Why a person must look at it before it is paid; empty when nobody must. */
  readonly reviewReasons: readonly string[]
  readonly review: Review | null
  /** Absent while it is wanted. */
  readonly cancellation?: Cancellation
  /** When staff were called a last time before its payment runs out. */
  readonly lastCallAtMs?: number
  readonly requestHash: string
  /** Who may act on the open payment, and until when; others wait, then take over. */
  readonly runner: string
  readonly leaseUntilMs: number
  /** When the gateway last left its charge without an answer; absent: never. */
  readonly unansweredAtMs?: number
  /** When the sweep looks at it next; null when nothing is open. */
  readonly checkAtMs: number | null
  readonly answer: Answer | null
  readonly ip: string
  /** Country of `ip`, where the platform tells it. */
  readonly ipCountry: string | null
  readonly userAgent: string
  /** By which the customer's browser or app tells itself from others. */
  readonly deviceId: string | null
  readonly createdAtMs: number
  readonly updatedAtMs: number
}

/** Where the lists and the sweep find an order that is or was disputed. */
export interface Disputed {
  readonly sinceMs: number
  /** The next day by which evidence is due; null when nothing is to be answered. */
  readonly dueAtMs: number | null
  /** When the sweep asks the gateway next; null when every dispute is over. */
  readonly checkAtMs: number | null
}

export interface Fulfilment {
  readonly how: 'picked_up' | 'shipped'
  readonly tracking: string | null
  /** Whoever handed it over has seen that it went to an adult. */
  readonly toAdult?: true
  readonly by: string
  readonly atMs: number
}

/**
 * How long one runner may work on an open payment before another may take over. Longer than the charge's deadline, and shorter
 * than a click that comes again waits for its answer: when the runner is dead, that click pays.
 */
export const LEASE_MS = 20_000
/** How long a page at the gateway may be paid: Stripe's least of 30 minutes, and time to ask for it a second time. */
export const SESSION_MS = 35 * MINUTE_MS
/** First look of the sweep at an order whose runner never came back. */
export const FIRST_CHECK_MS = 60_000

export function isOpen(order: Order): boolean {
  return OPEN_STATES.includes(order.state)
}

/**
 * The gateway was certainly not reached: the same click stands for a new attempt, with an order of its own. Not where somebody
 * has cancelled it: a click that comes again late must not buy what he gave up.
 */
export function endedUncharged(order: Order): boolean {
  return !isOpen(order) && order.payment.status === 'not_charged' && order.cancellation === undefined
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

/** Nobody took over from the order's first runner. Who takes over cannot know what the one before him has sent. */
export function isFirstTry(order: Order): boolean {
  return order.state === 'pending_payment' && order.leaseUntilMs === order.createdAtMs + LEASE_MS
}

/** Key of a charge: the same for every try of an attempt, never for another attempt. */
export function chargeKey(order: Pick<Order, 'id' | 'payment'>): string {
  return `${order.id}:${order.payment.attempt}`
}

/** Money of an order, and what of it is tax or for shipping. */
export interface Taken extends Received {
  readonly tax: number
  /** Tax included. */
  readonly shipping: number
  readonly shippingTax: number
}

/** Units that were not given back. */
export function unrefunded(line: Pick<OrderLine, 'quantity' | 'refundedQuantity'>): number {
  return line.quantity - line.refundedQuantity
}

/** What was really taken for an order: its total, unless the gateway took another amount; of that nothing is known to be tax or shipping. */
export function takenFor(order: Order): Taken {
  const { received } = order.payment
  if (received !== null) return { ...received, tax: 0, shipping: 0, shippingTax: 0 }
  const { total, currency, tax, shippingTax } = order
  return { amount: total, currency, tax, shipping: shippingPaid(order), shippingTax }
}

/** What shipping adds to the total: the fee, with its tax where that is added. */
export function shippingPaid({ total, lines }: Pick<Order, 'total' | 'lines'>): number {
  return lines.reduce((left, line) => left - line.total, total)
}

export function refundedAmount(order: Order): number {
  return order.refunds.reduce((sum, refund) => (refund.status === 'failed' ? sum : sum + refund.amount), 0)
}

/** What an order is whose money came, by what has become of the money and the goods since. */
export function stateOfPaid(order: Order): OrderState {
  if (order.disputes?.some(holdsMoney) === true) return 'disputed'
  const given = order.refunds.filter(({ status }) => status === 'succeeded')
  if (given.length === 0) return order.fulfilment === null ? 'paid' : 'fulfilled'
  return given.reduce((sum, { amount }) => sum + amount, 0) >= takenFor(order).amount ? 'refunded' : 'partially_refunded'
}

/** An order as callers see it. */
export function orderView(order: Order): OrderShown {
  const major = (minor: number): number => toMajor(minor, order.currency)
  return {
    id: order.id,
    number: order.number,
    state: order.state,
    ...(order.purpose === undefined ? {} : { purpose: order.purpose.kind }),
    customerId: order.customerId,
    email: order.email,
    lines: order.lines.map((line) => ({
      productId: line.productId,
      name: line.name,
      sku: line.sku,
      quantity: line.quantity,
      unitPrice: major(line.unitPrice),
      discount: major(line.discount),
      promo: major(line.promo),
      tax: major(line.tax),
      total: major(line.total),
      refundedQuantity: line.refundedQuantity,
    })),
    subtotal: major(order.subtotal),
    discount: major(order.discount),
    discountPercent: order.discountPercent,
    promo: order.promo === undefined ? null : promoUseView(order.promo, order.currency),
    tax: major(order.tax),
    taxExempt: order.taxed.exempt,
    shipping: major(order.shipping),
    total: major(order.total),
    refunded: toMajor(refundedAmount(order), takenFor(order).currency),
    currency: order.currency,
    payment: paymentView(order),
    refunds: order.refunds.map((refund) => refundView(order, refund)),
    disputes: (order.disputes ?? []).map(disputeView),
    stockUnconfirmed: order.stockUnconfirmed,
    delivery: order.delivery === undefined ? null : deliveryView(order.delivery),
    fulfilment: order.fulfilment === null ? null : fulfilmentView(order.fulfilment),
    cancellation: order.cancellation === undefined ? null : cancellationView(order.cancellation),
    history: order.history.map(({ state, atMs, cause }) => ({ state, at: iso(atMs), cause })),
    createdAt: iso(order.createdAtMs),
    updatedAt: iso(order.updatedAtMs),
  }
}

export function paymentView(order: Order): PaymentShown {
  const { gateway, transactionId, status, declineCode, session, cardId, keep } = order.payment
  const page = session?.url == null || !isOpen(order) ? {} : { session: { url: session.url, expiresAt: iso(session.expiresAtMs) } }
  const card = cardId === undefined ? (keep === undefined ? {} : { savedAs: keep.cardId }) : { cardId }
  return { gateway, transactionId, status, ...(declineCode === null ? {} : { declineCode }), ...card, ...page }
}

export function refundView(order: Order, refund: Refund): RefundShown {
  return {
    id: refund.id,
    amount: toMajor(refund.amount, takenFor(order).currency),
    reason: refund.reason,
    lines: refund.lines,
    shipping: toMajor(refund.shipping ?? 0, takenFor(order).currency),
    restock: refund.restock,
    status: refund.status,
    transactionId: refund.gatewayRefundId,
    createdAt: iso(refund.atMs),
  }
}

function cancellationView({ byStaff, reason, atMs }: Cancellation): CancellationShown {
  return { by: byStaff ? 'staff' : 'customer', reason, at: iso(atMs) }
}

function fulfilmentView(fulfilment: Fulfilment): FulfilmentShown {
  return { how: fulfilment.how, tracking: fulfilment.tracking, toAdult: fulfilment.toAdult ?? false, at: iso(fulfilment.atMs) }
}
