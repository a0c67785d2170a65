/** Secrets are compared whole, whatever is sent. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isSameSecret } from '#platform/same-secret.ts'

describe('does', () => {
  test('say of any text that it is itself', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => isSameSecret(text, text)))
  })
})

describe('refuses', () => {
  test('any other text, of the same length or not', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (one, other) => {
      fc.pre(one !== other)
      expect(isSameSecret(one, other)).toBe(false)
    }))
    expect([isSameSecret('', 'a'), isSameSecret('é', 'e\u0301'), isSameSecret('a', 'ab')]).toEqual([false, false, false])
  })
})
