/**
 * Payouts: what the balance holds goes to the bank account.
 *
 * An automatic payout takes every movement not yet paid out and can be reconciled with them one by one
 * (`balance_transactions?payout=`); a payout of an amount somebody chose cannot.
 */
import type { Account } from './account.ts'
import { move } from './balance.ts'
import type { BalanceTransaction, Payout } from './kept.ts'

const ARRIVES_AFTER_MS = 2 * 86_400_000

export interface PayoutOrder {
  readonly currency: string
  readonly amount?: number | undefined
  readonly fails?: boolean
}

export function createPayout(account: Account, order: PayoutOrder): Payout | undefined {
  const unpaid = order.amount === undefined ? notPaidOut(account, order.currency) : []
  const amount = order.amount ?? unpaid.reduce((sum, { net }) => sum + net, 0)
  if (amount <= 0) return undefined
  const id = account.ids.next('po')
  const movement = move(account, {
    amount: -amount,
    currency: order.currency,
    type: 'payout',
    reportingCategory: 'payout',
    source: id,
    description: 'STRIPE PAYOUT',
    availableAtOnce: true,
  })
  const automatic = order.amount === undefined
  if (automatic) account.payoutContents.set(id, [...unpaid.map((transaction) => transaction.id), movement.id])
  const payout = account.payouts.add({
    id,
    object: 'payout',
    amount,
    application_fee: null,
    application_fee_amount: null,
    arrival_date: Math.floor((account.timeline.now() + ARRIVES_AFTER_MS) / 1000),
    automatic,
    balance_transaction: movement.id,
    created: account.now(),
    currency: order.currency,
    description: 'STRIPE PAYOUT',
    destination: null,
    failure_balance_transaction: null,
    failure_code: null,
    failure_message: null,
    livemode: false,
    metadata: {},
    method: 'standard',
    original_payout: null,
    payout_method: null,
    reconciliation_status: automatic ? 'in_progress' : 'not_applicable',
    reversed_by: null,
    source_type: 'card',
    statement_descriptor: null,
    status: 'in_transit',
    trace_id: { status: 'pending', value: null },
    type: 'bank_account',
  })
  account.eventLog.happened('payout.created', payout)
  account.agenda.after(ARRIVES_AFTER_MS, order.fails === true ? 'payout_fails' : 'payout_arrives', id)
  return payout
}

export function arrive(account: Account, id: string): void {
  const payout = account.payouts.get(id)
  if (payout?.status !== 'in_transit') return
  const reconciled = payout.automatic ? { reconciliation_status: 'completed' as const } : {}
  const after = account.payouts.change(id, { ...reconciled, status: 'paid' })
  account.eventLog.happened('payout.paid', after)
  if (payout.automatic) account.eventLog.happened('payout.reconciliation_completed', after)
}

/** The bank sent it back: the money returns to the balance, and what it paid out is owed again. */
export function fail(account: Account, id: string): void {
  const payout = account.payouts.get(id)
  if (payout?.status !== 'in_transit') return
  const movement = move(account, {
    amount: payout.amount,
    currency: payout.currency,
    type: 'payout_failure',
    reportingCategory: 'payout_reversal',
    source: id,
    availableAtOnce: true,
  })
  account.payoutContents.delete(id)
  const after = account.payouts.change(id, {
    failure_balance_transaction: movement.id,
    failure_code: 'account_closed',
    failure_message: 'The bank account has been closed.',
    status: 'failed',
  })
  account.eventLog.happened('payout.failed', after)
}

/** What no payout has taken along. A payout of a chosen amount and one that came back stand here with their own movements. */
function notPaidOut(account: Account, currency: string): BalanceTransaction[] {
  const paid = new Set(account.payoutContents.values().flat())
  return account.transactions.values().filter((transaction) => transaction.currency === currency && !paid.has(transaction.id))
}
