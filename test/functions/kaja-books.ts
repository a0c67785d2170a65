/**
 * The books of orders paid by KAJA, against what Authorize.Net holds: charged at most once, paid means taken there, what
 * was given back was given back there (refunded, or voided before it was settled), and the ledger says the same.
 */
import { takenFor, type Order } from '../../shared/domain/order.ts'
import type { Json } from './shop.ts'

interface Kept {
  readonly orders: readonly Order[]
  readonly ledger: readonly Json[]
  /** Authorize.Net's, as it tells them in full. */
  readonly transactions: readonly Json[]
}

const PAID = ['paid', 'fulfilled', 'partially_refunded', 'refunded', 'disputed']
const OPEN = ['pending_payment', 'requires_action', 'payment_unknown', 'in_review']
const TAKEN = ['capturedPendingSettlement', 'settledSuccessfully', 'chargeback', 'chargebackReversal']
const GIVEN = ['refundPendingSettlement', 'refundSettledSuccessfully']
const HELD = ['authorizedPendingCapture', 'FDSPendingReview', 'FDSAuthorizedPendingReview']

export function kajaFaults(kept: Kept): string[] {
  return [...chargedTwice(kept), ...orderFaults(kept), ...accountFaults(kept)]
}

/** What may never be true, not even for a moment. */
export function chargedTwice({ orders, transactions }: Kept): string[] {
  return [...Map.groupBy(transactions.filter(wasTaken), ({ order }) => String(order.invoiceNumber))].flatMap(([invoice, several]) => {
    const order = orders.find(({ id }) => isFor(invoice, id))
    const kept = several.filter(({ transactionStatus }) => transactionStatus !== 'voided')
    if (order === undefined) return kept.length > 0 ? [`KAJA charged for invoice ${invoice}, which is no order's`] : []
    return several.length > 1 ? [`order ${order.id} was charged ${several.length} times by KAJA`] : []
  })
}

/** Money that KAJA holds for an order that is over. */
export function heldByKaja({ orders, transactions }: Kept): string[] {
  return transactions
    .filter(({ transactionStatus }) => HELD.includes(transactionStatus))
    .filter(({ order }) => !orders.some(({ id, state }) => isFor(order.invoiceNumber, id) && OPEN.includes(state)))
    .map(({ order }) => `KAJA still holds money for invoice ${order.invoiceNumber}, whose order is over`)
}

/** Transactions that charge an order. */
export function isFor(invoiceNumber: unknown, orderId: string): boolean {
  return String(invoiceNumber).slice(0, 18) === orderId.slice(4, 22)
}

function orderFaults({ orders, transactions }: Kept): string[] {
  return orders.filter(({ payment }) => payment.gateway === 'kaja').flatMap((order) => {
    const { id, state } = order
    const own = transactions.filter((one) => one['transactionType'] !== 'refundTransaction' && isFor(one['order'].invoiceNumber, id))
    const charge = own.find(wasTaken)
    const decision = order.review?.decision
    const kept = charge !== undefined && charge['transactionStatus'] !== 'voided' && order.refunds.length === 0
    if (decision === 'refuse' && kept && state !== 'in_review') return [`order ${id} was refused, and KAJA's charge is kept`]
    if (decision === 'approve' && charge === undefined && own.some(({ transactionStatus }) => transactionStatus === 'voided')) return [`order ${id} was approved, and its payment was voided`]
    if (!PAID.includes(state)) return charge !== undefined && state !== 'in_review' ? [`order ${id} is ${state}, and KAJA charged it`] : []
    if (charge === undefined) return [`order ${id} is ${state}, and KAJA did not charge it`]
    if ((charge['transactionStatus'] === 'chargeback') !== (state === 'disputed')) return [`order ${id} is ${state}, its payment at KAJA ${charge['transactionStatus']}`]
    if (charge['transId'] !== order.payment.transactionId) return [`order ${id} names another charge than KAJA's`]
    if (cents(charge['settleAmount']) !== takenFor(order).amount) return [`order ${id} over ${order.total} was charged ${charge['settleAmount']} by KAJA`]
    const [given, really] = [givenIn(order), givenBack(charge, transactions)]
    return given === really ? [] : [`order ${id} was refunded ${given}, at KAJA ${really}`]
  })
}

function accountFaults({ orders, ledger, transactions }: Kept): string[] {
  const ours = sum(ledger.flatMap((entry) => entry['postings'] as Json[]).filter(({ account }) => account === 'gateway:kaja').map(({ amount }) => amount))
  const reviewed = orders.filter(({ state }) => state === 'in_review')
  const charges = transactions.filter(wasTaken).filter(({ order }) => !reviewed.some(({ id }) => isFor(order.invoiceNumber, id)))
  const theirs = sum(charges.map((charge) => cents(charge['settleAmount']) - givenBack(charge, transactions) - takenBack(charge)))
  return ours === theirs ? [] : [`the ledger says ${ours} lies at KAJA, KAJA says ${theirs}`]
}

/** Money came by it, even if it was voided since: only what was taken at once can be voided and have been money. */
function wasTaken({ transactionType, transactionStatus, FDSFilterAction }: Json): boolean {
  if (transactionType === 'refundTransaction') return false
  return TAKEN.includes(transactionStatus) || (transactionStatus === 'voided' && transactionType === 'authCaptureTransaction' && FDSFilterAction === undefined)
}

/** By the customer's bank. */
function takenBack({ transactionStatus, settleAmount }: Json): number {
  return transactionStatus === 'chargeback' ? cents(settleAmount) : 0
}

function givenBack({ transId, transactionStatus, settleAmount }: Json, transactions: readonly Json[]): number {
  if (transactionStatus === 'voided') return cents(settleAmount)
  return sum(transactions.filter((one) => one['refTransId'] === transId && GIVEN.includes(one['transactionStatus'])).map((one) => cents(one['settleAmount'])))
}

function givenIn(order: Order): number {
  return sum(order.refunds.filter(({ status }) => status === 'succeeded').map(({ amount }) => amount))
}

function cents(major: number): number {
  return Math.round(major * 100)
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0)
}
