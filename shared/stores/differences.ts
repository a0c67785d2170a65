/**
 * Differences between a gateway's books and ours, one record for each, however often it is found. Each change is written
 * with its audit event and its alert.
 */
import type { AlertChange } from '#domain/alert.ts'
import { cameToNothing, closed, differenceId, explainedAfterAll, recorded, repairedAtOnce, type Difference, type DifferenceChange, type DifferenceState } from '#domain/difference.ts'
import type { Movement } from '#domain/payment.ts'
import type { Found } from '#domain/reconciliation.ts'
import { explainedEntry } from '#domain/resolution.ts'
import { ledgerRows } from '#domain/rows.ts'
import { now } from '#platform/clock.ts'
import { collection, doc, readAll, transact, type Doc, type Query, type Snapshot, type Unit } from '#platform/firestore.ts'
import { addAlertChange, alertPlace, nudgeAlerts } from './alerts.ts'
import { entryDoc, postEntry } from './ledger.ts'
import { addRows, outboxDoc } from './outbox.ts'
import { readPage, type PageWish } from './pages.ts'

export function differenceDoc(id: string): Promise<Doc> {
  return doc('reconciliation', id)
}

export function differenceOf(snapshot: Snapshot): Difference | undefined {
  return snapshot.data() as Difference | undefined
}

/** Records among these ids. */
export async function readDifferences(ids: readonly string[]): Promise<Difference[]> {
  const found = await readAll(await Promise.all(ids.map(differenceDoc)))
  return found.map(differenceOf).filter((difference) => difference !== undefined)
}

/** Puts on record what was found. True when that is news. */
export async function saveFound(found: Found): Promise<boolean> {
  return (await changed(differenceId(found), (before) => recorded(before, found, now()))) !== undefined
}

/** Puts on record what was found and mended in one go. True when that is news. */
export async function saveRepaired(found: Found): Promise<boolean> {
  return (await changed(differenceId(found), (before) => repairedAtOnce(before, found, now()))) !== undefined
}

/** Closes a record that the books no longer bear out, unless it has changed since it was looked at. */
export async function close(seen: Difference, state: 'repaired' | 'vanished'): Promise<boolean> {
  const change = await changed(seen.id, (before) => {
    if (before?.state !== 'open' || before.version !== seen.version) return undefined
    return closed(before, { state, nowMs: now() })
  })
  return change !== undefined
}

/** Notes that a matter has come to nothing by itself: what came was given back. True when that is news. */
export async function saveSettled(seen: Difference, movements: readonly Movement[]): Promise<boolean> {
  return (await changed(seen.id, (before) => (before === undefined ? undefined : cameToNothing(before, movements, now())))) !== undefined
}

async function changed(id: string, rule: (before: Difference | undefined) => DifferenceChange | undefined): Promise<DifferenceChange | undefined> {
  const place = await differenceDoc(id)
  const change = await transact(async (unit) => {
    const made = rule(differenceOf(await unit.get(place)))
    if (made !== undefined) await writeChange(unit, made)
    return made
  })
  await nudgeAlerts(change?.alerts ?? [])
  return change
}

/** Writes a change inside a transaction that read the record. */
export async function writeChange(unit: Unit, { difference, rows, alerts }: DifferenceChange): Promise<void> {
  const place = await differenceDoc(difference.id)
  const alarms = await Promise.all(alerts.map(async (change) => ({ at: await alertPlace(), change })))
  unit.set(place, { ...difference, movements: difference.movements.map((movement) => ({ ...movement })) })
  addRows(unit, await outboxDoc(), rows)
  for (const { at, change } of alarms) addAlertChange(unit, at, change)
}

/**
 * Matters that are booked as what they are from now on: what staff have had booked of them as unexplained is taken back,
 * inside a transaction that has not written yet.
 * @returns alerts that are over
 */
export async function explainIn(unit: Unit, matters: ReadonlyArray<Parameters<typeof differenceId>[0]>): Promise<readonly AlertChange[]> {
  const found = await unit.getAll(...(await Promise.all(matters.map((matter) => differenceDoc(differenceId(matter))))))
  const alerts: AlertChange[] = []
  for (const difference of found.map(differenceOf)) {
    const change = difference === undefined ? undefined : explainedAfterAll(difference, now())
    if (difference === undefined || change === undefined) continue
    const entry = explainedEntry(difference, now())
    postEntry(unit, await entryDoc(entry.id), entry)
    await writeChange(unit, { ...change, rows: [...change.rows, ...ledgerRows(entry)] })
    alerts.push(...change.alerts)
  }
  return alerts
}

export interface DifferencePage {
  readonly differences: readonly Difference[]
  readonly nextCursor: string | null
}

/** The latest found first. */
export async function listDifferencesOf(filter: PageWish & { state?: DifferenceState | undefined }): Promise<DifferencePage> {
  let query: Query = await collection('reconciliation')
  if (filter.state !== undefined) query = query.where('state', '==', filter.state)
  const { found, nextCursor } = await readPage(query.orderBy('foundAtMs', 'desc').orderBy('id', 'desc'), 'foundAtMs', filter)
  return { differences: found.map((snapshot) => differenceOf(snapshot) as Difference), nextCursor }
}
