/**
 * Stripe behind the gateway port.
 *
 * A charge is one PaymentIntent, created and confirmed in one call under our key. Within 24 hours the key makes a
 * repeated call safe: Stripe answers what it answered before. Later Stripe may have forgotten it, and the same key
 * would charge again; so an older attempt is looked up by our reference and never sent again.
 */
import type { Stripe } from 'stripe'
import type { ChargeOutcome, ChargeRequest, Gateway, Movement, RefundOutcome, RefundRequest } from '#domain/payment.ts'
import { Failure } from '#values/failure.ts'
import { now } from '#platform/clock.ts'
import { findSetup, holderFor, removeCard, storeCard, storedAs, storePaying } from './cards.ts'
import { stripe } from './client.ts'
import { disputeAtStripe } from './disputes.ts'
import { movementOf } from './movement.ts'
import { outcomeOf, refundOutcomeOf } from './outcome.ts'
import { bankPayoutAtStripe } from './payouts.ts'
import { expireSession, findSession, isSession, openSession } from './sessions.ts'
import { afterTries, fruitless, isMismatch, KEY_LIVES_MS, listed, madeAround, notAnswered, tried, unknown } from './tries.ts'

const MOVEMENT_PAGES_MAX = 200

export const stripeGateway: Gateway = {
  name: 'stripe', charge, openSession, storeCard, findSetup, storePaying, holderFor, chargeStored, removeCard, find, capture, cancel,
  refund, movements, dispute: disputeAtStripe, bankPayout: bankPayoutAtStripe,
}

function charge(request: ChargeRequest): Promise<ChargeOutcome> {
  const kept = request.holder === undefined ? {} : { customer: request.holder, setup_future_usage: 'off_session' as const }
  return charged(request, { payment_method: request.token, ...kept })
}

function chargeStored(request: ChargeRequest, reference: string): Promise<ChargeOutcome> {
  return charged(request, { ...storedAs(reference), ...(request.present === true ? {} : { off_session: true }) })
}

type Paying = Pick<Stripe.PaymentIntentCreateParams, 'payment_method' | 'customer' | 'off_session' | 'setup_future_usage'>

async function charged(request: ChargeRequest, paying: Paying): Promise<ChargeOutcome> {
  if (now() - request.createdAtMs > KEY_LIVES_MS) return find(request, null)
  const client = await stripe()
  const params: Stripe.PaymentIntentCreateParams = {
    amount: request.amount,
    currency: request.currency.toLowerCase(),
    confirm: true,
    ...(request.capture ? {} : { capture_method: 'manual' as const }),
    ...paying,
    automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    description: request.description,
    metadata: { order_id: request.orderId, attempt: String(request.attempt) },
  }
  const result = await tried((timeout) => client.paymentIntents.create(params, { idempotencyKey: request.key, timeout }))
  if ('done' in result) return outcomeOf(result.done)
  return isMismatch(result.thrown) ? sentOtherwise(request) : afterTries(result.thrown)
}

/** The key stands for a charge that was sent in other words: that one counts, and nobody knows of it as long as it is not found. */
async function sentOtherwise(request: ChargeRequest): Promise<ChargeOutcome> {
  const seen = await find(request, null)
  return seen.status === 'absent' ? { status: 'unknown', reason: 'stripe: the key stands for a charge that cannot be found', answered: true } : seen
}

/** The truth by the intent's id, else by our reference among the intents of that time; about a page, what the page says. */
async function find(request: ChargeRequest, transactionId: string | null): Promise<ChargeOutcome> {
  if (request.hosted === true) return findSession(request, transactionId)
  const client = await stripe()
  if (transactionId !== null) {
    const result = await tried((timeout) => client.paymentIntents.retrieve(transactionId, {}, { timeout }))
    return 'done' in result ? outcomeOf(result.done) : unknown(result.thrown)
  }
  const created = madeAround(request.createdAtMs)
  const result = await listed(
    (page, timeout) => client.paymentIntents.list({ created, ...page }, { timeout }),
    ({ metadata }) => metadata['order_id'] === request.orderId,
  )
  if ('none' in result) return result.none
  const best = result.found.find(({ status }) => status === 'succeeded') ?? result.found[0]
  return best === undefined ? { status: 'absent' } : outcomeOf(best)
}

async function capture(request: ChargeRequest, transactionId: string): Promise<ChargeOutcome> {
  const client = await stripe()
  const result = await tried((timeout) =>
    client.paymentIntents.capture(transactionId, { amount_to_capture: request.amount }, { timeout, idempotencyKey: `${request.key}:capture` }),
  )
  return 'done' in result ? outcomeOf(result.done) : unknown(result.thrown)
}

async function cancel(transactionId: string): Promise<ChargeOutcome> {
  if (isSession(transactionId)) return expireSession(transactionId)
  const client = await stripe()
  const result = await tried((timeout) => client.paymentIntents.cancel(transactionId, { cancellation_reason: 'abandoned' }, { timeout, idempotencyKey: `${transactionId}:cancel` }))
  return 'done' in result ? outcomeOf(result.done) : unknown(result.thrown)
}

async function refund(request: RefundRequest): Promise<RefundOutcome> {
  const client = await stripe()
  const metadata = { refund_id: request.refundId, order_id: request.orderId }
  if (now() - request.createdAtMs > KEY_LIVES_MS) {
    const made = await tried((timeout) => client.refunds.list({ payment_intent: request.transactionId, limit: 100 }, { timeout }))
    if (!('done' in made)) return { status: 'unknown', ...fruitless(made.thrown) }
    const known = made.done.data.find((one) => one.metadata?.['refund_id'] === request.refundId)
    if (known !== undefined) return refundOutcomeOf(known)
  }
  const result = await tried((timeout) =>
    client.refunds.create({ payment_intent: request.transactionId, amount: request.amount, metadata }, { idempotencyKey: request.refundId, timeout }),
  )
  if ('done' in result) return refundOutcomeOf(result.done)
  const { thrown } = result
  if (thrown.again) return { status: 'unknown', ...fruitless(thrown) }
  return thrown.outcome.status === 'declined'
    ? { status: 'failed', reason: thrown.outcome.declineCode, gatewayRefundId: null }
    : { status: 'unknown', ...fruitless(thrown) }
}

/** What Stripe's balance lists; its fees stand beside the movement that they were kept of. */
async function movements(fromMs: number, toMs: number): Promise<Movement[]> {
  const client = await stripe()
  const found: Movement[] = []
  let after: string | undefined
  for (let page = 0; page < MOVEMENT_PAGES_MAX; page++) {
    const created = { gte: Math.floor(fromMs / 1000), lte: Math.ceil(toMs / 1000) }
    const query = { limit: 100, created, expand: ['data.source'], ...(after === undefined ? {} : { starting_after: after }) }
    const result = await tried((timeout) => client.balanceTransactions.list(query, { timeout }))
    if (!('done' in result)) throw notAnswered(result.thrown)
    found.push(...result.done.data.map(movementOf))
    after = result.done.data.at(-1)?.id
    if (!result.done.has_more || after === undefined) return found.reverse()
  }
  throw new Failure('SERVICE_UNAVAILABLE', { reason: `more than ${MOVEMENT_PAGES_MAX} pages of movements` })
}
