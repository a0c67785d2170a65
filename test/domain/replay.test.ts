/** A replay of dead letters: every batch counted, nothing named passed over, and it ends. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { newRecord } from '#domain/inbox.ts'
import { acceptedRow, afterBatch, finishedRow, newReplay, refusedReplay, replayView, type Replay } from '#domain/replay.ts'

const NOW_MS = Date.UTC(2026, 10, 2, 12)
const WISH = { id: 'rpl_1', requestedBy: 'admin ann', reason: 'Stripe was away', filter: null, accepted: 450 }
const RECORD = newRecord('stripe', { id: 'evt_1', type: 't', payload: '{}', subject: null }, 'pending', NOW_MS)

describe('does', () => {
  test('count batch by batch, be looked after meanwhile, and say when it is done', () => {
    let replay = newReplay(WISH, NOW_MS)
    expect(replay).toMatchObject({ state: 'running', nextAtMs: NOW_MS + 60_000 })
    replay = afterBatch(replay, { replayed: 199, refused: 1, cursor: null, isLast: false }, NOW_MS + 1_000)
    expect(replay).toMatchObject({ state: 'running', batches: 1, nextAtMs: NOW_MS + 61_000, finishedAtMs: null })
    replay = afterBatch(replay, { replayed: 0, refused: 50, cursor: null, isLast: true }, NOW_MS + 2_000)
    expect(replay).toMatchObject({ state: 'done', batches: 2, replayed: 199, refused: 51, nextAtMs: null, finishedAtMs: NOW_MS + 2_000 })
  })

  test('lose nothing in the sum, whatever the batches are', () => {
    const batch = fc.record({ replayed: fc.nat(200), refused: fc.nat(200) })
    fc.assert(fc.property(fc.array(batch, { minLength: 1, maxLength: 60 }), (batches) => {
      const done = batches.reduce<Replay>(
        (replay, outcome, n) => afterBatch(replay, { ...outcome, cursor: null, isLast: n === batches.length - 1 }, NOW_MS), newReplay(WISH, NOW_MS),
      )
      const sum = (field: 'replayed' | 'refused'): number => batches.reduce((all, one) => all + one[field], 0)
      expect(done).toMatchObject({ state: 'done', replayed: sum('replayed'), refused: sum('refused'), batches: batches.length })
    }))
  })

  test('leave in the audit trail who asked, why, for how many, by which filter, and what came of it', () => {
    const filter = { vendor: 'stripe', fromMs: NOW_MS }
    const replay = afterBatch(newReplay({ ...WISH, filter }, NOW_MS), { replayed: 3, refused: 0, cursor: null, isLast: true }, NOW_MS)
    expect(acceptedRow(replay)).toMatchObject({
      dataset: 'audit', insertId: 'rpl_1-replay_requested',
      json: { who: 'admin ann', what: 'dead_letters.replay_requested', subject: 'rpl_1', why: 'Stripe was away' },
    })
    expect(JSON.parse(String(acceptedRow(replay).json['after']))).toEqual({ accepted: 450, filter: { vendor: 'stripe', from: '2026-11-02T12:00:00.000Z' } })
    expect(JSON.parse(String(finishedRow(replay).json['after']))).toEqual({ replayed: 3, refused: 0 })
  })

  test('show itself without its inside', () => {
    expect(replayView(newReplay({ ...WISH, filter: {} }, NOW_MS))).toEqual({
      id: 'rpl_1', state: 'running', accepted: 450, replayed: 0, refused: 0, requestedBy: 'admin ann', reason: 'Stripe was away', filter: {},
      createdAt: '2026-11-02T12:00:00.000Z', finishedAt: null,
    })
  })
})

describe('refuses', () => {
  test.each<[string, Parameters<typeof refusedReplay>[1], string]>([
    ['is not there', undefined, 'unknown'],
    ['is pending', RECORD, 'pending'],
    ['was applied', { ...RECORD, status: 'applied' }, 'applied'],
    ['was about nothing of ours', { ...RECORD, status: 'ignored' }, 'ignored'],
    ['is a mail that was sent', { status: 'delivered' }, 'delivered'],
  ])('an event that %s', (_what, record, reason) => {
    expect(refusedReplay('stripe-evt_1', record)).toEqual({ id: 'stripe-evt_1', reason })
  })

  test.each(['dead', 'dead_letter'] as const)('no dead letter: %s', (status) => {
    expect(refusedReplay('stripe-evt_1', { status })).toBeUndefined()
  })
})
