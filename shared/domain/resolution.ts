/**
 * Resolving a difference by hand: what staff want, what it would do, and why it may not be.
 *
 * A charge can be attached to the order that it was meant for, a refund to the order that it was given for; what belongs
 * to nothing is booked as unexplained, so that ledger and gateway agree again. What would not fit is refused, and so is
 * what is mended or decided elsewhere.
 */
import { Failure } from '#values/failure.ts'
import { toMajor, toText } from '#values/money.ts'
import { unbookedExcess, type Difference, type Resolution } from './difference.ts'
import { transferEntry, type JournalEntry } from './ledger.ts'
import { isOpen, type Order, type Refund } from './order.ts'
import type { ChargeOutcome } from './payment.ts'
import { Book, sourceOf } from './gateway-book.ts'
import { requestRefund, settleRefund } from './refund.ts'
import type { Settlement } from './settlement.ts'

export interface Wish {
  readonly orderId?: string | undefined
  readonly reason: string
}

export interface Plan {
  readonly how: Resolution['how']
  /** What will happen, in sentences for whoever decides. */
  readonly effects: readonly string[]
}

const GIVEN_UP: readonly Order['state'][] = ['expired', 'payment_failed', 'cancelled']
const CHARGES: readonly Difference['kind'][] = ['charge_without_order', 'charged_twice', 'payment_missed']
const EXPLAINABLE: readonly Difference['kind'][] = [
  'charge_without_order', 'charged_twice', 'order_without_charge', 'amount_differs', 'entry_missing', 'refund_unknown', 'refund_missing',
  'dispute_unknown', 'payout_unknown', 'fee_differs', 'movement_unknown',
]

/**
 * What a wish would do to an open difference.
 * @throws Failure CONFLICT when it is closed, NOT_FOUND when there is no such order, INVALID_INPUT when it does not fit
 */
export function planOf(difference: Difference, wish: Wish, order: Order | undefined): Plan {
  if (difference.state !== 'open') {
    const { resolution } = difference
    const details = { state: difference.state, ...(resolution === null ? {} : { how: resolution.how, orderId: resolution.orderId, by: resolution.by }) }
    throw new Failure('CONFLICT', { message: `This difference is ${difference.state} already.`, details })
  }
  if (wish.orderId === undefined) return explaining(difference)
  if (order === undefined) throw new Failure('NOT_FOUND', { message: 'Order not found.' })
  if (CHARGES.includes(difference.kind)) return attachingCharge(difference, order)
  if (difference.kind === 'refund_unknown') return attachingRefund(difference, order)
  throw conflict('This difference cannot be attached to an order.')
}

function attachingCharge(difference: Difference, order: Order): Plan {
  const { amount, currency, gateway, transactionId, movements } = difference
  if (movements.length !== 1) throw conflict('Some of this charge was given back already: it can only be booked as unexplained.')
  if (order.payment.gateway !== gateway) throw conflict(`This order is paid by ${order.payment.gateway}, the charge was made by ${gateway}.`)
  const isPayable = GIVEN_UP.includes(order.state) || (isOpen(order) && order.state !== 'in_review')
  if (!isPayable) throw conflict(`An order that is ${order.state} cannot be paid by this charge.`)
  if (amount !== order.total || currency !== order.currency) {
    throw new Failure('CONFLICT', {
      message: 'The charge does not fit the order.',
      details: { charged: toMajor(amount, currency), currency, total: toMajor(order.total, order.currency), orderCurrency: order.currency },
    })
  }
  const effects = [
    `Order ${order.number} becomes paid by ${transactionId}, ${toText(amount, currency)} ${currency}; the ledger, its receipt and its stock follow.`,
    ...(isOpen(order) ? [] : ['If its goods cannot be reserved again, all of it is given back.']),
  ]
  return { how: 'attached_charge', effects }
}

