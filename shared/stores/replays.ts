/**
 * Replays: what a person asked to be tried again, and how far it has come. Each batch is one transaction: the dead
 * letters that go back on the schedule, what was refused, and the count, so that whoever continues a replay whose runner
 * died (or two who do so at once) repeats nothing.
 */
import {
  acceptedRow, afterBatch, finishedRow, newReplay, REPLAY_BATCH, REPLAY_KEPT_MS, type RefusedReplay, type Replay, type ReplayWish,
} from '#domain/replay.ts'
import type { WarehouseRow } from '#domain/rows.ts'
import { now } from '#platform/clock.ts'
import { collection, doc, readAll, readOne, readQuery, transact, type Data, type Doc, type Snapshot, type Unit } from '#platform/firestore.ts'
import { log } from '#platform/log.ts'
import { publish } from '#platform/pubsub.ts'
import { kindsOf, letterDoc, putBackLetters, refusalOf, walkOn, type PutBack, type Walked } from './dead-letters.ts'
import { addRows, outboxDoc } from './outbox.ts'

export const REPLAY_TOPIC = 'replay-accepted'

export interface Worked {
  readonly replay: Replay
  /** What is on the schedule again: its workers are to be told. */
  readonly putBack: PutBack
  readonly refused: readonly RefusedReplay[]
}

const NOTHING: PutBack = { events: [], mails: [] }

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
  if (known !== undefined) return { replay: known, putBack: NOTHING, refused: await refusedAtFirst(unit, known), isNew: false }
  const [first, ...later] = ids === undefined ? [] : batchesOf(ids)
  const batch = await readBatch(unit, newReplay(wish, now()), first)
  writeBatch(unit, await outboxDoc(), batch)
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
    if (replay.state === 'done') return { replay, putBack: NOTHING, refused: [] }
    const batch = await readBatch(unit, replay, await namedIn(unit, replay))
    writeBatch(unit, await outboxDoc(), batch)
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
  const { snapshots, cursor, isLast } = ids === undefined ? await nextDead(unit, before) : await namedOnes(unit, before, ids)
  const refused = snapshots.flatMap((snapshot, place) => refusalOf(ids?.[place] ?? snapshot.id, snapshot) ?? [])
  const dead = snapshots.filter((snapshot) => refusalOf(snapshot.id, snapshot) === undefined)
  const replay = afterBatch(before, { replayed: dead.length, refused: refused.length, cursor, isLast }, now())
  return { replay, putBack: kindsOf(dead), refused, dead, place: ids === undefined ? undefined : await batchDoc(before.id, before.batches) }
}

async function namedOnes(unit: Unit, { batches, accepted }: Replay, ids: readonly string[]): Promise<Walked> {
  const snapshots = await unit.getAll(...(await Promise.all(ids.map(letterDoc))))
  return { snapshots, cursor: null, isLast: (batches + 1) * REPLAY_BATCH >= accepted }
}

/** What dies while a replay runs is not meant by it. */
function nextDead(unit: Unit, { filter, cursor, createdAtMs }: Replay): Promise<Walked> {
  const toMs = Math.min(filter?.toMs ?? Infinity, createdAtMs + 1)
  return walkOn(unit, { ...filter, toMs }, cursor, REPLAY_BATCH)
}

function writeBatch(unit: Unit, outbox: Doc, { replay, dead, refused, place }: Batch): void {
  putBackLetters(unit, outbox, dead, replay.id)
  if (place === undefined) return
  const told = refused.map(({ id, reason }) => ({ id, reason }))
  const expireAt = new Date(now() + REPLAY_KEPT_MS)
  unit.set(place, { replayId: replay.id, n: replay.batches - 1, refused: told, hasRefused: told.length > 0, expireAt })
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

/** What a replay of named events would refuse; changes nothing. */
export async function wouldRefuse(ids: readonly string[]): Promise<RefusedReplay[]> {
  const refused: RefusedReplay[] = []
  for (let from = 0; from < ids.length; from += REPLAY_BATCH) {
    const some = ids.slice(from, from + REPLAY_BATCH)
    const snapshots = await readAll(await Promise.all(some.map(letterDoc)))
    refused.push(...snapshots.flatMap((snapshot, place) => refusalOf(some[place] ?? snapshot.id, snapshot) ?? []))
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
