/** Deposits of age checks in the store: each moves on its own version, with its ledger entry in the same commit. */
import { checkedWith, mayBeAskedAgain, newDeposit, settleDeposit, type Deposit, type DepositWish } from '#domain/deposit.ts'
import type { ChargeOutcome } from '#domain/payment.ts'
import { Failure } from '#values/failure.ts'
import { toMinor } from '#values/money.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { derivedId } from '#platform/derived.ts'
import { collection, doc, readQuery, transact, type Doc, type Snapshot, type Unit } from '#platform/firestore.ts'
import { addAlertChange, alertPlace, nudgeAlerts } from './alerts.ts'
import { entryDoc, postEntry } from './ledger.ts'
import { addRows, outboxDoc } from './outbox.ts'

function depositDoc(depositId: string): Promise<Doc> {
  return doc('age_deposits', depositId)
}

export function depositOf(snapshot: Snapshot): Deposit | undefined {
  return snapshot.data() as Deposit | undefined
}

/** What the shop asks with a check, in minor units; 0: nothing. */
export function depositAsked(): number {
  const { AGE_DEPOSIT, CURRENCY } = config('shop')
  return toMinor(AGE_DEPOSIT, CURRENCY) ?? 0
}

export interface Opened {
  readonly deposit: Deposit
  /** Somebody has asked for it before: the gateway may know it. */
  readonly known: boolean
}

/** Writes a deposit before the gateway is asked; one that came to nothing is followed by another. */
export async function openDeposit(wish: DepositWish): Promise<Opened> {
  for (let id = wish.id; ; ) {
    const opened = await opening({ ...wish, id })
    if (!mayBeAskedAgain(opened.deposit)) return opened
    id = derivedId('dep', ['again', id])
  }
}

async function opening(wish: DepositWish): Promise<Opened> {
  const place = await depositDoc(wish.id)
  return transact(async (unit) => {
    const known = depositOf(await unit.get(place))
    if (known !== undefined && known.requestHash !== wish.requestHash) throw new Failure('IDEMPOTENCY_MISMATCH')
    if (known !== undefined) return { deposit: known, known: true }
    const deposit = newDeposit(wish)
    unit.create(place, { ...deposit })
    return { deposit, known: false }
  })
}

/** One that is set aside for this customer already: whoever was refused and tries again gives no second one. */
export async function heldDeposit(customerId: string): Promise<Deposit | undefined> {
  const held = (await collection('age_deposits')).where('customerId', '==', customerId).where('state', '==', 'held')
  const [found] = await readQuery(held.limit(1))
  return found === undefined ? undefined : depositOf(found)
}

/** Reads a deposit inside the transaction of the check that it is given for; the returned function notes how that ended. */
export async function depositIn(unit: Unit, depositId: string): Promise<(passed: boolean) => void> {
  const place = await depositDoc(depositId)
  const deposit = depositOf(await unit.get(place))
  return (passed) => {
    if (deposit !== undefined) unit.set(place, { ...checkedWith(deposit, passed, now()) })
  }
}

/** Applies what the gateway said. Safe to run twice: what is settled is left as it is. */
export async function settleDepositOf(depositId: string, outcome: ChargeOutcome): Promise<Deposit | undefined> {
  const [place, outbox] = [await depositDoc(depositId), await outboxDoc()]
  const { deposit, alerts } = await transact(async (unit) => {
    const before = depositOf(await unit.get(place))
    const change = before === undefined ? undefined : settleDeposit(before, outcome, now())
    if (change === undefined) return { deposit: before, alerts: [] }
    unit.set(place, { ...change.deposit })
    for (const entry of change.entries) postEntry(unit, await entryDoc(entry.id), entry)
    for (const alert of change.alerts) addAlertChange(unit, await alertPlace(), alert)
    if (change.rows.length > 0) addRows(unit, outbox, change.rows)
    return change
  })
  await nudgeAlerts(alerts)
  return deposit
}
