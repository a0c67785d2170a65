/** The place in a list that a caller hands back. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cursorOf, cursorParts } from '#values/cursor.ts'

describe('does', () => {
  test('come back as it was, in letters that an address takes', () => {
    fc.assert(fc.property(fc.nat(), fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.:@#+-]{0,60}$/), (atMs, id) => {
      expect(cursorOf(atMs, id)).toMatch(/^[\w-]+$/)
      expect(cursorParts(cursorOf(atMs, id))).toEqual([atMs, id])
    }))
  })
})

describe('refuses', () => {
  test.each(['', 'rubbish', '1', '1 ', ' ord_1', '-1 ord_1', '1e3 ord_1', '1 a/b', '1 ..', '1 __x__', '1 ord_1 more'])('"%s"', (text) => {
    expect(() => cursorParts(Buffer.from(text).toString('base64url'))).toThrow('cursor: is not one of ours')
  })

  test('whatever else somebody makes up', () => {
    fc.assert(fc.property(fc.string(), (text) => {
      try {
        expect(cursorOf(...cursorParts(text))).toBeTypeOf('string')
      } catch (error) {
        expect(error).toMatchObject({ code: 'INVALID_INPUT' })
      }
    }))
  })
})
