/**
 * Learns what a Stripe event tells of a dispute: the customer's bank asks, takes the money back, or has decided.
 *
 * Safe to run twice: the inbox record is closed in the transaction that changes the order, and what is known already
 * changes nothing. An event only says which dispute to ask about; Stripe is asked what is true now, so events may come
 * in any order, and the last one alone is enough. A failed try goes back on the inbox's schedule.
 */
import { chargeRequestOf } from '#domain/checkout.ts'
import type { Order } from '#domain/order.ts'
import { isPaid } from '#domain/settle-dispute.ts'
import { config } from '#platform/config.ts'
import { learnDispute, truthOf } from '#stores/disputes.ts'
import { guarded } from '#stores/guarded.ts'
import { markIgnored } from '#stores/inbox.ts'
import { nudgeMails } from '#stores/mails.ts'
import { readOrder, settleOrder } from '#stores/orders.ts'
import { disputeIn, orderOfPayment } from '#vendors/stripe/disputes.ts'
import { stripeGateway } from '#vendors/stripe/gateway.ts'
import { vendorEvent, type VendorEvent } from '#entry/vendor-event.ts'

export const onStripeDispute = vendorEvent({
  name: 'on-stripe-dispute',
  vendor: 'stripe',
  filter: 'hasPrefix(attributes.type, "charge.dispute.")',
  impact: 'Nobody learns that a payment is disputed before the sweep asks, and evidence may come too late.',
  apply,
})

async function apply({ record, place }: VendorEvent): Promise<void> {
  const { disputeId, transactionId } = disputeIn(record.payload)
  const order = transactionId === null ? undefined : await orderOf(transactionId)
  if (order === undefined) return markIgnored(place)
  if (!isPaid(order)) await settleCharge(order, record.id)
  await learnDispute({ orderId: order.id, disputeId, ask: () => truthOf(stripeGateway, disputeId), cause: `webhook ${record.id}`, inbox: place })
}

async function orderOf(transactionId: string): Promise<Order | undefined> {
  const orderId = await orderOfPayment(transactionId)
  return orderId === null ? undefined : readOrder(orderId)
}

/** What is disputed was paid, whatever our own books say yet. */
async function settleCharge(order: Order, eventId: string): Promise<void> {
  const outcome = await guarded(stripeGateway).find(chargeRequestOf(order), order.payment.transactionId)
  const { settlement } = await settleOrder(order.id, { outcome, cause: `webhook ${eventId}`, shopName: config('shop').SHOP_NAME })
  await nudgeMails(settlement?.mails ?? [])
}
