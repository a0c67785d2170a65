/**
 * Refunds: by amount or by line, until nothing is left.
 *
 * A refund is first written on the order as `pending`, which takes its amount off what is left; then the gateway is
 * called with the refund's id as the key; then it is settled. So two at once cannot give back more than was paid, and a
 * lost answer is asked for again under the same id, never under a new one.
 */
import { Failure, invalid } from '#values/failure.ts'
import { share, toMajor } from '#values/money.ts'
import { refundEntry } from './ledger.ts'
import { moved, refundedAmount, type Order, type OrderLine, type Refund } from './order.ts'
import type { RefundOutcome } from './payment.ts'
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
    requestedBy: wish.requestedBy, atMs: wish.nowMs,
  }
  return {
    ...order,
    refunds: [...order.refunds, refund],
    lines: order.lines.map((line) => ({ ...line, refundedQuantity: line.refundedQuantity + quantityIn(lines, line.productId) })),
    checkAtMs: wish.nowMs + 60_000,
    updatedAtMs: wish.nowMs,
  }
}

/** What the gateway said about a pending refund; undefined when it changes nothing. */
export function settleRefund(order: Order, refundId: string, outcome: RefundOutcome, nowMs: number, shopName: string): Settlement | undefined {
  const refund = order.refunds.find(({ id }) => id === refundId)
  if (refund === undefined || refund.status !== 'pending' || outcome.status === 'unknown') return undefined
  if (outcome.status === 'failed') return refused(order, refund, outcome.reason, nowMs)
  return given(order, { ...refund, status: 'succeeded', gatewayRefundId: outcome.gatewayRefundId }, nowMs, shopName)
}

function given(order: Order, refund: Refund, nowMs: number, shopName: string): Settlement {
  const replaced = withRefund(order, refund)
  const all = refundedAmount(replaced) >= order.total && replaced.refunds.every(({ status }) => status !== 'pending')
  const settled = moved(replaced, all ? 'refunded' : 'partially_refunded', `refund ${refund.id}`, nowMs)
  const tax = refund.amount === order.total ? order.tax : share(order.tax, refund.amount, order.total)
  const entry = refundEntry(refund.id, {
    orderId: order.id, gateway: order.payment.gateway, currency: order.currency, amount: refund.amount, tax, shipping: 0,
    reference: refund.gatewayRefundId ?? 'none', atMs: nowMs,
  })
  const back = refund.restock ? refund.lines.flatMap((line) => backToShelf(order, line)) : []
  return {
    order: { ...settled, checkAtMs: settled.refunds.some(({ status }) => status === 'pending') ? nowMs + 60_000 : null },
    entries: [entry],
    mails: [refundMail(settled, refund, shopName)],
    holds: back.map(({ productId, delta }) => ({ productId, delta: -delta })),
    stock: back,
    rows: [orderRow(settled), refundRow(settled, refund), ...ledgerRows(entry), auditRow(settled, 'order.refunded', refund.requestedBy)],
    reopenCart: false,
  }
}

/** The gateway will not give it back: the amount is free again, the order says so. */
function refused(order: Order, refund: Refund, reason: string, nowMs: number): Settlement {
  const replaced = withRefund(order, { ...refund, status: 'failed' })
  const settled: Order = {
    ...replaced,
    lines: order.lines.map((line) => ({ ...line, refundedQuantity: line.refundedQuantity - quantityIn(refund.lines, line.productId) })),
    checkAtMs: replaced.refunds.some(({ status }) => status === 'pending') ? nowMs + 60_000 : null,
    updatedAtMs: nowMs,
  }
  const rows = [orderRow(settled), refundRow(settled, { ...refund, status: 'failed' }), auditRow(settled, 'order.refund_failed', reason)]
  return { order: settled, entries: [], mails: [], holds: [], stock: [], rows, reopenCart: false }
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
    if (quantity > unrefunded(line)) throw invalid(`lines.${index}.quantity`, `at most ${unrefunded(line)} can be refunded`)
    return sum + shareOfLine(line, line.refundedQuantity + quantity) - shareOfLine(line, line.refundedQuantity)
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
