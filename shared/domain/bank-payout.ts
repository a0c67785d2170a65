/**
 * The gateway's own payouts: what lies there goes to our bank.
 *
 * Each step is a ledger entry named by the gateway's id, so that it is posted once, whatever is learnt of it and how often.
 */
import type { AlertChange } from './alert.ts'
import { transferEntry, type Account, type JournalEntry } from './ledger.ts'
import { auditEvent, ledgerRows, type WarehouseRow } from './rows.ts'
import { toText } from '#values/money.ts'
import { DAY_MS } from '#values/time.ts'

/** What the gateway says of a payout. */
export interface BankPayout {
  readonly id: string
  readonly status: 'on_its_way' | 'arrived' | 'failed'
  readonly amount: number
  readonly currency: string
  /** What it moved on our account there, by the ids of the gateway's own books: when it left, and if it came back. */
  readonly movementIds: readonly string[]
}

/** Entries that a bank payout may have. */
export function bankPayoutIds(payoutId: string): readonly [left: string, arrived: string, returned: string] {
  return [`payout-${payoutId}`, `payout-arrival-${payoutId}`, `payout-return-${payoutId}`]
}

/**
 * What is still to be posted of a bank payout. It left our balance when it was made; it may fail on its way, or days
 * after it arrived; what has failed does not arrive any more, whatever an older answer says.
 */
export function bankPayoutEntries(payout: BankPayout, posted: ReadonlySet<string>, atMs: number): JournalEntry[] {
  const [left, arrived, returned] = bankPayoutIds(payout.id)
  const entry = (id: string, kind: JournalEntry['kind'], from: Account, to: Account): JournalEntry =>
    transferEntry({ id, kind, from, to, amount: payout.amount, orderId: null, currency: payout.currency, reference: payout.id, atMs })
  const wanted = [entry(left, 'payout', 'gateway:stripe', 'payouts:transit')]
  if (payout.status === 'arrived' && !posted.has(returned)) wanted.push(entry(arrived, 'payout_arrival', 'payouts:transit', 'bank'))
  if (payout.status === 'failed') wanted.push(entry(returned, 'payout_return', posted.has(arrived) ? 'bank' : 'payouts:transit', 'gateway:stripe'))
  return wanted.filter(({ id }) => !posted.has(id))
}

export interface BankPayoutChange {
  readonly entries: readonly JournalEntry[]
  readonly rows: readonly WarehouseRow[]
  readonly alerts: readonly AlertChange[]
}

/** What is written with the entries of a bank payout. */
export function bankPayoutChange(payout: BankPayout, entries: readonly JournalEntry[], atMs: number): BankPayoutChange {
  const amount = toText(payout.amount, payout.currency)
  const audit = (entry: JournalEntry): WarehouseRow => auditEvent({
    id: `${entry.id}-audit`, who: null, what: `bank_${entry.kind}`, subject: payout.id, before: null, after: { status: payout.status, amount, currency: payout.currency },
    why: 'the payment service says so', requestId: null, ip: null, atMs,
  })
  const key = `bank-payout/${payout.id}`
  const details = { payoutId: payout.id, amount, currency: payout.currency }
  const failed = entries.some(({ kind }) => kind === 'payout_return')
  const summary = `A payout of ${amount} ${payout.currency} to our bank failed; the money is back at the payment service.`
  return {
    entries,
    rows: entries.flatMap((entry) => [...ledgerRows(entry), audit(entry)]),
    alerts: failed ? [{ raise: { key, severity: 'p1', summary, details, quietMs: 7 * DAY_MS } }] : [],
  }
}
