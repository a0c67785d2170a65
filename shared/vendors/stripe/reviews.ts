/** Stripe's own reviews: payments that Stripe wants a person to look at. */
import type { Stripe } from 'stripe'

/** The payment that an event of a review speaks of; null when it names none. */
export function paymentIn(payload: string): string | null {
  const { data } = JSON.parse(payload) as Stripe.Event
  const intent = (data.object as Stripe.Review).payment_intent
  return typeof intent === 'object' ? (intent?.id ?? null) : (intent ?? null)
}
