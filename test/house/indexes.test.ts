/**
 * The index file agrees with the code: an index or a time to live of a collection that nobody uses is a leftover, and a
 * time to live on a field that nobody writes keeps documents for ever.
 */
import { describe, expect, test } from 'vitest'
import { parseIndexFile, type IndexFile } from '../../infra/local/firestore/index-file.ts'
import { readText, sourceOf, sourcesIn, type Source } from './source.ts'

const FILE = 'infra/firestore.indexes.json'

/** Files by the collections that they speak of. */
function filesByCollection(sources: readonly Source[]): Map<string, Source[]> {
  const found = new Map<string, Source[]>()
  for (const source of sources) {
    for (const [, name = ''] of source.code.matchAll(/\b(?:doc|collection)\(\s*'(\w+)'/g)) {
      found.set(name, [...(found.get(name) ?? []), source])
    }
  }
  return found
}

function leftovers({ composites, overrides }: IndexFile, sources: readonly Source[]): string[] {
  const files = filesByCollection(sources)
  const unused = [...composites, ...overrides].map(({ collectionGroup }) => collectionGroup).filter((name) => !files.has(name))
  const timeless = overrides.filter(({ expires, collectionGroup, path }) => {
    const written = files.get(collectionGroup)?.some(({ bare }) => new RegExp(`\\b${path}\\b`).test(bare))
    return expires && written === false
  })
  const texts = composites.map((index) => JSON.stringify(index))
  return [
    ...unused.map((name) => `no product code uses the collection ${name}: take it out.`),
    ...timeless.map(({ collectionGroup, path }) => `nothing writes ${collectionGroup}.${path}: name what says when it ends.`),
    ...texts.filter((text, place) => texts.indexOf(text) !== place).map((text) => `declared twice: ${text}`),
  ].map((fault) => `${FILE}: ${fault}`)
}

describe('does', () => {
  test('every index and every time to live is about what product code keeps', () => {
    expect(leftovers(parseIndexFile(JSON.parse(readText(FILE))), sourcesIn('shared', 'functions'))).toEqual([])
  })
})

describe('refuses', () => {
  const stores = [sourceOf('shared/stores/carts.ts', "const place = await doc('carts', id)\nconst until = { expireAt }\n")]
  const index = { collectionGroup: 'carts', fields: [{ fieldPath: 'a' }, { fieldPath: 'b' }] }
  const endsBy = (fieldPath: string) => ({ collectionGroup: 'carts', fieldPath, ttl: true, indexes: [] })

  test('nothing of what is well', () => {
    expect(leftovers(parseIndexFile({ indexes: [index], fieldOverrides: [endsBy('expireAt')] }), stores)).toEqual([])
  })

  test.each([
    ['uses the collection baskets', { indexes: [{ ...index, collectionGroup: 'baskets' }] }],
    ['uses the collection baskets', { fieldOverrides: [{ ...endsBy('expireAt'), collectionGroup: 'baskets' }] }],
    ['nothing writes carts.endsAt', { fieldOverrides: [endsBy('endsAt')] }],
    ['declared twice', { indexes: [index, index] }],
  ])('%s', (fault, content) => {
    expect(leftovers(parseIndexFile(content), stores)).toEqual([expect.stringContaining(fault)])
  })
})
