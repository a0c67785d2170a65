/**
 * Refunds: by amount or by line, until nothing is left.
 *
 * A refund is first written on the order as `pending`, which takes its amount off what is left; then the gateway is
 * called with the refund's id as the key; then it is settled. So two at once cannot give back more than was paid, and a
 * lost answer is asked for again under the same id, never under a new one.
 */
import { Failure, invalid } from '#values/failure.ts'
import { share, toMajor } from '#values/money.ts'
import { iso } from '#values/time.ts'
import { refundEntry, refundReturnEntry, type Booking } from './ledger.ts'
import { moved, orderView, refundedAmount, refundView, type Answer, type Order, type OrderLine, type Refund } from './order.ts'
import type { RefundOutcome, RefundRequest } from './payment.ts'
import { refundMail } from './receipt.ts'
import { auditRow, ledgerRows, orderRow, refundRow } from './rows.ts'
import type { Settlement } from './settlement.ts'

export interface RefundWish {
  readonly id: string
  /** Minor units; without it and without lines: all that is left. */
  readonly amount?: number | undefined
  readonly lines?: ReadonlyArray<{ readonly productId: string; readonly quantity: number }> | undefined
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
  const left = order.total - refundedAmount(order)
  const lines = wish.lines ?? (wish.amount === undefined ? order.lines.filter((line) => unrefunded(line) > 0).map((line) => ({ productId: line.productId, quantity: unrefunded(line) })) : [])
  const amount = wish.amount ?? (wish.lines === undefined ? left : Math.min(left, valueOf(order, wish.lines)))
  if (amount <= 0) throw new Failure('CONFLICT', { message: 'Nothing is left to refund.', details: { left: toMajor(left, order.currency) } })
  if (amount > left) throw invalid('amount', `at most ${toMajor(left, order.currency)} is left to refund`)
  const refund: Refund = {
    id: wish.id, amount, reason: wish.reason, lines, restock: wish.restock, status: 'pending', gatewayRefundId: null,
    requestedBy: wish.requestedBy, atMs: wish.nowMs, ...(wish.requestHash === undefined ? {} : { requestHash: wish.requestHash }),
  }
  return {
    ...order,
    refunds: [...order.refunds, refund],
    lines: order.lines.map((line) => ({ ...line, refundedQuantity: line.refundedQuantity + quantityIn(lines, line.productId) })),
    checkAtMs: wish.nowMs + 60_000,
    updatedAtMs: wish.nowMs,
  }
}

/** A refund as the gateway is asked for it; the same for whoever asks. */
export function refundRequestOf(order: Order, refund: Refund): RefundRequest {
  return { refundId: refund.id, orderId: order.id, transactionId: order.payment.transactionId ?? '', amount: refund.amount, createdAtMs: refund.atMs }
}

/** What the gateway said about a refund; undefined when it changes nothing. Given money can only come back, and only once. */
export function settleRefund(order: Order, refundId: string, outcome: RefundOutcome, nowMs: number, shopName: string): Settlement | undefined {
  const refund = order.refunds.find(({ id }) => id === refundId)
  if (refund === undefined || outcome.status === 'unknown') return undefined
  if (refund.status === 'succeeded' && outcome.status === 'failed' && outcome.gatewayRefundId === (refund.gatewayRefundId ?? '')) {
    return cameBack(order, refund, outcome.reason, nowMs)
  }
  if (refund.status !== 'pending') return undefined
  if (outcome.status === 'failed') return refused(order, refund, outcome.reason, nowMs)
  return given(order, { ...refund, status: 'succeeded', gatewayRefundId: outcome.gatewayRefundId }, nowMs, shopName)
}

function given(order: Order, pending: Refund, nowMs: number, shopName: string): Settlement {
  const before = order.refunds.reduce((sum, other) => (other.status === 'succeeded' ? sum + other.amount : sum), 0)
  const booked = order.refunds.reduce((sum, other) => (other.status === 'succeeded' ? sum + (other.tax ?? 0) : sum), 0)
  const refund = { ...pending, tax: taxOfFirst(order, before + pending.amount) - booked }
  const replaced = withRefund(order, refund)
  const all = refundedAmount(replaced) >= order.total && replaced.refunds.every(({ status }) => status !== 'pending')
  const settled = moved(replaced, all ? 'refunded' : 'partially_refunded', `refund ${refund.id}`, nowMs)
  const entry = refundEntry(refund.id, bookingOf(order, refund, nowMs))
  const back = refund.restock ? refund.lines.flatMap((line) => backToShelf(order, line)) : []
  return {
    order: withRefund({ ...settled, checkAtMs: checkAt(settled, nowMs) }, { ...refund, answer: answerOf(settled, refund, nowMs) }),
    entries: [entry],
    mails: [refundMail(settled, refund, shopName)],
    holds: back.map(({ productId, delta }) => ({ productId, delta: -delta })),
    stock: back,
    rows: [orderRow(settled), refundRow(settled, refund), ...ledgerRows(entry), auditRow(settled, 'order.refunded', refund.reason, refund.requestedBy)],
    reopenCart: false,
  }
}

