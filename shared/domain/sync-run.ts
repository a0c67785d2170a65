/**
 * One run of a sync: what it read, what became of it, how far it came. And where a sync stands: its walks, and who works
 * at it just now. Two runs never work at once; one that died is taken over when its lease ends, and its record says so.
 */
import { iso, DAY_MS, MINUTE_MS, SECOND_MS } from '#values/time.ts'
import type { SyncRunShown, SyncShown } from './shown/operations.ts'
import type { Walk } from './walk.ts'

/** Where the data come from: the shop's own vendor, or made up for a shop that has none yet. */
export const SYNC_MODES = ['live', 'mock'] as const
export type SyncMode = (typeof SYNC_MODES)[number]

/** `more`: its time was over before it came to the present; the next run goes on there. */
export const SYNC_STATES = ['running', 'done', 'more', 'failed', 'died'] as const
export type SyncState = (typeof SYNC_STATES)[number]

export interface SyncCounts {
  readonly read: number
  readonly saved: number
  readonly unchanged: number
  readonly refused: number
}

export interface SyncRun extends SyncCounts {
  readonly id: string
  readonly job: string
  readonly mode: SyncMode
  readonly state: SyncState
  readonly startedAtMs: number
  readonly endedAtMs: number | null
  /** All that changed before this is here. */
  readonly watermarkMs: number | null
  readonly error: string | null
}

export interface Sync {
  readonly job: string
  readonly mode: SyncMode
  readonly walks: Readonly<Record<string, Walk>>
  readonly lease: { readonly runId: string; readonly untilMs: number } | null
}

/** A run begins nothing new after this. */
export const RUN_MS = 300 * SECOND_MS
/** What it has begun by then is over by then, at any rate: the platform ends it. */
export const RUN_TIMEOUT_SECONDS = 375
/** Longer than any run lives. */
export const LEASE_MS = 7 * MINUTE_MS
/** How long staff can look a run up. */
export const RUNS_KEPT_MS = 30 * DAY_MS

export const NO_COUNTS: SyncCounts = { read: 0, saved: 0, unchanged: 0, refused: 0 }

export function plus(one: SyncCounts, other: SyncCounts): SyncCounts {
  return {
    read: one.read + other.read, saved: one.saved + other.saved, unchanged: one.unchanged + other.unchanged, refused: one.refused + other.refused,
  }
}

/** A sync as a new run finds it: what was walked for another mode says nothing about this one. */
export function taken(sync: Sync | undefined, run: SyncRun): Sync | undefined {
  if (sync !== undefined && sync.lease !== null && sync.lease.runId !== run.id && sync.lease.untilMs > run.startedAtMs) return undefined
  const lease = { runId: run.id, untilMs: run.startedAtMs + LEASE_MS }
  if (sync === undefined || sync.mode !== run.mode) return { job: run.job, mode: run.mode, walks: {}, lease }
  return { ...sync, lease }
}

/** All that changed before it is here, of every walk; null when there is none yet. */
export function watermarkOf(walks: Readonly<Record<string, Walk>>): number | null {
  const reached = Object.values(walks).map(({ reachedMs }) => reachedMs)
  return reached.length === 0 ? null : Math.min(...reached)
}

/** When the sync was last at the present, with all its walks; null while one is still in the past. */
export function caughtUpAt(walks: Readonly<Record<string, Walk>>): number | null {
  const caught = Object.values(walks).map(({ caughtUpMs }) => caughtUpMs)
  return caught.length === 0 || caught.includes(null) ? null : Math.min(...(caught as number[]))
}

export function runView(run: SyncRun): SyncRunShown {
  const { id, job, mode, state, read, saved, unchanged, refused, startedAtMs, endedAtMs, watermarkMs, error } = run
  return {
    id, job, mode, state, read, saved, unchanged, refused,
    startedAt: iso(startedAtMs),
    endedAt: endedAtMs === null ? null : iso(endedAtMs),
    durationMs: endedAtMs === null ? null : endedAtMs - startedAtMs,
    watermark: watermarkMs === null ? null : iso(watermarkMs),
    error,
  }
}

/** A sync as staff see it. While the past is still fetched there is no lag yet: `watermark` shows how far it is. */
export function syncView(sync: Sync, runs: readonly SyncRun[], nowMs: number): SyncShown {
  const caughtUpMs = caughtUpAt(sync.walks)
  const watermarkMs = watermarkOf(sync.walks)
  return {
    job: sync.job,
    mode: sync.mode,
    running: sync.lease !== null && sync.lease.untilMs > nowMs,
    history: caughtUpMs === null ? 'under way' : 'complete',
    watermark: watermarkMs === null ? null : iso(watermarkMs),
    lagSeconds: caughtUpMs === null ? null : Math.max(0, Math.round((nowMs - caughtUpMs) / SECOND_MS)),
    runs: runs.map(runView),
  }
}