function attachingRefund(difference: Difference, order: Order): Plan {
  const { amount, currency, transactionId, movements } = difference
  if (order.payment.transactionId !== transactionId) throw conflict('This refund was given for another charge than the order\'s.')
  if (movements.length !== 1 || movements[0]?.kind !== 'refund') throw conflict('This refund came back already: it can only be booked as unexplained.')
  adopted(order, difference, { reason: 'preview', by: 'preview', nowMs: 0, shopName: '' })
  const given = `${toText(amount, currency)} ${currency}`
  return { how: 'attached_refund', effects: [`${given} count as given back for order ${order.number}; the ledger follows, and the customer is told.`] }
}

function explaining(difference: Difference): Plan {
  const { kind, currency, gateway, orderId } = difference
  if (kind === 'amount_differs' && difference.entryId === null) throw conflict('The order is in review: decide there.')
  const isMended = !EXPLAINABLE.includes(kind) || (kind === 'dispute_unknown' && orderId !== null)
  if (isMended) throw conflict('This difference is mended by the reconciliation, or at the gateway; there is nothing to book.')
  const excess = unbookedExcess(difference)
  const direction = excess > 0 ? 'added to' : 'taken off'
  const amount = `${toText(Math.abs(excess), currency)} ${currency}`
  return { how: 'booked_unexplained', effects: [`${amount} are ${direction} what the ledger says lies at ${gateway}, against the account for unexplained money.`] }
}

/** Whether what nobody had booked has been booked since it was found. `entries`: those that its movements may have. */
export function isBookedMeanwhile({ gateway, movements, entryId }: Difference, entries: readonly JournalEntry[]): boolean {
  const book = new Book({ gateway, entries, orders: [], judged: movements, around: [], claims: [], confirmed: new Set() })
  return entryId === null && movements.some((movement) => book.entryOf(movement) !== undefined)
}

/** The charge as the gateway would have answered it. */
export function chargeIn({ transactionId, amount, currency }: Difference): ChargeOutcome {
  return { status: 'succeeded', transactionId, amount, currency, answer: null }
}

export interface Adopting {
  readonly reason: string
  readonly by: string
  readonly nowMs: number
  readonly shopName: string
}

/**
 * The order with a refund that was made at the gateway, as if it had been asked for here.
 * @throws Failure CONFLICT, INVALID_INPUT when more would be given back than came
 */
export function adopted(order: Order, difference: Difference, { reason, by, nowMs, shopName }: Adopting): Settlement {
  const [movement] = difference.movements
  const gatewayRefundId = movement === undefined ? difference.subject : sourceOf(movement)
  const id: Refund['id'] = `ref_${gatewayRefundId}`
  // Dated when it was made: there the gateway lists it.
  const asked = requestRefund(order, { id, amount: difference.amount, restock: false, reason, requestedBy: by, nowMs: movement?.atMs ?? nowMs })
  const settlement = settleRefund(asked, id, { status: 'succeeded', gatewayRefundId, answer: null }, nowMs, shopName)
  if (settlement === undefined) throw conflict('This refund is on the order already.')
  return settlement
}

/** Books what nobody can explain, so that the ledger says what the gateway says. */
export function unexplainedEntry(difference: Difference, atMs: number): JournalEntry {
  return correction(difference, unbookedExcess(difference), atMs)
}

/** Takes back what was booked as unexplained: it is booked as what it is. */
export function explainedEntry(difference: Difference, atMs: number): JournalEntry {
  return correction(difference, -difference.explained, atMs)
}

function correction({ id, version, gateway, currency, orderId, subject }: Difference, amount: number, atMs: number): JournalEntry {
  return transferEntry({
    id: `unexplained-${id}-${version}`, kind: 'correction', orderId, currency, atMs, reference: subject, from: 'unexplained', to: `gateway:${gateway}`, amount,
  })
}

function conflict(message: string): Failure {
  return new Failure('CONFLICT', { message })
}
