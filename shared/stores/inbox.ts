/**
 * The inbox: every vendor event we were sent, stored before it was acknowledged, applied by a worker.
 *
 * The event's id is the key: the same event twice is one record. An event that is not done is kept until it is; one that
 * is done is remembered for longer than any vendor sends it again.
 */
import { z } from 'zod'
import { dueAgain, failedTry, KEPT_MS, newRecord, type InboxChange, type InboxRecord } from '#domain/inbox.ts'
import type { VendorMessage } from '#domain/vendor-message.ts'
import { Failure } from '#values/failure.ts'
import { ID } from '#values/ids.ts'
import { now } from '#platform/clock.ts'
import { jitter, pause } from '#platform/deadline.ts'
import {
  collection, commit, countOf, doc, transact, type Doc, type Query, type Snapshot, type Writer,
} from '#platform/firestore.ts'
import { log } from '#platform/log.ts'
import { publish } from '#platform/pubsub.ts'
import { redactText } from '#platform/redact.ts'
import { dueRecords } from './due.ts'
import { digest } from './operations.ts'
import { readPage, type PageWish } from './pages.ts'

const ID_LENGTH_MAX = 500
/** Then the next minute's sweep goes on. */
const TAKES_MAX = 5
/** A document holds a MiB: a fuller one could not be given its next state, and would stop the sweep for all. */
const PAYLOAD_BYTES_MAX = 900_000

export function inboxTopic(vendor: string): string {
  return `inbox-${vendor}`
}

/** Vendors' ids are their own: one that could not name a document, or would name another's, is hashed. */
export function inboxDoc(vendor: string, eventId: string): Promise<Doc> {
  const plain = `${vendor}-${eventId}`
  return doc('inbox', ID.test(eventId) && ID.test(plain) ? plain : `${vendor}-@${digest([eventId])}`)
}

export function recordOf(snapshot: Snapshot): InboxRecord | undefined {
  return snapshot.data() as InboxRecord | undefined
}

export async function storeEvent(vendor: string, event: VendorMessage, status: 'pending' | 'applied'): Promise<'new' | 'known'> {
  if (Buffer.byteLength(event.payload) > PAYLOAD_BYTES_MAX) throw new Failure('PAYLOAD_TOO_LARGE')
  const kept = asKept(event)
  const place = await inboxDoc(vendor, kept.id)
  const record = newRecord(vendor, kept, status, now())
  const { done } = await commit((writer) => writer.create(place, { ...record, ...(status === 'applied' ? remembered() : {}) }))
  return done ? 'new' : 'known'
}

/** An event without an id is told by what it says; nothing of an event is too odd to be kept. */
function asKept(event: VendorMessage): VendorMessage {
  const [id, type] = [event.id, event.type].map((text: unknown) => (typeof text === 'string' ? text : '')) as [string, string]
  if (id === '') return { ...event, type, id: `@${digest([event.payload])}` }
  return { ...event, type, id: id.length > ID_LENGTH_MAX ? `${id.slice(0, 100)}@${digest([id])}` : id }
}

function remembered(): { expireAt: Date } {
  return { expireAt: new Date(now() + KEPT_MS) }
}

/** The record if the event is still to be applied. */
export function pendingRecord(snapshot: Snapshot): InboxRecord | undefined {
  const record = recordOf(snapshot)
  return record?.status === 'pending' ? record : undefined
}

/** To be written in the same commit as the event's effect. */
export function markApplied(writer: Writer, place: Doc, status: 'applied' | 'ignored'): void {
  writer.update(place, { status, nextAtMs: null, appliedAtMs: now(), ...remembered() })
}

/** An event that is about nothing of ours. */
export async function markIgnored(place: Doc): Promise<void> {
  await close(place, 'ignored')
}

/** An event whose effect was committed before, and would be the same again. */
export async function markDone(place: Doc): Promise<void> {
  await close(place, 'applied')
}

async function close(place: Doc, status: 'applied' | 'ignored'): Promise<void> {
  await transact(async (unit) => {
    if (pendingRecord(await unit.get(place)) !== undefined) markApplied(unit, place, status)
  })
}

export function change(writer: Writer, place: Doc, changed: InboxChange): void {
  writer.update(place, { ...changed })
}

/**
 * Puts a failed event back on its schedule, or makes it a dead letter.
 * @param attempt which try it was, as the nudge said: one that was counted already is not counted again
 */
export async function putOff(place: Doc, error: unknown, attempt?: number): Promise<void> {
  const lastError = reasonOf(error)
  await transact(async (unit) => {
    const record = pendingRecord(await unit.get(place))
    if (record === undefined || (attempt !== undefined && attempt !== record.attempts)) return
    change(unit, place, failedTry(record, lastError, now()))
  })
}

