/**
 * Payouts in the store. What may be paid out is what the ledger says lies at the gateway; asking the ledger takes longer
 * than a transaction may, so its sum is taken before, and counts only if no payout was asked for in between: the hourly
 * counter, which every payout moves, says so.
 */
import { bankPayoutChange, bankPayoutEntries, bankPayoutIds, type BankPayout } from '#domain/bank-payout.ts'
import { requestPayout, settlePayout, type Payout, type PayoutChange, type PayoutOutcome, type PayoutWish } from '#domain/payout.ts'
import { Failure, invalid } from '#values/failure.ts'
import { HOUR_MS } from '#values/time.ts'
import { now } from '#platform/clock.ts'
import { collection, doc, readAll, readOne, readQuery, transact, type Doc, type Snapshot, type Unit, type Writer } from '#platform/firestore.ts'
import { addAlertChange, alertPlace, nudgeAlerts } from './alerts.ts'
import { through } from './breakers.ts'
import { explainIn } from './differences.ts'
import { markApplied, pendingRecord } from './inbox.ts'
import { balances, entryDoc, postEntry } from './ledger.ts'
import { counterDoc, counterOf, countedUp, refuseOver, type Counter } from './limits.ts'
import { addRows, outboxDoc } from './outbox.ts'
import { readPage, type PageWish } from './pages.ts'
import { payeeDoc, payeeOf } from './payees.ts'

const TRIES_MAX = 5

function payoutDoc(payoutId: string): Promise<Doc> {
  return doc('payouts', payoutId)
}

function payoutOf(snapshot: Snapshot | undefined): Payout | undefined {
  return snapshot?.data() as Payout | undefined
}

export async function readPayout(payoutId: string): Promise<Payout | undefined> {
  return payoutOf(await readOne(await payoutDoc(payoutId)))
}

export interface Requested {
  readonly payout: Payout
  /** Asked for before: nothing was written. */
  readonly known: boolean
}

/**
 * Writes a payout that was asked for, once for its id.
 * @throws Failure RATE_LIMITED, CONFLICT when less lies at the gateway, INVALID_INPUT for a payee who is not registered,
 *   IDEMPOTENCY_MISMATCH when the id or the key was used for another wish
 */
export async function askPayout(wish: PayoutWish, payeeId: string, hourlyMax: number): Promise<Requested> {
  const [place, payeePlace, counterPlace] = [await payoutDoc(wish.id), await payeeDoc(payeeId), await counterDoc('payouts')]
  for (let attempt = 0; attempt < TRIES_MAX; attempt++) {
    const [before, counted] = (await readAll([place, counterPlace])) as [Snapshot, Snapshot]
    const seen = counterOf(counterPlace, counted, HOUR_MS)
    if (!before.exists) refuseOver(seen, hourlyMax, HOUR_MS)
    const atGateway = before.exists ? 0 : ((await balances()).get(wish.currency)?.get('gateway:stripe') ?? 0)
    const asked = await transact(async (unit) => {
      const known = await knownPayout(unit, place, wish)
      if (known !== undefined) return { payout: known, known: true }
      const [payee, again] = (await unit.getAll(payeePlace, counterPlace)) as [Snapshot, Snapshot]
      const counter = counterOf(counterPlace, again, HOUR_MS)
      if (!isSame(seen, counter)) return undefined
      refuseOver(counter, hourlyMax, HOUR_MS)
      const recipient = payeeOf(payee)
      if (recipient?.active !== true) throw invalid('recipientId', 'is not a registered payee')
      const change = requestPayout(wish, recipient, { atGateway, nowMs: now() })
      await write(unit, change)
      unit.create(place, { ...change.payout })
      unit.set(counterPlace, countedUp(counter))
      return { payout: change.payout, known: false }
    })
    if (asked !== undefined) return asked
  }
  throw new Failure('SERVICE_UNAVAILABLE', { reason: 'payouts are asked for faster than the ledger can be added up' })
}

async function knownPayout(unit: Unit, place: Doc, wish: PayoutWish): Promise<Payout | undefined> {
  const payout = payoutOf(await unit.get(place)) ?? (await ofKey(unit, wish.keyDigest))
  if (payout !== undefined && (payout.requestHash !== wish.requestHash || payout.id !== wish.id)) throw new Failure('IDEMPOTENCY_MISMATCH')
  return payout
}

/** The payout of a key that came with an id of the caller's own. */
async function ofKey(unit: Unit, keyDigest: string | null): Promise<Payout | undefined> {
  if (keyDigest === null) return undefined
  const [found] = await unit.query((await collection('payouts')).where('keyDigest', '==', keyDigest).limit(1))
  return payoutOf(found)
}

