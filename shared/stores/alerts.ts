/**
 * Alerts in the store. A fact is a document of its own, written in the commit of what it tells: nothing is read for it, and
 * a hundred checkouts that raise one alert do not wait for each other. A worker folds the facts, in the order of their
 * commits, into the alert's record and tells what follows; a message is only a nudge, and the sweep finds what it missed.
 */
import { folded, notTold, tellerOf, tellLater, told, type Alert, type AlertChange, type AlertRecord } from '#domain/alert.ts'
import { cursorOf, cursorParts } from '#values/cursor.ts'
import { newId } from '#values/ids.ts'
import { DAY_MS, MINUTE_MS } from '#values/time.ts'
import { now } from '#platform/clock.ts'
import { derivedId } from '#platform/derived.ts'
import {
  collection, commit, countOf, doc, readAll, readQuery, transact, type Data, type Doc, type Query, type Snapshot, type Unit, type Writer,
} from '#platform/firestore.ts'
import { log } from '#platform/log.ts'
import { publish } from '#platform/pubsub.ts'
import { redact, redactText } from '#platform/redact.ts'

export const ALERT_TOPIC = 'alert-changed'

/** The sweep leaves a fresh fact to its nudge for so long. */
const SWEEP_AFTER_MS = MINUTE_MS
const FACTS_AT_ONCE = 100
/** How long staff can look up what is over. */
const KEPT_MS = 90 * DAY_MS

/** Where one fact is written. */
export function alertPlace(): Promise<Doc> {
  return doc('alert_facts', newId('fact'))
}

/** Says with the caller's other writes that something is wrong. Nudge by `nudgeAlerts` when they are done. */
export function raiseAlert(writer: Writer, place: Doc, alert: Alert): void {
  addAlertChange(writer, place, { raise: alert })
}

/** The same, that it no longer is. Of an alert that is not open it says nothing. */
export function resolveAlert(writer: Writer, place: Doc, key: string): void {
  addAlertChange(writer, place, { resolve: key })
}

export function addAlertChange(writer: Writer, place: Doc, change: AlertChange): void {
  const masked = 'raise' in change ? { raise: maskedOf(change.raise) } : change
  writer.create(place, { key: keyOf(change), atMs: now(), nextAtMs: now() + SWEEP_AFTER_MS, ...masked })
}

function maskedOf(alert: Alert): Data {
  return { ...alert, summary: redactText(alert.summary), details: redact(alert.details) }
}

function keyOf(change: AlertChange): string {
  return 'raise' in change ? change.raise.key : change.resolve
}

/** For facts that belong to no other write: says them, and nudges. */
export async function sayAlerts(changes: readonly AlertChange[]): Promise<void> {
  if (changes.length === 0) return
  const places = await Promise.all(changes.map(async (change) => ({ change, place: await alertPlace() })))
  await commit((writer) => places.forEach(({ change, place }) => addAlertChange(writer, place, change)))
  await nudgeAlerts(changes)
}

/** For whoever finds that all is well: says so only of an alert that is open. */
export async function resolveIfOpen(key: string): Promise<void> {
  if ((await openAmong([key])).size > 0) await sayAlerts([{ resolve: key }])
}

/** Tells the worker that facts are safe in the store. If it fails, the sweep follows. */
export async function nudgeAlerts(changes: readonly AlertChange[]): Promise<void> {
  await nudgeKeys(changes.map(keyOf))
}

export async function nudgeKeys(keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return
  try {
    await publish(ALERT_TOPIC, [...new Set(keys)].map((key) => ({ attributes: { kind: 'alert' }, data: { key } })))
  } catch (error) {
    log.warn('nudge failed, the sweep will follow', { why: String(error) })
  }
}

function recordDoc(key: string): Promise<Doc> {
  return doc('alerts', derivedId('alt', [key]))
}

function recordIn(snapshot: Snapshot | undefined): AlertRecord | undefined {
  return snapshot?.data() as AlertRecord | undefined
}

function recordData(record: AlertRecord): Data {
  return { ...record, expireAt: record.resolvedAtMs === null ? null : new Date(record.resolvedAtMs + KEPT_MS) }
}

interface Fact {
  readonly snapshot: Snapshot
  readonly change: AlertChange
  readonly atMs: number
}

