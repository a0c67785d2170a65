/**
 * What is derived from the declarations, or has to agree with the code, is current: the rewrites of Hosting, the indexes.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import type { Declaration } from '#entry/declaration.ts'
import { declarationsOf } from '../../infra/build/declarations.ts'
import { firebaseJson } from '../../infra/build/firebase.ts'
import { parseIndexFile } from '../../infra/local/firestore/index-file.ts'
import { readText, sourcesIn } from './source.ts'

/** Files that speak of a collection, by its name. */
function collectionsIn(code: ReadonlyArray<{ readonly path: string; readonly code: string }>): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const { path, code: text } of code) {
    for (const [, name = ''] of text.matchAll(/\b(?:doc|collection)\(\s*'(\w+)'/g)) found.set(name, [...(found.get(name) ?? []), path])
  }
  return found
}

let declarations: Declaration[] = []

beforeAll(async () => {
  declarations = declarationsOf(await import('#functions'))
})

describe('does', () => {
  test('firebase.json is what the declarations say: run "npm run generate" and commit it', () => {
    expect(readText('firebase.json')).toBe(`${JSON.stringify(firebaseJson(declarations), null, 2)}\n`)
  })

  test('every index and every time to live is about a collection and a field that product code uses', () => {
    const product = sourcesIn('shared', 'functions')
    const collections = collectionsIn(product)
    const { composites, overrides } = parseIndexFile(JSON.parse(readText('infra/firestore.indexes.json')))
    const strangers = [...composites, ...overrides].map(({ collectionGroup }) => collectionGroup).filter((name) => !collections.has(name))
    expect(strangers.map((name) => `infra/firestore.indexes.json: no product code uses the collection ${name}; take it out.`)).toEqual([])
    const timeless = overrides.filter(({ expires, collectionGroup, path }) => {
      const files = collections.get(collectionGroup) ?? []
      return expires && !product.some((file) => files.includes(file.path) && new RegExp(`\\b${path}\\b`).test(file.code))
    })
    const mend = 'nothing writes this field; documents would stay for ever'
    expect(timeless.map(({ collectionGroup, path }) => `infra/firestore.indexes.json: time to live of ${collectionGroup}.${path}: ${mend}.`)).toEqual([])
  })

  test('no index is declared twice', () => {
    const { composites } = parseIndexFile(JSON.parse(readText('infra/firestore.indexes.json')))
    const texts = composites.map((index) => JSON.stringify(index))
    expect(texts.filter((text, place) => texts.indexOf(text) !== place)).toEqual([])
  })
})
