/**
 * Chargebacks at Authorize.Net: a settled transaction that the customer's bank has taken back, or given back again. The
 * vendor sends no event for them, knows no evidence and no deadline, and bills its fee by the month: all of that is
 * between the shop and its own bank, so the shop itself says how many days it has. A dispute has the id of its
 * transaction, of which there is one.
 */
import type { DisputeTruth } from '#domain/dispute.ts'
import { Failure } from '#values/failure.ts'
import { DAY_MS } from '#values/time.ts'
import { config } from '#platform/config.ts'
import { patience, untold } from './api.ts'
import { submittedSince } from './lists.ts'
import { orderIn } from './reference.ts'
import { inFull, minor, type Details } from './transaction.ts'

const DISPUTED: readonly string[] = ['chargeback', 'chargebackReversal']
/** A list for each day's batch, half a year back. */
const CALLS_MAX = 600

/**
 * Transactions since a moment whose money a bank has taken back, or had taken back.
 * @throws Failure when the gateway does not tell all of them
 */
export async function chargebacksSince(sinceMs: number): Promise<string[]> {
  const listing = await submittedSince(sinceMs, patience(config('deadlines').VENDOR_DEADLINE_MS, CALLS_MAX))
  if ('lost' in listing) throw untold(listing.lost)
  return listing.found.filter(({ transactionStatus }) => DISPUTED.includes(transactionStatus)).map(({ transId }) => transId)
}

/** The order of a transaction; null when it is none of ours. */
export async function orderOfTransaction(transactionId: string): Promise<string | null> {
  return orderIn((await detailsOf(transactionId)).order?.description)
}

/**
 * What is true of a dispute now.
 * @throws Failure when the gateway does not say
 */
export async function disputeAtAuthorizeNet(transactionId: string): Promise<DisputeTruth> {
  const { CURRENCY: currency } = config('shop')
  const details = await detailsOf(transactionId)
  const amount = minor(details.settleAmount, currency)
  const isBack = details.transactionStatus !== 'chargeback'
  const movement = { fee: 0, currency }
  return {
    id: transactionId, status: isBack ? 'won' : 'needs_response', amount, currency, reason: 'chargeback', answered: false, refundable: false,
    dueAtMs: null, answerWithinMs: config('authorizeNet').AUTHORIZE_NET_EVIDENCE_DAYS * DAY_MS,
    // As its books list them: a charge that was given back is one that was never taken back.
    movements: [{ ...movement, id: `${transactionId}-chargeback`, amount: 0 - amount }, ...(isBack ? [{ ...movement, id: `${transactionId}-chargeback-reversal`, amount }] : [])],
    openedAtMs: Date.parse(details.submitTimeUTC),
  }
}

async function detailsOf(transactionId: string): Promise<Details> {
  const seen = await inFull(transactionId, patience(config('deadlines').VENDOR_DEADLINE_MS, 1))
  if (seen.status === 'seen') return seen.details
  throw seen.status === 'unknown' ? untold(seen.asked) : new Failure('NOT_FOUND', { reason: `no transaction ${transactionId}` })
}
