/** What becomes of an alert as facts about it come in, and what is told of it, in which order. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  folded, notTold, SEVERITIES, TELL_WAITS_MS, TELLER_MS, tellerOf, tellLater, told, TOLD_EVERY_MS, type Alert, type AlertChange, type AlertRecord, type Telling,
} from '#domain/alert.ts'
import { NOW_MS } from './given.ts'

const SECOND_MS = 1000

function alert(wanted: Partial<Alert> = {}): Alert {
  return { key: 'breaker/stripe', severity: 'p1', summary: 'Stripe does not answer.', details: { failures: 5 }, ...wanted }
}

const raise = (wanted: Partial<Alert> = {}): AlertChange => ({ raise: alert(wanted) })
const RESOLVE: AlertChange = { resolve: 'breaker/stripe' }

/** What facts make of an alert, each so many milliseconds after the first. */
function after(...facts: ReadonlyArray<readonly [change: AlertChange, afterMs: number]>): AlertRecord {
  const record = facts.reduce<AlertRecord | undefined>((before, [change, ms]) => folded(before, change, NOW_MS + ms) ?? before, undefined)
  if (record === undefined) throw new Error('nothing came of it')
  return record
}

/** Tells everything that is due at a moment. */
function tellAll(record: AlertRecord, atMs: number): { record: AlertRecord; telling: Telling[] } {
  const telling: Telling[] = []
  for (let now = record; ; ) {
    const claimed = tellerOf(now, 'run_1', atMs)
    if (claimed?.toTell[0] === undefined) return { record: now, telling }
    telling.push(claimed.toTell[0])
    now = told(claimed, atMs)
  }
}

describe('does', () => {
  test('open at the first fact, to be told at once', () => {
    expect(after([raise({ orderId: 'ord_1' }), 0])).toMatchObject({
      status: 'open', count: 1, firstAtMs: NOW_MS, lastAtMs: NOW_MS, version: 1, orderId: 'ord_1', toTell: ['trigger'], nextAtMs: NOW_MS, toldAtMs: null,
    })
  })

  test('count further facts, keep the last sentence and the worst severity, and tell nothing new', () => {
    const record = after([raise(), 0], [raise({ severity: 'p2', summary: 'Still.' }), 10])
    expect(record).toMatchObject({ count: 2, summary: 'Still.', severity: 'p1', firstAtMs: NOW_MS, lastAtMs: NOW_MS + 10, toTell: ['trigger'] })
    expect(after([raise({ severity: 'p2' }), 0], [raise({ severity: 'p0' }), 10]).severity).toBe('p0')
  })

  test('tell that it is over, once', () => {
    const begun = tellAll(after([raise(), 0]), NOW_MS).record
    const over = folded(begun, RESOLVE, NOW_MS + 10) as AlertRecord
    expect(over).toMatchObject({ status: 'resolved', resolvedAtMs: NOW_MS + 10, version: 2, toTell: ['resolve'] })
    expect(folded(over, RESOLVE, NOW_MS + 20)).toBeUndefined()
  })

  test('tell what began and ended before anybody could be told, both', () => {
    expect(tellAll(after([raise(), 0], [RESOLVE, 5]), NOW_MS + 10).telling).toEqual(['trigger', 'resolve'])
  })

  test('tell again what is still heard of after five minutes', () => {
    const begun = tellAll(after([raise(), 0]), NOW_MS).record
    expect(folded(begun, raise(), NOW_MS + TOLD_EVERY_MS - 1)).toMatchObject({ count: 2, toTell: [], nextAtMs: null })
    expect(folded(begun, raise(), NOW_MS + TOLD_EVERY_MS)).toMatchObject({ count: 2, toTell: ['trigger'] })
  })

  test('let what begins anew wait until five minutes have passed, and forget it when it ends before', () => {
    const over = tellAll(folded(tellAll(after([raise(), 0]), NOW_MS).record, RESOLVE, NOW_MS + 1000) as AlertRecord, NOW_MS + 1000).record
    const again = folded(over, raise(), NOW_MS + 2000) as AlertRecord
    expect(again).toMatchObject({ status: 'open', version: 3, count: 1, toTell: ['trigger'], nextAtMs: NOW_MS + TOLD_EVERY_MS })
    expect(tellAll(again, NOW_MS + TOLD_EVERY_MS).telling).toEqual(['trigger'])
    expect(folded(again, RESOLVE, NOW_MS + 3000)).toMatchObject({ status: 'resolved', version: 4, toTell: [], nextAtMs: null })
  })

  test('be over by itself when nothing was heard of it for as long as it said', () => {
    const quiet = after([raise({ quietMs: 600_000 }), 0], [raise({ quietMs: 600_000 }), 1000])
    expect(quiet.quietAtMs).toBe(NOW_MS + 601_000)
    expect(folded(quiet, RESOLVE, NOW_MS + 601_000)).toMatchObject({ status: 'resolved', quietAtMs: null })
  })

  test('try again after each wait, then only when something new is heard', () => {
    let record = after([raise(), 0])
    let atMs = NOW_MS
    const waits: number[] = []
    for (;;) {
      record = notTold(tellerOf(record, 'run_1', atMs) as AlertRecord, { reason: 'away', waitMs: 0 }, atMs)
      if (record.nextAtMs === null) break
      waits.push(record.nextAtMs - atMs)
      atMs = record.nextAtMs
    }
    expect(waits).toEqual(TELL_WAITS_MS)
    expect(record).toMatchObject({ toTell: ['trigger'], lastError: 'away' })
    expect(folded(record, raise(), atMs + 10)).toMatchObject({ toTell: ['trigger'], nextAtMs: atMs + 10 })
  })

  test('wait as long as it is told to, and not count what was not tried', () => {
    const claimed = tellerOf(after([raise(), 0]), 'run_1', NOW_MS) as AlertRecord
    expect(notTold(claimed, { reason: '429', waitMs: 90 * SECOND_MS }, NOW_MS).nextAtMs).toBe(NOW_MS + 90 * SECOND_MS)
    expect(tellLater(claimed, NOW_MS + 60 * SECOND_MS)).toMatchObject({ attempts: 0, nextAtMs: NOW_MS + 60 * SECOND_MS, teller: null })
  })
})

