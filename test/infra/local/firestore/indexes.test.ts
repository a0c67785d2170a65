/** Queries that the real service refuses without an index are refused, and those it serves are served. */
import { AggregateField, FieldPath, Filter, type Firestore, type Query } from '@google-cloud/firestore'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseIndexFile } from '../../../../infra/local/firestore/index-file.ts'
import { codeOf, FAILED_PRECONDITION, failureOf, ours, startFirestore, type TestFirestore } from './client.ts'

let cloud: TestFirestore
let db: Firestore

const ascending = (fieldPath: string) => ({ fieldPath, order: 'ASCENDING' })
const descending = (fieldPath: string) => ({ fieldPath, order: 'DESCENDING' })
const composite = (...fields: unknown[]) => ({ collectionGroup: 'orders', queryScope: 'COLLECTION', fields })
const vector = { fieldPath: 'v', vectorConfig: { dimension: 3, flat: {} } }

const indexes = {
  indexes: [
    composite(ascending('customer'), descending('placedAt')),
    composite(ascending('status'), descending('placedAt')),
    composite(ascending('a'), ascending('b'), ascending('c')),
    composite({ fieldPath: 'tags', arrayConfig: 'CONTAINS' }, ascending('total')),
    composite(ascending('x'), descending('y')),
    composite(ascending('shop'), ascending('total')),
    composite(vector),
    { collectionGroup: 'lines', queryScope: 'COLLECTION_GROUP', fields: [ascending('sku'), ascending('at')] },
  ],
  fieldOverrides: [
    { collectionGroup: 'orders', fieldPath: 'expireAt', ttl: true, indexes: [] },
    { collectionGroup: 'orders', fieldPath: 'blob', indexes: [] },
    { collectionGroup: 'lines', fieldPath: 'sku', indexes: [{ order: 'ASCENDING', queryScope: 'COLLECTION_GROUP' }] },
  ],
}

beforeAll(async () => {
  cloud = await startFirestore({ indexes })
  db = await cloud.client()
})
afterAll(() => cloud.close())

const orders = () => db.collection('orders')
const lines = () => db.collectionGroup('lines')

describe.runIf(ours)('does', () => {
  test.each<[string, () => Query]>([
    ['any single field, any operator', () => orders().where('total', '>', 5).orderBy('total', 'desc')],
    ['equalities on many fields', () => orders().where('p', '==', 1).where('q', '==', 2).where('r', 'in', [1, 2])],
    ['equality and array-contains', () => orders().where('p', '==', 1).where('tags', 'array-contains', 'x')],
    ['equality ordered by name', () => orders().where('p', '==', 1).orderBy(FieldPath.documentId())],
    ['equality ordered by the same field', () => orders().where('p', '==', 1).orderBy('p')],
    ['a composite index', () => orders().where('customer', '==', 1).orderBy('placedAt', 'desc')],
    ['a composite index read backwards', () => orders().where('customer', '==', 1).orderBy('placedAt')],
    ['a range on a composite index', () => orders().where('customer', '==', 1).where('placedAt', '>', 1)],
    ['equality fields in another order', () => orders().where('b', '==', 1).where('a', '==', 1).orderBy('c')],
    ['a composite index with more order than equality', () => orders().where('a', '==', 1).orderBy('b').orderBy('c')],
    ['two composite indexes joined', () => orders().where('customer', '==', 1).where('status', '==', 2).orderBy('placedAt')],
    ['array-contains with an order', () => orders().where('tags', 'array-contains', 'x').orderBy('total', 'desc')],
    ['two orders, both turned', () => orders().orderBy('x', 'desc').orderBy('y')],
    ['or of single fields', () => orders().where(Filter.or(Filter.where('p', '==', 1), Filter.where('q', '==', 1)))],
    ['a whole collection group', () => lines()],
    ['a collection group by an override', () => lines().where('sku', '==', 1)],
    ['a collection group by a composite index', () => lines().where('sku', '==', 1).orderBy('at')],
  ])('serves %s', async (_name, query) => {
    expect(await codeOf(query().get())).toBeUndefined()
  })

  test('serves sums next to a filter with an index that holds both', async () => {
    const sum = { sum: AggregateField.sum('total') }
    expect(await codeOf(orders().where('shop', '==', 1).aggregate(sum).get())).toBeUndefined()
    expect(await codeOf(orders().aggregate(sum).get())).toBeUndefined()
  })

  test('the index file\'s policies are read', () => {
    const { overrides, composites } = parseIndexFile(indexes)
    expect(overrides.filter((override) => override.expires)).toEqual([
      { collectionGroup: 'orders', path: 'expireAt', expires: true, indexes: [] },
    ])
    expect(composites[0]).toEqual({
      collectionGroup: 'orders', scope: 'COLLECTION',
      fields: [{ path: 'customer', mode: 'ASCENDING' }, { path: 'placedAt', mode: 'DESCENDING' }],
    })
  })
})

