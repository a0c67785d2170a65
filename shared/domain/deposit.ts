/**
 * A deposit that a shop may ask with an age check: money that is set aside on the customer's card and let go again, when
 * he has passed, or after a day. It is never taken. While it is set aside the ledger shows it as owed to him.
 *
 * It is written before the gateway is asked, and every step follows from what the gateway says it is: so a lost answer, a
 * second caller or a dead instance changes nothing about where it ends.
 */
import type { AlertChange } from './alert.ts'
import { transferEntry, type JournalEntry } from './ledger.ts'
import type { ChargeOutcome, ChargeRequest, GatewayName } from './payment.ts'
import { auditEvent, ledgerRows, type WarehouseRow } from './rows.ts'
import { toText } from '#values/money.ts'
import { DAY_MS, MINUTE_MS } from '#values/time.ts'

export interface Deposit {
  readonly id: string
  readonly customerId: string
  readonly amount: number
  readonly currency: string
  readonly gateway: GatewayName
  /** `failed`: nothing is set aside, and nothing was. */
  readonly state: 'pending' | 'held' | 'released' | 'failed'
  /** Whether the check that it was given for was made, and how it ended. */
  readonly check: 'open' | 'passed' | 'refused'
  readonly transactionId: string | null
  /** Kept only while the gateway may have to be asked again. */
  readonly token: string | null
  readonly declineCode: string | null
  readonly requestHash: string
  /** When it is let go at the latest: it is not held for longer than a day, nor for somebody who has passed. */
  readonly releaseAtMs: number
  readonly createdAtMs: number
  readonly updatedAtMs: number
  /** When the sweep looks at it; null when nothing is set aside any more. */
  readonly nextAtMs: number | null
}

/** Longest that it is set aside. */
const HELD_MS = DAY_MS
const FIRST_LOOK_MS = MINUTE_MS

export type DepositWish = Pick<Deposit, 'id' | 'customerId' | 'amount' | 'currency' | 'gateway' | 'requestHash'> & { readonly token: string; readonly nowMs: number }

export function newDeposit({ nowMs, ...wish }: DepositWish): Deposit {
  return { ...wish, state: 'pending', check: 'open', transactionId: null, declineCode: null, releaseAtMs: nowMs + HELD_MS, createdAtMs: nowMs, updatedAtMs: nowMs, nextAtMs: nowMs + FIRST_LOOK_MS }
}

/** The same wish stands for a new one: this one came to nothing, or was let go before anything was checked. */
export function mayBeAskedAgain({ state, check, declineCode }: Deposit): boolean {
  return (state === 'failed' && declineCode === null) || (state === 'released' && check === 'open')
}

/** What is asked of the gateway; the same whoever asks. */
export function depositRequest(deposit: Deposit, again: boolean): ChargeRequest {
  const { id, amount, currency, token, createdAtMs } = deposit
  return {
    orderId: id, attempt: 1, key: `${id}:1`, amount, currency, token: token ?? '', description: 'Deposit for an age check, let go again', capture: false,
    ...(again ? { again: true } : {}), createdAtMs,
  }
}

/** The check was made. Whoever has passed has it back at once. */
export function checkedWith(deposit: Deposit, passed: boolean, nowMs: number): Deposit {
  if (deposit.check === 'passed') return deposit
  if (!passed) return { ...deposit, check: 'refused', updatedAtMs: nowMs }
  return { ...deposit, check: 'passed', releaseAtMs: nowMs, nextAtMs: deposit.nextAtMs === null ? null : nowMs, updatedAtMs: nowMs }
}

export function isToRelease({ state, releaseAtMs }: Deposit, nowMs: number): boolean {
  return state === 'held' && releaseAtMs <= nowMs
}

/** Everything that one fact about a deposit changes, to be written in one commit. */
export interface DepositChange {
  readonly deposit: Deposit
  readonly entries: readonly JournalEntry[]
  readonly rows: readonly WarehouseRow[]
  readonly alerts: readonly AlertChange[]
}

