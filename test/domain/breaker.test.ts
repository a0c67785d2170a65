/** When a vendor is left alone, who tries it for all, and when it is trusted again. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { admission, afterFailure, breakerAlert, isWellAfter, probedBy, PROBE_MS, stateOf, VendorDown, type Breaker } from '#domain/breaker.ts'
import { NOW_MS } from './given.ts'

const LIMITS = { failuresMax: 5, openMs: 60_000 }
const OPEN_AT = NOW_MS
const RETRY_AT = NOW_MS + LIMITS.openMs

function failing(breaker: Breaker | undefined, atMs = NOW_MS, wanted: { probe?: string; restMs?: number } = {}): Breaker | undefined {
  return afterFailure(breaker, { vendor: 'stripe', probe: wanted.probe, down: { reason: 'no answer', restMs: wanted.restMs } }, LIMITS, atMs)
}

/** After so many failures in a row. */
function after(failures: number): Breaker {
  let breaker: Breaker | undefined
  for (let time = 0; time < failures; time++) breaker = failing(breaker) ?? breaker
  return breaker as Breaker
}

const open = after(5)
const probing = probedBy(open, 'probe_1', RETRY_AT)

describe('does', () => {
  test('let everything pass while there is no record, and after some failures', () => {
    expect(admission(undefined, NOW_MS)).toBe('pass')
    for (const failures of [1, 2, 3, 4]) expect([admission(after(failures), NOW_MS), stateOf(after(failures), NOW_MS)]).toEqual(['pass', 'closed'])
  })

  test('open at the fifth failure in a row, for a minute', () => {
    expect(open).toMatchObject({ vendor: 'stripe', failures: 5, openedAtMs: OPEN_AT, retryAtMs: RETRY_AT, lastFailure: 'no answer' })
    expect(admission(open, RETRY_AT - 1)).toEqual({ shutUntilMs: RETRY_AT })
    expect(stateOf(open, RETRY_AT - 1)).toBe('open')
  })

  test('then let one call through, and nobody else while it has time', () => {
    expect([admission(open, RETRY_AT), stateOf(open, RETRY_AT)]).toEqual(['probe', 'half_open'])
    expect(admission(probing, RETRY_AT)).toEqual({ shutUntilMs: RETRY_AT + PROBE_MS })
    expect(stateOf(probing, RETRY_AT + 1)).toBe('half_open')
  })

  test('take another probe when the first one was never heard of again', () => {
    expect(admission(probing, RETRY_AT + PROBE_MS)).toBe('probe')
  })

  test('close when the probe was answered', () => {
    expect(isWellAfter(probing, 'probe_1', RETRY_AT + 10)).toBe(true)
  })

  test('open for another minute when the probe failed, and remember since when', () => {
    const again = failing(probing, RETRY_AT + 10, { probe: 'probe_1' })
    expect(again).toMatchObject({ failures: 6, openedAtMs: OPEN_AT, retryAtMs: RETRY_AT + 10 + LIMITS.openMs, probe: null })
  })

  test('forget failures after an answer', () => {
    expect(isWellAfter(after(4), undefined, NOW_MS)).toBe(true)
  })

  test('leave a vendor alone as long as it asks, without counting it as open', () => {
    const resting = failing(undefined, NOW_MS, { restMs: 30_000 }) as Breaker
    expect([stateOf(resting, NOW_MS), admission(resting, NOW_MS + 29_999)]).toEqual(['resting', { shutUntilMs: NOW_MS + 30_000 }])
    expect([stateOf(resting, NOW_MS + 30_000), admission(resting, NOW_MS + 30_000)]).toEqual(['closed', 'pass'])
    expect(isWellAfter(resting, undefined, NOW_MS + 10)).toBe(false)
    expect(isWellAfter(resting, undefined, NOW_MS + 30_000)).toBe(true)
  })

  test('wake somebody for a gateway, and tell others in the morning', () => {
    expect(breakerAlert(open)).toMatchObject({ key: 'breaker/stripe', severity: 'p0' })
    expect(breakerAlert({ ...open, vendor: 'square' })).toMatchObject({ key: 'breaker/square', severity: 'p1' })
  })

  test('answer whoever waits with the time that the vendor asked for', () => {
    expect(new VendorDown({ reason: 'square 429', restMs: 1_500 })).toMatchObject({ code: 'SERVICE_UNAVAILABLE', retryAfterSeconds: 2, reason: 'square 429' })
  })
})

describe('refuses', () => {
  test.each<[string, Breaker, string | undefined]>([
    ['a call that began before it opened', open, undefined],
    ['a call that is not the probe', probing, undefined],
    ['a probe whose time was over, when another one is under way', probing, 'probe_0'],
  ])('to open again or to close after %s', (_, breaker, probe) => {
    expect(afterFailure(breaker, { vendor: 'stripe', probe, down: { reason: 'late' } }, LIMITS, RETRY_AT + 10)).toBeUndefined()
    expect(isWellAfter(breaker, probe, RETRY_AT + 10)).toBe(false)
  })
})

interface Call {
  readonly waitMs: number
  readonly isDown: boolean
  /** How many other calls begin before this one ends. */
  readonly lasts: number
}
const calls = fc.array(fc.record({ waitMs: fc.integer({ min: 0, max: 40_000 }), isDown: fc.boolean(), lasts: fc.integer({ min: 0, max: 3 }) }), { maxLength: 80 })

describe('survives', () => {
  test('any history of calls that overlap: never two probes at once, none too early, closed only by an answer', () => {
    fc.assert(
      fc.property(calls, (history: readonly Call[]) => {
        let breaker: Breaker | undefined
        let atMs = NOW_MS
        let running: Array<{ call: Call; probe: string | undefined; endsWith: number; beganMs: number }> = []
        const ended = (index: number): void => {
          for (const { call, probe } of running.filter(({ endsWith }) => endsWith <= index)) {
            const wasOpen = breaker !== undefined && breaker.openedAtMs !== null
            if (call.isDown) breaker = afterFailure(breaker, { vendor: 'stripe', probe, down: { reason: 'down' } }, LIMITS, atMs) ?? breaker
            else if (breaker !== undefined && isWellAfter(breaker, probe, atMs)) {
              if (wasOpen) expect(probe).toBe(breaker.probe)
              breaker = undefined
            }
          }
          running = running.filter(({ endsWith }) => endsWith > index)
        }
        for (const [index, call] of history.entries()) {
          atMs += call.waitMs
          ended(index)
          const admitted = admission(breaker, atMs)
          if (typeof admitted === 'object') {
            expect(admitted.shutUntilMs).toBeGreaterThan(atMs)
            continue
          }
          if (admitted === 'pass') expect(breaker?.openedAtMs ?? null).toBeNull()
          if (admitted === 'probe') {
            expect(atMs).toBeGreaterThanOrEqual(breaker?.retryAtMs ?? Infinity)
            expect(running.filter(({ probe, beganMs }) => probe !== undefined && probe === breaker?.probe && beganMs + PROBE_MS > atMs)).toEqual([])
            breaker = probedBy(breaker as Breaker, `probe_${index}`, atMs)
          }
          running.push({ call, probe: admitted === 'probe' ? `probe_${index}` : undefined, endsWith: index + call.lasts + 1, beganMs: atMs })
        }
      }),
    )
  })
})
