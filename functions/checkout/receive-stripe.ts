/**
 * Takes Stripe's webhooks: verified on the raw bytes, stored, then acknowledged. `on-stripe-event` applies them.
 *
 * Safe to run twice: the event's id is the inbox record's key.
 */
import { verifiedEvent } from '#vendors/stripe/events.ts'
import { webhook } from '#entry/webhook.ts'

export const receiveStripe = webhook({
  name: 'receive-stripe',
  path: '/api/webhooks/stripe',
  vendor: 'stripe',
  impact: 'Payments that finish outside our own call (authentication, lost answers) are noticed only by the sweep.',
  verify: async (raw, headers) => {
    const signature = headers['stripe-signature']
    return verifiedEvent(raw, typeof signature === 'string' ? signature : undefined)
  },
})
