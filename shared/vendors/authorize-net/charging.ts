/**
 * Charging without idempotency keys. Nobody sends a charge a second time before he has looked for the first one by its
 * invoice number; and should the first be under way still, a nonce that works once and the duplicate window refuse the
 * second at the vendor. A stored card works again and again: it has the duplicate window alone.
 */
import type { ChargeOutcome, ChargeRequest } from '#domain/payment.ts'
import { HOUR_MS, MINUTE_MS } from '#values/time.ts'
import { toText } from '#values/money.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { pause } from '#platform/deadline.ts'
import { ask, said, type Answer, type Fields, type Patience } from './api.ts'
import { submittedSince } from './lists.ts'
import { chargeInvoice, chargeNote, storedAs } from './reference.ts'
import { chargeOutcome, declineCode, heldAs, inFull, isTaken, unknownBy } from './transaction.ts'

const TRIES_MAX = 3
/** A nonce of Accept.js is dead by then: whatever was not charged never will be. */
export const NONCE_LIVES_MS = 15 * MINUTE_MS
/** The longest that there is. It must be named: only then does the refusal of a duplicate name the original. */
export const DUPLICATE_WINDOW = { setting: [{ settingName: 'duplicateWindow', settingValue: '28800' }] }
/** Nothing but the duplicate window keeps a stored card from being charged twice: near its end nothing is sent any more. */
const STORED_LIVES_MS = 7 * HOUR_MS
const ACCEPT = 'COMMON.ACCEPT.INAPP.PAYMENT'

/** What a charge is paid with. */
interface Instrument {
  /** `payment` or `profile`: the schema has both in the same place. */
  readonly element: Fields
  /** How long after the first try it may be sent. */
  readonly livesMs: number
  /** Refusals that are about the instrument, not about us. */
  readonly refused: RegExp
  readonly declineCode: string
  /** A refusal of a repeated one proves nothing: its first use may be what it is refused for. */
  readonly once: boolean
}

/** A nonce that is not good any more: perhaps because this very charge has used it. */
export const NONCE_REFUSED = /^E0011[3-7]$/

export function charge(request: ChargeRequest): Promise<ChargeOutcome> {
  return charged(request, {
    element: { payment: opaque(request.token) }, livesMs: NONCE_LIVES_MS, refused: NONCE_REFUSED, declineCode: 'invalid_payment_token', once: true,
  })
}

export function chargeStored(request: ChargeRequest, reference: string): Promise<ChargeOutcome> {
  const { customerProfileId, paymentProfileId } = storedAs(reference)
  return charged(request, {
    element: { profile: { customerProfileId, paymentProfile: { paymentProfileId } } }, livesMs: STORED_LIVES_MS, refused: /^E00040$/,
    declineCode: 'card_removed', once: false,
  })
}

export function opaque(token: string): Fields {
  return { opaqueData: { dataDescriptor: ACCEPT, dataValue: token } }
}

async function charged(request: ChargeRequest, instrument: Instrument): Promise<ChargeOutcome> {
  const { CHARGE_DEADLINE_MS, CHARGE_RETRY_WAIT_MS } = config('deadlines')
  const patience = { endsAt: performance.now() + CHARGE_DEADLINE_MS, callMs: CHARGE_DEADLINE_MS / TRIES_MAX }
  if (now() - request.createdAtMs > instrument.livesMs) return find(request, null, patience)
  let mustLook = request.again === true
  let last: ChargeOutcome = { status: 'unknown', reason: 'authorize.net: no answer' }
  let ifAbsent: ChargeOutcome | undefined
  for (let round = 0; round <= TRIES_MAX; round++) {
    if (round > 0) await pause(Math.min(CHARGE_RETRY_WAIT_MS * 2 ** (round - 1), Math.max(0, patience.endsAt - performance.now())))
    if (mustLook) {
      const seen = await find(request, null, patience)
      if (seen.status === 'unknown') {
        last = seen
        continue
      }
      if (seen.status !== 'absent') return seen
      if (ifAbsent !== undefined) return ifAbsent
    }
    if (round === TRIES_MAX) break
    const sent = await send(request, { instrument, patience, repeated: mustLook })
    if ('outcome' in sent) return sent.outcome
    mustLook = true
    if ('ifAbsent' in sent) ifAbsent = sent.ifAbsent
    else last = sent.lost
  }
  return last
}

type Sent = Meaning | { readonly outcome: ChargeOutcome }

/** `lost`: not answered; `ifAbsent`: what it means if there is no transaction of ours. Either way one has to look first. */
type Meaning = { readonly lost: ChargeOutcome } | { readonly ifAbsent: ChargeOutcome }

interface Sending {
  readonly instrument: Instrument
  readonly patience: Patience
  readonly repeated: boolean
}

