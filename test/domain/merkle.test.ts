/** One hash for a list: any other list has another one, and each entry can be proved to be in it. */
import fc from 'fast-check'
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { leafHash, proofOf, rootFrom, rootOf } from '#domain/merkle.ts'

const lists = fc.array(fc.string({ maxLength: 6 }), { minLength: 1, maxLength: 40 })
const root = (entries: readonly string[]): string => rootOf(entries.map(leafHash))

/** RFC 6962 section 2.1, word for word. */
function defined(leaves: readonly string[]): string {
  if (leaves.length === 1) return leaves[0] ?? ''
  let k = 1
  while (k * 2 < leaves.length) k *= 2
  return createHash('sha256').update(Buffer.of(1)).update(defined(leaves.slice(0, k)), 'hex').update(defined(leaves.slice(k)), 'hex').digest('hex')
}

describe('does', () => {
  // The entries and roots that Certificate Transparency publishes for its own tests.
  const ENTRIES = ['', '\x00', '\x10', ' !', '01', '@ABC', 'PQRSTUVW', '`abcdefghijklmno']
  test.each([
    [0, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    [1, '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'],
    [2, 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'],
    [3, 'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77'],
    [4, 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7'],
    [5, '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4'],
    [6, '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef'],
    [7, 'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c'],
    [8, '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328'],
  ])('the root of %i entries is the one that is known for them', (count, known) => {
    expect(root(ENTRIES.slice(0, count))).toBe(known)
  })

  test('the root of any list is the one that the standard defines', () => {
    fc.assert(fc.property(lists, (entries) => root(entries) === defined(entries.map(leafHash))))
  })

  test('every entry of every list is proved by a few hashes', () => {
    fc.assert(fc.property(lists, fc.nat(), (entries, at) => {
      const leaves = entries.map(leafHash)
      const index = at % leaves.length
      const proof = proofOf(leaves, index)
      expect(proof.length).toBeLessThanOrEqual(Math.ceil(Math.log2(leaves.length)))
      expect(rootFrom({ leaf: leaves[index] ?? '', index, size: leaves.length, proof })).toBe(rootOf(leaves))
    }))
  })
})

describe('refuses', () => {
  test('to give an altered, shortened, lengthened or re-ordered list the same root', () => {
    fc.assert(fc.property(lists, fc.nat(), fc.string({ maxLength: 6 }), (entries, at, other) => {
      const index = at % entries.length
      const changed = [
        entries.toSpliced(index, 1), entries.toSpliced(index, 0, other), entries.with(index, `${entries[index]}${other}x`), entries.toReversed(),
        [...entries, entries.at(-1) ?? ''],
      ]
      const differs = changed.filter((list) => JSON.stringify(list) !== JSON.stringify(entries))
      for (const list of differs) expect(root(list)).not.toBe(root(entries))
    }))
  })

  test('to take a node for an entry', () => {
    const [a, b] = [leafHash('a'), leafHash('b')]
    expect(leafHash(Buffer.from(a + b, 'hex').toString('latin1'))).not.toBe(rootOf([a, b]))
    expect(leafHash('a')).not.toBe(createHash('sha256').update('a').digest('hex'))
  })

  test('to prove what is not there, or stands at another place', () => {
    fc.assert(fc.property(fc.uniqueArray(fc.string({ maxLength: 6 }), { minLength: 2, maxLength: 20 }), fc.nat(), fc.nat(), (entries, at, other) => {
      const leaves = entries.map(leafHash)
      const index = at % leaves.length
      const elsewhere = other % leaves.length
      const inclusion = { leaf: leaves[index] ?? '', index, size: leaves.length, proof: proofOf(leaves, index) }
      expect(rootFrom({ ...inclusion, leaf: leafHash('never there') })).not.toBe(rootOf(leaves))
      if (elsewhere !== index) expect(rootFrom({ ...inclusion, index: elsewhere })).not.toBe(rootOf(leaves))
      expect(rootFrom({ ...inclusion, proof: inclusion.proof.slice(1) })).not.toBe(rootOf(leaves))
      expect(rootFrom({ ...inclusion, proof: [...inclusion.proof, leafHash('x')] })).not.toBe(rootOf(leaves))
    }))
  })

  test.each([-1, 3, 0.5])('a place %s outside of the list', (index) => {
    expect(rootFrom({ leaf: leafHash('a'), index, size: 3, proof: [] })).toBeUndefined()
  })
})
