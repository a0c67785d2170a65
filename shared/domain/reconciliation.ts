/**
 * Reconciliation: a gateway's own books against our ledger and orders. Every difference is named, with its amount and
 * its cause; what agrees is never named.
 *
 * The ledger is compared movement by movement, each with the entry that its id or our reference leads to. So a moment
 * that cuts between a charge and its order invents nothing: a movement is judged on the day it is dated, its entry may
 * be dated on another; and an entry whose movement is not near is asked for one by one before it is called a difference.
 */
import { toText } from '#values/money.ts'
import { HOUR_MS } from '#values/time.ts'
import { Book, doubtfulIn, looseIn, postedAt, sourceOf, unique, type Books } from './gateway-book.ts'
import type { JournalEntry } from './ledger.ts'
import { isOpen, type Order, type Refund } from './order.ts'
import type { GatewayName, Movement } from './payment.ts'
import { isPaid } from './settle-dispute.ts'

export type DifferenceKind =
  /** Money came for nothing that we know. */
  | 'charge_without_order'
  /** The order was paid by another charge already. */
  | 'charged_twice'
  /** Money came and its order has not noticed. */
  | 'payment_missed'
  /** Nobody knows yet whether money came, and too long. */
  | 'payment_stuck'
  /** Our books say that money came; the gateway has none. */
  | 'order_without_charge'
  | 'amount_differs'
  | 'currency_differs'
  /** The order is paid and the ledger does not know. */
  | 'entry_missing'
  /** Money went back that we did not send. */
  | 'refund_unknown'
  /** A refund of ours was given, or came back, and its order has not noticed. */
  | 'refund_missed'
  /** Our books say that money went back; the gateway has it still. */
  | 'refund_missing'
  | 'dispute_unknown'
  | 'payout_unknown'
  | 'fee_missing'
  | 'fee_differs'
  | 'movement_unknown'

/** A difference as it is found. */
export interface Found {
  readonly kind: DifferenceKind
  readonly gateway: GatewayName
  /** What it is about, at the gateway or with us: with kind and gateway it names the difference. */
  readonly subject: string
  /** What is at stake, in minor units of the currency; never negative. */
  readonly amount: number
  readonly currency: string
  /** So much more the gateway's books hold than ours; less is negative. */
  readonly excess: number
  readonly cause: string
  readonly orderId: string | null
  readonly transactionId: string | null
  readonly refundId: string | null
  /** What the gateway lists of it. */
  readonly movements: readonly Movement[]
  /** What the ledger says of it. */
  readonly entryId: string | null
}

const REVERSED: readonly Movement['kind'][] = ['refund', 'refund_return']
/** How long nobody may know whether an order is paid. */
export const STUCK_MS = HOUR_MS

export function differences(books: Books): Found[] {
  const book = new Book(books)
  const loose = looseIn(books)
  return [
    ...unique(books.judged).flatMap((movement) => wronglyBooked(book, movement)),
    ...[...Map.groupBy(loose, subjectIn(loose))].flatMap(([subject, group]) => unbooked(book, { subject, group })),
    ...doubtfulIn(books).filter(({ id }) => !books.confirmed.has(id)).map((entry) => unmoved(book, entry)),
  ]
}

/** A charge that we do not know and what was given back of it are one matter; so are a refund and its return. */
function subjectIn(loose: readonly Movement[]): (movement: Movement) => string {
  const charges = new Set(loose.filter(({ kind }) => kind === 'charge').map(chargeOf))
  return (movement) => {
    if (movement.kind === 'charge') return chargeOf(movement)
    if (!REVERSED.includes(movement.kind)) return movement.id
    return charges.has(movement.transactionId ?? '') ? chargeOf(movement) : sourceOf(movement)
  }
}

function chargeOf({ id, transactionId }: Movement): string {
  return transactionId ?? id
}

function wronglyBooked(book: Book, movement: Movement): Found[] {
  const entry = book.entryOf(movement)
  if (entry === undefined) return []
  const posted = postedAt(entry, book.gateway) ?? 0
  const cause = `The gateway moved ${said(movement)}, the ledger says ${money(posted, entry.currency)}.`
  const matter = { subject: sourceOf(movement), group: [movement], orderId: entry.orderId, entryId: entry.id, cause }
  if (entry.currency !== movement.currency) return [found(book, 'currency_differs', matter)]
  return posted === movement.amount ? [] : [found(book, 'amount_differs', { ...matter, excess: movement.amount - posted })]
}

interface Group {
  readonly subject: string
  readonly group: readonly Movement[]
}

function unbooked(book: Book, one: Group): Found[] {
  const charge = one.group.find(({ kind }) => kind === 'charge')
  if (charge !== undefined) return unbookedCharge(book, one, charge)
  const [first] = one.group as [Movement]
  const matter = { ...one, orderId: book.orderOf(first)?.id ?? null }
  switch (first.kind) {
    case 'refund':
    case 'refund_return':
      return unbookedRefund(book, one, first)
    case 'dispute':
    case 'dispute_reversal':
      return [found(book, 'dispute_unknown', { ...matter, cause: `A dispute moved ${said(first)}; the ledger does not know it.` })]
    case 'payout':
      return [found(book, 'payout_unknown', { ...matter, cause: `A payout moved ${said(first)}; the ledger does not know it.` })]
    default:
      return [found(book, 'movement_unknown', { ...matter, cause: `The gateway moved ${said(first)} for a reason that we do not know.` })]
  }
}

