/**
 * Disputes as Stripe knows them.
 *
 * A dispute carries nothing of ours: its order is found by the metadata of the payment that it is about. What an event
 * says of it may be old; it only tells which dispute to ask about.
 */
import type { Stripe } from 'stripe'
import type { DisputeStatus, DisputeTruth } from '#domain/dispute.ts'
import { ID } from '#values/ids.ts'
import { stripe } from './client.ts'
import { notAnswered, tried } from './tries.ts'

const STATUSES: Readonly<Record<Stripe.Dispute['status'], DisputeStatus>> = {
  warning_needs_response: 'inquiry',
  warning_under_review: 'inquiry',
  warning_closed: 'closed',
  prevented: 'closed',
  needs_response: 'needs_response',
  appeal_needs_response: 'needs_response',
  under_review: 'under_review',
  appeal_under_review: 'under_review',
  won: 'won',
  lost: 'lost',
}

export interface DisputeNews {
  readonly disputeId: string
  /** The payment that it is about; null for a charge without one, which is none of ours. */
  readonly transactionId: string | null
}

/** Which dispute an event tells of. */
export function disputeIn(payload: string): DisputeNews {
  const dispute = (JSON.parse(payload) as { data: { object: Stripe.Dispute } }).data.object
  return { disputeId: dispute.id, transactionId: idOf(dispute.payment_intent) }
}

/** The order of a payment; null when it is none of ours. */
export async function orderOfPayment(transactionId: string): Promise<string | null> {
  const client = await stripe()
  const intent = await answered((timeout) => client.paymentIntents.retrieve(transactionId, {}, { timeout }))
  const orderId = intent.metadata['order_id']
  return orderId !== undefined && ID.test(orderId) ? orderId : null
}

/**
 * What is true of a dispute now.
 * @throws Failure SERVICE_UNAVAILABLE when Stripe does not say
 */
export async function disputeAtStripe(disputeId: string): Promise<DisputeTruth> {
  const client = await stripe()
  const dispute = await answered((timeout) => client.disputes.retrieve(disputeId, {}, { timeout }))
  const { due_by: dueBy, submission_count: submissions } = dispute.evidence_details
  return {
    id: dispute.id,
    // A status that is newer than this code is a case that nobody has decided, as far as we know.
    status: STATUSES[dispute.status] ?? 'under_review',
    amount: dispute.amount,
    currency: dispute.currency.toUpperCase(),
    reason: dispute.reason,
    dueAtMs: dueBy === null ? null : dueBy * 1000,
    answered: submissions > 0,
    refundable: dispute.is_charge_refundable,
    movements: dispute.balance_transactions.map(({ id, amount, fee, currency }) => ({ id, amount, fee, currency: currency.toUpperCase() })),
    openedAtMs: dispute.created * 1000,
  }
}

async function answered<T>(call: (timeoutMs: number) => Promise<T>): Promise<T> {
  const result = await tried(call)
  if ('done' in result) return result.done
  throw notAnswered(result.thrown)
}

function idOf(value: string | { readonly id: string } | null): string | null {
  return typeof value === 'object' ? (value?.id ?? null) : value
}
