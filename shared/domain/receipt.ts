/** The mails of an order, typed: what a template needs is its parameter, so a missing variable does not compile. */
import { toText } from '#values/money.ts'
import { letter, type MailIntent } from './mail.ts'
import { takenFor, type Order, type Refund } from './order.ts'

export function receiptMail(order: Order, shopName: string): MailIntent {
  return {
    id: `receipt-${order.id}`,
    to: order.email,
    template: 'receipt',
    subject: `Your order ${order.number} at ${shopName}`,
    orderId: order.id,
    ...page(`Thank you for your order`, [
      `We have received your payment. Your order number is ${order.number}.`,
    ], order, shopName),
  }
}

export function refundMail(order: Order, refund: Refund, shopName: string): MailIntent {
  return {
    id: `refund-${refund.id}`,
    to: order.email,
    template: 'refund',
    subject: `Your refund for order ${order.number}`,
    orderId: order.id,
    ...page('Your refund is on its way', [
      `We have refunded ${amountOf(refund.amount, takenFor(order).currency)} for order ${order.number}. Your bank may take some days to show it.`,
    ], order, shopName),
  }
}

/** The bank sent the refund back: the customer waits for money that will not come by itself. */
export function refundReturnedMail(order: Order, refund: Refund, shopName: string): MailIntent {
  return {
    id: `refund-returned-${refund.id}`,
    to: order.email,
    template: 'refund-returned',
    subject: `Your refund for order ${order.number} did not arrive`,
    orderId: order.id,
    ...page('Your refund did not arrive', [
      `Your bank has sent back the ${amountOf(refund.amount, takenFor(order).currency)} that we refunded for order ${order.number}. The money is safe with us, and it is yours.`,
      'We will pay it out again. If your card has expired or your account is closed, please answer this mail, so that we find another way.',
    ], order, shopName),
  }
}

/** @param time which review of the order it is, counted from one: each is told of once */
export function underReviewMail(order: Order, time: number, shopName: string): MailIntent {
  return {
    id: `review-${time}-${order.id}`,
    to: order.email,
    template: 'under_review',
    subject: `We are looking at order ${order.number}`,
    orderId: order.id,
    ...page('Your payment is under review', [
      `We have received order ${order.number} and look at its payment before we accept it.${order.purpose === undefined ? ' Your goods are set aside meanwhile.' : ''}`,
      'You need not do anything. We will tell you how it ends.',
    ], order, shopName),
  }
}

/** @param time as for `underReviewMail` */
export function reviewEndedMail(order: Order, time: number, shopName: string): MailIntent {
  const money =
    order.payment.status === 'succeeded' ? 'What was charged goes back to where it came from.'
    : 'Nothing was charged; what was set aside on your card goes free.'
  return {
    id: `review-ended-${time}-${order.id}`,
    to: order.email,
    template: 'review_ended',
    subject: `We could not accept order ${order.number}`,
    orderId: order.id,
    ...page('We could not accept your order', [
      `The payment of order ${order.number} could not be accepted. ${money}`,
      'If you think that this is a mistake, please answer this mail.',
    ], order, shopName),
  }
}

/** Once: an order that was cancelled stays cancelled. */
export function cancelledMail(order: Order, shopName: string): MailIntent {
  const money = order.history.some(({ state }) => state === 'in_review') ? 'Nothing was charged; what was set aside on your card goes free.' : 'Nothing was charged.'
  return {
    id: `cancelled-${order.id}`,
    to: order.email,
    template: 'cancelled',
    subject: `Order ${order.number} is cancelled`,
    orderId: order.id,
    ...page('Your order is cancelled', [`Order ${order.number} was cancelled${order.cancellation?.byStaff === true ? ' by us' : ''}. ${money}`], order, shopName),
  }
}

function page(title: string, paragraphs: readonly string[], order: Order, shopName: string): { html: string; text: string } {
  const lines = order.lines.map((line): [string, string] => [`${line.quantity} x ${line.name}`, amountOf(line.gross, order.currency)])
  return letter({ title, paragraphs, rows: [lines, sumsOf(order)], shopName })
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
