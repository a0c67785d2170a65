/**
 * Dead letters of both kinds on one list: vendor events that were not applied, and mails that were not sent (vendor `mail`).
 * What a person may do about them is the same: look, and put them back at the start of their schedule.
 */
import { putBack, type InboxRecord } from '#domain/inbox.ts'
import { putBackMail } from '#domain/mail-queue.ts'
import type { Mail } from '#domain/mail-record.ts'
import { refusedReplay, type RefusedReplay, type ReplayFilter } from '#domain/replay.ts'
import { cursorOf, cursorParts } from '#values/cursor.ts'
import { now } from '#platform/clock.ts'
import { collection, countOf, doc, readQuery, type Doc, type Query, type Snapshot, type Unit, type Writer } from '#platform/firestore.ts'
import { inboxQuery, nudgeAll, recordOf } from './inbox.ts'
import { changeMails, mailDoc, mailOf, nudgeMails } from './mails.ts'

/** No vendor of events is called so. */
const MAIL = 'mail'
const MAIL_ID = `${MAIL}-`

export interface DeadLetter {
  readonly id: string
  readonly vendor: string
  readonly eventId: string
  readonly type: string
  readonly attempts: number
  readonly lastError: string | null
  readonly firstSeenAtMs: number
}

/** What was put back: its workers are to be told. */
export interface PutBack {
  readonly events: readonly InboxRecord[]
  readonly mails: readonly Mail[]
}

export function letterDoc(id: string): Promise<Doc> {
  return id.startsWith(MAIL_ID) ? mailDoc(id.slice(MAIL_ID.length)) : doc('inbox', id)
}

function mailIn(snapshot: Snapshot): Mail | undefined {
  return snapshot.ref.parent.id === 'mails' ? mailOf(snapshot) : undefined
}

function letterIn(snapshot: Snapshot): DeadLetter {
  const mail = mailIn(snapshot)
  if (mail !== undefined) {
    const { id, template, attempts, lastError, createdAtMs } = mail
    return { id: `${MAIL_ID}${id}`, vendor: MAIL, eventId: id, type: template, attempts, lastError, firstSeenAtMs: createdAtMs }
  }
  const { vendor, id, type, attempts, lastError, receivedAtMs } = recordOf(snapshot) as InboxRecord
  return { id: snapshot.id, vendor, eventId: id, type, attempts, lastError, firstSeenAtMs: receivedAtMs }
}

/** Why it cannot be replayed; undefined when it can. @param id as it was asked for */
export function refusalOf(id: string, snapshot: Snapshot): RefusedReplay | undefined {
  return refusedReplay(id, mailIn(snapshot) ?? recordOf(snapshot))
}

/** Puts dead letters back on their schedule, in the caller's transaction, which has read them. */
export function putBackLetters(writer: Writer, outbox: Doc, snapshots: readonly Snapshot[], replayId: string): void {
  const events = snapshots.filter((snapshot) => mailIn(snapshot) === undefined)
  for (const snapshot of events) writer.update(snapshot.ref, { ...putBack(recordOf(snapshot) as InboxRecord, replayId, now()) })
  const mails = snapshots.flatMap((snapshot) => {
    const mail = mailIn(snapshot)
    return mail === undefined ? [] : [{ place: snapshot.ref, mail, change: putBackMail(mail, replayId, now()) }]
  })
  changeMails(writer, outbox, mails)
}

export function kindsOf(snapshots: readonly Snapshot[]): PutBack {
  const mails = snapshots.flatMap((snapshot) => mailIn(snapshot) ?? [])
  const events = snapshots.flatMap((snapshot) => (mailIn(snapshot) === undefined ? [recordOf(snapshot) as InboxRecord] : []))
  return { events, mails }
}

export async function nudgeLetters({ events, mails }: PutBack): Promise<void> {
  await nudgeAll(events)
  await nudgeMails(mails)
}

/** Those that have waited longest first. */
async function deadMails({ type, fromMs, toMs }: ReplayFilter): Promise<Query> {
  let query: Query = (await collection('mails')).where('status', '==', 'dead_letter')
  if (type !== undefined) query = query.where('template', '==', type)
  if (fromMs !== undefined) query = query.where('createdAtMs', '>=', fromMs)
  if (toMs !== undefined) query = query.where('createdAtMs', '<', toMs)
  return query.orderBy('createdAtMs').orderBy('__name__')
}

/** One query for each kind that a filter may find. */
function queriesOf(filter: ReplayFilter): Array<Promise<Query>> {
  const events = filter.vendor === MAIL ? [] : [inboxQuery({ ...filter, status: 'dead' })]
  const mails = filter.vendor === undefined || filter.vendor === MAIL ? [deadMails(filter)] : []
  return [...events, ...mails]
}

export async function countDeadBy(filter: ReplayFilter): Promise<number> {
  const counts = await Promise.all(queriesOf(filter).map(async (query) => countOf(await query)))
  return counts.reduce((sum, count) => sum + count, 0)
}

export interface DeadPage {
  readonly letters: readonly DeadLetter[]
  readonly nextCursor: string | null
}

/** Both kinds in one order: by when they were first seen. */
export async function listDead(filter: ReplayFilter & { cursor?: string | undefined; limit: number }): Promise<DeadPage> {
  const { cursor, limit } = filter
  const pages = await Promise.all(queriesOf(filter).map(async (made) => {
    const query = await made
    return readQuery((cursor === undefined ? query : query.startAfter(...cursorParts(cursor))).limit(limit + 1))
  }))
  const found = pages.flat().map((snapshot) => ({ name: snapshot.id, letter: letterIn(snapshot) })).sort(byAge)
  const page = found.slice(0, limit)
  const last = found.length > limit ? page.at(-1) : undefined
  return { letters: page.map(({ letter }) => letter), nextCursor: last === undefined ? null : cursorOf(last.letter.firstSeenAtMs, last.name) }
}

type Placed = { readonly name: string; readonly letter: DeadLetter }

function byAge(one: Placed, other: Placed): number {
  return one.letter.firstSeenAtMs - other.letter.firstSeenAtMs || (one.name < other.name ? -1 : 1)
}

export interface Walked {
  readonly snapshots: readonly Snapshot[]
  /** Where the next step begins. */
  readonly cursor: string | null
  readonly isLast: boolean
}

/**
 * One step of a walk through all that a filter finds, kind by kind.
 * @param cursor null: from the beginning
 */
export async function walkOn(unit: Unit, filter: ReplayFilter, cursor: string | null, stepSize: number): Promise<Walked> {
  const queries = queriesOf(filter)
  const [from = '0', place = ''] = (cursor ?? '0:').split(':')
  const snapshots: Snapshot[] = []
  for (let kind = Number(from); kind < queries.length; kind += 1) {
    const query = (await queries[kind]) as Query
    const rest = kind === Number(from) && place !== '' ? query.startAfter(...cursorParts(place)) : query
    snapshots.push(...(await unit.query(rest.limit(stepSize - snapshots.length))))
    const last = snapshots.at(-1)
    if (last !== undefined && snapshots.length === stepSize) return { snapshots, cursor: `${kind}:${cursorOf(letterIn(last).firstSeenAtMs, last.id)}`, isLast: false }
  }
  return { snapshots, cursor: null, isLast: true }
}
