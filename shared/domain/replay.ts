/**
 * The replay of dead letters: a person's wish, worked through in batches, of which each is counted once.
 *
 * What he named and cannot be replayed is told to him with why, not left out.
 */
import { DAY_MS, iso, MINUTE_MS } from '#values/time.ts'
import type { InboxRecord } from './inbox.ts'
import type { Mail, MailStatus } from './mail-record.ts'
import { auditEvent, type WarehouseRow } from './rows.ts'
import type { FilterShown, ReplayShown } from './shown/operations.ts'

export interface ReplayFilter {
  readonly vendor?: string | undefined
  readonly type?: string | undefined
  readonly fromMs?: number | undefined
  readonly toMs?: number | undefined
}

export interface Replay {
  readonly id: string
  readonly requestedBy: string
  readonly reason: string
  /** Which dead letters; null when they were named one by one. */
  readonly filter: ReplayFilter | null
  /** Events named, or dead letters that the filter found when it was asked for. */
  readonly accepted: number
  readonly replayed: number
  readonly refused: number
  readonly state: 'running' | 'done'
  /** Batches that are done. */
  readonly batches: number
  /** By filter: the last one seen, where the next batch begins. */
  readonly cursor: string | null
  readonly createdAtMs: number
  /** When the sweep looks after it; null when it is done. */
  readonly nextAtMs: number | null
  readonly finishedAtMs: number | null
}

/** Why something was not replayed: there is nothing of this id, or it is no dead letter but this. */
export interface RefusedReplay {
  readonly id: string
  readonly reason: 'unknown' | Exclude<InboxRecord['status'], 'dead'> | Exclude<MailStatus, 'dead_letter'>
}

/** A batch is one commit, which takes 500 writes at most. */
export const REPLAY_BATCH = 200
/** A runner that has not finished another batch by then is gone. */
export const RUNNER_MS = MINUTE_MS
export const REPLAY_KEPT_MS = 45 * DAY_MS

export interface ReplayWish {
  readonly id: string
  readonly requestedBy: string
  readonly reason: string
  readonly filter: ReplayFilter | null
  readonly accepted: number
}

export function newReplay(wish: ReplayWish, nowMs: number): Replay {
  const none = { replayed: 0, refused: 0, batches: 0, cursor: null }
  return { ...wish, ...none, state: 'running', createdAtMs: nowMs, nextAtMs: nowMs + RUNNER_MS, finishedAtMs: null }
}

export interface BatchOutcome {
  readonly replayed: number
  readonly refused: number
  readonly cursor: string | null
  readonly isLast: boolean
}

export function afterBatch(replay: Replay, outcome: BatchOutcome, nowMs: number): Replay {
  const counted = {
    ...replay, replayed: replay.replayed + outcome.replayed, refused: replay.refused + outcome.refused,
    batches: replay.batches + 1, cursor: outcome.cursor,
  }
  return outcome.isLast
    ? { ...counted, state: 'done', nextAtMs: null, finishedAtMs: nowMs }
    : { ...counted, nextAtMs: nowMs + RUNNER_MS }
}

export function refusedReplay(id: string, record: Pick<InboxRecord | Mail, 'status'> | undefined): RefusedReplay | undefined {
  if (record === undefined) return { id, reason: 'unknown' }
  return record.status === 'dead' || record.status === 'dead_letter' ? undefined : { id, reason: record.status }
}

/** What belongs into the audit trail: that it was asked for, by whom and why; what came of it. */
export function acceptedRow(replay: Replay): WarehouseRow {
  const { accepted } = replay
  const filter = replay.filter === null ? 'named' : filterView(replay.filter)
  return audited(replay, 'replay_requested', { accepted, filter }, replay.createdAtMs)
}

export function finishedRow(replay: Replay): WarehouseRow {
  const { replayed, refused, finishedAtMs, createdAtMs } = replay
  return audited(replay, 'replayed', { replayed, refused }, finishedAtMs ?? createdAtMs)
}

function audited({ id, requestedBy, reason }: Replay, what: string, after: Record<string, unknown>, atMs: number): WarehouseRow {
  return auditEvent({
    id: `${id}-${what}`, who: requestedBy, what: `dead_letters.${what}`, subject: id, before: null, after, why: reason,
    requestId: null, ip: null, atMs,
  })
}

export function replayView(replay: Replay): ReplayShown {
  const { id, state, accepted, replayed, refused, requestedBy, reason, filter, createdAtMs, finishedAtMs } = replay
  return {
    id, state, accepted, replayed, refused, requestedBy, reason, filter: filter === null ? null : filterView(filter),
    createdAt: iso(createdAtMs), finishedAt: finishedAtMs === null ? null : iso(finishedAtMs),
  }
}

function filterView({ vendor, type, fromMs, toMs }: ReplayFilter): FilterShown {
  return {
    ...(vendor === undefined ? {} : { vendor }),
    ...(type === undefined ? {} : { type }),
    ...(fromMs === undefined ? {} : { from: iso(fromMs) }),
    ...(toMs === undefined ? {} : { to: iso(toMs) }),
  }
}