describe('refuses', () => {
  test('an end of what never began', () => {
    expect(folded(undefined, RESOLVE, NOW_MS)).toBeUndefined()
  })

  test('two tellers at once, until the first one had its time; and facts take it from nobody', () => {
    const claimed = tellerOf(after([raise(), 0]), 'run_1', NOW_MS) as AlertRecord
    expect(tellerOf(claimed, 'run_2', NOW_MS + TELLER_MS - 1)).toBeUndefined()
    expect(tellerOf(folded(claimed, raise(), NOW_MS + 5) as AlertRecord, 'run_2', NOW_MS + 5)).toBeUndefined()
    expect(tellerOf(claimed, 'run_2', NOW_MS + TELLER_MS)).toMatchObject({ teller: 'run_2', toTell: ['trigger'] })
  })
})

type Step = 'raise' | 'resolve' | 'tell' | 'fail'
const steps = fc.array(fc.record({ step: fc.constantFrom<Step>('raise', 'resolve', 'tell', 'fail'), waitMs: fc.integer({ min: 0, max: 200_000 }), severity: fc.constantFrom(...SEVERITIES) }), { maxLength: 60 })

describe('survives', () => {
  test('any history: begin and end alternate, beginnings keep their distance, and in the end what was told is what is', () => {
    fc.assert(
      fc.property(steps, (history) => {
        let record: AlertRecord | undefined
        let atMs = NOW_MS
        const said: Array<{ telling: Telling; atMs: number }> = []
        const tell = (): void => {
          if (record === undefined) return
          const done = tellAll(record, atMs)
          record = done.record
          for (const telling of done.telling) said.push({ telling, atMs })
        }
        for (const { step, waitMs, severity } of history) {
          atMs += waitMs
          if (step === 'raise') record = folded(record, raise({ severity }), atMs) ?? record
          else if (step === 'resolve') record = folded(record, RESOLVE, atMs) ?? record
          else if (step === 'tell') tell()
          else if (record !== undefined) {
            const claimed = tellerOf(record, 'run_1', atMs)
            if (claimed !== undefined) record = notTold(claimed, { reason: 'away', waitMs: 0 }, atMs)
          }
        }
        // Time passes; something is heard or over once more, so that nothing waits for ever.
        for (let round = 0; round < 12 && record !== undefined; round++) {
          atMs += 5 * 3_600_000
          if (record.status === 'open') record = folded(record, raise(), atMs) ?? record
          if (record.nextAtMs === null && record.toTell.length > 0) record = { ...record, nextAtMs: atMs }
          tell()
        }
        if (record === undefined) return
        const triggers = said.filter(({ telling }) => telling === 'trigger').map((one) => one.atMs)
        for (const [index, at] of triggers.slice(1).entries()) expect(at - (triggers[index] as number)).toBeGreaterThanOrEqual(TOLD_EVERY_MS)
        for (const [index, { telling }] of said.slice(1).entries()) if (telling === 'resolve') expect(said[index]?.telling).toBe('trigger')
        expect(record.toTell).toEqual([])
        expect((said.at(-1)?.telling ?? 'resolve') === 'trigger').toBe(record.status === 'open')
      }),
    )
  })
})
