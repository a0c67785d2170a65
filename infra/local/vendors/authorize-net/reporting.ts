/** What the account tells about its transactions: one in full, lists page by page, batches by the day they were settled. */
import type { Account } from './account.ts'
import { element, text, type Element } from './charging.ts'
import type { Batch, Transaction } from './kept.ts'
import { notFound, Refusal } from './refusal.ts'
import { unsettled } from './settlement.ts'

const SPAN_MAX_MS = 31 * 86_400_000
const LAST_BATCHES_MS = 86_400_000
const PAGE = { limit: 1000, offset: 100_000 }
/** The vendor's own time zone, as he writes local times; without its summer time. */
const LOCAL_MS = 8 * 3_600_000
const HELD: readonly string[] = ['FDSPendingReview', 'FDSAuthorizedPendingReview']

/** What a call answers beside its messages; `empty`: it found nothing. */
export interface Report {
  readonly fields: Readonly<Record<string, unknown>>
  readonly empty?: boolean
}

export function details(account: Account, asked: Element): Report {
  const transaction = account.transactions.get(text(asked, 'transId') ?? '')
  if (transaction === undefined) throw notFound()
  return { fields: { transaction: inFull(account, transaction) } }
}

/** A transaction as the vendor tells it, with what its own program leaves behind (`...Specified`). */
export function inFull(account: Account, transaction: Transaction): Record<string, unknown> {
  const { id, refTransId, submittedMs, type, status, responseCode, reason, authCode, card, profile, batchId, billTo } = transaction
  const batch = batchId === null ? undefined : account.batches.get(batchId)
  return {
    transId: id,
    ...(refTransId === null ? {} : { refTransId }),
    submitTimeUTC: utc(submittedMs),
    submitTimeLocal: local(submittedMs),
    transactionType: type,
    transactionStatus: status,
    responseCode,
    responseReasonCode: Number(reason.code),
    responseReasonDescription: reason.text,
    authCode,
    AVSResponse: 'Y',
    ...(transaction.filtered ? { FDSFilterAction: 'review', FDSFilters: [{ name: 'Amount Filter', action: 'review' }] } : {}),
    ...(batch === undefined ? {} : { batch: batchView(batch) }),
    order: orderView(transaction),
    requestedAmountSpecified: false,
    authAmount: account.major(transaction.authAmount),
    settleAmount: account.major(transaction.settleAmount),
    prepaidBalanceRemainingSpecified: false,
    taxExempt: false,
    taxExemptSpecified: true,
    payment: { creditCard: { cardNumber: masked(card.number), expirationDate: 'XXXX', cardType: card.type } },
    ...(transaction.customerId === null ? {} : { customer: { id: transaction.customerId, email: transaction.email ?? '' } }),
    ...(Object.keys(billTo).length === 0 ? {} : { billTo }),
    recurringBilling: false,
    recurringBillingSpecified: true,
    product: 'Card Not Present',
    marketType: 'eCommerce',
    ...(profile === null ? {} : { profile }),
  }
}

function orderView({ invoiceNumber, description }: Transaction): Record<string, unknown> {
  return {
    ...(invoiceNumber === null ? {} : { invoiceNumber }),
    ...(description === null ? {} : { description }),
    discountAmount: 0,
    taxIsAfterDiscount: false,
  }
}

export function unsettledList(account: Account, asked: Element): Report {
  const isAsked = asked['status'] === 'pendingApproval' ? ({ status }: Transaction) => HELD.includes(status) : () => true
  return list(account, unsettled(account).filter(isAsked), asked)
}

export function batchTransactions(account: Account, asked: Element): Report {
  const batchId = text(asked, 'batchId') ?? ''
  if (account.batches.get(batchId) === undefined) throw notFound()
  return list(account, account.transactions.by('batchId', batchId), asked)
}