/** For staff. What the parser of JSON says quotes the payload. */
function reasonOf(error: unknown): string {
  if (error instanceof SyntaxError) return 'The payload is not JSON.'
  const text = error instanceof Failure ? (error.reason ?? error.message) : error instanceof Error ? error.message : String(error)
  return redactText(text).slice(0, 500)
}

/** What a nudge says: enough to find the record and its order in one read, and which try it asks for. */
export const inboxNudge = z.object({
  eventId: z.string(), subject: z.string().nullable(), type: z.string(), attempt: z.number().int().optional(),
})

type Nudged = VendorMessage & Partial<Pick<InboxRecord, 'attempts'>>

/** Tells the worker of events that are safe in the inbox. If it fails, the sweep follows. */
export async function nudgeInbox(vendor: string, events: readonly Nudged[]): Promise<void> {
  try {
    await publish(inboxTopic(vendor), events.map((event) => {
      const { id, subject, type } = asKept(event)
      // By its type a worker of its own can subscribe to it.
      return { attributes: { vendor, type: type.slice(0, 100) }, data: { eventId: id, subject, type, attempt: event.attempts ?? 0 } }
    }))
  } catch (error) {
    log.warn('nudge failed, the sweep will follow', { vendor, why: String(error) })
  }
}

/** The same for events of several vendors. */
export async function nudgeAll(records: readonly InboxRecord[]): Promise<void> {
  for (const [vendor, events] of Map.groupBy(records, (record) => record.vendor)) await nudgeInbox(vendor, events)
}

export interface Due {
  /** To be nudged now. */
  readonly records: readonly InboxRecord[]
  /** Those whose workers have not answered: counted as a failed try. */
  readonly unanswered: number
}

/**
 * Takes events whose time has come, the longest waiting first, and gives their workers time to answer. No lock is held:
 * if one of them has moved since it was read (another sweep, a late worker), all are looked at again.
 */
export async function takeDue(limit: number): Promise<Due> {
  for (let attempt = 0; attempt < TAKES_MAX; attempt += 1) {
    const found = (await dueRecords('inbox', limit)).map((snapshot) => {
      const record = recordOf(snapshot) as InboxRecord
      return { snapshot, record, changed: dueAgain(record, now()) }
    })
    const unanswered = found.filter(({ changed }) => changed.attempts !== undefined)
    const records = found.filter((one) => !unanswered.includes(one)).map(({ record }) => record)
    if (found.length === 0) return { records, unanswered: 0 }
    const taken = await commit((writer) => {
      for (const { snapshot, changed } of found) writer.update(snapshot.ref, { ...changed }, unmoved(snapshot))
    })
    if (taken.done) return { records, unanswered: unanswered.length }
    await pause(jitter(attempt))
  }
  return { records: [], unanswered: 0 }
}

function unmoved(snapshot: Snapshot): { lastUpdateTime: NonNullable<Snapshot['updateTime']> } | undefined {
  return snapshot.updateTime === undefined ? undefined : { lastUpdateTime: snapshot.updateTime }
}

export interface InboxFilter {
  readonly status: InboxRecord['status']
  readonly vendor?: string | undefined
  readonly type?: string | undefined
  /** First seen at this moment or later. */
  readonly fromMs?: number | undefined
  /** First seen before this moment. */
  readonly toMs?: number | undefined
}

/** Those that have waited longest first. */
export async function inboxQuery({ status, vendor, type, fromMs, toMs }: InboxFilter): Promise<Query> {
  let query: Query = (await collection('inbox')).where('status', '==', status)
  if (vendor !== undefined) query = query.where('vendor', '==', vendor)
  if (type !== undefined) query = query.where('type', '==', type)
  if (fromMs !== undefined) query = query.where('receivedAtMs', '>=', fromMs)
  if (toMs !== undefined) query = query.where('receivedAtMs', '<', toMs)
  return query.orderBy('receivedAtMs').orderBy('__name__')
}

export interface InboxPage {
  readonly found: ReadonlyArray<{ readonly id: string; readonly record: InboxRecord }>
  readonly nextCursor: string | null
}

export async function listInbox(filter: InboxFilter & PageWish): Promise<InboxPage> {
  const { found, nextCursor } = await readPage(await inboxQuery(filter), 'receivedAtMs', filter)
  return { found: found.map((snapshot) => ({ id: snapshot.id, record: recordOf(snapshot) as InboxRecord })), nextCursor }
}

/** Dead letters that wait for a person. */
export async function countDead(): Promise<number> {
  return countOf(await inboxQuery({ status: 'dead' }))
}
