/** Queries through the real client: every operator, order across types, cursors, groups, aggregation, vectors. */
import {
  AggregateField, FieldPath, FieldValue, Filter, GeoPoint, Timestamp, type Firestore, type Query,
  type VectorQueryOptions,
} from '@google-cloud/firestore'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codeOf, INVALID_ARGUMENT, ours, startFirestore, type TestFirestore } from './client.ts'

let cloud: TestFirestore
let db: Firestore

const ascending = (fieldPath: string) => ({ fieldPath, order: 'ASCENDING' })
const index = (collectionGroup: string, ...fields: unknown[]) => ({ collectionGroup, queryScope: 'COLLECTION', fields })
const embedding = { fieldPath: 'embedding', vectorConfig: { dimension: 2, flat: {} } }

const indexes = {
  indexes: [
    index('goods', ascending('kind'), ascending('price')),
    index('goods', { fieldPath: 'tags', arrayConfig: 'CONTAINS' }, { fieldPath: 'price', order: 'DESCENDING' }),
    index('goods', ascending('price'), ascending('stock')),
    index('vectors', embedding),
    index('vectors', ascending('kind'), embedding),
  ],
  fieldOverrides: [{
    collectionGroup: 'parts', fieldPath: 'n',
    indexes: [{ order: 'ASCENDING', queryScope: 'COLLECTION' }, { order: 'ASCENDING', queryScope: 'COLLECTION_GROUP' }],
  }],
}

/** In the order Firestore gives values of different types. */
const ORDERED: unknown[] = [
  null, false, true, Number.NaN, -Infinity, -1.5, 0, 1, 1.5, 9_007_199_254_740_991, Infinity,
  new Timestamp(1, 0), new Timestamp(1, 1000), '', 'B', 'a', 'ab', '\uffee', '\u{1f40e}', Buffer.from([1]), Buffer.from([1, 0]),
  'ref:c/a', 'ref:c/b', new GeoPoint(-1, 5), new GeoPoint(0, 0), [], [1], [1, 2], ['a'],
  FieldValue.vector([9]), FieldValue.vector([1, 1]),
  {}, { a: 1 }, { a: 1, b: 0 }, { a: 2 },
]

beforeAll(async () => {
  cloud = await startFirestore({ indexes })
  db = await cloud.client()
  const goods = db.batch()
  const rows: Array<[string, Record<string, unknown>]> = [
    ['apple', { kind: 'fruit', price: 3, tags: ['red', 'sweet'], stock: null }],
    ['beet', { kind: 'root', price: 1, tags: ['red'], stock: 0 }],
    ['cherry', { kind: 'fruit', price: 9, tags: ['red', 'small'], stock: 4 }],
    ['date', { kind: 'fruit', price: 7.5, tags: [], stock: Number.NaN }],
    ['egg', { kind: 'other', price: 3, name: 'Egg' }],
    ['free', { kind: 'other', price: 'ask' }],
  ]
  for (const [id, data] of rows) goods.set(db.doc(`goods/${id}`), data)
  for (const [index, value] of ORDERED.entries()) {
    const stored = typeof value === 'string' && value.startsWith('ref:') ? db.doc(value.slice(4)) : value
    goods.set(db.doc(`types/${String((index * 3) % ORDERED.length).padStart(2, '0')}`), { value: stored, place: index })
  }
  for (const [box, n] of [['a', 1], ['b', 2], ['b', 3]] as const) goods.set(db.doc(`boxes/${box}/parts/${n}`), { n })
  goods.set(db.doc('parts/0'), { n: 0 }).set(db.doc('boxes/a/partsX/1'), { n: 9 })
  const vectors: Array<[string, string, number[]]> = [
    ['north', 'x', [0, 1]], ['east', 'x', [1, 0]], ['far', 'y', [1, 10]], ['odd', 'x', [1, 1, 1]],
  ]
  for (const [id, kind, numbers] of vectors) goods.set(db.doc(`vectors/${id}`), { kind, embedding: FieldValue.vector(numbers) })
  await goods.commit()
})
afterAll(() => cloud.close())

