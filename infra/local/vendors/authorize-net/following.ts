/**
 * What becomes of a charge: captured, voided, given back, let through or refused by whoever reviews it.
 *
 * Before it is settled it can only be voided, as a whole; afterwards only refunded, in parts, until nothing is left.
 */
import type { Account } from './account.ts'
import { amountOf, element, guarded, particularsOf, taken, tellOf, text, type Element } from './charging.ts'
import type { Reason, Transaction } from './kept.ts'
import { Failed, notFound } from './refusal.ts'
import { APPROVED, DECLINED } from './test-nonces.ts'

/** What was done, and what is said of it: it may have been done before. */
export interface Done {
  readonly transaction: Transaction
  readonly reason: Reason
}

const HELD: readonly Transaction['status'][] = ['FDSPendingReview', 'FDSAuthorizedPendingReview']
const VOIDABLE: readonly Transaction['status'][] = [
  'authorizedPendingCapture', 'capturedPendingSettlement', 'refundPendingSettlement', ...HELD,
]
const VOIDED: Reason = { code: '310', text: 'This transaction has already been voided.' }
const CAPTURED: Reason = { code: '311', text: 'This transaction has already been captured.' }
const REFUNDABLE_MS = 180 * 86_400_000

export function capture(account: Account, asked: Element): Done {
  const original = originalOf(account, asked)
  if (original.status === 'capturedPendingSettlement') return { transaction: original, reason: CAPTURED }
  if (original.status !== 'authorizedPendingCapture') throw missing()
  const settleAmount = asked['amount'] === undefined ? original.authAmount : amountOf(account, asked)
  if (settleAmount > original.authAmount) {
    throw new Failed('47', 'The amount requested for settlement cannot be greater than the original amount authorized.')
  }
  const transaction = account.transactions.change(original.id, { status: 'capturedPendingSettlement', settleAmount })
  tellOf(account, 'priorAuthCapture.created', transaction)
  return { transaction, reason: APPROVED }
}

export function cancel(account: Account, asked: Element): Done {
  const original = originalOf(account, asked)
  if (original.status === 'voided') return { transaction: original, reason: VOIDED }
  if (!VOIDABLE.includes(original.status)) throw missing()
  const transaction = account.transactions.change(original.id, { status: 'voided', duplicate: null })
  tellOf(account, 'void.created', transaction)
  return { transaction, reason: APPROVED }
}

export function refund(account: Account, asked: Element): Done {
  const original = originalOf(account, asked)
  const amount = amountOf(account, asked)
  const lastFour = (text(element(element(asked, 'payment'), 'creditCard'), 'cardNumber') ?? '').slice(-4)
  const settled = ['settledSuccessfully', 'chargebackReversal'].includes(original.status) && original.submittedMs > account.now() - REFUNDABLE_MS
  if (!settled || original.card.number.slice(-4) !== lastFour) {
    throw new Failed('54', 'The referenced transaction does not meet the criteria for issuing a credit.')
  }
  const duplicate = guarded(account, asked, ['refund', original.id, lastFour, amount])
  const earlier = account.transactions.by('refTransId', original.id).filter(({ status }) => status !== 'voided')
  const given = earlier.reduce((sum, one) => sum + one.settleAmount, 0)
  if (amount > original.settleAmount) {
    throw new Failed('51', 'The sum of all credits submitted for this transaction is greater than the original transaction amount.')
  }
  if (given + amount > original.settleAmount) {
    throw new Failed('55', 'The sum of credits against the referenced transaction would exceed original debit amount.')
  }
  const transaction = account.transactions.add({
    ...original, ...particularsOf(asked), id: account.nextId('transaction'), type: 'refundTransaction',
    status: 'refundPendingSettlement', responseCode: 1, reason: APPROVED, authCode: '', authAmount: amount, settleAmount: amount, refTransId: original.id,
    submittedMs: account.now(), duplicate, filtered: false, batchId: null, profile: null,
  })
  tellOf(account, 'refund.created', transaction)
  return { transaction, reason: APPROVED }
}

/** What the merchant decides about a transaction that the fraud filter has held. */
export function decide(account: Account, { action, refTransId }: Element): Done {
  const original = account.transactions.get(String(refTransId))
  if (original === undefined || !HELD.includes(original.status)) throw new Failed('16', 'The transaction cannot be found.')
  if (action === 'decline') return declined(account, original)
  if (original.failsOnApproval) {
    const failed = { status: 'declined', responseCode: 2, reason: DECLINED, duplicate: null } as const
    return { transaction: account.transactions.change(original.id, failed), reason: DECLINED }
  }
  const status = taken(original.type === 'authCaptureTransaction')
  const authCode = original.authCode === '' ? account.authCode() : original.authCode
  const transaction = account.transactions.change(original.id, { status, responseCode: 1, reason: APPROVED, authCode })
  tellOf(account, 'fraud.approved', transaction)
  return { transaction, reason: APPROVED }
}

/** What was authorised already is voided, what was not is declined. */
function declined(account: Account, original: Transaction): Done {
  const status = original.status === 'FDSAuthorizedPendingReview' ? 'voided' : 'declined'
  const transaction = account.transactions.change(original.id, { status, duplicate: null })
  tellOf(account, 'fraud.declined', transaction)
  return { transaction, reason: { code: '251', text: 'This transaction has been declined.' } }
}

/** The bank takes a settled charge back. */
export function chargeBack(account: Account, id: string): Transaction {
  const original = account.transactions.get(id)
  if (original?.status !== 'settledSuccessfully') throw notFound()
  return account.transactions.change(id, { status: 'chargeback' })
}

/** The bank gives it back to us. */
export function reverseChargeBack(account: Account, id: string): Transaction {
  if (account.transactions.get(id)?.status !== 'chargeback') throw notFound()
  return account.transactions.change(id, { status: 'chargebackReversal' })
}

function originalOf(account: Account, asked: Element): Transaction {
  const original = account.transactions.get(text(asked, 'refTransId') ?? '')
  if (original === undefined) throw missing()
  return original
}

function missing(): Failed {
  return new Failed('16', 'The transaction cannot be found.')
}
