/** An archive of the store: what is exported is what is restored, to the last nanosecond, and nothing half. */
import { FieldValue, GeoPoint, Timestamp, type Firestore } from '@google-cloud/firestore'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { archiveFrom, differencesOf, exportStore, printsOf, restoreStore, textOf, type Archive } from '../../../infra/recovery/archive.ts'
import { decode, encode } from '../../../infra/recovery/encoding.ts'
import { startFirestore, type TestFirestore } from '../local/firestore/client.ts'

const servers: TestFirestore[] = []
let store: Firestore

async function open(): Promise<Firestore> {
  const server = await startFirestore()
  servers.push(server)
  return server.client()
}

beforeAll(async () => {
  store = await open()
})
afterAll(() => Promise.all(servers.map((server) => server.close())))

/** What JSON has no word for, and what looks like our own tags. */
function strange(of: Firestore) {
  return {
    at: new Timestamp(1_800_000_000, 123_456_000), bytes: Buffer.from([0, 1, 255]), none: null, nan: NaN, infinite: -Infinity, zero: -0,
    place: new GeoPoint(30.25, -97.75), other: of.doc('orders/ord_1'), vector: FieldValue.vector([0.5, -1]), list: [{ a: 1 }, [], 'text'].slice(0, 1),
    tagged: { $moment: [1, 2] }, empty: {}, 'odd name/with.dots': true,
  }
}

describe('does', () => {
  test('bring back every kind of value as it was, into another store', async () => {
    await store.doc('things/one').set(strange(store))
    await store.doc('things/two').set({ plain: 'text', number: 7 })
    const archive = archiveFrom(textOf(await exportStore(store)))
    const other = await open()
    await restoreStore(other, archive)
    const restored = await exportStore(other)
    expect(differencesOf(printsOf(archive), printsOf(restored))).toEqual([])
    expect(restored.lines).toEqual(archive.lines)
    expect((await other.doc('things/one').get()).get('tagged')).toEqual({ $moment: [1, 2] })
    expect((await other.doc('things/one').get()).get('at')).toEqual(new Timestamp(1_800_000_000, 123_456_000))
  })

  test('read a store of several pages once and whole', async () => {
    const many = await open()
    for (let batch = 0; batch < 3; batch += 1) {
      const writes = many.batch()
      for (let index = 0; index < 250; index += 1) writes.set(many.doc(`many/${batch}-${String(index).padStart(3, '0')}`), { index })
      await writes.commit()
    }
    const { lines } = await exportStore(many)
    expect(new Set(lines.map(({ path }) => path)).size).toBe(750)
    expect(lines).toHaveLength(750)
  })

  test('give any document back as it was, and one line for one document however its fields are ordered', () => {
    fc.assert(fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (fields) => {
      const line = encode(fields)
      expect(encode(decode(line, store))).toEqual(line)
      expect(encode(Object.fromEntries(Object.entries(fields).reverse()))).toEqual(line)
    }))
  })

  test('name each collection that differs: one more, one fewer, one changed', () => {
    const of = (...lines: Array<[string, number]>): Archive => ({ lines: lines.map(([path, fields]) => ({ path, fields })) })
    const before = printsOf(of(['a/1', 1], ['b/1', 1], ['c/1', 1]))
    const after = printsOf(of(['a/1', 1], ['a/2', 1], ['c/1', 2]))
    expect(differencesOf(before, after)).toEqual([
      'a: 1 documents were exported, 2 are there.', 'b: 1 documents were exported, 0 are there.', 'c: 1 documents were exported, 1 are there, and they are not the same.',
    ])
  })
})

describe('refuses', () => {
  test('a store that is not empty: nothing is written', async () => {
    const before = printsOf(await exportStore(store))
    await expect(restoreStore(store, { lines: [{ path: 'things/three', fields: {} }] })).rejects.toThrow('not empty: it holds things')
    expect(differencesOf(before, printsOf(await exportStore(store)))).toEqual([])
  })

  test.each([
    ['cut off', (text: string) => text.slice(0, text.indexOf('\n') + 1)],
    ['changed', (text: string) => text.replace('"a/1"', '"a/9"')],
    ['empty', () => ''],
  ])('a file that was %s', (_, spoil) => {
    const text = textOf({ lines: [{ path: 'a/1', fields: 1 }, { path: 'a/2', fields: 2 }] })
    expect(archiveFrom(text).lines).toHaveLength(2)
    expect(() => archiveFrom(spoil(text))).toThrow('not whole')
  })
})
