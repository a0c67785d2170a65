/**
 * Refunds: by amount or by line, until nothing is left.
 *
 * A refund is first written on the order as `pending`, which takes its amount off what is left; then the gateway is
 * called with the refund's id as the key; then it is settled. So two at once cannot give back more than was paid, and a
 * lost answer is asked for again under the same id, never under a new one.
 */
import { Failure, invalid } from '#values/failure.ts'
import { share, toMajor, toText } from '#values/money.ts'
import { DAY_MS, iso } from '#values/time.ts'
import { refundEntry, refundReturnEntry, type Booking } from './ledger.ts'
import type { AlertChange } from './alert.ts'
import { closed } from './cancellation.ts'
import { holdsMoney } from './dispute.ts'
import { moved, orderView, refundedAmount, refundView, stateOfPaid, takenFor, unrefunded, type Answer, type Order, type OrderLine, type Refund } from './order.ts'
import type { RefundOutcome, RefundRequest } from './payment.ts'
import { cancelledMail, refundMail, refundReturnedMail } from './receipt.ts'
import { auditRow, ledgerRows, orderRow, refundRow } from './rows.ts'
import type { Settlement } from './settlement.ts'

export interface RefundWish {
  readonly id: string
  /** Minor units; without it and without lines: all that is left. */
  readonly amount?: number | undefined
  readonly lines?: ReadonlyArray<{ readonly productId: string; readonly quantity: number }> | undefined
  /** What is left of shipping too, where lines are named; or alone. */
  readonly shipping?: boolean | undefined
  readonly restock: boolean
  readonly reason: string
  readonly requestedBy: string
  /** Hash of what was asked: the same key with another wish is a mistake. */
  readonly requestHash?: string
  readonly nowMs: number
}

const REFUNDABLE: readonly Order['state'][] = ['paid', 'fulfilled', 'partially_refunded', 'disputed']

/** @throws Failure CONFLICT when the order cannot be refunded, INVALID_INPUT when it asks for more than is left */
export function requestRefund(order: Order, wish: RefundWish): Order {
  if (!REFUNDABLE.includes(order.state)) {
    throw new Failure('CONFLICT', { message: `An order that is ${order.state} cannot be refunded.`, details: { state: order.state } })
  }
  refuseDisputed(order)
  const left = takenFor(order).amount - refundedAmount(order)
  const { lines, shipping, tax, amount } = partsOf(order, wish, left)
  if (amount <= 0 && !costNothing(order)) throw new Failure('CONFLICT', { message: 'Nothing is left to refund.', details: { left: toMajor(left, order.currency) } })
  if (amount > left) throw invalid('amount', `at most ${toMajor(left, order.currency)} is left to refund`)
  const refund: Refund = {
    id: wish.id, amount, reason: wish.reason, lines, restock: wish.restock && wasSold(order), status: 'pending', gatewayRefundId: null,
    requestedBy: wish.requestedBy, atMs: wish.nowMs, ...(wish.requestHash === undefined ? {} : { requestHash: wish.requestHash }),
    ...(shipping === 0 ? {} : { shipping }), ...(tax === undefined ? {} : { tax }),
  }
  return {
    ...order,
    refunds: [...order.refunds, refund],
    lines: order.lines.map((line) => ({ ...line, refundedQuantity: line.refundedQuantity + quantityIn(lines, line.productId) })),
    checkAtMs: wish.nowMs + 60_000,
    updatedAtMs: wish.nowMs,
  }
}

/** What was sent back as soon as it came has never left the shelf. */
function wasSold({ refunds }: Order): boolean {
  return !refunds.some(({ requestedBy }) => requestedBy === 'countinghouse')
}

/** Whether nothing of a paid order is to be handed over any more: its money or its goods are back, or on their way. */
export function goesBack(order: Order): boolean {
  const { amount } = takenFor(order)
  return !wasSold(order) || order.lines.every((line) => unrefunded(line) === 0) || (amount > 0 && refundedAmount(order) >= amount)
}

