/**
 * Takes Authorize.Net's webhooks: verified on the raw bytes, stored, then acknowledged. `on-authorize-net-event` applies them.
 *
 * Safe to run twice: the notification's id is the inbox record's key.
 * An old one is taken like a new one, for its signature knows no time and the vendor sends the same bytes for days: what
 * it says is not believed anyway, but looked up. A bad or missing signature must never be stored.
 */
import type { VendorMessage } from '#domain/vendor-message.ts'
import { readOrderPaidBy } from '#stores/orders.ts'
import { transactionOf, verifiedEvent } from '#vendors/authorize-net/events.ts'
import { webhook } from '#entry/webhook.ts'

export const receiveAuthorizeNet = webhook({
  name: 'receive-authorize-net',
  path: '/api/webhooks/authorize-net',
  vendor: 'authorize-net',
  impact: 'Payments by KAJA that finish outside our own call (reviews, lost answers) are noticed only by the sweep.',
  signedBy: ['x-anet-signature'],
  verify: async (raw, header) => verifiedEvent(raw, header('x-anet-signature')),
  isKnown,
})

/** Nearly every charge was answered to our own call before its webhook comes: the order has it already. */
async function isKnown(event: VendorMessage): Promise<boolean> {
  const transactionId = transactionOf(event.payload)
  if (!TAKEN.test(event.type) || transactionId === null) return false
  const order = await readOrderPaidBy(transactionId)
  return order?.payment.gateway === 'kaja' && order.payment.status === 'succeeded'
}

const TAKEN = /^net\.authorize\.payment\.(authcapture|priorAuthCapture)\.created$/
