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
import { readOne } from '#platform/firestore.ts'
import { log } from '#platform/log.ts'
import { learnDispute, truthOf } from '#stores/disputes.ts'
import { guarded } from '#stores/guarded.ts'
import { inboxDoc, inboxNudge, inboxTopic, markIgnored, pendingRecord, putOff } from '#stores/inbox.ts'
import { nudgeMails } from '#stores/mails.ts'
import { readOrder, settleOrder } from '#stores/orders.ts'
import { disputeIn, orderOfPayment } from '#vendors/stripe/disputes.ts'
import { stripeGateway } from '#vendors/stripe/gateway.ts'
import { message } from '#entry/message.ts'

export const onStripeDispute = message({
  name: 'on-stripe-dispute',
  topic: inboxTopic('stripe'),
  filter: 'hasPrefix(attributes.type, "charge.dispute.")',
  impact: 'Nobody learns that a payment is disputed before the sweep asks, and evidence may come too late.',
  data: inboxNudge,
  run: async ({ eventId, attempt }) => {
    const place = await inboxDoc('stripe', eventId)
    try {
      const record = pendingRecord(await readOne(place))
      if (record === undefined) return
      const { disputeId, transactionId } = disputeIn(record.payload)
      const order = transactionId === null ? undefined : await orderOf(transactionId)
      if (order === undefined) return await markIgnored(place)
      if (!isPaid(order)) await settleCharge(order, record.id)
      await learnDispute({ orderId: order.id, disputeId, ask: () => truthOf(stripeGateway, disputeId), cause: `webhook ${record.id}`, inbox: place })
    } catch (error) {
      log.error('a dispute could not be learnt', error, { function: 'on-stripe-dispute', eventId })
      await putOff(place, error, attempt)
    }
  },
})

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
