import fc from 'fast-check'
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isOutdated, macOf, masterKeyNames, newDataKey, pseudonym, seal, unseal, unwrapKey, wrapKey } from '#platform/envelope.ts'
import { configure, unconfigure } from '../configured.ts'

const PII_PEPPER = randomBytes(48).toString('base64url')
beforeAll(() => configure({ MASTER_KEY: randomBytes(32).toString('base64url'), PII_PEPPER }))
afterAll(unconfigure)

const CONTEXT = ['customer-1', 'av_1', 'id number']

describe('does', () => {
  test('what is sealed opens under its key and context, and never looks the same twice', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.array(fc.string()), (plain, context) => {
        const key = newDataKey()
        const sealed = seal(key, context, plain)
        expect(unseal(key, context, sealed)).toBe(plain)
        expect(seal(key, context, plain)).not.toBe(sealed)
      }),
    )
  })

  test('a data key is wrapped under the master key and comes back whole', () => {
    const key = newDataKey()
    const wrapped = wrapKey(key, CONTEXT)
    expect(unwrapKey(wrapped, CONTEXT).equals(key)).toBe(true)
    expect(isOutdated(wrapped)).toBe(false)
    expect(isOutdated({ ...wrapped, masterKey: 'another' })).toBe(true)
    expect(masterKeyNames()).toEqual([wrapped.masterKey])
  })

  test('keyed hashes keep parts apart', () => {
    expect(macOf('pepper', ['ab', 'c'])).not.toBe(macOf('pepper', ['a', 'bc']))
    expect(macOf('pepper', ['ab'])).not.toBe(macOf('salt', ['ab']))
    expect(macOf('pepper', ['ab'])).toBe(macOf('pepper', ['ab']))
  })

  test('a pseudonym is the same for the same customer only, and neither his key nor the pepper alone makes it', () => {
    const [one, other] = [newDataKey(), newDataKey()]
    expect(pseudonym(one, ['1990-01-01'])).toBe(pseudonym(one, ['1990-01-01']))
    const others = [pseudonym(other, ['1990-01-01']), pseudonym(one, ['1990-01-02']), macOf(one, ['1990-01-01']), macOf(PII_PEPPER, ['1990-01-01'])]
    expect(others).not.toContain(pseudonym(one, ['1990-01-01']))
  })
})

describe('refuses', () => {
  const key = newDataKey()
  const sealed = seal(key, CONTEXT, '1234')

  test('another key, another context, any changed bit, a cut tag', () => {
    expect(() => unseal(newDataKey(), CONTEXT, sealed)).toThrow(/./)
    expect(() => unseal(key, ['customer-2', 'av_1', 'id number'], sealed)).toThrow(/./)
    expect(() => unseal(key, ['customer-1av_1', 'id number'], sealed)).toThrow(/./)
    const bytes = Buffer.from(sealed, 'base64url')
    for (const index of bytes.keys()) {
      const changed = Buffer.from(bytes)
      changed[index] = (changed[index] as number) ^ 1
      expect(() => unseal(key, CONTEXT, changed.toString('base64url'))).toThrow(/./)
    }
    for (let cut = 1; cut <= 16; cut++) expect(() => unseal(key, CONTEXT, bytes.subarray(0, bytes.length - cut).toString('base64url'))).toThrow(/./)
  })

  test('a key whose master key is not mounted', () => {
    const wrapped = wrapKey(key, CONTEXT)
    expect(() => unwrapKey({ ...wrapped, masterKey: 'gone' }, CONTEXT)).toThrow('not mounted')
  })
})