function unbookedCharge(book: Book, one: Group, charge: Movement): Found[] {
  const order = book.orderOf(charge)
  const isGivenBack = sum(one.group) === 0
  const took = `The gateway took ${said(charge)}`
  if (order === undefined) {
    const named = charge.reference === null ? 'it names no order' : `it names the order ${charge.reference}, which does not exist`
    return isGivenBack ? [] : [found(book, 'charge_without_order', { ...one, cause: `${took}: ${named}.` })]
  }
  const matter = { ...one, orderId: order.id }
  if (order.state === 'in_review' && order.payment.status === 'succeeded') return reviewed(book, order, { ...matter, charge })
  if (!isPaid(order)) return [found(book, 'payment_missed', { ...matter, cause: `${took} for an order that is ${order.state}.` })]
  if (order.payment.transactionId !== charge.transactionId || book.entry(`charge-${order.id}`) !== undefined) {
    return isGivenBack ? [] : [found(book, 'charged_twice', { ...matter, cause: `${took} for an order that another charge has paid.` })]
  }
  return [found(book, 'entry_missing', { ...matter, cause: `The order is ${order.state} by ${said(charge)}, and the ledger does not know.` })]
}

interface Reviewed extends Group {
  readonly orderId: string
  readonly charge: Movement
}

/** Money came, and a person is to look at it: a difference only where it is not what was asked. */
function reviewed(book: Book, order: Order, { charge, ...matter }: Reviewed): Found[] {
  const cause = `The gateway took ${said(charge)}, the order is over ${money(order.total, order.currency)}.`
  if (charge.currency !== order.currency) return [found(book, 'currency_differs', { ...matter, cause })]
  return charge.amount === order.total ? [] : [found(book, 'amount_differs', { ...matter, cause })]
}

function unbookedRefund(book: Book, one: Group, first: Movement): Found[] {
  const order = book.orderOf(first)
  const refund = order?.refunds.find(({ id, gatewayRefundId }) => id === first.reference || gatewayRefundId === sourceOf(first))
  const matter = { ...one, orderId: order?.id ?? null, refundId: refund?.id ?? null }
  const missed = refund === undefined ? undefined : missedOf(refund, one.group)
  if (missed !== undefined) return [found(book, 'refund_missed', { ...matter, cause: missed })]
  if (sum(one.group) === 0) return []
  const whose =
    order === undefined ? 'of no order of ours'
    : refund === undefined ? 'that nobody asked us for'
    : `that is ${refund.status} in our books`
  return [found(book, 'refund_unknown', { ...matter, cause: `The gateway gave back ${said(first)} by a refund ${whose}.` })]
}

function missedOf(refund: Refund, group: readonly Movement[]): string | undefined {
  const given = group.find(({ kind }) => kind === 'refund')
  const back = group.find(({ kind }) => kind === 'refund_return')
  if (refund.status === 'pending' && given !== undefined) return `The gateway gave back ${said(given)}; the order says that it is still to come.`
  if (refund.status === 'succeeded' && back !== undefined) return `A refund of ${said(back)} came back; the order says that it was given.`
  return undefined
}

/** An entry whose movement the gateway does not have. */
function unmoved({ gateway }: Book, entry: JournalEntry): Found {
  const posted = postedAt(entry, gateway) ?? 0
  const [amount, excess] = [Math.abs(posted), 0 - posted]
  const matter = { gateway, amount, excess, currency: entry.currency, orderId: entry.orderId, movements: [], entryId: entry.id }
  const said = `The ledger says that ${money(amount, entry.currency)}`
  if (entry.kind === 'charge') {
    const cause = `${said} came by ${entry.reference}; the gateway has no such charge.`
    return { ...matter, kind: 'order_without_charge', subject: entry.orderId ?? entry.id, cause, transactionId: entry.reference, refundId: null }
  }
  const refundId = entry.id.slice('refund-'.length)
  const cause = `${said} went back by ${entry.reference}; the gateway has no such refund.`
  return { ...matter, kind: 'refund_missing', subject: refundId, cause, transactionId: null, refundId }
}

/** An order of which nobody knows for too long whether it is paid; undefined when it is well. */
export function stuckPayment(order: Order, nowMs: number): Found | undefined {
  const isWaiting = isOpen(order) && order.state !== 'in_review' && order.payment.status !== 'processing'
  if (!isWaiting || order.createdAtMs + STUCK_MS > nowMs) return undefined
  return {
    kind: 'payment_stuck', gateway: order.payment.gateway, subject: order.id, amount: order.total, currency: order.currency, excess: 0,
    cause: `The order is ${order.state} for longer than an hour: nobody knows whether it is paid.`,
    orderId: order.id, transactionId: order.payment.transactionId, refundId: null, movements: [], entryId: null,
  }
}

interface Matter extends Group {
  readonly cause: string
  readonly orderId?: string | null
  readonly refundId?: string | null
  readonly entryId?: string | null
  /** Where it is not all that moved. */
  readonly excess?: number
}

function found({ gateway }: Book, kind: DifferenceKind, matter: Matter): Found {
  const { subject, group, cause, orderId = null, refundId = null, entryId = null, excess = sum(matter.group) } = matter
  const [{ currency, transactionId }] = group as [Movement]
  return { kind, gateway, subject, amount: Math.abs(excess), currency, excess, cause, orderId, transactionId, refundId, movements: group, entryId }
}

function sum(group: readonly Movement[]): number {
  return group.reduce((all, { amount }) => all + amount, 0)
}

function said({ amount, currency }: Movement): string {
  return money(Math.abs(amount), currency)
}

function money(minor: number, currency: string): string {
  return `${toText(minor, currency)} ${currency}`
}
