/** The books, as staff are shown them: ledger, payouts, and where a gateway's own books differ. */
import { z } from 'zod'
import { amountShown, currencyShown, listOf, momentShown } from '#values/shown.ts'
import { DIFFERENCE_STATES } from '../difference.ts'

export const AccountShown = z.object({ account: z.string(), about: z.string(), currency: currencyShown, balance: amountShown }).meta({ id: 'LedgerAccount' })

export const EntryShown = z
  .object({
    id: z.string(),
    kind: z.string(),
    orderId: z.string().nullable(),
    currency: currencyShown,
    reference: z.string(),
    at: momentShown,
    postings: listOf(z.object({ account: z.string(), amount: amountShown })).describe('They add up to zero: debits are positive.'),
  })
  .meta({ id: 'JournalEntry' })
export type EntryShown = z.input<typeof EntryShown>

export const PayoutShown = z
  .object({
    id: z.string(),
    recipientId: z.string(),
    destination: z.string(),
    amount: amountShown,
    currency: currencyShown,
    reason: z.string(),
    state: z.enum(['pending', 'unknown', 'paid', 'failed', 'returned']),
    gateway: z.literal('stripe'),
    transferId: z.string().nullable(),
    returned: amountShown,
    failure: z.string().nullable(),
    requestedBy: z.string(),
    history: listOf(z.object({ state: z.string(), at: momentShown, cause: z.string() })),
    createdAt: momentShown,
    updatedAt: momentShown,
  })
  .meta({ id: 'Payout' })
export type PayoutShown = z.input<typeof PayoutShown>

export const PayeeShown = z
  .object({ id: z.string(), name: z.string(), destination: z.string(), active: z.boolean(), createdAt: momentShown, updatedAt: momentShown })
  .meta({ id: 'Payee' })
export type PayeeShown = z.input<typeof PayeeShown>

export const MovementShown = z.object({ id: z.string(), kind: z.string(), amount: amountShown, currency: currencyShown, at: momentShown })
export type MovementShown = z.input<typeof MovementShown>

const how = z.enum(['attached_charge', 'attached_refund', 'booked_unexplained'])
export const ResolutionShown = z.object({ how, orderId: z.string().nullable(), reason: z.string(), by: z.string(), at: momentShown })
export type ResolutionShown = z.input<typeof ResolutionShown>

export const DifferenceShown = z
  .object({
    id: z.string(),
    kind: z.string(),
    state: z.enum(DIFFERENCE_STATES),
    gateway: z.string(),
    amount: amountShown,
    currency: currencyShown,
    excess: amountShown,
    cause: z.string(),
    orderId: z.string().nullable(),
    transactionId: z.string().nullable(),
    refundId: z.string().nullable(),
    movements: listOf(MovementShown),
    foundAt: momentShown,
    closedAt: momentShown.nullable(),
    resolution: ResolutionShown.nullable(),
  })
  .meta({ id: 'Difference' })
export type DifferenceShown = z.input<typeof DifferenceShown>

/** Without `confirm` it is only told what would happen. */
export const PreviewShown = z
  .object({ resolved: z.literal(false), difference: DifferenceShown, how, effects: listOf(z.string()), confirm: z.string(), expiresAt: momentShown })
  .meta({ id: 'ResolutionPreview' })
