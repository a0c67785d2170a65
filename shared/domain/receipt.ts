/** The mails of an order: the facts of each template, taken from the order. */
import { toText } from '#values/money.ts'
import type { MailIntent } from './mail.ts'
import { written, type VariablesOf } from './mail-templates.ts'
import { takenFor, unrefunded, type Order, type Refund } from './order.ts'

export function receiptMail(order: Order, shopName: string): MailIntent {
  return { id: `receipt-${order.id}`, ...about(order), ...written('receipt', factsOf(order), { shopName }) }
}

export function refundMail(order: Order, refund: Refund, shopName: string): MailIntent {
  const facts = { ...factsOf(order), amount: amountOf(refund.amount, takenFor(order).currency) }
  return { id: `refund-${refund.id}`, ...about(order), ...written('refund', facts, { shopName }) }
}

/** The bank sent the refund back: the customer waits for money that will not come by itself. */
export function refundReturnedMail(order: Order, refund: Refund, shopName: string): MailIntent {
  const facts = { ...factsOf(order), amount: amountOf(refund.amount, takenFor(order).currency) }
  return { id: `refund-returned-${refund.id}`, ...about(order), ...written('refund-returned', facts, { shopName }) }
}

/** @param time which review of the order it is, counted from one: each is told of once */
export function underReviewMail(order: Order, time: number, shopName: string): MailIntent {
  const facts = { ...factsOf(order), goodsSetAside: order.purpose === undefined }
  return { id: `review-${time}-${order.id}`, ...about(order), ...written('under_review', facts, { shopName }) }
}

/** @param time as for `underReviewMail` */
export function reviewEndedMail(order: Order, time: number, shopName: string): MailIntent {
  const facts = { ...factsOf(order), charged: order.payment.status === 'succeeded' }
  return { id: `review-ended-${time}-${order.id}`, ...about(order), ...written('review_ended', facts, { shopName }) }
}

/** Once: an order that was cancelled stays cancelled. */
export function cancelledMail(order: Order, shopName: string): MailIntent {
  const setAside = order.history.some(({ state }) => state === 'in_review')
  const facts = { ...factsOf(order), byStaff: order.cancellation?.byStaff === true, setAside }
  return { id: `cancelled-${order.id}`, ...about(order), ...written('cancelled', facts, { shopName }) }
}

/** Once: an order is handed over once. What was given back before is not in the parcel. */
export function shippedMail(order: Order, tracking: string, shopName: string): MailIntent {
  const kept = order.lines.filter((line) => unrefunded(line) > 0)
  const lines = kept.map((line): [string, string] => [line.name, String(unrefunded(line))])
  return { id: `shipped-${order.id}`, ...about(order), ...written('shipped', { orderNumber: order.number, lines, tracking }, { shopName }) }
}

function about({ id, email }: Order): Pick<MailIntent, 'to' | 'orderId'> {
  return { to: email, orderId: id }
}

function factsOf(order: Order): VariablesOf<'receipt'> {
  const lines = order.lines.map((line): [string, string] => [`${line.quantity} x ${line.name}`, amountOf(line.gross, order.currency)])
  return { orderNumber: order.number, lines, sums: sumsOf(order) }
}

function sumsOf(order: Order): Array<[string, string]> {
  const amount = (minor: number): string => amountOf(minor, order.currency)
  return [
    ['Subtotal', amount(order.subtotal)],
    ...(order.discount === 0 ? [] : [[`Member discount (${order.discountPercent} %)`, `-${amount(order.discount)}`] as [string, string]]),
    ...(order.promo === undefined ? [] : [[`Promo code ${order.promo.code}`, `-${amount(order.promo.amount)}`] as [string, string]]),
    ...(order.delivery?.how === 'ship' ? [['Shipping', amount(order.shipping)] as [string, string]] : []),
    ...(order.tax === 0 ? [] : [[order.taxed.inclusive ? 'Tax included' : 'Tax', amount(order.tax)] as [string, string]]),
    ['Total', amount(order.total)],
  ]
}

function amountOf(minor: number, currency: string): string {
  return `${toText(minor, currency)} ${currency}`
}
