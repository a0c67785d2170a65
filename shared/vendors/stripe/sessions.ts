/**
 * Stripe's own page for a payment: a Checkout Session, opened under the order's key and named after the order.
 *
 * The customer may try several cards there, so what its payment intent says between is no news: only the session tells
 * whether it is over. It is ended at Stripe before anything is given up here, and one that was paid cannot be ended.
 */
import type { Stripe } from 'stripe'
import type { ChargeOutcome, ChargeRequest, SessionRequest } from '#domain/payment.ts'
import { MINUTE_MS } from '#values/time.ts'
import { now } from '#platform/clock.ts'
import { stripe } from './client.ts'
import { outcomeOf } from './outcome.ts'
import { afterTries, isMismatch, listed, madeAround, reasonOf, tried, unknown } from './tries.ts'

/** Stripe opens none that would live shorter. */
const LIFE_MIN_MS = 30 * MINUTE_MS

/** Opens the page, or finds that this key has opened it. When it is too late to open one, only looks. */
export async function openSession(request: SessionRequest): Promise<ChargeOutcome> {
  if (now() + LIFE_MIN_MS > request.expiresAtMs) return findSession(request, null)
  const client = await stripe()
  const params = paramsOf(request)
  const result = await tried((timeout) => client.checkout.sessions.create(params, { idempotencyKey: request.key, timeout }))
  if ('done' in result) return sessionOutcome(result.done)
  const { thrown } = result
  if (thrown.again) return afterTries(thrown)
  // The key stands for a page that was asked for in other words, before our settings changed.
  if (isMismatch(thrown)) return findSession(request, null)
  // Nobody's card was asked: whatever Stripe does not like, there is no page.
  const why = thrown.outcome.status === 'declined' ? thrown.outcome.declineCode : reasonOf(thrown)
  return { status: 'unavailable', reason: `stripe opens no session: ${why}`, answered: true }
}

function paramsOf(request: SessionRequest): Stripe.Checkout.SessionCreateParams {
  const metadata = { order_id: request.orderId, attempt: String(request.attempt) }
  const currency = request.currency.toLowerCase()
  return {
    mode: 'payment',
    client_reference_id: request.orderId,
    customer_email: request.email,
    metadata,
    payment_intent_data: {
      metadata,
      description: request.description,
      ...(request.capture ? {} : { capture_method: 'manual' as const }),
    },
    line_items: request.lines.map(({ name, quantity, unitAmount }) => ({
      quantity,
      price_data: { currency, unit_amount: unitAmount, product_data: { name } },
    })),
    // What is paid is our amount in our currency, or it would not fit the order.
    adaptive_pricing: { enabled: false },
    expires_at: Math.floor(request.expiresAtMs / 1000),
    success_url: request.successUrl,
    cancel_url: request.cancelUrl,
  }
}

/** The truth about an order's page: by its id, by the payment that was made on it, or by our reference. */
export async function findSession(request: ChargeRequest, transactionId: string | null): Promise<ChargeOutcome> {
  if (transactionId !== null && isSession(transactionId)) return retrieved(transactionId)
  const client = await stripe()
  const query = transactionId === null ? { created: madeAround(request.createdAtMs) } : { payment_intent: transactionId }
  const result = await listed(
    (page, timeout) => client.checkout.sessions.list({ ...query, ...page, expand: ['data.payment_intent'] }, { timeout }),
    ({ client_reference_id }) => client_reference_id === request.orderId,
  )
  if ('none' in result) return result.none.status === 'absent' && transactionId !== null ? NO_PAGE : result.none
  const paid = result.found.find(({ status }) => status === 'complete') ?? result.found[0]
  return paid === undefined ? { status: 'absent' } : sessionOutcome(paid)
}

/** A payment whose page cannot be found says nothing about the page. */
const NO_PAGE: ChargeOutcome = { status: 'unknown', reason: 'stripe: no session of the order has this payment', answered: true }

/** Ends a page; when it cannot be ended, it was paid or has ended already. */
export async function expireSession(sessionId: string): Promise<ChargeOutcome> {
  const client = await stripe()
  const result = await tried((timeout) => client.checkout.sessions.expire(sessionId, {}, { timeout }))
  if ('done' in result) return sessionOutcome(result.done)
  return result.thrown.again ? unknown(result.thrown) : retrieved(sessionId)
}

async function retrieved(sessionId: string): Promise<ChargeOutcome> {
  const client = await stripe()
  const params = { expand: ['payment_intent'] }
  const result = await tried((timeout) => client.checkout.sessions.retrieve(sessionId, params, { timeout }))
  return 'done' in result ? sessionOutcome(result.done) : unknown(result.thrown)
}

export function isSession(transactionId: string): boolean {
  return transactionId.startsWith('cs_')
}

/** What a session says about the charge; of a complete one its payment says it, if that came with it. */
export function sessionOutcome(session: Stripe.Checkout.Session): ChargeOutcome {
  const { id, status, url, expires_at, payment_intent } = session
  if (status === 'expired') return { status: 'cancelled', transactionId: id }
  if (status === 'open') {
    if (url === null) return { status: 'unknown', reason: `stripe: the open session ${id} has no page`, answered: true }
    return { status: 'open', transactionId: id, url, expiresAtMs: expires_at * 1000 }
  }
  if (payment_intent !== null && typeof payment_intent === 'object') return outcomeOf(payment_intent)
  return { status: 'processing', transactionId: id }
}
