/** What can be asked of the account, by the one root element of a request; its shape stands in `shapes.ts`. */
import type { Account } from './account.ts'
import { charge, element, type Element } from './charging.ts'
import { cancel, capture, decide, refund, type Done } from './following.ts'
import type { Transaction } from './kept.ts'
import * as profiles from './profiles.ts'
import { Failed, Refusal } from './refusal.ts'
import { batchList, batchTransactions, details, unsettledList, type Report } from './reporting.ts'

/** What is answered beside the outer messages; `unsuccessful`: the transaction did not go through. */
export interface Outcome extends Report {
  readonly unsuccessful?: boolean
}

type Operation = (account: Account, asked: Element) => Outcome

/** Declines whose outer message says so too; others call themselves successful. */
const LOUD_DECLINES = ['27', '44']

export const OPERATIONS: Readonly<Record<string, Operation>> = {
  authenticateTestRequest: () => ({ fields: {} }),
  getMerchantDetailsRequest: (account) => ({
    fields: { isTestMode: false, merchantName: 'Countinghouse Shop', gatewayId: '565697', currencies: [account.currency] },
  }),
  createTransactionRequest: (account, asked) => transacted(() => transact(account, element(asked, 'transactionRequest'))),
  updateHeldTransactionRequest: (account, asked) =>
    transacted(() => responseOf(decide(account, element(asked, 'heldTransactionRequest')))),
  getTransactionDetailsRequest: details,
  getUnsettledTransactionListRequest: unsettledList,
  getSettledBatchListRequest: batchList,
  getTransactionListRequest: batchTransactions,
  createCustomerProfileRequest: profiles.createProfile,
  createCustomerProfileFromTransactionRequest: profiles.createProfileFromTransaction,
  createCustomerPaymentProfileRequest: profiles.createPaymentProfile,
  getCustomerProfileRequest: profiles.getProfile,
  deleteCustomerPaymentProfileRequest: profiles.deletePaymentProfile,
  deleteCustomerProfileRequest: profiles.deleteProfile,
}

function transact(account: Account, asked: Element): Outcome {
  switch (asked['transactionType']) {
    case 'authCaptureTransaction':
      return chargedBy(charge(account, asked, true))
    case 'authOnlyTransaction':
      return chargedBy(charge(account, asked, false))
    case 'priorAuthCaptureTransaction':
      return responseOf(capture(account, asked))
    case 'voidTransaction':
      return responseOf(cancel(account, asked))
    case 'refundTransaction':
      return responseOf(refund(account, asked))
    default:
      throw new Refusal('E00003', `The 'transactionType' element is invalid - ${String(asked['transactionType'])} is no such type.`)
  }
}

function chargedBy(transaction: Transaction): Outcome {
  return responseOf({ transaction, reason: transaction.reason })
}

function responseOf({ transaction, reason }: Done): Outcome {
  const { id, responseCode, authCode, refTransId, card, profile } = transaction
  const said =
    responseCode === 2
      ? { errors: [{ errorCode: reason.code, errorText: reason.text }] }
      : { messages: [{ code: reason.code, description: reason.text }] }
  const transactionResponse = {
    responseCode: String(responseCode), authCode, avsResultCode: 'Y', cvvResultCode: 'P', cavvResultCode: '2', transId: id,
    refTransID: refTransId ?? '', transHash: '', testRequest: '0', accountNumber: `XXXX${card.number.slice(-4)}`,
    accountType: card.type, ...said, transHashSha2: '', ...(profile === null ? {} : { profile }),
    SupplementalDataQualificationIndicator: 0, networkTransId: `3052375800${id.slice(-5)}`,
  }
  return { fields: { transactionResponse }, unsuccessful: responseCode === 2 && LOUD_DECLINES.includes(reason.code) }
}

/** An error of the transaction itself: code 3, nothing recorded, no id but that of the one it would have repeated. */
function transacted(work: () => Outcome): Outcome {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof Failed)) throw error
    const transactionResponse = {
      responseCode: '3', authCode: error.original?.authCode ?? '', avsResultCode: 'P', cvvResultCode: '', cavvResultCode: '',
      transId: error.original?.id ?? '0', refTransID: '', transHash: '', testRequest: '0', accountNumber: '', accountType: '',
      errors: [{ errorCode: error.code, errorText: error.message }], transHashSha2: '', SupplementalDataQualificationIndicator: 0,
    }
    return { fields: { transactionResponse }, unsuccessful: true }
  }
}
