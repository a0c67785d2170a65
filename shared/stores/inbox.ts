/**
 * The inbox: every vendor event we were sent, stored before it was acknowledged, applied by a worker.
 *
 * The event's id is the key: the same event twice is one record. A record outlives every replay a vendor can make.
 */
import { z } from 'zod'
import type { VendorMessage } from '#domain/vendor-message.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '#values/time.ts'
import { now } from '#platform/clock.ts'
import { commit, doc, timestamp, transact, type Doc, type Snapshot, type Writer } from '#platform/firestore.ts'
import { log } from '#platform/log.ts'
import { publish } from '#platform/pubsub.ts'
import { redactText } from '#platform/redact.ts'

export interface InboxRecord extends VendorMessage {
  readonly vendor: string
  readonly status: 'pending' | 'applied' | 'ignored' | 'dead'
  readonly attempts: number
  readonly receivedAtMs: number
  /** When the sweep nudges it again; null when it is done or dead. */
  readonly nextAtMs: number | null
  readonly lastError: string | null
}

/** Waits after each failed try; after the last one the event is a dead letter. */
const RETRY_MS = [MINUTE_MS, 5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, 24 * HOUR_MS]
const KEPT_MS = 45 * DAY_MS
const SWEEP_AFTER_MS = MINUTE_MS

export function inboxTopic(vendor: string): string {
  return `inbox-${vendor}`
}

export function inboxDoc(vendor: string, eventId: string): Promise<Doc> {
  return doc('inbox', `${vendor}-${eventId.replaceAll('/', '_')}`)
}

export async function storeEvent(vendor: string, event: VendorMessage, status: 'pending' | 'applied'): Promise<'new' | 'known'> {
  const place = await inboxDoc(vendor, event.id)
  const expireAt = await timestamp(now() + KEPT_MS)
  const record: InboxRecord = {
    ...event, vendor, status, attempts: 0, receivedAtMs: now(), nextAtMs: status === 'pending' ? now() + SWEEP_AFTER_MS : null, lastError: null,
  }
  const { done } = await commit((writer) => writer.create(place, { ...record, expireAt }))
  return done ? 'new' : 'known'
}

/** The record if the event is still to be applied. */
export function pendingRecord(snapshot: Snapshot): InboxRecord | undefined {
  const record = snapshot.data() as InboxRecord | undefined
  return record?.status === 'pending' ? record : undefined
}

/** To be written in the same commit as the event's effect. */
export function markApplied(writer: Writer, place: Doc, status: 'applied' | 'ignored'): void {
  writer.update(place, { status, nextAtMs: null, appliedAtMs: now() })
}

/** An event that is about nothing of ours. */
export async function markIgnored(place: Doc): Promise<void> {
  await commit((writer) => markApplied(writer, place, 'ignored'))
}

/** Puts a failed event back on its schedule, or makes it a dead letter. */
export async function putOff(place: Doc, error: unknown): Promise<void> {
  const lastError = redactText(error instanceof Error ? error.message : String(error)).slice(0, 500)
  await transact(async (unit) => {
    const record = pendingRecord(await unit.get(place))
    if (record === undefined) return
    const waitMs = RETRY_MS[record.attempts]
    const next = waitMs === undefined ? { status: 'dead', nextAtMs: null } : { nextAtMs: now() + waitMs }
    unit.update(place, { ...next, attempts: record.attempts + 1, lastError })
  })
}

/** What a nudge says: enough to find the record and its order in one read. */
export const inboxNudge = z.object({ eventId: z.string(), subject: z.string().nullable(), type: z.string() })

/** Tells the worker of events that are safe in the inbox. If it fails, the sweep follows. */
export async function nudgeInbox(vendor: string, events: readonly VendorMessage[]): Promise<void> {
  try {
    await publish(inboxTopic(vendor), events.map(({ id, subject, type }) => ({ attributes: { vendor }, data: { eventId: id, subject, type } })))
  } catch (error) {
    log.warn('nudge failed, the sweep will follow', { vendor, why: String(error) })
  }
}
