/**
 * Settlement: once a day, at the hour at which the account was opened, everything that waits becomes one batch.
 *
 * From then on a charge can be refunded and no longer be voided. What was declined or voided that day is listed in the
 * batch as well; what is only authorised, or held for review, stays where it is until it is too old.
 */
import type { Account } from './account.ts'
import type { Status, Transaction } from './kept.ts'

const DAY_MS = 86_400_000
const AUTHORISED_MS = 30 * DAY_MS

const SETTLED: Readonly<Partial<Record<Status, Status>>> = {
  capturedPendingSettlement: 'settledSuccessfully',
  refundPendingSettlement: 'refundSettledSuccessfully',
  declined: 'declined',
  voided: 'voided',
  expired: 'expired',
}

/** Waits for the next cut-off; one that passed while nothing ran is made up for at once. */
export function awaitCutOff(account: Account): void {
  account.agenda.at(account.cutOffMs + DAY_MS, 'settlement', 'daily')
}

export function cutOff(account: Account): void {
  settle(account)
  account.cutOffMs += DAY_MS
  awaitCutOff(account)
}

export function settle(account: Account): number {
  const open = unsettled(account)
  for (const { id, status, submittedMs } of open) {
    const isOld = submittedMs <= account.now() - AUTHORISED_MS
    if (isOld && SETTLED[status] === undefined) account.transactions.change(id, { status: 'expired', duplicate: null })
  }
  const due = unsettled(account).filter(({ status }) => SETTLED[status] !== undefined)
  if (due.length === 0) return 0
  const batch = account.batches.add({ id: account.nextId('batch'), settledMs: account.now() })
  for (const { id, status } of due) account.transactions.change(id, { status: SETTLED[status] ?? status, batchId: batch.id })
  return due.length
}

/** Everything that is in no batch yet, newest first. */
export function unsettled(account: Account): Transaction[] {
  return [...account.transactions.older()].filter(({ batchId }) => batchId === null)
}