interface Parts {
  readonly lines: Refund['lines']
  readonly shipping: number
  /** Undefined where nobody can tell: of an amount, or of less than the lines cost. */
  readonly tax: number | undefined
  readonly amount: number
}

/** What a wish gives back: an amount; lines, shipping or both at what was paid for them; or all that is left. */
function partsOf(order: Order, wish: RefundWish, left: number): Parts {
  if (wish.amount !== undefined) return { lines: [], shipping: 0, tax: undefined, amount: wish.amount }
  const shippingLeft = takenFor(order).shipping - refundedShipping(order)
  if (wish.lines === undefined && wish.shipping !== true) {
    const lines = order.lines.filter((line) => unrefunded(line) > 0).map((line) => ({ productId: line.productId, quantity: unrefunded(line) }))
    return { lines, shipping: Math.min(shippingLeft, left), tax: undefined, amount: left }
  }
  const lines = wish.lines ?? []
  const shipping = wish.shipping === true ? shippingLeft : 0
  const value = valueOf(order, lines, 'total') + shipping
  const tax = order.payment.received === null && value <= left ? valueOf(order, lines, 'tax') + shippingTaxIn(order, shipping) : undefined
  return { lines, shipping: Math.min(shipping, left), tax, amount: Math.min(left, value) }
}

function refundedShipping(order: Order): number {
  return order.refunds.reduce((sum, { status, shipping = 0 }) => (status === 'failed' ? sum : sum + shipping), 0)
}

function shippingTaxIn(order: Order, shipping: number): number {
  const taken = takenFor(order)
  return taken.shipping === 0 ? 0 : share(taken.shippingTax, shipping, taken.shipping)
}

/** Of an order that was free only its goods can come back, once. */
function costNothing(order: Order): boolean {
  return takenFor(order).amount === 0 && order.refunds.length === 0
}

/** What the customer's bank has taken back must not be given back a second time; the gateway would refuse it too. */
function refuseDisputed(order: Order): void {
  const dispute = order.disputes?.find((one) => holdsMoney(one) && !one.refundable)
  if (dispute === undefined) return
  throw new Failure('CONFLICT', {
    message: 'The customer\'s bank has taken this money back by a dispute; it cannot be refunded too.',
    details: { disputeId: dispute.id, status: dispute.status },
  })
}

/** A refund that staff ask for: on record from then on, whatever the gateway makes of it. */
export function askedRefund(order: Order, wish: RefundWish): Settlement {
  const asked = requestRefund(order, wish)
  const rows = [auditRow(asked, 'order.refund_requested', wish.reason, wish.requestedBy)]
  return { order: asked, entries: [], mails: [], holds: [], stock: [], rows, reopenCart: false }
}

/** A refund as the gateway is asked for it; the same for whoever asks. */
export function refundRequestOf(order: Order, refund: Refund): RefundRequest {
  return { refundId: refund.id, orderId: order.id, transactionId: order.payment.transactionId ?? '', amount: refund.amount, createdAtMs: refund.atMs }
}

/** What the gateway said about a refund; undefined when it changes nothing. Given money can only come back, and only once. */
export function settleRefund(order: Order, refundId: string, outcome: RefundOutcome, nowMs: number, shopName: string): Settlement | undefined {
  const refund = order.refunds.find(({ id }) => id === refundId)
  if (refund === undefined || outcome.status === 'unknown' || outcome.status === 'waiting') return undefined
  if (refund.status === 'succeeded' && outcome.status === 'failed' && outcome.gatewayRefundId === (refund.gatewayRefundId ?? '')) {
    return cameBack(order, refund, { reason: outcome.reason, nowMs, shopName })
  }
  if (refund.status !== 'pending') return undefined
  if (outcome.status === 'failed') return refused(order, refund, outcome.reason, nowMs)
  return given(order, { ...refund, status: 'succeeded', gatewayRefundId: outcome.gatewayRefundId }, nowMs, shopName)
}