async function send(request: ChargeRequest, { instrument, patience, repeated }: Sending): Promise<Sent> {
  const note = chargeNote(request)
  const asked = await ask(
    'createTransactionRequest',
    {
      refId: note.invoiceNumber,
      transactionRequest: {
        transactionType: request.capture ? 'authCaptureTransaction' : 'authOnlyTransaction',
        amount: toText(request.amount, request.currency),
        currencyCode: request.currency,
        ...instrument.element,
        order: note,
        transactionSettings: DUPLICATE_WINDOW,
      },
    },
    patience,
  )
  if (asked.lost) return { lost: unknownBy(asked) }
  const response = transactionIn(asked)
  if (response === undefined) return refusedBy(asked, instrument, repeated)
  const code = response.errors?.[0]?.errorCode
  if (response.responseCode === '3' && code === '11' && named(response)) {
    const original = await find(request, response.transId, patience)
    return original.status === 'unknown' ? { ifAbsent: doubt('a duplicate') } : { outcome: original }
  }
  return response.responseCode === '3' ? failedBy(code) : { outcome: outcomeOf(request, response) }
}

export interface TransactionResponse {
  readonly responseCode: string
  readonly transId: string
  readonly messages?: ReadonlyArray<{ readonly code: string }>
  readonly errors?: ReadonlyArray<{ readonly errorCode: string }>
}

/** What became of a transaction, inside an answer whose outer message only says whether it was successful. */
export function transactionIn({ fields }: Answer): TransactionResponse | undefined {
  return fields['transactionResponse'] as TransactionResponse | undefined
}

export function named({ transId }: TransactionResponse): boolean {
  return transId !== undefined && transId !== '' && transId !== '0'
}

function outcomeOf(request: ChargeRequest, response: TransactionResponse): ChargeOutcome {
  const { transId: transactionId } = response
  const { amount, currency } = request
  switch (response.responseCode) {
    case '1':
      return request.capture
        ? { status: 'succeeded', transactionId, amount, currency, answer: response }
        : { status: 'authorised', transactionId, amount, currency, held: null, answer: response }
    case '4':
      return {
        status: 'authorised', transactionId, amount, currency, held: heldAs(response.messages?.[0]?.code ?? 'review'), answer: response,
      }
    default:
      return {
        status: 'declined', transactionId: named(response) ? transactionId : null,
        declineCode: declineCode(response.errors?.[0]?.errorCode), answer: response,
      }
  }
}

/** The processor did not answer the vendor: it may have been charged. */
const PROCESSOR_LOST: readonly string[] = ['11', '57', '58', '59', '60', '61', '62', '63', '120', '121', '122']
/** The vendor could not, or our account may not. */
const VENDOR_FAILED: readonly string[] = ['13', '19', '20', '21', '22', '23', '25', '26', '39']

/** Response code 3: an error, nothing was recorded. */
function failedBy(code: string | undefined): Sent {
  if (code === undefined || PROCESSOR_LOST.includes(code)) return { ifAbsent: doubt(`reason ${code}`) }
  if (VENDOR_FAILED.includes(code)) {
    return { ifAbsent: { status: 'unavailable', reason: `authorize.net: reason ${code}`, answered: true } }
  }
  return { outcome: { status: 'declined', transactionId: null, declineCode: declineCode(code), answer: { reason: code } } }
}

function refusedBy(answer: Answer, { refused, once, declineCode: code }: Instrument, repeated: boolean): Sent {
  if (!refused.test(answer.code)) return { outcome: { status: 'unavailable', reason: said(answer), answered: true } }
  if (once && repeated) return { ifAbsent: doubt(said(answer)) }
  return { ifAbsent: { status: 'declined', transactionId: null, declineCode: code, answer: { code: answer.code } } }
}

function doubt(reason: string): ChargeOutcome {
  return { status: 'unknown', reason: `authorize.net: ${reason}`, answered: true }
}

/** The truth by the transaction's id, else by our invoice number among all of that time. */
export async function find(request: ChargeRequest, transactionId: string | null, patience: Patience): Promise<ChargeOutcome> {
  const id = transactionId ?? (await searched(request, patience))
  if (typeof id !== 'string') return id
  const seen = await inFull(id, patience)
  if (seen.status === 'unknown') return unknownBy(seen.asked)
  return seen.status === 'none' ? doubt('there is no such transaction') : chargeOutcome(seen.details, request.currency)
}

/** The id of the best of our transactions: one that took money before one that did not. */
async function searched(request: ChargeRequest, patience: Patience): Promise<string | ChargeOutcome> {
  const invoice = chargeInvoice(request.orderId, request.attempt)
  const listing = await submittedSince(request.createdAtMs, patience)
  if ('lost' in listing) return unknownBy(listing.lost)
  const ours = listing.found.filter(({ invoiceNumber }) => invoiceNumber === invoice)
  const taken = ours.find(({ transactionStatus }) => isTaken(transactionStatus))
  const best = taken ?? ours.find(({ transactionStatus }) => !OVER.includes(transactionStatus)) ?? ours[0]
  return best?.transId ?? { status: 'absent' }
}

const OVER: readonly string[] = ['declined', 'voided', 'expired', 'generalError', 'communicationError']