function bookingOf(order: Order, refund: Refund, atMs: number): Booking {
  return {
    orderId: order.id, gateway: order.payment.gateway, currency: order.currency, amount: refund.amount, tax: refund.tax ?? 0, shipping: 0,
    reference: refund.gatewayRefundId ?? 'none', atMs,
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

/** The tax in the first so many cents of an order: cumulative, so that the tax of refunds in parts adds up to the order's. */
function taxOfFirst(order: Order, amount: number): number {
  return share(order.tax, amount, order.total)
}

/** The gateway will not give it back: the amount is free again, the order says so. */
function refused(order: Order, refund: Refund, reason: string, nowMs: number): Settlement {
  const failed = { ...refund, status: 'failed' as const }
  const replaced = withRefund(order, failed)
  const settled: Order = { ...replaced, lines: linesWithout(order, refund), checkAtMs: checkAt(replaced, nowMs), updatedAtMs: nowMs }
  const rows = [orderRow(settled), refundRow(settled, failed), auditRow(settled, 'order.refund_failed', reason, refund.requestedBy)]
  return { order: settled, entries: [], mails: [], holds: [], stock: [], rows, reopenCart: false }
}

/** The bank sent given money back to us: the customer is owed it again. Goods that lie on the shelf stay there, counted as given back. */
function cameBack(order: Order, refund: Refund, reason: string, nowMs: number): Settlement {
  const failed = { ...refund, status: 'failed' as const }
  const replaced = withRefund(order, failed)
  const others = replaced.refunds.some(({ status }) => status === 'succeeded')
  const state = order.state === 'disputed' ? 'disputed' : others ? 'partially_refunded' : order.fulfilment === null ? 'paid' : 'fulfilled'
  const lines = refund.restock ? order.lines : linesWithout(order, refund)
  const settled = moved({ ...replaced, lines, checkAtMs: checkAt(replaced, nowMs) }, state, `refund ${refund.id} came back: ${reason}`, nowMs)
  const entry = refundReturnEntry(refund.id, bookingOf(order, refund, nowMs))
  const rows = [orderRow(settled), refundRow(settled, failed), ...ledgerRows(entry), auditRow(settled, 'order.refund_failed', reason, refund.requestedBy)]
  return { order: settled, entries: [entry], mails: [], holds: [], stock: [], rows, reopenCart: false }
}

function linesWithout(order: Order, refund: Refund): OrderLine[] {
  return order.lines.map((line) => ({ ...line, refundedQuantity: line.refundedQuantity - quantityIn(refund.lines, line.productId) }))
}

function withRefund(order: Order, refund: Refund): Order {
  return { ...order, refunds: order.refunds.map((other) => (other.id === refund.id ? refund : other)) }
}

function unrefunded(line: OrderLine): number {
  return line.quantity - line.refundedQuantity
}

/** Value of lines at what was paid for them, tax included. */
function valueOf(order: Order, wanted: ReadonlyArray<{ productId: string; quantity: number }>): number {
  return wanted.reduce((sum, { productId, quantity }, index) => {
    const line = order.lines.find((candidate) => candidate.productId === productId)
    if (line === undefined) throw invalid(`lines.${index}.productId`, 'is not in this order')
    const from = line.refundedQuantity + quantityIn(wanted.slice(0, index), productId)
    if (from + quantity > line.quantity) throw invalid(`lines.${index}.quantity`, `at most ${line.quantity - from} can be refunded`)
    return sum + shareOfLine(line, from + quantity) - shareOfLine(line, from)
  }, 0)
}

/** What the first `units` of a line cost: cumulative, so that parts always add up to the whole. */
function shareOfLine(line: OrderLine, units: number): number {
  return share(line.total, units, line.quantity)
}

function quantityIn(lines: ReadonlyArray<{ productId: string; quantity: number }>, productId: string): number {
  return lines.reduce((sum, line) => (line.productId === productId ? sum + line.quantity : sum), 0)
}

function backToShelf(order: Order, wanted: { productId: string; quantity: number }) {
  const line = order.lines.find((candidate) => candidate.productId === wanted.productId && candidate.counted)
  return line === undefined ? [] : [{ productId: line.productId, source: line.source, delta: wanted.quantity }]
}