/** What the gateway said; undefined when it says nothing new. */
export function settleDeposit(deposit: Deposit, outcome: ChargeOutcome, nowMs: number): DepositChange | undefined {
  return deposit.state === 'held' ? letGo(deposit, outcome, nowMs) : setAside(deposit, outcome, nowMs)
}

function setAside(deposit: Deposit, outcome: ChargeOutcome, nowMs: number): DepositChange | undefined {
  if (outcome.status === 'authorised' || outcome.status === 'succeeded') {
    if (deposit.state === 'released') return undefined
    // One that was given up meanwhile, and is there all the same, is let go at once.
    const releaseAtMs = deposit.state === 'failed' ? nowMs : deposit.releaseAtMs
    const held: Deposit = { ...deposit, state: 'held', transactionId: outcome.transactionId, token: null, declineCode: null, releaseAtMs, updatedAtMs: nowMs, nextAtMs: releaseAtMs }
    return changed(held, { what: 'deposit.held', entries: [entryOf(held, { id: `deposit-${held.id}`, kind: 'deposit', from: 'deposits:payable', to: 'deposits:held' })] })
  }
  if (deposit.state !== 'pending') return undefined
  switch (outcome.status) {
    case 'declined':
      return nothing(deposit, outcome.declineCode, nowMs)
    case 'cancelled':
      return nothing(deposit, 'authentication_required', nowMs)
    case 'absent':
    case 'unavailable':
      return nothing(deposit, null, nowMs)
    default:
      return undefined
  }
}

function nothing(deposit: Deposit, declineCode: string | null, nowMs: number): DepositChange {
  return { deposit: { ...deposit, state: 'failed', declineCode, token: null, updatedAtMs: nowMs, nextAtMs: null }, entries: [], rows: [], alerts: [] }
}

function letGo(deposit: Deposit, outcome: ChargeOutcome, nowMs: number): DepositChange | undefined {
  if (outcome.status !== 'cancelled' && outcome.status !== 'declined' && outcome.status !== 'succeeded') return undefined
  const released: Deposit = { ...deposit, state: 'released', updatedAtMs: nowMs, nextAtMs: null }
  const change = { what: 'deposit.released', entries: [entryOf(released, { id: `deposit-release-${released.id}`, kind: 'deposit_release', from: 'deposits:held', to: 'deposits:payable' })] }
  // Somebody took it at the gateway. Reconciliation finds the money; that it must go back a person has to see.
  return changed(released, { ...change, alerts: outcome.status === 'succeeded' ? [takenAlert(released)] : [] })
}

function entryOf(deposit: Deposit, move: Pick<Parameters<typeof transferEntry>[0], 'id' | 'kind' | 'from' | 'to'>): JournalEntry {
  const { amount, currency, updatedAtMs, transactionId } = deposit
  return transferEntry({ ...move, amount, currency, orderId: null, reference: transactionId ?? deposit.id, atMs: updatedAtMs })
}

function changed(deposit: Deposit, { what, entries, alerts = [] }: { what: string; entries: readonly JournalEntry[]; alerts?: readonly AlertChange[] }): DepositChange {
  const audit = auditEvent({
    id: `${deposit.id}-${deposit.state}-audit`, who: null, what, subject: deposit.customerId, before: null,
    after: { depositId: deposit.id, amount: toText(deposit.amount, deposit.currency), currency: deposit.currency }, why: 'age check', requestId: null, ip: null, atMs: deposit.updatedAtMs,
  })
  return { deposit, entries, alerts, rows: [...entries.flatMap(ledgerRows), audit] }
}

function takenAlert({ id, amount, currency, transactionId }: Deposit): AlertChange {
  const details = { depositId: id, amount: toText(amount, currency), currency, transactionId }
  return { raise: { key: `deposit/${id}`, severity: 'p1', quietMs: 7 * DAY_MS, details, summary: 'The deposit of an age check was taken at the payment service: give it back there.' } }
}
