/** Stripe's objects and errors in our words. */
import type { Stripe } from 'stripe'
import type { ChargeOutcome, RefundOutcome } from '#domain/payment.ts'
import { saidRetryAfterMs } from '#platform/http.ts'

/** What a PaymentIntent says about the charge. */
export function outcomeOf(intent: Stripe.PaymentIntent): ChargeOutcome {
  const transactionId = intent.id
  switch (intent.status) {
    case 'succeeded':
      return { status: 'succeeded', transactionId, amount: intent.amount_received, currency: intent.currency.toUpperCase(), held: heldBy(intent), answer: intent }
    case 'requires_action':
      return { status: 'requires_action', transactionId, clientSecret: intent.client_secret ?? '', nextAction: intent.next_action ?? null }
    case 'requires_capture':
      return { status: 'authorised', transactionId, amount: intent.amount_capturable, currency: intent.currency.toUpperCase(), held: heldBy(intent), answer: intent }
    case 'processing':
      return { status: 'processing', transactionId }
    case 'canceled':
      return { status: 'cancelled', transactionId }
    default:
      return { status: 'declined', transactionId, declineCode: declineCodeOf(intent.last_payment_error), answer: intent }
  }
}

/**
 * Stripe wants a person to look at it. The open review says so, not the risk level: it stands in events too, and it goes
 * when somebody has let the payment through at Stripe.
 */
function heldBy(intent: Stripe.PaymentIntent): string | null {
  return (intent.review ?? null) === null ? null : 'stripe_review'
}

/** The issuer's reason, else Stripe's own. The SDK has an empty text for one that is not there. */
export function declineCodeOf(error: { decline_code?: string | undefined; code?: string | undefined } | null): string {
  return [error?.decline_code, error?.code].find((code) => code !== undefined && code !== '') ?? 'declined'
}

interface StripeError {
  readonly statusCode?: number
  readonly type?: string
  readonly code?: string
  readonly decline_code?: string
  readonly message?: string
  readonly payment_intent?: Stripe.PaymentIntent
  readonly headers?: Record<string, string>
}

/** `again`: nothing is known or it was refused for now; the same key may be sent again, if it was said when, not before. */
export type Thrown =
  | { readonly again: true; readonly lost: boolean; readonly reason: string; readonly answered?: true; readonly retryAfterMs?: number }
  | { readonly again: false; readonly outcome: ChargeOutcome }

/** What an error of the SDK says about the charge. */
export function thrownBy(error: unknown): Thrown {
  const { statusCode, code, type, message, decline_code, payment_intent, headers } = error as StripeError
  const reason = `stripe ${statusCode ?? 'lost'} ${type ?? ''} ${code ?? ''}: ${message ?? ''}`
  if (statusCode === 402) {
    const answer = { code, decline_code, type }
    return { again: false, outcome: { status: 'declined', transactionId: payment_intent?.id ?? null, declineCode: declineCodeOf({ decline_code, code }), answer } }
  }
  if (payment_intent !== undefined && code === 'payment_intent_unexpected_state') return { again: false, outcome: outcomeOf(payment_intent) }
  if (statusCode === 401 || statusCode === 403) return { again: false, outcome: { status: 'unavailable', reason, answered: true } }
  // Another call with this key is under way: Stripe is there.
  if (statusCode === 409) return { again: true, lost: false, reason, answered: true }
  const retryAfterMs = headers === undefined ? undefined : saidRetryAfterMs(headers)
  const later = retryAfterMs === undefined ? {} : { retryAfterMs }
  if (statusCode === 429) return { again: true, lost: false, reason, ...later }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return { again: false, outcome: { status: 'declined', transactionId: null, declineCode: code ?? 'invalid_payment_method', answer: { code, type } } }
  }
  return { again: true, lost: true, reason, ...later }
}

export function refundOutcomeOf(refund: Stripe.Refund): RefundOutcome {
  if (refund.status === 'failed' || refund.status === 'canceled') {
    return { status: 'failed', reason: refund.failure_reason ?? refund.status, gatewayRefundId: refund.id }
  }
  return { status: refund.status === 'succeeded' ? 'succeeded' : 'pending', gatewayRefundId: refund.id, answer: refund }
}
