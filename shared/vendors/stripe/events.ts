/** Stripe's webhook: the signature over the raw bytes, and what an event says about an order. */
import type { Stripe } from 'stripe'
import type { ChargeOutcome, RefundOutcome } from '#domain/payment.ts'
import type { VendorMessage } from '#domain/vendor-message.ts'
import { ID } from '#values/ids.ts'
import { config } from '#platform/config.ts'
import { now } from '#platform/clock.ts'
import { stripe } from './client.ts'
import { outcomeOf, refundOutcomeOf } from './outcome.ts'
import { sessionOutcome } from './sessions.ts'

const TOLERANCE_SECONDS = 300

/** The event if the signature holds and is neither older nor further in the future than five minutes. */
export async function verifiedEvent(raw: Buffer, signature: string | undefined): Promise<VendorMessage | undefined> {
  if (signature === undefined || isFromTheFuture(signature)) return undefined
  const client = await stripe()
  const { STRIPE_WEBHOOK_SECRET, STRIPE_WEBHOOK_SECRET_PREVIOUS } = config('stripe')
  for (const secret of [STRIPE_WEBHOOK_SECRET, STRIPE_WEBHOOK_SECRET_PREVIOUS]) {
    if (secret === undefined) continue
    try {
      return messageOf(client.webhooks.constructEvent(raw, signature, secret, TOLERANCE_SECONDS), raw)
    } catch {
      // Another secret may hold; none does: the caller answers 401.
    }
  }
  return undefined
}

/** An event whose signature holds is Stripe's, whatever is in it: what is not as it should be is no news to us. */
function messageOf(event: Partial<Stripe.Event> | null, raw: Buffer): VendorMessage {
  const text = (value: unknown): string => (typeof value === 'string' ? value : '')
  return { id: text(event?.id), type: text(event?.type), payload: raw.toString('utf8'), subject: orderIdIn(event) }
}

/** The SDK accepts any time in the future; a signature made ahead of time must not. */
function isFromTheFuture(signature: string): boolean {
  const stamp = /(?:^|,)t=(\d{1,12})(?:,|$)/.exec(signature)?.[1]
  return stamp === undefined || Number(stamp) - now() / 1000 > TOLERANCE_SECONDS
}

/** Null for what is not ours: others may use this account, and write what they like. */
function orderIdIn(event: Partial<Stripe.Event> | null): string | null {
  const metadata = (event?.data?.object as { metadata?: Record<string, unknown> | null } | null | undefined)?.metadata
  const orderId = metadata?.['order_id']
  return typeof orderId === 'string' && ID.test(orderId) ? orderId : null
}

export type StripeFact =
  | { readonly about: 'charge'; readonly outcome: ChargeOutcome; readonly final: boolean; readonly transactionId: string }
  | { readonly about: 'refund'; readonly refundId: string; readonly outcome: RefundOutcome }

/**
 * What an event says; undefined for one that moves nothing here. Only a success is final: any other event may be
 * older than what the gateway knows now, so its reader asks.
 */
export function factOf(payload: string): StripeFact | undefined {
  const event = JSON.parse(payload) as Stripe.Event | null
  if (typeof event?.type !== 'string' || event.data?.object == null) return undefined
  if (event.type.startsWith('payment_intent.')) {
    const intent = event.data.object as Stripe.PaymentIntent
    const outcome = outcomeOf(intent)
    return { about: 'charge', outcome, final: outcome.status === 'succeeded', transactionId: intent.id }
  }
  if (event.type.startsWith('checkout.session.')) {
    const session = event.data.object as Stripe.Checkout.Session
    return { about: 'charge', outcome: sessionOutcome(session), final: false, transactionId: session.id }
  }
  if (event.type.startsWith('refund.')) {
    const refund = event.data.object as Stripe.Refund
    const refundId = refund.metadata?.['refund_id']
    return refundId === undefined ? undefined : { about: 'refund', refundId, outcome: refundOutcomeOf(refund) }
  }
  return undefined
}
