/**
 * Giving money back: what is not settled yet is voided, which gives all of it back; what is settled is refunded.
 *
 * A part of a charge that is not settled cannot be given back yet: the refund waits, and whoever asks again after the
 * settlement makes it. So does the whole of a charge that was authorised first or held: voided, the vendor's lists
 * would not tell any more that its money had ever been taken, and our books could not be compared with them.
 * One wish is one refund: it is looked for by its own invoice number before it is sent, and within the duplicate window
 * the vendor refuses it a second time. Two wishes have two numbers: two equal refunds are both made.
 */
import type { RefundOutcome, RefundRequest } from '#domain/payment.ts'
import { toText } from '#values/money.ts'
import { config } from '#platform/config.ts'
import { ask, patience, said, type Patience } from './api.ts'
import { DUPLICATE_WINDOW, named, transactionIn } from './charging.ts'
import { submittedSince } from './lists.ts'
import { refundNote, refundInvoice } from './reference.ts'
import { inFull, minor, refundOutcome, unknownBy, wasTakenAtOnce, type Details } from './transaction.ts'

const TRIES_MAX = 2
const CALLS_MAX = 5
const SETTLED: readonly string[] = ['settledSuccessfully', 'chargebackReversal']
const UNSETTLED: readonly string[] = [
  'capturedPendingSettlement', 'pendingSettlement', 'pendingFinalSettlement', 'updatingSettlement',
]
const GONE: readonly string[] = ['declined', 'expired', 'chargeback', 'generalError']

/** Given back, or to be looked at again. */
type Step = RefundOutcome | 'again'

export async function refund(request: RefundRequest): Promise<RefundOutcome> {
  const left = patience(config('deadlines').VENDOR_DEADLINE_MS, CALLS_MAX)
  let outcome: RefundOutcome = { status: 'unknown', reason: 'authorize.net: no answer' }
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const seen = await inFull(request.transactionId, left)
    if (seen.status === 'unknown') return unknownBy(seen.asked)
    if (seen.status === 'none') return unsure('there is no such transaction')
    const step = await givenBack(request, seen.details, left)
    if (step !== 'again') return step
    outcome = unsure('the refund was not answered')
  }
  return outcome
}

async function givenBack(request: RefundRequest, details: Details, left: Patience): Promise<Step> {
  const { transactionStatus: status, transId } = details
  const isWhole = request.amount === minor(details.settleAmount, config('shop').CURRENCY)
  if (status === 'voided') return isWhole ? voided(transId) : { status: 'failed', reason: 'voided', gatewayRefundId: null }
  if (UNSETTLED.includes(status)) {
    const mayVoid = isWhole && wasTakenAtOnce(details) && status === 'capturedPendingSettlement'
    return mayVoid ? cancelled(transId, left) : { status: 'waiting', reason: 'authorize.net: the charge is not settled yet' }
  }
  if (GONE.includes(status)) return { status: 'failed', reason: status, gatewayRefundId: null }
  if (!SETTLED.includes(status)) return unsure(`the charge is ${status}`)
  return (await made(request, left)) ?? sent(request, details, left)
}

async function cancelled(refTransId: string, left: Patience): Promise<Step> {
  const transactionRequest = { transactionType: 'voidTransaction', refTransId }
  const asked = await ask('createTransactionRequest', { transactionRequest }, left)
  const isDone = !asked.lost && transactionIn(asked)?.responseCode === '1'
  return isDone ? voided(refTransId) : 'again'
}

function voided(transactionId: string): RefundOutcome {
  return { status: 'succeeded', gatewayRefundId: transactionId, answer: { transId: transactionId, transactionStatus: 'voided' } }
}

/** The refund if it was made before. */
async function made(request: RefundRequest, left: Patience): Promise<RefundOutcome | undefined> {
  const listing = await submittedSince(request.createdAtMs, left)
  if ('lost' in listing) return unknownBy(listing.lost)
  const known = listing.found.find(({ invoiceNumber }) => invoiceNumber === refundInvoice(request.refundId))
  return known === undefined ? undefined : refundNamed(known.transId, left)
}

async function refundNamed(transactionId: string, left: Patience): Promise<RefundOutcome> {
  const seen = await inFull(transactionId, left)
  if (seen.status === 'seen') return refundOutcome(seen.details)
  return seen.status === 'unknown' ? unknownBy(seen.asked) : unsure('there is no such refund')
}

async function sent(request: RefundRequest, { transId, payment }: Details, left: Patience): Promise<Step> {
  const { CURRENCY } = config('shop')
  const note = refundNote(request)
  const transactionRequest = {
    transactionType: 'refundTransaction',
    amount: toText(request.amount, CURRENCY),
    currencyCode: CURRENCY,
    payment: { creditCard: { cardNumber: (payment?.creditCard?.cardNumber ?? '').slice(-4), expirationDate: 'XXXX' } },
    refTransId: transId,
    order: note,
    transactionSettings: DUPLICATE_WINDOW,
  }
  const asked = await ask('createTransactionRequest', { refId: note.invoiceNumber, transactionRequest }, left)
  if (asked.lost) return 'again'
  const response = transactionIn(asked)
  if (response === undefined) return unsure(said(asked))
  if (response.responseCode === '1') return { status: 'succeeded', gatewayRefundId: response.transId, answer: response }
  const code = response.errors?.[0]?.errorCode
  if (code === '11') return named(response) ? refundNamed(response.transId, left) : 'again'
  if (code === undefined || PASSING.includes(code)) return unsure(`reason ${code}`)
  return { status: 'failed', reason: `reason_${code}`, gatewayRefundId: null }
}

/** The vendor or its processor could not just now. */
const PASSING: readonly string[] = [
  '19', '20', '21', '22', '23', '25', '26', '57', '58', '59', '60', '61', '62', '63', '120', '121', '122',
]

function unsure(reason: string): RefundOutcome {
  return { status: 'unknown', reason: `authorize.net: ${reason}`, answered: true }
}
