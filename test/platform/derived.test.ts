/** Derived ids: the same facts, the same id; any other facts, another; and nobody without the secret can make one. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

const BEFORE = { ...process.env }
type Derive = (prefix: string, parts: readonly string[]) => string

/** The module as a fresh instance with this secret sees it. */
async function under(secret: string): Promise<Derive> {
  process.env['ORDER_ID_SECRET'] = secret
  process.env['JWT_SECRET'] = 'j'.repeat(32)
  vi.resetModules()
  return (await import('#platform/derived.ts')).derivedId
}

let derivedId: Derive
beforeAll(async () => {
  derivedId = await under('a'.repeat(32))
})
afterAll(() => {
  process.env = BEFORE
})

describe('does', () => {
  test('gives the same id for the same parts, on every instance', async () => {
    const other = await under('a'.repeat(32))
    expect(other('ord', ['cart', 'crt_1', '3'])).toBe(derivedId('ord', ['cart', 'crt_1', '3']))
  })

  test('looks like any other id', () => {
    expect(derivedId('ord', ['x'])).toMatch(/^ord_[0-9a-hjkmnp-tv-z]{26}$/)
  })

  test('tells kinds apart by their prefix', () => {
    expect(derivedId('ref', ['x'])).not.toBe(derivedId('ord', ['x']))
  })
})

describe('refuses', () => {
  test.each([
    [['ab', 'c'], ['a', 'bc']], [['abc'], ['a', 'b', 'c']], [['a', ''], ['a']], [[''], []], [['', ''], ['']], [['1:a'], ['a']],
    [['a1:b'], ['a', 'b']], [['1:a1:b'], ['a', 'b']],
    [['10:aaaaaaaaaa'], ['aaaaaaaaaa']], [['a', 'b'], ['b', 'a']], [['é'], ['e']], [['key', 'a', 'b'], ['cart', 'a', 'b']],
  ])('to take %j for %j', (one, other) => {
    expect(derivedId('x', one)).not.toBe(derivedId('x', other))
  })

  test('to give two lists of parts one id, however they are cut', () => {
    const part = fc.string({ unit: fc.constantFrom('1', '2', ':', 'a', 'é', ''), maxLength: 5 })
    const parts = fc.array(part, { maxLength: 4 })
    fc.assert(fc.property(parts, parts, (one, other) => {
      expect(derivedId('x', one) === derivedId('x', other)).toBe(JSON.stringify(one) === JSON.stringify(other))
    }), { numRuns: 2_000 })
  })

  test('to be made without the secret', async () => {
    const other = await under('b'.repeat(32))
    expect(other('ord', ['cart', 'crt_1', '3'])).not.toBe(derivedId('ord', ['cart', 'crt_1', '3']))
  })
})
