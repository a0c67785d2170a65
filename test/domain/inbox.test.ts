/** What becomes of a vendor's event that fails, that nobody answers for, and that a person puts back. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dueAgain, failedTry, KEPT_MS, newRecord, putBack, WAITS_MS, type InboxRecord } from '#domain/inbox.ts'

const MINUTE_MS = 60_000
const NOW_MS = Date.UTC(2026, 10, 2, 12)
const EVENT = { id: 'evt_1', type: 'payment_intent.succeeded', payload: '{}', subject: 'ord_1' }
const FRESH = newRecord('stripe', EVENT, 'pending', NOW_MS)

type Move = (record: InboxRecord, nowMs: number) => InboxRecord

const fails: Move = (record, nowMs) => ({ ...record, ...failedTry(record, 'away', nowMs) })
const isDue: Move = (record, nowMs) => ({ ...record, ...dueAgain(record, nowMs) })
const isReplayed: Move = (record, nowMs) => ({ ...record, ...putBack(record, 'rpl', nowMs) })

/** Fails a record, each time when its next try is due, until it is dead; answers the minutes waited. */
function failUntilDead(record: InboxRecord, atMs: number): { dead: InboxRecord; minutes: number[]; atMs: number } {
  const minutes: number[] = []
  let [current, nowMs] = [record, atMs]
  while (current.status === 'pending') {
    current = fails(current, nowMs)
    if (current.nextAtMs === null) break
    minutes.push((current.nextAtMs - nowMs) / MINUTE_MS)
    nowMs = current.nextAtMs
  }
  return { dead: current, minutes, atMs: nowMs }
}

describe('does', () => {
  test('wait 1 min, 5 min, 30 min, 2 h and 24 h, then give it up with the reason', () => {
    const { dead, minutes } = failUntilDead(FRESH, NOW_MS)
    expect(minutes).toEqual([1, 5, 30, 120, 1440])
    expect(dead).toMatchObject({ status: 'dead', attempts: 6, nextAtMs: null, lastError: 'away' })
  })

  test('begin the schedule anew after each replay, and count on', () => {
    let { dead, atMs } = failUntilDead(FRESH, NOW_MS)
    for (let count = 1; count <= 3; count += 1) {
      const back = { ...dead, ...putBack(dead, `rpl_${count}`, atMs) }
      expect(back).toMatchObject({ status: 'pending', nextAtMs: atMs + MINUTE_MS, replay: { id: `rpl_${count}`, count, attemptsBefore: count * 6 } })
      const again = failUntilDead(back, atMs)
      expect(again.minutes).toEqual([1, 5, 30, 120, 1440])
      ;({ dead, atMs } = again)
      expect(dead.attempts).toBe((count + 1) * 6)
    }
  })

  test('nudge a worker that does not answer each minute, three times, then count that as a failed try', () => {
    let record: InboxRecord = { ...FRESH, attempts: 2 }
    for (let nudges = 1; nudges <= 3; nudges += 1) {
      record = isDue(record, NOW_MS)
      expect(record).toMatchObject({ status: 'pending', attempts: 2, nudges, nextAtMs: NOW_MS + MINUTE_MS })
    }
    expect(dueAgain(record, NOW_MS)).toEqual({ status: 'pending', attempts: 3, nudges: 0, nextAtMs: NOW_MS + 30 * MINUTE_MS, lastError: 'No worker answered.' })
  })

  test('remember what is done for longer than the longest schedule and any vendor\'s resending take', () => {
    const longest = WAITS_MS.reduce((sum, wait) => sum + wait, 0)
    expect(KEPT_MS).toBeGreaterThan(longest + 30 * 24 * 60 * MINUTE_MS)
  })
})

describe('survives', () => {
  const possible = [{ on: 'pending', move: fails }, { on: 'pending', move: isDue }, { on: 'dead', move: isReplayed }] as const
  const steps = fc.array(fc.constantFrom(...possible), { maxLength: 60 })

  test('any order of failures, silences and replays: pending has a moment, dead has none, and tries only grow', () => {
    fc.assert(fc.property(steps, (sequence) => {
      let record: InboxRecord = FRESH
      for (const step of sequence) {
        const before = record
        if (step.on === record.status) record = step.move(record, NOW_MS)
        expect(record.status === 'pending').toBe(record.nextAtMs !== null)
        expect(record.attempts).toBeGreaterThanOrEqual(before.attempts)
        const onSchedule = record.attempts - (record.replay?.attemptsBefore ?? 0)
        expect(onSchedule).toBeLessThanOrEqual(WAITS_MS.length + 1)
      }
    }))
  })

  test('silence alone: it is dead after finitely many looks', () => {
    let [record, looks] = [FRESH, 0]
    for (; record.status === 'pending'; looks += 1) record = isDue(record, record.nextAtMs ?? NOW_MS)
    expect(looks).toBe(6 * 4)
  })
})
