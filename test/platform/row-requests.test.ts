/** Rows go in requests that BigQuery takes: every row in one, in order. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inRequests } from '#platform/row-requests.ts'

const rows = (sizes: readonly number[]) => sizes.map((size, index) => ({ insertId: `r${index}`, json: { text: 'x'.repeat(size) } }))

describe('does', () => {
  test('send five hundred at once, and eight million bytes', () => {
    expect(inRequests(rows(Array.from({ length: 1_001 }, () => 10))).map(({ length }) => length)).toEqual([500, 500, 1])
    expect(inRequests(rows([3_000_000, 3_000_000, 3_000_000])).map(({ length }) => length)).toEqual([2, 1])
    expect(inRequests(rows([9_000_000, 1])).map(({ length }) => length)).toEqual([1, 1])
    expect(inRequests([])).toEqual([])
  })

  test('send every row once and in order', () => {
    fc.assert(fc.property(fc.array(fc.nat(40_000), { maxLength: 1_200 }), (sizes) => {
      const all = rows(sizes)
      const requests = inRequests(all)
      expect(requests.flat()).toEqual(all)
      expect(requests.every((some) => some.length <= 500 && Buffer.byteLength(JSON.stringify(some)) < 10_000_000)).toBe(true)
    }), { numRuns: 20 })
  })
})