/** One page. `offset` is the number of the page, the first is 1. */
function list(account: Account, all: readonly Transaction[], asked: Element): Report {
  const [sorting, paging] = [element(asked, 'sorting'), element(asked, 'paging')]
  const [limit, offset] = [numberOf(paging, 'limit', PAGE.limit), numberOf(paging, 'offset', 1)]
  if (limit < 1 || limit > PAGE.limit || offset < 1 || offset > PAGE.offset) throw new Refusal('E00013', 'Paging is invalid.')
  const by = sorting['orderBy'] === 'submitTimeUTC' ? (one: Transaction) => one.submittedMs : (one: Transaction) => Number(one.id)
  const sorted = all.toSorted((a, b) => by(a) - by(b) || Number(a.id) - Number(b.id))
  if (String(sorting['orderDescending']) === 'true') sorted.reverse()
  const page = sorted.slice((offset - 1) * limit, offset * limit)
  const totalNumInResultSet = all.length
  if (page.length === 0) return { fields: { totalNumInResultSet }, empty: true }
  return { fields: { transactions: page.map((one) => inBrief(account, one)), totalNumInResultSet } }
}

function inBrief(account: Account, transaction: Transaction): Record<string, unknown> {
  const { id, submittedMs, status, invoiceNumber, card, profile, billTo } = transaction
  return {
    transId: id,
    submitTimeUTC: utc(submittedMs),
    submitTimeLocal: local(submittedMs),
    transactionStatus: status,
    ...(invoiceNumber === null ? {} : { invoiceNumber }),
    ...(billTo['firstName'] === undefined ? {} : { firstName: billTo['firstName'] }),
    ...(billTo['lastName'] === undefined ? {} : { lastName: billTo['lastName'] }),
    accountType: card.type,
    accountNumber: masked(card.number),
    settleAmount: account.major(transaction.settleAmount),
    marketType: 'eCommerce',
    product: 'Card Not Present',
    hasReturnedItemsSpecified: false,
    ...(profile === null ? {} : { profile }),
  }
}

export function batchList(account: Account, asked: Element): Report {
  const toMs = timeOf(asked, 'lastSettlementDate') ?? account.now()
  const fromMs = timeOf(asked, 'firstSettlementDate') ?? toMs - LAST_BATCHES_MS
  if (toMs - fromMs > SPAN_MAX_MS) throw new Refusal('E00013', 'Date range is invalid: at most 31 days.')
  const found = account.batches.values().filter(({ settledMs }) => settledMs >= fromMs && settledMs <= toMs)
  if (found.length === 0) return { fields: {}, empty: true }
  const withStatistics = String(asked['includeStatistics']) === 'true'
  const told = (batch: Batch): object => (withStatistics ? { statistics: statistics(account, batch) } : {})
  return { fields: { batchList: found.map((batch) => ({ ...batchView(batch), ...told(batch) })) } }
}

export function batchView({ id, settledMs }: Batch): Record<string, unknown> {
  return {
    batchId: id,
    settlementTimeUTC: utc(settledMs),
    settlementTimeUTCSpecified: true,
    settlementTimeLocal: local(settledMs),
    settlementTimeLocalSpecified: true,
    settlementState: 'settledSuccessfully',
    paymentMethod: 'creditCard',
    marketType: 'eCommerce',
    product: 'Card Not Present',
  }
}

function statistics(account: Account, { id }: Batch): object[] {
  const types = Map.groupBy(account.transactions.by('batchId', id), ({ card }) => card.type)
  return [...types].map(([accountType, all]) => {
    const those = (status: Transaction['status']): Transaction[] => all.filter((one) => one.status === status)
    const amountOf = (status: Transaction['status']): number => account.major(those(status).reduce((sum, one) => sum + one.settleAmount, 0))
    const countOf = (status: Transaction['status']): number => those(status).length
    return {
      accountType,
      chargeAmount: amountOf('settledSuccessfully'), chargeCount: countOf('settledSuccessfully'),
      refundAmount: amountOf('refundSettledSuccessfully'), refundCount: countOf('refundSettledSuccessfully'),
      voidCount: countOf('voided'), declineCount: countOf('declined'), errorCount: 0,
    }
  })
}

function timeOf(asked: Element, name: string): number | undefined {
  const value = text(asked, name)
  if (value === undefined) return undefined
  const ms = Date.parse(value)
  if (Number.isNaN(ms)) throw new Refusal('E00003', `The '${name}' element is invalid - The value '${value}' is not a valid DateTime value.`)
  return ms
}

function numberOf(of: Element, name: string, usual: number): number {
  const value = text(of, name)
  return value === undefined ? usual : Number(value)
}

function masked(number: string): string {
  return `XXXX${number.slice(-4)}`
}

function utc(ms: number): string {
  return new Date(ms).toISOString()
}

function local(ms: number): string {
  return new Date(ms - LOCAL_MS).toISOString().replace('Z', '')
}