const ids = async (query: Query): Promise<string> => (await query.get()).docs.map((document) => document.id).join(' ')
const goods = () => db.collection('goods')

describe('does', () => {
  test.each<[string, () => Query, string]>([
    ['==', () => goods().where('price', '==', 3), 'apple egg'],
    ['== across integer and double', () => goods().where('price', '==', 3.0), 'apple egg'],
    ['== null', () => goods().where('stock', '==', null), 'apple'],
    ['== NaN', () => goods().where('stock', '==', Number.NaN), 'date'],
    ['!=', () => goods().where('price', '!=', 3), 'beet date cherry free'],
    ['!= null', () => goods().where('stock', '!=', null), 'date beet cherry'],
    ['!= NaN', () => goods().where('stock', '!=', Number.NaN), 'beet cherry'],
    ['<', () => goods().where('price', '<', 7), 'beet apple egg'],
    ['<=', () => goods().where('price', '<=', 7.5), 'beet apple egg date'],
    ['>', () => goods().where('price', '>', 3), 'date cherry'],
    ['>=', () => goods().where('price', '>=', 'a'), 'free'],
    ['a range', () => goods().where('price', '>', 1).where('price', '<', 9), 'apple egg date'],
    ['in', () => goods().where('price', 'in', [1, 9, 1]), 'beet cherry'],
    ['not-in', () => goods().where('price', 'not-in', [3, 'ask']), 'beet date cherry'],
    ['array-contains', () => goods().where('tags', 'array-contains', 'red'), 'apple beet cherry'],
    ['array-contains-any', () => goods().where('tags', 'array-contains-any', ['sweet', 'small', 'red']), 'apple beet cherry'],
    ['two equalities', () => goods().where('price', '==', 3).where('kind', '==', 'other'), 'egg'],
    ['equality and range', () => goods().where('kind', '==', 'fruit').where('price', '>', 3), 'date cherry'],
    ['two inequalities', () => goods().where('price', '>', 0).where('stock', '>=', 0), 'beet cherry'],
    ['or', () => goods().where(Filter.or(Filter.where('price', '==', 1), Filter.where('kind', '==', 'other'))), 'beet egg free'],
    [
      'and of ors',
      () => goods().where(Filter.and(
        Filter.or(Filter.where('kind', '==', 'fruit'), Filter.where('kind', '==', 'root')),
        Filter.where('price', '<=', 3),
      )),
      'beet apple',
    ],
    ['name ==', () => goods().where(FieldPath.documentId(), '==', 'egg'), 'egg'],
    ['name in', () => goods().where(FieldPath.documentId(), 'in', ['egg', 'apple', 'gone']), 'apple egg'],
    ['name range', () => goods().where(FieldPath.documentId(), '>', 'date'), 'egg free'],
  ])('filter %s', async (_name, query, expected) => {
    expect(await ids(query())).toBe(expected)
  })

  test.each<[string, () => Query, string]>([
    ['by a field, equal ones by name', () => goods().orderBy('price'), 'beet apple egg date cherry free'],
    ['descending, equal ones by name descending', () => goods().orderBy('price', 'desc'), 'free cherry date egg apple beet'],
    ['only documents that have the field', () => goods().orderBy('name'), 'egg'],
    ['by name', () => goods().orderBy(FieldPath.documentId(), 'desc'), 'free egg date cherry beet apple'],
    ['after array-contains', () => goods().where('tags', 'array-contains', 'red').orderBy('price', 'desc'), 'cherry apple beet'],
    ['limit', () => goods().orderBy('price').limit(2), 'beet apple'],
    ['limit to last', () => goods().orderBy('price').limitToLast(2), 'cherry free'],
    ['offset', () => goods().orderBy('price').offset(4).limit(5), 'cherry free'],
    ['startAt', () => goods().orderBy('price').startAt(3), 'apple egg date cherry free'],
    ['startAfter', () => goods().orderBy('price').startAfter(3), 'date cherry free'],
    ['endAt', () => goods().orderBy('price').endAt(3), 'beet apple egg'],
    ['endBefore', () => goods().orderBy('price').endBefore(3), 'beet'],
    [
      'a cursor with a name',
      () => goods().orderBy('price').orderBy(FieldPath.documentId()).startAfter(3, 'apple'),
      'egg date cherry free',
    ],
    ['cursors read backwards', () => goods().orderBy('price', 'desc').startAfter(9).endAt(3), 'date egg apple'],
    ['a cursor behind an equality', () => goods().where('kind', '==', 'fruit').orderBy('price').startAfter(3), 'date cherry'],
  ])('order %s', async (_name, query, expected) => {
    expect(await ids(query())).toBe(expected)
  })

  test('a document as cursor continues exactly behind it', async () => {
    const page = await goods().orderBy('price').limit(2).get()
    const next = goods().orderBy('price').startAfter(page.docs[1])
    expect(await ids(next)).toBe('egg date cherry free')
  })

  test('values of all types are in Firestore\'s order, both ways', async () => {
    const places = async (query: Query) => (await query.get()).docs.map((document) => document.get('place'))
    const expected = ORDERED.map((_, index) => index)
    expect(await places(db.collection('types').orderBy('value'))).toEqual(expected)
    expect(await places(db.collection('types').orderBy('value', 'desc'))).toEqual(expected.toReversed())
  })

  test('a projection answers with the fields asked for, or with none', async () => {
    const some = await goods().where('price', '==', 9).select('kind', 'tags').get()
    expect(some.docs[0]?.data()).toEqual({ kind: 'fruit', tags: ['red', 'small'] })
    const none = await goods().where('price', '==', 9).select().get()
    expect(none.docs[0]?.data()).toEqual({})
  })

  test('an empty result is a result', async () => {
    const snapshot = await db.collection('nowhere').get()
    expect(snapshot.empty).toBe(true)
    expect(snapshot.readTime.seconds).toBeGreaterThan(0)
  })

  test('a collection group reaches every collection of the name and no other', async () => {
    expect(await ids(db.collectionGroup('parts'))).toBe('1 2 3 0')
    expect(await ids(db.collectionGroup('parts').where('n', '>=', 2))).toBe('2 3')
    expect(await ids(db.collectionGroup('parts').orderBy('n', 'desc').limit(2))).toBe('3 2')
    await db.doc('boxes/c/parts/4').set({ n: 4 })
    expect(await ids(db.collectionGroup('parts').where('n', '==', 4))).toBe('4')
    await db.doc('boxes/c/parts/4').delete()
    expect(await ids(db.collectionGroup('parts').where('n', '>', 2))).toBe('3')
  })

  test('counts, sums and averages', async () => {
    const all = await goods().count().get()
    expect(all.data().count).toBe(6)
    const fruit = goods().where('kind', '==', 'fruit')
    const sums = { sum: AggregateField.sum('price'), mean: AggregateField.average('price') }
    const got = await fruit.aggregate({ n: AggregateField.count(), ...sums }).get()
    expect(got.data()).toEqual({ n: 3, sum: 19.5, mean: 6.5 })
    const nothing = await goods().where('kind', '==', 'none').aggregate(sums).get()
    expect(nothing.data()).toEqual({ sum: 0, mean: null })
    expect((await goods().orderBy('price').limit(2).count().get()).data().count).toBe(2)
  })

  test('an index follows its documents as they come, change and go', async () => {
    const shelf = db.collection('shelf')
    const red = shelf.where('colour', '==', 'red')
    expect(await ids(red)).toBe('')
    await Promise.all(['c', 'a', 'b'].map((id) => shelf.doc(id).set({ colour: 'red' })))
    expect(await ids(red)).toBe('a b c')
    await shelf.doc('b').update({ colour: 'blue' })
    await shelf.doc('a').update({ other: 1 })
    await shelf.doc('c').delete()
    const left = await red.get()
    expect(left.docs.map((document) => document.data())).toEqual([{ colour: 'red', other: 1 }])
  })

  test('the nearest vectors come first, by each measure', async () => {
    type Options = Pick<VectorQueryOptions, 'distanceMeasure' | 'limit' | 'distanceThreshold'>
    const wanted = { vectorField: 'embedding', queryVector: [0.1, 1], distanceResultField: 'gap' }
    const near = async (options: Options) => {
      const query = db.collection('vectors').findNearest({ ...wanted, ...options })
      return (await query.get()).docs.map((document) => [document.id, Math.round(document.get('gap') * 100) / 100])
    }
    expect(await near({ distanceMeasure: 'EUCLIDEAN', limit: 2 })).toEqual([['north', 0.1], ['east', 1.35]])
    expect(await near({ distanceMeasure: 'COSINE', limit: 3 })).toEqual([['far', 0], ['north', 0], ['east', 0.9]])
    expect(await near({ distanceMeasure: 'DOT_PRODUCT', limit: 2 })).toEqual([['far', 10.1], ['north', 1]])
    expect(await near({ distanceMeasure: 'EUCLIDEAN', limit: 9, distanceThreshold: 1 })).toEqual([['north', 0.1]])
  })

  test('vectors are searched among those that pass a filter', async () => {
    const query = db.collection('vectors').where('kind', '==', 'y')
      .findNearest({ vectorField: 'embedding', queryVector: [0, 1], limit: 5, distanceMeasure: 'COSINE' })
    expect((await query.get()).docs.map((document) => document.id)).toEqual(['far'])
  })

  test.runIf(ours)('a query explains its index and its cost', async () => {
    const { metrics } = await goods().where('price', '==', 3).explain({ analyze: true })
    expect(metrics.executionStats?.resultsReturned).toBe(2)
    expect(metrics.executionStats?.readOperations).toBe(2)
    expect(metrics.planSummary.indexesUsed).toHaveLength(1)
  })

  test.runIf(ours)('a few of 20,000 documents are found without looking at the others', async () => {
    const many = Array.from({ length: 20_000 }, (_, n) => {
      return { path: `many/${n}`, data: { status: n % 5000 === 0 ? 'due' : 'done', kind: 'x', at: n } }
    })
    await cloud.server.write(many)
    const due = db.collection('many').where('status', '==', 'due')
    expect((await due.get()).size).toBe(4)
    const since = cloud.wire.lastCall
    for (let n = 0; n < 20; n += 1) await due.get()
    await db.doc('many/1').update({ status: 'due' })
    expect((await due.get()).size).toBe(5)
    const queries = cloud.wire.calls(since).filter((call) => call.operation === 'RunQuery')
    expect(Math.min(...queries.map((call) => call.ms))).toBeLessThan(1)
  })
})

describe('refuses', () => {
  test.each<[string, () => Query]>([
    ['more than 30 values in in', () => goods().where('price', 'in', Array.from({ length: 31 }, (_, n) => n))],
    ['more than 10 values in not-in', () => goods().where('price', 'not-in', Array.from({ length: 11 }, (_, n) => n))],
    [
      'more than 30 disjunctions',
      () => goods().where('price', 'in', [1, 2, 3, 4, 5, 6]).where('kind', 'in', ['a', 'b', 'c', 'd', 'e', 'f']),
    ],
    ['two array-contains', () => goods().where('tags', 'array-contains', 'a').where('tags', 'array-contains', 'b')],
    ['not-in beside an inequality of its kind', () => goods().where('price', 'not-in', [1]).where('stock', '!=', 1)],
  ])('%s', async (_name, query) => {
    expect(await codeOf(query().get())).toBe(INVALID_ARGUMENT)
  })
})
