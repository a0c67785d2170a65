/**
 * Double-entry bookkeeping: one journal entry per fact, its postings add up to zero. Entries are only ever added.
 *
 * Debits are positive, credits negative. The entry's id names the fact, so the same fact cannot be posted twice.
 */
import { toMajor } from '#values/money.ts'
import { iso } from '#values/time.ts'

export const ACCOUNTS = {
  'gateway:stripe': 'asset: money at Stripe, not paid out yet',
  'gateway:kaja': 'asset: money at Authorize.Net, not paid out yet',
  'gateway:none': 'asset: orders with a total of zero',
  sales: 'income: goods sold, before tax, after discounts',
  'tax:payable': 'liability: sales tax collected',
  'shipping:income': 'income: shipping fees',
  'refunds': 'income (contra): goods taken back or forgiven, before tax',
} as const

export type Account = keyof typeof ACCOUNTS

export interface Posting {
  readonly account: Account
  /** Minor units; debit positive, credit negative. */
  readonly amount: number
}

export interface JournalEntry {
  /** Names the fact: `charge-<orderId>`, `refund-<refundId>`, `refund-return-<refundId>`. */
  readonly id: string
  readonly kind: 'charge' | 'refund' | 'refund_return'
  readonly orderId: string
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
  readonly shipping: number
  readonly reference: string
  readonly atMs: number
}

export function chargeEntry(booking: Booking): JournalEntry {
  const { amount, tax, shipping } = booking
  return balanced({
    id: `charge-${booking.orderId}`,
    kind: 'charge',
    orderId: booking.orderId,
    currency: booking.currency,
    atMs: booking.atMs,
    reference: booking.reference,
    postings: [
      { account: `gateway:${booking.gateway}`, amount },
      { account: 'sales', amount: -(amount - tax - shipping) },
      { account: 'tax:payable', amount: -tax },
      { account: 'shipping:income', amount: -shipping },
    ],
  })
}

export function refundEntry(refundId: string, booking: Booking): JournalEntry {
  const { amount, tax } = booking
  return balanced({
    id: `refund-${refundId}`,
    kind: 'refund',
    orderId: booking.orderId,
    currency: booking.currency,
    atMs: booking.atMs,
    reference: booking.reference,
    postings: [
      { account: `gateway:${booking.gateway}`, amount: -amount },
      { account: 'refunds', amount: amount - tax },
      { account: 'tax:payable', amount: tax },
    ],
  })
}

/** A refund that the bank sent back: the opposite of its entry. */
export function refundReturnEntry(refundId: string, booking: Booking): JournalEntry {
  const { postings, ...entry } = refundEntry(refundId, booking)
  const opposite = postings.map(({ account, amount }) => ({ account, amount: -amount }))
  return balanced({ ...entry, id: `refund-return-${refundId}`, kind: 'refund_return', postings: opposite })
}

export function entryView(entry: JournalEntry): Record<string, unknown> {
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
