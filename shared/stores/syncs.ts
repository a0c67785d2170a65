/**
 * Where each sync stands and what its runs did. Progress is written only by the run that holds the lease, in one commit
 * with the run's record: whatever a dead run has counted was handed over, and nothing that it handed over is lost.
 */
import {
  caughtUpAt, NO_COUNTS, RUNS_KEPT_MS, taken, watermarkOf, type Sync, type SyncCounts, type SyncMode, type SyncRun, type SyncState,
} from '#domain/sync-run.ts'
import type { Walk } from '#domain/walk.ts'
import { Failure } from '#values/failure.ts'
import { newId } from '#values/ids.ts'
import { now } from '#platform/clock.ts'
import { collection, commit, doc, readOne, readQuery, revise, transact, type Data, type Doc, type Snapshot, type Unit } from '#platform/firestore.ts'

/** More syncs than the shop will ever have. */
const SYNCS_MAX = 50

function syncDoc(job: string): Promise<Doc> {
  return doc('syncs', job)
}

function runDoc(runId: string): Promise<Doc> {
  return doc('sync_runs', runId)
}

function syncOf(snapshot: Snapshot): Sync | undefined {
  return snapshot.data() as Sync | undefined
}

export interface Begun {
  readonly run: SyncRun
  readonly sync: Sync
}

/** Takes the lease of a sync; undefined when another run has it. One whose lease ended without a word is on record as dead. */
export async function beginRun(job: string, mode: SyncMode): Promise<Begun | undefined> {
  const run: SyncRun = { id: newId('run'), job, mode, state: 'running', startedAtMs: now(), endedAtMs: null, watermarkMs: null, error: null, ...NO_COUNTS }
  const place = await syncDoc(job)
  return transact(async (unit) => {
    const before = syncOf(await unit.get(place))
    const sync = taken(before, run)
    if (sync === undefined) return undefined
    const dead = before?.lease?.runId
    if (dead !== undefined && dead !== run.id) await bury(unit, dead)
    const watermarkMs = watermarkOf(sync.walks)
    unit.set(place, syncData(sync))
    unit.set(await runDoc(run.id), runData({ ...run, watermarkMs }))
    return { run: { ...run, watermarkMs }, sync }
  })
}

async function bury(unit: Unit, runId: string): Promise<void> {
  const place = await runDoc(runId)
  const record = await unit.get(place)
  if (record.get('state') === 'running') unit.update(place, { state: 'died' satisfies SyncState })
}

export interface Progress {
  readonly walks: Readonly<Record<string, Walk>>
  /** Of the whole run until now. */
  readonly counts: SyncCounts
}

/** @throws Failure when the lease is another's: what was handed over is handed over again by him, and counts once */
export async function saveRunProgress(run: SyncRun, { walks, counts }: Progress): Promise<void> {
  await underLease(run, async (unit, sync) => {
    unit.set(await syncDoc(run.job), syncData({ ...sync, walks }))
    unit.set(await runDoc(run.id), runData({ ...run, ...counts, watermarkMs: watermarkOf(walks) }))
  })
}

export interface Ending {
  readonly state: SyncState
  readonly counts: SyncCounts
  readonly error: string | null
}

/** Gives the lease back and closes the record. Of a run that lost its lease only the record is closed. */
export async function endRun(run: SyncRun, { state, counts, error }: Ending): Promise<void> {
  const [place, record] = [await syncDoc(run.job), await runDoc(run.id)]
  await revise(async (unit) => {
    const [snapshot] = await unit.getAll(place)
    const sync = snapshot === undefined ? undefined : syncOf(snapshot)
    if (sync?.lease?.runId === run.id) unit.set(place, syncData({ ...sync, lease: null }))
    const watermarkMs = sync === undefined ? run.watermarkMs : watermarkOf(sync.walks)
    unit.set(record, runData({ ...run, ...counts, state, endedAtMs: now(), watermarkMs, error }))
  })
}

async function underLease(run: SyncRun, write: (unit: Unit, sync: Sync) => Promise<void>): Promise<void> {
  const place = await syncDoc(run.job)
  await revise(async (unit) => {
    const sync = syncOf(await unit.get(place))
    if (sync?.lease?.runId !== run.id) throw new Failure('SERVICE_UNAVAILABLE', { reason: `${run.job}: another run has taken over` })
    await write(unit, sync)
  })
}

function syncData(sync: Sync): Data {
  return { ...sync, caughtUpMs: caughtUpAt(sync.walks) }
}

function runData(run: SyncRun): Data {
  return { ...run, expireAt: new Date(run.startedAtMs + RUNS_KEPT_MS) }
}

/** Forgets where a sync stands that has nothing to bring any more: nobody is to be told that it is behind. */
export async function dropSync(job: string): Promise<void> {
  const place = await syncDoc(job)
  if ((await readOne(place)).exists) await commit((writer) => writer.delete(place))
}

/** Every sync that ever ran, by name. */
export async function allSyncs(): Promise<Sync[]> {
  const found = await readQuery((await collection('syncs')).orderBy('job').limit(SYNCS_MAX))
  return found.map((snapshot) => syncOf(snapshot) as Sync)
}

/** The last runs of a sync, the newest first. */
export async function lastRuns(job: string, limit: number): Promise<SyncRun[]> {
  const found = await readQuery((await collection('sync_runs')).where('job', '==', job).orderBy('startedAtMs', 'desc').limit(limit))
  return found.map((snapshot) => {
    const { expireAt: _expireAt, ...run } = snapshot.data() as Data
    return run as unknown as SyncRun
  })
}

/** The sync that has been away from the present for longest, of those that were there once. */
export async function slowestSync(): Promise<{ readonly job: string; readonly caughtUpMs: number } | undefined> {
  const [slowest] = await readQuery((await collection('syncs')).where('caughtUpMs', '>', 0).orderBy('caughtUpMs').limit(1))
  return slowest === undefined ? undefined : { job: slowest.get('job') as string, caughtUpMs: slowest.get('caughtUpMs') as number }
}
