/**
 * Money that leaves our balance at Stripe: to a partner by a transfer to his connected account, to our own bank by
 * Stripe's own payouts.
 *
 * A transfer carries the payout's id as its key and as its group. Within a day the key makes a repeated call safe; later
 * Stripe may have forgotten it and would pay again, so an older one is only looked up by its group, never sent.
 */
import type { Stripe } from 'stripe'
import type { BankPayout } from '#domain/bank-payout.ts'
import type { Payout, PayoutOutcome } from '#domain/payout.ts'
import { now } from '#platform/clock.ts'
import { stripe } from './client.ts'
import { fruitless, KEY_LIVES_MS, notAnswered, tried } from './tries.ts'

const STATUSES: Readonly<Record<string, BankPayout['status']>> = { paid: 'arrived', failed: 'failed', canceled: 'failed' }

/** Pays, or finds that this payout was paid before. Safe to call again for the same payout. */
export async function payOut(payout: Payout): Promise<PayoutOutcome> {
  if (now() - payout.createdAtMs > KEY_LIVES_MS) return foundOr(payout, 'it never reached the payment service')
  const client = await stripe()
  const params: Stripe.TransferCreateParams = {
    amount: payout.amount,
    currency: payout.currency.toLowerCase(),
    destination: payout.destination,
    transfer_group: groupOf(payout),
    metadata: { payout_id: payout.id },
  }
  const result = await tried((timeout) => client.transfers.create(params, { idempotencyKey: `payout:${payout.id}`, timeout }))
  if ('done' in result) return outcomeOf(result.done)
  const { thrown } = result
  if (thrown.again || thrown.outcome.status !== 'declined') return { status: 'unknown', ...fruitless(thrown) }
  return foundOr(payout, thrown.outcome.declineCode)
}

/** What has become of a transfer that was made. */
export async function payoutAtStripe(transferId: string): Promise<PayoutOutcome> {
  const client = await stripe()
  const result = await tried((timeout) => client.transfers.retrieve(transferId, {}, { timeout }))
  return 'done' in result ? outcomeOf(result.done) : { status: 'unknown', ...fruitless(result.thrown) }
}

/** What is refused was not paid; unless it was paid before, and only the answer differs. */
async function foundOr(payout: Payout, reason: string): Promise<PayoutOutcome> {
  const client = await stripe()
  const result = await tried((timeout) => client.transfers.list({ transfer_group: groupOf(payout), limit: 1 }, { timeout }))
  if (!('done' in result)) return { status: 'unknown', ...fruitless(result.thrown) }
  const [transfer] = result.done.data
  return transfer === undefined ? { status: 'failed', reason } : outcomeOf(transfer)
}

function groupOf(payout: Payout): string {
  return `payout_${payout.id}`
}

function outcomeOf(transfer: Stripe.Transfer): PayoutOutcome {
  const returns = transfer.reversals.data.map(({ id, amount, balance_transaction: movement }) => ({ id: typeof movement === 'string' ? movement : (movement?.id ?? id), amount }))
  return { status: 'paid', transferId: transfer.id, returns }
}

export type PayoutNews =
  | { readonly about: 'transfer'; readonly transferId: string; readonly payoutId: string | null }
  | { readonly about: 'bank'; readonly bankPayoutId: string }

/** What an event tells of: a transfer to a partner, or a payout to our bank. */
export function payoutIn(payload: string): PayoutNews {
  const { object } = (JSON.parse(payload) as { data: { object: Stripe.Transfer | Stripe.Payout } }).data
  if (object.object === 'payout') return { about: 'bank', bankPayoutId: object.id }
  return { about: 'transfer', transferId: object.id, payoutId: object.metadata['payout_id'] ?? null }
}

/**
 * What is true of a payout to our bank now.
 * @throws Failure SERVICE_UNAVAILABLE when Stripe does not say
 */
export async function bankPayoutAtStripe(id: string): Promise<BankPayout> {
  const client = await stripe()
  const result = await tried((timeout) => client.payouts.retrieve(id, {}, { timeout }))
  if (!('done' in result)) throw notAnswered(result.thrown)
  const { amount, currency, status, balance_transaction: left, failure_balance_transaction: returned } = result.done
  const movementIds = [left, returned].flatMap((line) => (typeof line === 'string' ? [line] : (line?.id ?? [])))
  return { id, amount, currency: currency.toUpperCase(), status: STATUSES[status] ?? 'on_its_way', movementIds }
}
