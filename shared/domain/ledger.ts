/**
 * Double-entry bookkeeping: one journal entry per fact, its postings add up to zero. Entries are only ever added.
 *
 * Debits are positive, credits negative. The entry's id names the fact, so the same fact cannot be posted twice.
 */
import { toMajor } from '#values/money.ts'
import { iso } from '#values/time.ts'
import type { EntryShown } from './shown/books.ts'

export const ACCOUNTS = {
  'gateway:stripe': 'asset: money at Stripe, not paid out yet',
  'gateway:kaja': 'asset: money at Authorize.Net, not paid out yet',
  'gateway:none': 'asset: orders with a total of zero',
  sales: 'income: goods sold, before tax, after discounts',
  memberships: 'income: months of memberships, and what upgrades cost',
  'tax:payable': 'liability: sales tax collected',
  'shipping:income': 'income: shipping fees',
  'refunds': 'income (contra): what was taken back or forgiven, before tax',
  'fees': 'expense: what gateways keep of each movement',
  'disputes:held': 'asset: money that customers\' banks have taken back until a dispute is decided',
  'disputes:lost': 'expense: money lost by disputes, tax included',
  'payouts:transit': 'asset: money that has left a gateway and has not arrived',
  'bank': 'asset: money that gateways have paid out to us',
  'deposits:held': 'asset: money set aside on customers\' cards with an age check, never taken',
  'deposits:payable': 'liability: deposits of age checks, let go again within a day',
  'partners:payable': 'liability: what partners and organisers are owed; what they were paid is a debit',
  'unexplained': 'suspense: what a gateway\'s books say and ours cannot tell why, accepted by staff',
} as const

export type Account = keyof typeof ACCOUNTS

export interface Posting {
  readonly account: Account
  /** Minor units; debit positive, credit negative. */
  readonly amount: number
}

export interface JournalEntry {
  /**
   * Names the fact: `charge-<orderId>`, `refund-<refundId>`, `refund-return-<refundId>`; what the gateway did by itself
   * by its own id: `fee-<movementId>`, `dispute-<movementId>`, `payout-<payoutId>`; `deposit-<depositId>`.
   */
  readonly id: string
  readonly kind: 'charge' | 'refund' | 'refund_return' | 'fee' | 'dispute' | 'dispute_reversal' | 'dispute_loss' | 'payout' | 'payout_arrival' | 'payout_return' | 'deposit' | 'deposit_release' | 'correction'
  /** Null for what belongs to no order: payouts. */
  readonly orderId: string | null
  readonly currency: string
  readonly postings: readonly Posting[]
  readonly atMs: number
  readonly reference: string
}

/** @throws Error when the postings do not add up to zero: such an entry must never be written */
export function balanced(entry: JournalEntry): JournalEntry {
  const sum = entry.postings.reduce((total, posting) => total + posting.amount, 0)
  if (sum !== 0) throw new Error(`journal entry ${entry.id} is off by ${sum}`)
  return { ...entry, postings: entry.postings.filter((posting) => posting.amount !== 0) }
}

export interface Booking {
  readonly orderId: string
  readonly gateway: 'stripe' | 'kaja' | 'none'
  readonly currency: string
  readonly amount: number
  readonly tax: number
  /** Without its tax. */
  readonly shipping: number
  /** What it is paid for; absent: goods. */
  readonly income?: 'memberships'
  readonly reference: string
  readonly atMs: number
}

export function chargeEntry(booking: Booking): JournalEntry {
  const { amount, tax, shipping, income = 'sales' } = booking
  return balanced({
    id: `charge-${booking.orderId}`,
    kind: 'charge',
    orderId: booking.orderId,
    currency: booking.currency,
    atMs: booking.atMs,
    reference: booking.reference,
    postings: [
      { account: `gateway:${booking.gateway}`, amount },
      { account: income, amount: -(amount - tax - shipping) },
      { account: 'tax:payable', amount: -tax },
      { account: 'shipping:income', amount: -shipping },
    ],
  })
}

export function refundEntry(refundId: string, booking: Booking): JournalEntry {
  const { amount, tax, shipping } = booking
  return balanced({
    id: `refund-${refundId}`,
    kind: 'refund',
    orderId: booking.orderId,
    currency: booking.currency,
    atMs: booking.atMs,
    reference: booking.reference,
    postings: [
      { account: `gateway:${booking.gateway}`, amount: -amount },
      { account: 'refunds', amount: amount - tax - shipping },
      { account: 'tax:payable', amount: tax },
      { account: 'shipping:income', amount: shipping },
    ],
  })
}

/** A refund that the bank sent back: the opposite of its entry. */
export function refundReturnEntry(refundId: string, booking: Booking): JournalEntry {
  const { postings, ...entry } = refundEntry(refundId, booking)
  const opposite = postings.map(({ account, amount }) => ({ account, amount: -amount }))
  return balanced({ ...entry, id: `refund-return-${refundId}`, kind: 'refund_return', postings: opposite })
}

/** Money that only changes its account: out of `from`, into `to`. Negative: the other way. */
export interface Transfer extends Pick<JournalEntry, 'id' | 'kind' | 'orderId' | 'currency' | 'atMs' | 'reference'> {
  readonly from: Account
  readonly to: Account
  readonly amount: number
}

export function transferEntry({ from, to, amount, ...entry }: Transfer): JournalEntry {
  return balanced({ ...entry, postings: [{ account: from, amount: -amount }, { account: to, amount }] })
}

/** What the gateway kept of one of its movements, named by it: whoever posts it first, it is posted once. */
export function feeEntry(movementId: string, fee: Omit<Transfer, 'id' | 'kind' | 'from' | 'to'> & { readonly gateway: Booking['gateway'] }): JournalEntry {
  const { gateway, ...entry } = fee
  return transferEntry({ ...entry, id: `fee-${movementId}`, kind: 'fee', from: `gateway:${gateway}`, to: 'fees' })
}

export function entryView(entry: JournalEntry): EntryShown {
  return {
    id: entry.id,
    kind: entry.kind,
    orderId: entry.orderId,
    currency: entry.currency,
    reference: entry.reference,
    at: iso(entry.atMs),
    postings: entry.postings.map(({ account, amount }) => ({ account, amount: toMajor(amount, entry.currency) })),
  }
}
