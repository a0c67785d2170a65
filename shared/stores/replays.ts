/**
 * Replays: what a person asked to be tried again, and how far it has come. Each batch is one transaction: the dead
 * letters that go back on the schedule, what was refused, and the count, so that whoever continues a replay whose runner
 * died (or two who do so at once) repeats nothing.
 */
import { putBack, type InboxRecord } from '#domain/inbox.ts'
import {
  acceptedRow, afterBatch, finishedRow, newReplay, REPLAY_BATCH, REPLAY_KEPT_MS, refusedReplay, type RefusedReplay, type Replay,
  type ReplayWish,
} from '#domain/replay.ts'
import type { WarehouseRow } from '#domain/rows.ts'
import { cursorOf, cursorParts } from '#values/cursor.ts'
import { now } from '#platform/clock.ts'
import {
  collection, countOf, doc, readAll, readOne, readQuery, transact, type Data, type Doc, type Query, type Snapshot, type Unit,
} from '#platform/firestore.ts'
import { log } from '#platform/log.ts'
import { publish } from '#platform/pubsub.ts'
import { change, inboxQuery, recordOf } from './inbox.ts'
import { addRows, outboxDoc } from './outbox.ts'

export const REPLAY_TOPIC = 'replay-accepted'

export interface Worked {
  readonly replay: Replay
  /** What is on the schedule again: its workers are to be told. */
  readonly records: readonly InboxRecord[]
  readonly refused: readonly RefusedReplay[]
}

function replayOf(snapshot: Snapshot): Replay | undefined {
  return snapshot.data() as Replay | undefined
}

export async function readReplay(replayId: string): Promise<Replay | undefined> {
  return replayOf(await readOne(await doc('replays', replayId)))
}

function batchDoc(replayId: string, batch: number): Promise<Doc> {
  return doc('replay_batches', `${replayId}-${batch}`)
}

/**
 * Takes a replay on, with its first batch, in the caller's transaction. Safe to run again: what is there stands.
 * @param ids the events that were named, each once; undefined for a filter
 */
export async function acceptReplay(unit: Unit, wish: ReplayWish, ids?: readonly string[]): Promise<Worked & { isNew: boolean }> {
  const place = await doc('replays', wish.id)
  const known = replayOf(await unit.get(place))
  if (known !== undefined) return { replay: known, records: [], refused: await refusedAtFirst(unit, known), isNew: false }
  const [first, ...later] = ids === undefined ? [] : batchesOf(ids)
  const batch = await readBatch(unit, newReplay(wish, now()), first)
  writeBatch(unit, batch)
  for (const [n, named] of later.entries()) unit.create(await batchDoc(wish.id, n + 1), { replayId: wish.id, n: n + 1, ids: named })
  unit.create(place, replayData(batch.replay))
  addRows(unit, await outboxDoc(), [acceptedRow(batch.replay), ...lastRow(batch.replay)])
  return { ...batch, isNew: true }
}

function batchesOf(ids: readonly string[]): string[][] {
  const count = Math.ceil(ids.length / REPLAY_BATCH)
  return Array.from({ length: count }, (_, n) => ids.slice(n * REPLAY_BATCH, (n + 1) * REPLAY_BATCH))
}

/** What the answer of a replay that is known already says it refused. */
async function refusedAtFirst(unit: Unit, { id, filter }: Replay): Promise<readonly RefusedReplay[]> {
  return filter === null ? ((await unit.get(await batchDoc(id, 0))).get('refused') as RefusedReplay[]) : []
}

/** Works at the next batch of a replay; undefined when there is none such. */
export async function workReplay(replayId: string): Promise<Worked | undefined> {
  const place = await doc('replays', replayId)
  return transact(async (unit) => {
    const replay = replayOf(await unit.get(place))
    if (replay === undefined) return undefined
    if (replay.state === 'done') return { replay, records: [], refused: [] }
    const batch = await readBatch(unit, replay, await namedIn(unit, replay))
    writeBatch(unit, batch)
    unit.set(place, replayData(batch.replay))
    const rows = lastRow(batch.replay)
    if (rows.length > 0) addRows(unit, await outboxDoc(), rows)
    return batch
  })
}

async function namedIn(unit: Unit, { id, filter, batches }: Replay): Promise<readonly string[] | undefined> {
  return filter === null ? ((await unit.get(await batchDoc(id, batches))).get('ids') as string[]) : undefined
}

function lastRow(replay: Replay): WarehouseRow[] {
  return replay.state === 'done' ? [finishedRow(replay)] : []
}

interface Batch extends Worked {
  readonly dead: readonly Snapshot[]
  /** Where a batch of named events keeps what it refused. */
  readonly place: Doc | undefined
}

