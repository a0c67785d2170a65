/**
 * The money of the account: one balance transaction for every movement, and the balance they add up to.
 *
 * A movement is never changed: what is undone (a failed refund, a won dispute) is a movement of its own.
 */
import type { Account } from './account.ts'
import type { BalanceTransaction } from './kept.ts'

const AVAILABLE_AFTER_S = 2 * 86_400
const FEE_SHARE = 0.029
const FEE_FIXED = 30

interface Movement {
  readonly amount: number
  readonly currency: string
  readonly type: BalanceTransaction['type']
  readonly reportingCategory: string
  readonly source: string
  readonly description?: string | null
  readonly fee?: { readonly amount: number; readonly description: string }
  readonly availableAtOnce?: boolean
}

/** What the vendor keeps of a charge: 2.9 % and 30. */
export function chargeFee(amount: number): { amount: number; description: string } {
  return { amount: Math.round(amount * FEE_SHARE) + FEE_FIXED, description: 'Stripe processing fees' }
}

export function move(account: Account, movement: Movement): BalanceTransaction {
  const { amount, currency, fee } = movement
  const now = account.now()
  const charged = fee?.amount ?? 0
  return account.transactions.add({
    id: account.ids.next('txn'),
    object: 'balance_transaction',
    amount,
    available_on: movement.availableAtOnce === true ? now : now + AVAILABLE_AFTER_S,
    balance_type: 'payments',
    created: now,
    currency,
    description: movement.description ?? null,
    exchange_rate: null,
    fee: charged,
    fee_details:
      fee === undefined
        ? []
        : [{ amount: charged, application: null, currency, description: fee.description, type: 'stripe_fee' }],
    net: amount - charged,
    reporting_category: movement.reportingCategory,
    source: movement.source,
    status: 'pending',
    type: movement.type,
  })
}

/** A transaction as it is answered now: available once its day has come. */
export function asOfNow(account: Account, transaction: BalanceTransaction): BalanceTransaction {
  return transaction.available_on <= account.now() ? { ...transaction, status: 'available' } : transaction
}

/** What can be paid out or transferred now. */
export function available(account: Account, currency: string): number {
  const now = account.now()
  const there = account.transactions.values().filter((one) => one.currency === currency && one.available_on <= now)
  return there.reduce((sum, { net }) => sum + net, 0)
}

export function balance(account: Account): object {
  const sums = { available: new Map<string, number>(), pending: new Map<string, number>() }
  const now = account.now()
  for (const transaction of account.transactions.older()) {
    const sum = transaction.available_on <= now ? sums.available : sums.pending
    sum.set(transaction.currency, (sum.get(transaction.currency) ?? 0) + transaction.net)
  }
  const list = (sum: Map<string, number>) =>
    sum.size === 0
      ? [{ amount: 0, currency: 'usd', source_types: { card: 0 } }]
      : [...sum].map(([currency, amount]) => ({ amount, currency, source_types: { card: amount } }))
  return { object: 'balance', available: list(sums.available), livemode: false, pending: list(sums.pending) }
}