function given(order: Order, pending: Refund, nowMs: number, shopName: string): Settlement {
  const refund = { ...pending, tax: taxIn(order, pending) }
  const replaced = withRefund(order, refund)
  const settled = moved(replaced, stateOfPaid(replaced), `refund ${refund.id}`, nowMs)
  const entry = refundEntry(refund.id, bookingOf(order, refund, nowMs))
  const back = refund.restock ? refund.lines.flatMap((line) => backToShelf(order, line)) : []
  return {
    order: withRefund({ ...closed(settled, nowMs), checkAtMs: checkAt(settled, nowMs) }, { ...refund, answer: answerOf(settled, refund, nowMs) }),
    entries: [entry],
    mails: [refund.amount === 0 ? cancelledMail(settled, shopName) : refundMail(settled, refund, shopName)],
    holds: back.map(({ productId, delta }) => ({ productId, delta: -delta })),
    stock: back,
    rows: [orderRow(settled), refundRow(settled, refund), ...ledgerRows(entry), auditRow(settled, 'order.refunded', refund.reason, refund.requestedBy)],
    // Whatever failed before: this is how it was paid out after all.
    alerts: order.refunds.filter(({ status }) => status === 'failed').map((failed) => ({ resolve: alertKey(failed) })),
    reopenCart: false,
  }
}

function bookingOf(order: Order, refund: Refund, atMs: number): Booking {
  return {
    orderId: order.id, gateway: order.payment.gateway, currency: takenFor(order).currency, amount: refund.amount, tax: refund.tax ?? 0,
    shipping: (refund.shipping ?? 0) - shippingTaxIn(order, refund.shipping ?? 0), reference: refund.gatewayRefundId ?? 'none', atMs,
  }
}

function checkAt(order: Order, nowMs: number): number | null {
  return order.refunds.some(({ status }) => status === 'pending') ? nowMs + 60_000 : null
}

/** What whoever asked for the refund is told, now and whenever the same key asks again. */
function answerOf(order: Order, refund: Refund, nowMs: number): Answer {
  const body = { success: true, refund: refundView(order, refund), order: orderView(order), timestamp: iso(nowMs) }
  return { status: 201, body: JSON.stringify(body) }
}

/**
 * The tax in a refund: that of its lines, or its share of what is left. The last one takes all that is left of it, and none so
 * much that it would not: so the tax of refunds in parts adds up to the order's.
 */
function taxIn(order: Order, { amount, tax }: Refund): number {
  const given = order.refunds.filter(({ status }) => status === 'succeeded')
  const taken = takenFor(order)
  const amountLeft = given.reduce((left, other) => left - other.amount, taken.amount)
  const taxLeft = given.reduce((left, other) => left - (other.tax ?? 0), taken.tax)
  const wanted = tax ?? (amountLeft === 0 ? 0 : share(taxLeft, amount, amountLeft))
  return Math.max(taxLeft - (amountLeft - amount), Math.min(wanted, taxLeft, amount))
}

/** The gateway will not give it back: the amount is free again, the order says so. */
function refused(order: Order, refund: Refund, reason: string, nowMs: number): Settlement {
  const failed = { ...refund, status: 'failed' as const }
  const replaced = withRefund(order, failed)
  const settled: Order = { ...replaced, lines: linesWithout(order, refund), checkAtMs: checkAt(replaced, nowMs), updatedAtMs: nowMs }
  const rows = [orderRow(settled), refundRow(settled, failed), auditRow(settled, 'order.refund_failed', reason, refund.requestedBy)]
  return { order: settled, entries: [], mails: [], holds: [], stock: [], rows, alerts: [notGiven(order, refund, reason)], reopenCart: false }
}

