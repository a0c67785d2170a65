/**
 * Takes Stripe's webhooks: verified on the raw bytes, stored, then acknowledged. `on-stripe-event` applies them.
 *
 * Safe to run twice: the event's id is the inbox record's key.
 */
import type { VendorMessage } from '#domain/vendor-message.ts'
import { isOpen } from '#domain/order.ts'
import { readOrder } from '#stores/orders.ts'
import { factOf, verifiedEvent } from '#vendors/stripe/events.ts'
import { webhook } from '#entry/webhook.ts'

export const receiveStripe = webhook({
  name: 'receive-stripe',
  path: '/api/webhooks/stripe',
  vendor: 'stripe',
  impact: 'Payments that finish outside our own call (authentication, lost answers) are noticed only by the sweep.',
  signedBy: ['stripe-signature'],
  verify: (raw, header) => verifiedEvent(raw, header('stripe-signature')),
  isKnown,
})

/** Nearly every success was answered to our own call before its webhook comes: the order has it already. */
async function isKnown(event: VendorMessage): Promise<boolean> {
  if (!SUCCESS.test(event.type) || event.subject === null) return false
  const fact = factOf(event.payload)
  const order = await readOrder(event.subject)
  if (fact?.about !== 'charge' || order === undefined || isOpen(order)) return false
  const { payment } = order
  if (payment.status !== 'succeeded') return false
  return payment.transactionId === fact.transactionId || payment.session?.id === fact.transactionId
}

/** One payment on Stripe's page makes two of them. */
const SUCCESS = /^(payment_intent\.succeeded|checkout\.session\.(completed|async_payment_succeeded))$/
