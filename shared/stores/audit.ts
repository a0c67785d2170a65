/**
 * The audit trail on its way to being sealed. An event waits in the outbox; when its row is in the warehouse, the entry
 * is deleted and the event's leaf (id and hash) is kept, in one transaction: each event is counted once, and nothing of
 * it is paid for by the call that wrote it.
 *
 * One document (`audit_chain/head`) says which is the first day that takes events. Whoever keeps leaves reads it in his
 * transaction, whoever closes a day writes it: so no leaf can come to a day that is being sealed. An event that arrives
 * after its day was closed is sealed with the first open day, and says for which day it was late.
 */
import {
  dayAfter, dayOf, keyIdOf, lateAlert, leafOf, ordered, sealOf, signedText, startOf, type KeptSeal, type Leaf,
} from '#domain/audit-seal.ts'
import { sealRow } from '#domain/rows.ts'
import { pathOf } from '#domain/warehouse-rows.ts'
import { newId } from '#values/ids.ts'
import { MINUTE_MS } from '#values/time.ts'
import { now } from '#platform/clock.ts'
import { collection, doc, readOne, readQuery, transact, type Data, type Doc, type Query, type Snapshot, type Unit } from '#platform/firestore.ts'
import { sealKey } from '#platform/signing-keys.ts'
import { alertPlace, raiseAlert } from './alerts.ts'
import { addRows, outboxDoc, rowsOf, type OutboxEntry } from './outbox.ts'
import { receiptsFor } from './receipts.ts'
import { refusedName } from './refused-rows.ts'

interface Head {
  /** The first day that takes events. */
  readonly open: string
  /** The first day without a seal: at most `open`. */
  readonly next: string
  /** Hash of the last seal. */
  readonly previous: string | null
}

/** How long after its end a day is left open: longer than any call that began in it may still write. */
const GRACE_MS = 15 * MINUTE_MS
/** Leaves in one document: a fifth of what it may hold. */
const LEAVES_MAX = 1_000
const PAGE = 50
/** More than there are rotations in seven years. */
const KEYS_MAX = 200

function headDoc(): Promise<Doc> {
  return doc('audit_chain', 'head')
}

function headOf(snapshot: Snapshot): Head | undefined {
  return snapshot.data() as Head | undefined
}

/**
 * Takes entries whose rows are in the warehouse out of the outbox, keeps receipts for them and the leaves of their audit events.
 * @param refused names of rows that the warehouse did not take: there is no receipt for them
 * @returns how many events came after their day was closed
 */
export async function fileEntries(entries: ReadonlyArray<OutboxEntry<Data>>, refused: ReadonlySet<string>): Promise<number> {
  const places = entries.map((entry) => entry.doc)
  const head = await headDoc()
  return transact(async (unit) => {
    const [chain, ...found] = (await unit.getAll(head, ...places)) as [Snapshot, ...Snapshot[]]
    // What is gone was filed by another run.
    const present = found.filter((snapshot) => snapshot.exists)
    const events = present.flatMap((snapshot) => eventsIn(snapshot.data() as Data))
    const taken = present.flatMap((snapshot) => rowsOf(snapshot.data() as Data)).filter((row) => !refused.has(refusedName(pathOf(row), row.insertId)))
    const keepReceipts = await receiptsFor(taken)
    keepReceipts(unit)
    for (const snapshot of present) unit.delete(snapshot.ref)
    const open = headOf(chain)?.open ?? earliest(events)
    if (!chain.exists && events.length > 0) unit.create(head, { open, next: open, previous: null } satisfies Head)
    const late = await keepLeaves(unit, events, open)
    if (late.length > 0) raiseAlert(unit, await alertPlace(), lateAlert(late))
    return late.length
  })
}

function eventsIn(payload: Data): Array<Record<string, unknown>> {
  return rowsOf(payload).filter(({ dataset, table }) => dataset === 'audit' && table === 'events_log').map(({ json }) => json)
}

function earliest(events: ReadonlyArray<Record<string, unknown>>): string {
  return events.map(datedOn).reduce((first, day) => (day < first ? day : first), dayOf(now()))
}

function datedOn(event: Record<string, unknown>): string {
  const dated = String(event['created_at'])
  return /^\d{4}-\d{2}-\d{2}T/.test(dated) ? dated.slice(0, 10) : dayOf(now())
}