/** Reads the next batch and says what becomes of it and of the replay; writes nothing. */
async function readBatch(unit: Unit, before: Replay, ids: readonly string[] | undefined): Promise<Batch> {
  const snapshots = ids === undefined ? await unit.query(await nextDead(before)) : await unit.getAll(...(await docsOf(ids)))
  const refused = snapshots.flatMap((snapshot) => refusedReplay(snapshot.id, recordOf(snapshot)) ?? [])
  const dead = snapshots.filter((snapshot) => recordOf(snapshot)?.status === 'dead')
  const records = dead.map((snapshot) => recordOf(snapshot) as InboxRecord)
  const counted = { replayed: dead.length, refused: refused.length }
  const goesOn = ids === undefined
    ? { cursor: cursorAfter(snapshots.at(-1)) ?? before.cursor, isLast: snapshots.length < REPLAY_BATCH }
    : { cursor: null, isLast: (before.batches + 1) * REPLAY_BATCH >= before.accepted }
  const replay = afterBatch(before, { ...counted, ...goesOn }, now())
  return { replay, records, refused, dead, place: ids === undefined ? undefined : await batchDoc(before.id, before.batches) }
}

function cursorAfter(last: Snapshot | undefined): string | undefined {
  return last === undefined ? undefined : cursorOf(recordOf(last)?.receivedAtMs ?? 0, last.id)
}

function writeBatch(unit: Unit, { replay, dead, refused, place }: Batch): void {
  for (const snapshot of dead) change(unit, snapshot.ref, putBack(recordOf(snapshot) as InboxRecord, replay.id, now()))
  if (place === undefined) return
  const told = refused.map(({ id, reason }) => ({ id, reason }))
  const expireAt = new Date(now() + REPLAY_KEPT_MS)
  unit.set(place, { replayId: replay.id, n: replay.batches - 1, refused: told, hasRefused: told.length > 0, expireAt })
}

/** Events that come while a replay runs are not meant by it. */
async function nextDead({ filter, cursor, createdAtMs }: Replay): Promise<Query> {
  const toMs = Math.min(filter?.toMs ?? Infinity, createdAtMs + 1)
  const query = await inboxQuery({ ...filter, toMs, status: 'dead' })
  return (cursor === null ? query : query.startAfter(...cursorParts(cursor))).limit(REPLAY_BATCH)
}

function docsOf(ids: readonly string[]): Promise<Doc[]> {
  return Promise.all(ids.map((id) => doc('inbox', id)))
}

function replayData(replay: Replay): Data {
  const ends = replay.finishedAtMs === null ? {} : { expireAt: new Date(replay.finishedAtMs + REPLAY_KEPT_MS) }
  return { ...replay, filter: replay.filter === null ? null : { ...replay.filter }, ...ends }
}

/** Tells the worker of a replay that is not done. If it fails, the sweep follows. */
export async function nudgeReplay(replayId: string): Promise<void> {
  try {
    await publish(REPLAY_TOPIC, [{ attributes: {}, data: { replayId } }])
  } catch (error) {
    log.warn('nudge failed, the sweep will follow', { replayId, why: String(error) })
  }
}

/** Dead letters that a filter finds now. */
export async function countDeadBy(filter: NonNullable<ReplayWish['filter']>): Promise<number> {
  return countOf(await inboxQuery({ ...filter, status: 'dead' }))
}

/** What a replay of named events would refuse; changes nothing. */
export async function wouldRefuse(ids: readonly string[]): Promise<RefusedReplay[]> {
  const refused: RefusedReplay[] = []
  for (let from = 0; from < ids.length; from += REPLAY_BATCH) {
    for (const snapshot of await readAll(await docsOf(ids.slice(from, from + REPLAY_BATCH)))) {
      const refusal = refusedReplay(snapshot.id, recordOf(snapshot))
      if (refusal !== undefined) refused.push(refusal)
    }
  }
  return refused
}

export interface RefusedPage {
  readonly refused: readonly RefusedReplay[]
  readonly nextCursor: string | null
}

/** What a replay has refused, a batch at a time. */
export async function listRefused(replayId: string, cursor: string | undefined): Promise<RefusedPage> {
  const batches = await collection('replay_batches')
  const found = batches.where('replayId', '==', replayId).where('hasRefused', '==', true).orderBy('n')
  const [page, next] = await readQuery((cursor === undefined ? found : found.startAfter(Number(cursor))).limit(2))
  const refused = (page?.get('refused') ?? []) as RefusedReplay[]
  return { refused, nextCursor: next === undefined ? null : String(page?.get('n')) }
}
