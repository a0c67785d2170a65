/**
 * Applies a Stripe event from the inbox to its order.
 *
 * Safe to run twice: the inbox record is closed in the transaction that changes the order, and an order that has moved
 * on is left alone. Events come in any order: only a success is taken at its word, for anything else Stripe is asked
 * what is true now. A failed try goes back on the inbox's schedule and blocks no other event.
 */
import { chargeRequestOf } from '#domain/checkout.ts'
import type { InboxRecord } from '#domain/inbox.ts'
import type { ChargeOutcome } from '#domain/payment.ts'
import { isLateHold } from '#domain/settle.ts'
import { config } from '#platform/config.ts'
import { guarded } from '#stores/guarded.ts'
import { markIgnored } from '#stores/inbox.ts'
import { nudgeMails } from '#stores/mails.ts'
import { applyEvent, readOrder, type OrderFact } from '#stores/orders.ts'
import { factOf } from '#vendors/stripe/events.ts'
import { stripeGateway } from '#vendors/stripe/gateway.ts'
import { vendorEvent, type VendorEvent } from '#entry/vendor-event.ts'

export const onStripeEvent = vendorEvent({
  name: 'on-stripe-event',
  vendor: 'stripe',
  // Disputes, payouts, reviews and cards have workers of their own.
  filter: 'NOT hasPrefix(attributes.type, "charge.dispute.") AND NOT hasPrefix(attributes.type, "payout.") AND NOT hasPrefix(attributes.type, "transfer.") AND NOT hasPrefix(attributes.type, "review.") AND NOT hasPrefix(attributes.type, "setup_intent.")',
  impact: 'Orders whose answer from Stripe was lost stay unsettled until the sweep asks.',
  apply,
})

async function apply({ record, place }: VendorEvent): Promise<void> {
  if (record.subject === null) return markIgnored(place)
  const truth = FINAL.test(record.type) ? undefined : await askStripe(record, record.subject)
  const settlement = await applyEvent(place, record.subject, factIn(record, truth))
  await nudgeMails(settlement?.mails ?? [])
}

/** Events that stay true whatever comes after them. */
const FINAL = /^(payment_intent\.succeeded|refund\.)/

function factIn(record: InboxRecord, truth: ChargeOutcome | undefined): OrderFact | undefined {
  const { SHOP_NAME } = config('shop')
  const fact = factOf(record.payload)
  if (fact === undefined) return undefined
  if (fact.about === 'refund') return { ...fact, shopName: SHOP_NAME }
  return { about: 'charge', facts: { outcome: truth ?? fact.outcome, cause: `webhook ${record.id}`, shopName: SHOP_NAME } }
}

/** What Stripe knows now about the charge that an event speaks of. */
async function askStripe(record: InboxRecord, orderId: string): Promise<ChargeOutcome | undefined> {
  const fact = factOf(record.payload)
  const order = await readOrder(orderId)
  if (fact?.about !== 'charge' || order === undefined) return undefined
  const outcome = await guarded(stripeGateway).find(chargeRequestOf(order), fact.transactionId)
  if (outcome.status === 'unknown') throw new Error(outcome.reason)
  // Nobody waits for this money any more: it goes free now, not when the gateway forgets it.
  if (isLateHold(order, outcome)) return guarded(stripeGateway).cancel(outcome.transactionId)
  return outcome
}
