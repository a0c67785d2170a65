/**
 * Learns that Stripe holds a payment for review, or that somebody has let it through in Stripe's dashboard.
 *
 * Safe to run twice: the inbox record is closed in the transaction that changes the order, and Stripe is asked what is
 * true now, so that events may come in any order. A failed try goes back on the inbox's schedule.
 * What must never happen: goods sold while the review is open. A review that opens after the sale moves no money and no
 * goods: staff are told, for they can still keep the goods back or refund.
 */
import { chargeRequestOf } from '#domain/checkout.ts'
import { isOpen } from '#domain/order.ts'
import { reviewedTooLate } from '#domain/review.ts'
import { config } from '#platform/config.ts'
import { sayAlerts } from '#stores/alerts.ts'
import { guarded } from '#stores/guarded.ts'
import { markIgnored } from '#stores/inbox.ts'
import { nudgeMails } from '#stores/mails.ts'
import { applyEvent, readOrder } from '#stores/orders.ts'
import { orderOfPayment } from '#vendors/stripe/disputes.ts'
import { stripeGateway } from '#vendors/stripe/gateway.ts'
import { paymentIn } from '#vendors/stripe/reviews.ts'
import { vendorEvent, type VendorEvent } from '#entry/vendor-event.ts'

export const onStripeReview = vendorEvent({
  name: 'on-stripe-review',
  vendor: 'stripe',
  filter: 'hasPrefix(attributes.type, "review.")',
  impact: 'Orders that were let through at Stripe wait for the sweep.',
  apply,
})

async function apply({ record, place }: VendorEvent): Promise<void> {
  const transactionId = paymentIn(record.payload)
  const orderId = transactionId === null ? null : await orderOfPayment(transactionId)
  const order = orderId === null ? undefined : await readOrder(orderId)
  if (order === undefined) return markIgnored(place)
  const outcome = await guarded(stripeGateway).find(chargeRequestOf(order), transactionId)
  if (outcome.status === 'unknown') throw new Error(outcome.reason)
  const held = outcome.status === 'succeeded' ? (outcome.held ?? null) : null
  // What our own staff let through is no news to them. Said before the event is closed: else a crash would swallow it.
  if (!isOpen(order) && order.review === null) await sayAlerts([reviewedTooLate(order, held)])
  const facts = { outcome, cause: `webhook ${record.id}`, shopName: config('shop').SHOP_NAME }
  const settlement = await applyEvent(place, order.id, { about: 'charge', facts })
  await nudgeMails(settlement?.mails ?? [])
}
