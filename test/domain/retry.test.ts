/** A schedule of tries: each wait in its turn, then none. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nextTry } from '#domain/retry.ts'

const waits = fc.array(fc.integer({ min: 1, max: 1e9 }), { maxLength: 10 })

describe('does', () => {
  test.each([[1, 1_060], [2, 1_300], [3, null], [4, null]])('after failure %i: at %s', (failures, atMs) => {
    expect(nextTry([60, 300], failures, 1_000)).toBe(atMs)
  })

  test('wait each wait once, in order, from the moment of the failure, and end after the last', () => {
    fc.assert(fc.property(waits, fc.integer({ min: 0, max: 1e12 }), (waitsMs, startMs) => {
      let atMs: number | null = startMs
      const waited: number[] = []
      for (let failures = 1; atMs !== null; failures += 1) {
        const next = nextTry(waitsMs, failures, atMs)
        if (next !== null) waited.push(next - atMs)
        atMs = next
      }
      expect(waited).toEqual(waitsMs)
    }))
  })
})

describe('refuses', () => {
  test('to try at all when there is no wait', () => {
    expect(nextTry([], 1, 0)).toBeNull()
  })
})