async function keepLeaves(unit: Unit, events: ReadonlyArray<Record<string, unknown>>, open: string): Promise<Leaf[]> {
  const byDay = Map.groupBy(events, (event) => (datedOn(event) < open ? open : datedOn(event)))
  const late: Leaf[] = []
  for (const [day, some] of byDay) {
    const leaves = some.map((event) => leafOf(event, open))
    late.push(...leaves.filter(({ lateFor }) => lateFor !== null))
    for (let from = 0; from < leaves.length; from += LEAVES_MAX) {
      unit.create(await doc('audit_leaves', newId('lvs')), { day, leaves: leaves.slice(from, from + LEAVES_MAX).map(leafText) })
    }
  }
  return late
}

/** Short, because there is one for every event of seven years. */
function leafText({ id, hash, lateFor }: Leaf): string {
  return lateFor === null ? `${hash} ${id}` : `${hash} ${id} ${lateFor}`
}

function leafIn(text: string): Leaf {
  const [hash = '', id = '', lateFor = null] = text.split(' ')
  return { id, hash, lateFor }
}

/** The leaves of a day in the order of its tree. */
export async function leavesOf(day: string): Promise<Leaf[]> {
  const leaves: Leaf[] = []
  let after: string | undefined
  for (;;) {
    let query: Query = (await collection('audit_leaves')).where('day', '==', day).orderBy('__name__')
    if (after !== undefined) query = query.startAfter(after)
    const page = await readQuery(query.limit(PAGE))
    for (const snapshot of page) leaves.push(...(snapshot.get('leaves') as string[]).map(leafIn))
    if (page.length < PAGE) return ordered(leaves)
    after = page.at(-1)?.id
  }
}

/** The next day to be sealed, if it is over; undefined when nothing is due. */
export async function dayToSeal(): Promise<string | undefined> {
  const next = headOf(await readOne(await headDoc()))?.next
  return next !== undefined && startOf(dayAfter(next)) + GRACE_MS <= now() ? next : undefined
}

/** Ends a day: no event comes to it any more. False while facts of that day still wait for the warehouse. */
export async function closeDay(day: string): Promise<boolean> {
  const outbox = await collection('outbox')
  const waiting = await readQuery(outbox.where('topic', '==', 'warehouse').where('createdAtMs', '<', startOf(dayAfter(day))).limit(1))
  if (waiting.length > 0) return false
  const head = await headDoc()
  await transact(async (unit) => {
    const known = headOf(await unit.get(head))
    if (known !== undefined && known.open <= day) unit.update(head, { open: dayAfter(day) })
  })
  return true
}

/** Seals and signs a day that is closed. Undefined when somebody else has sealed it. */
export async function sealDay(day: string): Promise<KeptSeal | undefined> {
  const head = await headDoc()
  const known = headOf(await readOne(head))
  if (known?.next !== day) return undefined
  const [{ publicKey, sign }, unsigned] = [sealKey(), sealOf(day, await leavesOf(day), known.previous)]
  const seal = { ...unsigned, keyId: keyIdOf(publicKey), signature: sign(signedText(unsigned)), sealedAtMs: now() }
  const [place, key, rows] = [await doc('audit_seals', day), await doc('audit_keys', seal.keyId), await outboxDoc()]
  return transact(async (unit) => {
    const [chain, kept] = (await unit.getAll(head, key)) as [Snapshot, Snapshot]
    if (headOf(chain)?.next !== day) return undefined
    unit.create(place, { ...seal })
    unit.update(head, { next: dayAfter(day), previous: seal.hash })
    if (!kept.exists) unit.create(key, { publicKey, sinceMs: seal.sealedAtMs })
    addRows(unit, rows, [sealRow(seal)])
    return seal
  })
}

/** A public key that seals are signed with, since when. */
export interface KeptKey {
  readonly id: string
  readonly publicKey: string
  readonly sinceMs: number
}

/** Public keys of all seals, the first one first. */
export async function listSealKeys(): Promise<KeptKey[]> {
  const found = await readQuery((await collection('audit_keys')).orderBy('sinceMs').limit(KEYS_MAX))
  return found.map((snapshot) => ({ id: snapshot.id, ...(snapshot.data() as Omit<KeptKey, 'id'>) }))
}

/** Seals, the newest first; those before a day, if one is named. */
export async function listSeals(filter: { before?: string | undefined; limit: number }): Promise<KeptSeal[]> {
  let query: Query = (await collection('audit_seals')).orderBy('day', 'desc')
  if (filter.before !== undefined) query = query.startAfter(filter.before)
  return (await readQuery(query.limit(filter.limit))).map((snapshot) => snapshot.data() as unknown as KeptSeal)
}
