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
import { HOUR_MS, MINUTE_MS } from '#values/time.ts'
import { config } from '#platform/config.ts'
import { now } from '#platform/clock.ts'
import { pause } from '#platform/deadline.ts'
import { stripe } from './client.ts'
import { movementOf } from './movement.ts'
import { outcomeOf, refundOutcomeOf, thrownBy, type Thrown } from './outcome.ts'

const TRIES_MAX = 3
/** Stripe keeps keys for at least 24 h; an hour less leaves room for clocks. */
const KEY_LIVES_MS = 23 * HOUR_MS
const READ_DEADLINE_MS = 5_000
const PAGES_MAX = 20
const MOVEMENT_PAGES_MAX = 200

export const stripeGateway: Gateway = { name: 'stripe', charge, find, capture, cancel, refund, movements }

async function charge(request: ChargeRequest): Promise<ChargeOutcome> {
  if (now() - request.createdAtMs > KEY_LIVES_MS) return find(request, null)
  const client = await stripe()
  const params: Stripe.PaymentIntentCreateParams = {
    amount: request.amount,
    currency: request.currency.toLowerCase(),
    confirm: true,
    ...(request.capture ? {} : { capture_method: 'manual' as const }),
    payment_method: request.token,
    automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    description: request.description,
    metadata: { order_id: request.orderId, attempt: String(request.attempt) },
  }
  const result = await tried((timeout) => client.paymentIntents.create(params, { idempotencyKey: request.key, timeout }))
  return 'done' in result ? outcomeOf(result.done) : afterTries(result.thrown)
}

/** The truth by the intent's id, else by our reference among the intents of that time. */
async function find(request: ChargeRequest, transactionId: string | null): Promise<ChargeOutcome> {
  const client = await stripe()
  if (transactionId !== null) {
    const result = await tried((timeout) => client.paymentIntents.retrieve(transactionId, {}, { timeout }))
    return 'done' in result ? outcomeOf(result.done) : unknown(result.thrown)
  }
  const from = Math.floor((request.createdAtMs - MINUTE_MS) / 1000)
  const to = Math.ceil((request.createdAtMs + HOUR_MS) / 1000)
  let after: string | undefined
  for (let page = 0; page < PAGES_MAX; page++) {
    const query = { limit: 100, created: { gte: from, lte: to }, ...(after === undefined ? {} : { starting_after: after }) }
    const result = await tried((timeout) => client.paymentIntents.list(query, { timeout }))
    if (!('done' in result)) return unknown(result.thrown)
    const found = result.done.data.filter((intent) => intent.metadata['order_id'] === request.orderId)
    const best = found.find((intent) => intent.status === 'succeeded') ?? found[0]
    if (best !== undefined) return outcomeOf(best)
    after = result.done.data.at(-1)?.id
    if (!result.done.has_more || after === undefined) return { status: 'absent' }
  }
  return { status: 'unknown', reason: `no end of the list after ${PAGES_MAX} pages` }
}

async function capture(request: ChargeRequest, transactionId: string): Promise<ChargeOutcome> {
  const client = await stripe()
  const result = await tried((timeout) =>
    client.paymentIntents.capture(transactionId, { amount_to_capture: request.amount }, { timeout, idempotencyKey: `${request.key}:capture` }),
  )
  return 'done' in result ? outcomeOf(result.done) : unknown(result.thrown)
}

async function cancel(transactionId: string): Promise<ChargeOutcome> {
  const client = await stripe()
  const result = await tried((timeout) => client.paymentIntents.cancel(transactionId, { cancellation_reason: 'abandoned' }, { timeout, idempotencyKey: `${transactionId}:cancel` }))
  return 'done' in result ? outcomeOf(result.done) : unknown(result.thrown)
}

async function refund(request: RefundRequest): Promise<RefundOutcome> {
  const client = await stripe()
  const metadata = { refund_id: request.refundId, order_id: request.orderId }
  if (now() - request.createdAtMs > KEY_LIVES_MS) {
    const made = await tried((timeout) => client.refunds.list({ payment_intent: request.transactionId, limit: 100 }, { timeout }))
    if (!('done' in made)) return { status: 'unknown', reason: reasonOf(made.thrown) }
    const known = made.done.data.find((one) => one.metadata?.['refund_id'] === request.refundId)
    if (known !== undefined) return refundOutcomeOf(known)
  }
  const result = await tried((timeout) =>
    client.refunds.create({ payment_intent: request.transactionId, amount: request.amount, metadata }, { idempotencyKey: request.refundId, timeout }),
  )
  if ('done' in result) return refundOutcomeOf(result.done)
  const { thrown } = result
  if (thrown.again) return { status: 'unknown', reason: thrown.reason }
  return thrown.outcome.status === 'declined'
    ? { status: 'failed', reason: thrown.outcome.declineCode, gatewayRefundId: null }
    : { status: 'unknown', reason: thrown.outcome.status }
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
    if (!('done' in result)) throw new Failure('SERVICE_UNAVAILABLE', { reason: reasonOf(result.thrown) })
    found.push(...result.done.data.map(movementOf))
    after = result.done.data.at(-1)?.id
    if (!result.done.has_more || after === undefined) return found.reverse()
  }
  throw new Failure('SERVICE_UNAVAILABLE', { reason: `more than ${MOVEMENT_PAGES_MAX} pages of movements` })
}

/** At most three tries within the deadline of a charge, each with its part of it. */
async function tried<T>(call: (timeoutMs: number) => Promise<T>): Promise<{ done: T } | { thrown: Thrown }> {
  const { CHARGE_DEADLINE_MS } = config('stripe')
  const endsAt = performance.now() + CHARGE_DEADLINE_MS
  let lost = false
  for (let attempt = 1; ; attempt++) {
    try {
      // Whole milliseconds: any other time-out is silently not taken by the SDK, which then waits for 80 seconds.
      const timeoutMs = Math.floor(Math.min(CHARGE_DEADLINE_MS / TRIES_MAX, endsAt - performance.now(), READ_DEADLINE_MS))
      return { done: await call(Math.max(1, timeoutMs)) }
    } catch (error) {
      const thrown = thrownBy(error)
      if (!thrown.again) return { thrown }
      lost ||= thrown.lost
      const waitMs = 200 * 2 ** attempt
      if (attempt >= TRIES_MAX || performance.now() + waitMs > endsAt) return { thrown: { ...thrown, lost } }
      await pause(waitMs)
    }
  }
}

/** Every try was answered "not now": certainly not charged. One lost answer: nobody knows. */
function afterTries(thrown: Thrown): ChargeOutcome {
  if (!thrown.again) return thrown.outcome
  return thrown.lost ? { status: 'unknown', reason: thrown.reason } : { status: 'unavailable', reason: thrown.reason }
}

/** A question that was not answered changes nothing. */
function unknown(thrown: Thrown): ChargeOutcome {
  if (!thrown.again && thrown.outcome.status !== 'unavailable' && thrown.outcome.status !== 'declined') return thrown.outcome
  return { status: 'unknown', reason: reasonOf(thrown) }
}

function reasonOf(thrown: Thrown): string {
  return thrown.again ? thrown.reason : thrown.outcome.status
}
