/** Ids: unguessable, readable aloud, and a shape that every door checks. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ID, encode, newId } from '#values/ids.ts'

const BODY = /^[0-9a-hjkmnp-tv-z]{26}$/

describe('does', () => {
  test('names what it is, then 26 characters that cannot be confused', () => {
    for (let n = 0; n < 200; n++) {
      const [prefix, body] = newId('ord').split('_')
      expect(prefix).toBe('ord')
      expect(body).toMatch(BODY)
    }
  })

  test('ten thousand ids are ten thousand different ones, every character in use at every place', () => {
    const ids = Array.from({ length: 10_000 }, () => newId('x').slice(2))
    expect(new Set(ids).size).toBe(ids.length)
    for (let place = 0; place < 26; place++) expect(new Set(ids.map((id) => id[place])).size).toBe(32)
  })

  test('five bits of every byte count, whatever the other three are', () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 26, maxLength: 64 }), (bytes) => {
      expect(encode(bytes)).toMatch(BODY)
      expect(encode(bytes.map((byte) => byte & 31))).toBe(encode(bytes))
    }))
    expect(encode(Uint8Array.from({ length: 32 }, (_, n) => n), 32)).toBe('0123456789abcdefghjkmnpqrstvwxyz')
  })

  test.each([
    newId('crt'), 'test-product-1', 'A', 'W62UWFY35CWMYGVWK6TWJDNI', '0', '#1', 'a'.repeat(128), 'jo+1@x:2.b',
  ])('%s may be an id', (id) => {
    expect(ID.test(id)).toBe(id !== '#1')
  })
})

describe('refuses', () => {
  test.each([
    '', ' ', '_a', '.', '..', '../x', 'a/b', 'a b', 'a\n', 'a\u0000', 'é', '__proto__', 'a'.repeat(129), 'a"', "a'", 'a<',
  ])('%j as an id', (id) => {
    expect(ID.test(id)).toBe(false)
  })
})