/** Folds the facts of a key into its record. */
export async function foldFacts(key: string): Promise<void> {
  const facts = (await collection('alert_facts')).where('key', '==', key).orderBy('atMs').limit(FACTS_AT_ONCE)
  const place = await recordDoc(key)
  for (;;) {
    const found = await readQuery(facts)
    if (found.length === 0) return
    await transact(async (unit) => {
      const [snapshot, ...again] = await unit.getAll(place, ...found.map(({ ref }) => ref))
      const before = recordIn(snapshot)
      const after = inOrder(again).reduce((record, { change, atMs }) => folded(record, change, atMs) ?? record, before)
      for (const one of again) if (one.exists) unit.delete(one.ref)
      if (after !== undefined && after !== before) unit.set(place, recordData(after))
    })
    if (found.length < FACTS_AT_ONCE) return
  }
}

/** As they were committed: clocks of instances differ. */
function inOrder(snapshots: readonly Snapshot[]): Fact[] {
  const present = snapshots.filter(({ exists }) => exists)
  const facts = present.map((snapshot) => ({ snapshot, change: snapshot.data() as unknown as AlertChange, atMs: snapshot.get('atMs') as number }))
  const committed = ({ snapshot }: Fact): string => snapshot.createTime?.valueOf() ?? ''
  return facts.sort((one, other) => (committed(one) === committed(other) ? one.atMs - other.atMs : committed(one) < committed(other) ? -1 : 1))
}

/** Takes the right to tell what is due of an alert; undefined when nothing is, or another tells it. */
export async function claimTelling(key: string, teller: string): Promise<AlertRecord | undefined> {
  return changeRecord(key, (record) => tellerOf(record, teller, now()))
}

/** What one teller has done. If its time was over, another does it again, and only that counts. */
export type Tale = { readonly done: true } | { readonly done: false; readonly reason: string; readonly waitMs: number } | { readonly untilMs: number }

export async function noteTelling(key: string, teller: string, tale: Tale): Promise<void> {
  await changeRecord(key, (record) => {
    if (record.teller !== teller) return undefined
    if ('untilMs' in tale) return tellLater(record, tale.untilMs)
    return tale.done ? told(record, now()) : notTold(record, tale, now())
  })
}

async function changeRecord(key: string, rule: (record: AlertRecord) => AlertRecord | undefined): Promise<AlertRecord | undefined> {
  const place = await recordDoc(key)
  return transact(async (unit: Unit) => {
    const record = recordIn(await unit.get(place))
    const changed = record === undefined ? undefined : rule(record)
    if (changed !== undefined) unit.set(place, recordData(changed))
    return changed
  })
}

/** Those of these alerts that are open. */
export async function openAmong(keys: readonly string[]): Promise<ReadonlySet<string>> {
  const snapshots = await readAll(await Promise.all(keys.map(recordDoc)))
  return new Set(keys.filter((_, index) => recordIn(snapshots[index])?.status === 'open'))
}

/** Open alerts that were not heard of for so long that they are over. */
export async function quietAlerts(limit: number): Promise<string[]> {
  const found = await readQuery((await collection('alerts')).where('quietAtMs', '<=', now()).orderBy('quietAtMs').limit(limit))
  return found.map((snapshot) => recordIn(snapshot)?.key ?? '')
}

export async function countOpenAlerts(): Promise<number> {
  return countOf((await collection('alerts')).where('status', '==', 'open'))
}

export interface AlertPage {
  readonly alerts: readonly AlertRecord[]
  readonly nextCursor: string | null
}

/** Open ones first, those heard of last first. */
export async function listAlertsOf(filter: { cursor?: string | undefined; limit: number }): Promise<AlertPage> {
  let query: Query = (await collection('alerts')).orderBy('status').orderBy('lastAtMs', 'desc').orderBy('__name__', 'desc')
  if (filter.cursor !== undefined) query = query.startAfter(...placeOf(filter.cursor))
  const found = await readQuery(query.limit(filter.limit + 1))
  const alerts = found.slice(0, filter.limit).map((snapshot) => recordIn(snapshot) as AlertRecord)
  const last = found.length > filter.limit ? found[filter.limit - 1] : undefined
  const record = recordIn(last)
  return { alerts, nextCursor: last === undefined || record === undefined ? null : cursorOf(record.lastAtMs, `${record.status}.${last.id}`) }
}

function placeOf(cursor: string): [status: string, lastAtMs: number, id: string] {
  const [atMs, name] = cursorParts(cursor)
  const [status = '', id = ''] = name.split('.')
  return [status, atMs, id]
}
