/** Who may work at a sync, what its record says, and when a token of a vendor's may be used. */
import { describe, expect, test } from 'vitest'
import { caughtUpAt, LEASE_MS, NO_COUNTS, RUN_MS, RUN_TIMEOUT_SECONDS, syncView, taken, watermarkOf, type Sync, type SyncRun } from '#domain/sync-run.ts'
import { usable, type KeptTokens } from '#domain/vendor-tokens.ts'
import type { Walk } from '#domain/walk.ts'
import { NOW_MS } from './given.ts'

const RUN: SyncRun = { id: 'run_1', job: 'sync-x', mode: 'live', state: 'running', startedAtMs: NOW_MS, endedAtMs: null, watermarkMs: null, error: null, ...NO_COUNTS }
const WALK: Walk = { fromMs: 0, toMs: 0, cursor: null, reachedMs: NOW_MS - 1_000, caughtUpMs: null, seen: [] }
const SYNC: Sync = { job: 'sync-x', mode: 'live', walks: { a: WALK }, lease: null }

const heldUntil = (untilMs: number, runId = 'run_0'): Sync => ({ ...SYNC, lease: { runId, untilMs } })

describe('does', () => {
  test('take a sync that nobody works at, for longer than any run lives', () => {
    expect(taken(SYNC, RUN)).toEqual({ ...SYNC, lease: { runId: 'run_1', untilMs: NOW_MS + LEASE_MS } })
    expect(LEASE_MS).toBeGreaterThan(RUN_TIMEOUT_SECONDS * 1_000)
    expect(RUN_TIMEOUT_SECONDS * 800).toBe(RUN_MS)
  })

  test('take over from a run whose lease has ended, and once more what it has taken itself', () => {
    expect(taken(heldUntil(NOW_MS), RUN)?.lease?.runId).toBe('run_1')
    expect(taken(heldUntil(NOW_MS + LEASE_MS, 'run_1'), RUN)?.lease?.runId).toBe('run_1')
  })

  test('begin anew for another mode: what was made up says nothing about what is real', () => {
    expect(taken({ ...SYNC, mode: 'mock' }, RUN)?.walks).toEqual({})
  })

  test('be as far as the walk that is furthest behind', () => {
    const walks = { a: { ...WALK, reachedMs: 5, caughtUpMs: 5 }, b: { ...WALK, reachedMs: 3, caughtUpMs: 3 } }
    expect([watermarkOf(walks), caughtUpAt(walks), watermarkOf({}), caughtUpAt({})]).toEqual([3, 3, null, null])
    expect(caughtUpAt({ ...walks, c: WALK })).toBeNull()
  })

  test('tell no lag while the past is still fetched', () => {
    expect(syncView(SYNC, [], NOW_MS)).toMatchObject({ history: 'under way', lagSeconds: null })
    expect(syncView({ ...SYNC, walks: { a: { ...WALK, caughtUpMs: NOW_MS - 90_000 } } }, [], NOW_MS)).toMatchObject({ history: 'complete', lagSeconds: 90 })
  })
})

describe('refuses', () => {
  test('a second run while the first one may be at work', () => {
    expect(taken(heldUntil(NOW_MS + 1), RUN)).toBeUndefined()
  })

  const KEPT: KeptTokens = { access: 'a', refresh: 'r', expiresAtMs: NOW_MS + 120_000, origin: 'o' }
  test.each<[string, KeptTokens | undefined, string | undefined]>([
    ['that is not there', undefined, undefined],
    ['that ends within a minute', { ...KEPT, expiresAtMs: NOW_MS + 60_000 }, undefined],
    ['of a consent before the present one', { ...KEPT, origin: 'older' }, undefined],
    ['that was refused just now', KEPT, 'a'],
  ])('an access token %s', (_, kept, refused) => {
    expect(usable(kept, 'o', { nowMs: NOW_MS, refused })).toBeUndefined()
    expect(usable(KEPT, 'o', { nowMs: NOW_MS, refused: 'b' })?.token).toBe('a')
  })
})