function isSame(one: Counter, other: Counter): boolean {
  return one.used === other.used && one.snapshot?.updateTime?.valueOf() === other.snapshot?.updateTime?.valueOf()
}

/** Entries, rows and alerts of a change; the payout itself is written by the caller. */
async function write(writer: Writer, { entries, rows, alerts }: Omit<PayoutChange, 'payout'>): Promise<void> {
  for (const entry of entries) postEntry(writer, await entryDoc(entry.id), entry)
  addRows(writer, await outboxDoc(), rows)
  for (const change of alerts) addAlertChange(writer, await alertPlace(), change)
}

/** Asks the gateway for a payout, if its breaker lets it through: else nothing is known, and the sweep asks later. */
export async function behindBreaker(payout: Payout, call: () => Promise<PayoutOutcome>): Promise<PayoutOutcome> {
  const passage = await through(payout.gateway, call, (outcome) =>
    outcome.status === 'unknown' && outcome.answered !== true ? { reason: outcome.reason, restMs: outcome.retryAfterMs } : undefined,
  )
  return 'done' in passage ? passage.done : { status: 'unknown', reason: `the breaker of ${payout.gateway} is open`, answered: true }
}

/**
 * Applies what the gateway said about a payout. Safe to run twice: what is settled is left as it is.
 * @param inbox the event's record, closed in the same commit
 */
export async function settlePayoutOf(payoutId: string, facts: { outcome: PayoutOutcome; cause: string; inbox?: Doc }): Promise<Payout | undefined> {
  const place = await payoutDoc(payoutId)
  const { payout, change } = await transact(async (unit) => {
    if (facts.inbox !== undefined && pendingRecord(await unit.get(facts.inbox)) === undefined) return {}
    const before = payoutOf(await unit.get(place))
    const settled = before === undefined ? undefined : settlePayout(before, facts.outcome, facts.cause, now())
    if (settled !== undefined) {
      await write(unit, settled)
      unit.update(place, { ...settled.payout })
    }
    if (facts.inbox !== undefined) markApplied(unit, facts.inbox, before === undefined ? 'ignored' : 'applied')
    return { payout: settled?.payout ?? before, change: settled }
  })
  await nudgeAlerts(change?.alerts ?? [])
  return payout
}

/**
 * Books what the gateway says of a payout to our bank, each step once. If staff have had it booked as unexplained, because
 * nobody knew of it, that is taken back.
 * @param inbox the event's record, closed in the same commit
 */
export async function bookBankPayout(payout: BankPayout, inbox?: Doc): Promise<void> {
  const places = await Promise.all(bankPayoutIds(payout.id).map(entryDoc))
  const alerts = await transact(async (unit) => {
    if (inbox !== undefined && pendingRecord(await unit.get(inbox)) === undefined) return []
    const found = await unit.getAll(...places)
    const posted = new Set(found.filter(({ exists }) => exists).map(({ id }) => id))
    const entries = bankPayoutEntries(payout, posted, now())
    const change = bankPayoutChange(payout, entries, now())
    const known = await explainIn(unit, payout.movementIds.map((subject) => ({ kind: 'payout_unknown', gateway: 'stripe', subject })))
    if (entries.length > 0) await write(unit, change)
    if (inbox !== undefined) markApplied(unit, inbox, 'applied')
    return [...change.alerts, ...known]
  })
  await nudgeAlerts(alerts)
}

/** Payouts that the sweep must ask about, the longest waiting first. */
export async function payoutsToCheck(limit: number): Promise<Payout[]> {
  const found = await readQuery((await collection('payouts')).where('checkAtMs', '<=', now()).orderBy('checkAtMs').limit(limit))
  return found.map((snapshot) => payoutOf(snapshot) as Payout)
}

/** The sweep asks about a payout again later, if it is still open. */
export async function checkPayoutLater(payoutId: string, waitMs: number): Promise<void> {
  const place = await payoutDoc(payoutId)
  await transact(async (unit) => {
    const payout = payoutOf(await unit.get(place))
    if (payout !== undefined && payout.checkAtMs !== null && payout.checkAtMs <= now()) unit.update(place, { checkAtMs: now() + waitMs })
  })
}

export interface PayoutPage {
  readonly payouts: readonly Payout[]
  readonly nextCursor: string | null
}

/** The newest first. */
export async function listPayoutsOf(wish: PageWish): Promise<PayoutPage> {
  const newest = (await collection('payouts')).orderBy('createdAtMs', 'desc').orderBy('__name__', 'desc')
  const { found, nextCursor } = await readPage(newest, 'createdAtMs', wish)
  return { payouts: found.map((snapshot) => payoutOf(snapshot) as Payout), nextCursor }
}