/** The bank sent given money back to us: the customer is owed it again. Goods that lie on the shelf stay there, counted as given back. */
function cameBack(order: Order, refund: Refund, { reason, nowMs, shopName }: { reason: string; nowMs: number; shopName: string }): Settlement {
  const failed = { ...refund, status: 'failed' as const }
  const replaced = withRefund(order, failed)
  const lines = refund.restock ? order.lines : linesWithout(order, refund)
  const settled = moved({ ...replaced, lines, checkAtMs: checkAt(replaced, nowMs) }, stateOfPaid(replaced), `refund ${refund.id} came back: ${reason}`, nowMs)
  const entry = refundReturnEntry(refund.id, bookingOf(order, refund, nowMs))
  const rows = [orderRow(settled), refundRow(settled, failed), ...ledgerRows(entry), auditRow(settled, 'order.refund_failed', reason, refund.requestedBy)]
  return { order: settled, entries: [entry], mails: [refundReturnedMail(settled, failed, shopName)], holds: [], stock: [], rows, alerts: [owed(order, refund, reason)], reopenCart: false }
}

/** The customer is owed this money, and nobody pays it out by itself. */
function owed(order: Order, refund: Refund, reason: string): AlertChange {
  return { raise: { key: alertKey(refund), severity: 'p1', summary: `A refund of order ${order.number} came back from the customer's bank. Refund it again, or another way.`, ...aboutRefund(order, refund, reason) } }
}

/** Whoever asked may have left before the gateway refused; he may also not want it any more. */
function notGiven(order: Order, refund: Refund, reason: string): AlertChange {
  return { raise: { key: alertKey(refund), severity: 'p1', quietMs: 7 * DAY_MS, summary: `The payment service refused a refund of order ${order.number}.`, ...aboutRefund(order, refund, reason) } }
}

function alertKey(refund: Refund): string {
  return `refund/${refund.id}`
}

function aboutRefund(order: Order, refund: Refund, reason: string) {
  return { orderId: order.id, details: { refundId: refund.id, amount: toText(refund.amount, order.currency), currency: order.currency, reason } }
}

function linesWithout(order: Order, refund: Refund): OrderLine[] {
  return order.lines.map((line) => ({ ...line, refundedQuantity: line.refundedQuantity - quantityIn(refund.lines, line.productId) }))
}

function withRefund(order: Order, refund: Refund): Order {
  return { ...order, refunds: order.refunds.map((other) => (other.id === refund.id ? refund : other)) }
}

/** Value of lines at what was paid for them, tax included; or the tax in it. */
function valueOf(order: Order, wanted: ReadonlyArray<{ productId: string; quantity: number }>, of: 'total' | 'tax'): number {
  return wanted.reduce((sum, { productId, quantity }, index) => {
    const line = order.lines.find((candidate) => candidate.productId === productId)
    if (line === undefined) throw invalid(`lines.${index}.productId`, 'is not in this order')
    const from = line.refundedQuantity + quantityIn(wanted.slice(0, index), productId)
    if (from + quantity > line.quantity) throw invalid(`lines.${index}.quantity`, `at most ${line.quantity - from} can be refunded`)
    return sum + shareOfLine(line[of], from + quantity, line) - shareOfLine(line[of], from, line)
  }, 0)
}

/** What the first `units` of a line cost: cumulative, so that parts always add up to the whole. */
function shareOfLine(whole: number, units: number, { quantity }: OrderLine): number {
  return share(whole, units, quantity)
}

function quantityIn(lines: ReadonlyArray<{ productId: string; quantity: number }>, productId: string): number {
  return lines.reduce((sum, line) => (line.productId === productId ? sum + line.quantity : sum), 0)
}

function backToShelf(order: Order, wanted: { productId: string; quantity: number }) {
  const line = order.lines.find((candidate) => candidate.productId === wanted.productId && candidate.counted)
  return line === undefined ? [] : [{ productId: line.productId, source: line.source, delta: wanted.quantity }]
}
