/** A transaction as Authorize.Net tells it, in full and in lists, and what its status means to us. */
import type { ChargeOutcome, RefundOutcome } from '#domain/payment.ts'
import { toMinor } from '#values/money.ts'
import { ask, said, type Asked, type Patience } from './api.ts'

/** In full. Money is numbers in major units; what else it holds is not ours to know. */
export interface Details {
  readonly transId: string
  readonly refTransId?: string
  readonly submitTimeUTC: string
  readonly transactionType: string
  readonly transactionStatus: string
  readonly responseCode?: number
  readonly responseReasonCode?: number
  readonly authCode?: string
  readonly FDSFilterAction?: string
  readonly order?: { readonly invoiceNumber?: string; readonly description?: string }
  readonly authAmount?: number
  readonly settleAmount?: number
  readonly payment?: { readonly creditCard?: { readonly cardNumber?: string; readonly cardType?: string } }
}

/** `status: none` when there is no such transaction. */
export type Seen =
  | { readonly status: 'seen'; readonly details: Details }
  | { readonly status: 'none' }
  | { readonly status: 'unknown'; readonly asked: Asked }

const TAKEN: readonly string[] = [
  'capturedPendingSettlement', 'pendingSettlement', 'pendingFinalSettlement', 'updatingSettlement', 'settledSuccessfully', 'chargeback',
  'chargebackReversal',
]
const SET_ASIDE: readonly string[] = ['authorizedPendingCapture', 'authorizedPendingRelease']
const HELD: readonly string[] = ['FDSPendingReview', 'FDSAuthorizedPendingReview', 'underReview']
const REFUSED: readonly string[] = ['declined', 'generalError', 'communicationError', 'failedReview']
const ENDED: readonly string[] = ['voided', 'expired']
const GIVEN: readonly string[] = ['refundPendingSettlement', 'refundSettledSuccessfully']

export async function inFull(transactionId: string, patience: Patience): Promise<Seen> {
  const asked = await ask('getTransactionDetailsRequest', { transId: transactionId }, patience)
  if (asked.lost) return { status: 'unknown', asked }
  const details = asked.fields['transaction'] as Details | undefined
  if (details !== undefined) return { status: 'seen', details }
  return asked.code === 'E00040' ? { status: 'none' } : { status: 'unknown', asked }
}

/** What a question that was not answered means. */
export function unknownBy(asked: Asked): Extract<ChargeOutcome & RefundOutcome, { status: 'unknown' }> {
  if (!asked.lost) return { status: 'unknown', reason: said(asked), answered: true }
  return { status: 'unknown', reason: asked.reason, ...(asked.restMs === undefined ? {} : { retryAfterMs: asked.restMs }) }
}

/** What a charge is now. The account has one currency, which the vendor does not repeat. */
export function chargeOutcome(details: Details, currency: string): ChargeOutcome {
  const { transId: transactionId, transactionStatus: status } = details
  const [answer, settled, authorised] = [answerOf(details), minor(details.settleAmount, currency), minor(details.authAmount, currency)]
  if (TAKEN.includes(status)) return { status: 'succeeded', transactionId, amount: settled, currency, answer }
  if (isSetAside(details)) return { status: 'authorised', transactionId, amount: authorised, currency, held: heldBy(details), answer }
  if (REFUSED.includes(status)) {
    return { status: 'declined', transactionId, declineCode: declineCode(details.responseReasonCode), answer }
  }
  if (ENDED.includes(status)) return { status: 'cancelled', transactionId }
  return { status: 'processing', transactionId }
}

/** What a refund is now, which is a transaction of its own. */
export function refundOutcome(details: Details): RefundOutcome {
  const { transId: gatewayRefundId, transactionStatus: status } = details
  if (GIVEN.includes(status)) return { status: 'succeeded', gatewayRefundId, answer: answerOf(details) }
  if ([...REFUSED, ...ENDED, 'settlementError'].includes(status)) return { status: 'failed', reason: status, gatewayRefundId }
  return { status: 'unknown', reason: `the refund is ${status}`, answered: true }
}

export function isHeld({ transactionStatus }: Details): boolean {
  return HELD.includes(transactionStatus)
}

export function isSetAside(details: Details): boolean {
  return SET_ASIDE.includes(details.transactionStatus) || isHeld(details)
}

export function isTaken(status: string): boolean {
  return TAKEN.includes(status)
}

export function isGiven(status: string): boolean {
  return GIVEN.includes(status)
}

/**
 * Taken when it was made. Of such a one that was voided it is certain that money had been taken; of others (authorised
 * first, or held for review) a voided one does not tell any more whether it ever was.
 */
export function wasTakenAtOnce({ transactionType, FDSFilterAction }: Details): boolean {
  return transactionType === 'authCaptureTransaction' && FDSFilterAction === undefined
}

/** The number that a hold has in the vendor's table: 252 not authorised yet, 253 authorised. */
export function heldAs(reasonCode: string | number): string {
  return `authorize_net_${reasonCode}`
}

function heldBy(details: Details): string | null {
  return isHeld(details) ? heldAs(details.responseReasonCode ?? 'review') : null
}

const DECLINES: Readonly<Record<string, string>> = {
  2: 'card_declined', 3: 'card_declined', 4: 'pick_up_card', 6: 'invalid_number', 7: 'invalid_expiry', 8: 'expired_card',
  27: 'avs_mismatch', 44: 'incorrect_cvc', 45: 'incorrect_cvc', 65: 'incorrect_cvc',
}

export function declineCode(reasonCode: string | number | undefined): string {
  return DECLINES[reasonCode ?? ''] ?? `reason_${reasonCode ?? 'unknown'}`
}

/** Minor units; -1, which fits no order, for what cannot be read. */
export function minor(major: number | undefined, currency: string): number {
  return toMinor(major ?? -1, currency) ?? -1
}

function answerOf(details: Details): Record<string, unknown> {
  const { transId, transactionStatus, responseCode, responseReasonCode, authCode, payment } = details
  return { transId, transactionStatus, responseCode, responseReasonCode, authCode, accountType: payment?.creditCard?.cardType }
}
