/** Equal values have one text. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonical } from '#values/canonical.ts'

describe('does', () => {
  test('write the same value alike, however its fields were put together, at every depth', () => {
    expect(canonical({ b: [{ d: 1, c: null }], a: 'x' })).toBe('{"a":"x","b":[{"c":null,"d":1}]}')
    fc.assert(
      fc.property(fc.dictionary(fc.string().filter((name) => name !== '__proto__'), fc.jsonValue()), (value) => {
        const turned = Object.fromEntries(Object.entries(value).reverse())
        expect(canonical(turned)).toBe(canonical(value))
        expect(JSON.parse(canonical(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  test('keep lists in their order, and leave out what has no value', () => {
    expect(canonical([2, 1, { z: undefined, y: true }])).toBe('[2,1,{"y":true}]')
  })
})