describe.runIf(ours)('refuses', () => {
  test.each<[string, () => Query]>([
    ['equality with an order on another field', () => orders().where('p', '==', 1).orderBy('q')],
    ['equality with a range on another field', () => orders().where('p', '==', 1).where('q', '>', 1)],
    ['equality with != on another field', () => orders().where('p', '==', 1).where('q', '!=', 1)],
    ['in with an order', () => orders().where('p', 'in', [1, 2]).orderBy('q')],
    ['two orders', () => orders().orderBy('p').orderBy('q')],
    ['two orders of which one is turned', () => orders().orderBy('x').orderBy('y')],
    ['inequalities on two fields', () => orders().where('p', '>', 1).where('q', '>', 1)],
    ['a composite index whose equality is missing', () => orders().where('a', '==', 1).orderBy('c')],
    ['a third equality no index has', () => orders().where('customer', '==', 1).where('p', '==', 2).orderBy('placedAt')],
    ['an order with the name turned', () => orders().orderBy('p').orderBy(FieldPath.documentId(), 'desc')],
    [
      'or of which one part has no index',
      () => orders().where(Filter.or(Filter.where('customer', '==', 1), Filter.where('p', '==', 1))).orderBy('placedAt'),
    ],
    ['a field exempted', () => orders().where('blob', '==', 1)],
    ['a field below an exempted one', () => orders().where('blob.part', '==', 1)],
    ['the field of a time-to-live policy without indexes', () => orders().where('expireAt', '<', 1)],
    ['a collection group without an index of its scope', () => lines().where('other', '==', 1)],
    ['a single collection whose field is indexed for the group only', () => db.collection('lines').where('sku', '==', 1)],
  ])('%s', async (_name, query) => {
    expect(await codeOf(query().get())).toBe(FAILED_PRECONDITION)
  })

  test('with a message that names the index to add', async () => {
    const failure = await failureOf(orders().where('p', '==', 1).orderBy('q', 'desc').get())
    expect(failure?.message).toContain('The query requires an index.')
    expect(failure?.message).toContain(JSON.stringify(composite(ascending('p'), descending('q')).fields))
  })

  test('sums next to a filter without an index that holds both', async () => {
    const sums = orders().where('p', '==', 1).aggregate({ sum: AggregateField.sum('total') })
    expect(await codeOf(sums.get())).toBe(FAILED_PRECONDITION)
  })

  test.each([
    ['dimension', 'v', [1, 2]],
    ['field', 'w', [1, 2, 3]],
  ] as const)('a vector search over another %s', async (_name, vectorField, numbers) => {
    const queryVector = [...numbers]
    const search = orders().findNearest({ vectorField, queryVector, limit: 1, distanceMeasure: 'COSINE' })
    expect(await codeOf(search.get())).toBe(FAILED_PRECONDITION)
  })

  test('a file that is no index file, with the place of the fault', () => {
    expect(() => parseIndexFile({ indexes: [{ collectionGroup: 'a', fields: [] }] })).toThrow('fields')
  })
})
