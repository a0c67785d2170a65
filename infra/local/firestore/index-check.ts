/**
 * Refuses a query that the real service would refuse for want of an index.
 *
 * Single fields are indexed automatically unless the index file says otherwise; equalities may be joined from several
 * indexes that share the same order; an order next to a filter on another field needs a composite index.
 */
import type { CompositeIndex, IndexField, IndexFile, Mode, Scope } from './index-file.ts'
import { hasSingleFieldIndex } from './index-file.ts'
import { NAME, type FieldFilter, type Order, type Query } from './query.ts'
import { precondition } from './refusal.ts'

interface Need {
  readonly collectionGroup: string
  readonly scope: Scope
  /** Fields with equalities, and the one with array-contains. */
  readonly fixed: readonly IndexField[]
  readonly orders: readonly Order[]
  readonly nameDescending: boolean
  /** Fields summed or averaged: the index must hold them. */
  readonly summed: readonly string[]
}

/** @param summed fields of an aggregation's sums and averages */
export function checkIndexed(file: IndexFile, query: Query, summed: readonly string[] = []): void {
  if (query.scope.kind === 'everything') return
  for (const filters of query.disjuncts) {
    const need = needOf(query, filters, summed)
    if (!isServed(file, need)) throw needsIndex(need.collectionGroup, need.scope, suggested(need))
  }
}

/** A vector search needs one index with its filters' fields and the vector, of the right dimension. */
export function checkVectorIndexed(file: IndexFile, query: Query, path: string, dimension: number): void {
  for (const filters of query.disjuncts) {
    const need = needOf(query, filters, [])
    const served = composites(file, need).some(({ fields }) => {
      const plain = fields.filter((field) => field.path !== NAME)
      const vector = plain.at(-1)
      return vector?.mode === 'VECTOR' && vector.path === path && vector.dimension === dimension
        && plain.length === need.fixed.length + 1 && need.fixed.every((fixed) => plain.some((field) => covers(field, fixed)))
    })
    if (!served) {
      const fields: IndexField[] = [...need.fixed, { path, mode: 'VECTOR', dimension }]
      throw needsIndex(need.collectionGroup, need.scope, fields, 'Missing vector index configuration. ')
    }
  }
}

function needOf(query: Query, filters: readonly FieldFilter[], summed: readonly string[]): Need {
  const fixed: IndexField[] = []
  for (const { path, operator } of filters) {
    if (path === NAME || fixed.some((field) => field.path === path && operator === '==')) continue
    if (operator === '==') fixed.push({ path, mode: 'ASCENDING' })
    if (operator === 'array-contains') fixed.push({ path, mode: 'CONTAINS' })
  }
  const orders = query.orders.filter((order) => !fixed.some((field) => field.path === order.path && field.mode !== 'CONTAINS'))
  const held = (path: string) => orders.some((order) => order.path === path) || fixed.some((field) => field.path === path)
  return {
    collectionGroup: query.scope.collectionId,
    scope: query.scope.kind === 'group' ? 'COLLECTION_GROUP' : 'COLLECTION',
    fixed,
    orders,
    nameDescending: query.nameDescending,
    summed: [...new Set(summed)].filter((path) => !held(path)),
  }
}

function isServed(file: IndexFile, need: Need): boolean {
  const { fixed, orders, summed } = need
  const tail = orders.length + summed.length
  if (fixed.length === 0 && tail === 0) return true
  if (fixed.length === 0 && tail === 1 && servedBySingle(file, need)) return true
  const covered = new Set<string>()
  if (tail === 0) {
    for (const field of fixed) if (singleServes(file, need, field)) covered.add(`${field.path} ${field.mode}`)
  }
  for (const index of composites(file, need)) {
    for (const field of coveredBy(index, need) ?? []) covered.add(`${field.path} ${field.mode}`)
  }
  return covered.size > 0 && fixed.every((field) => covered.has(`${field.path} ${field.mode}`))
    || (fixed.length === 0 && composites(file, need).some((index) => coveredBy(index, need) !== undefined))
}

function servedBySingle(file: IndexFile, need: Need): boolean {
  const [order] = need.orders
  if (order === undefined) return singleServes(file, need, { path: need.summed[0] ?? '', mode: 'ASCENDING' })
  return order.descending === need.nameDescending && singleServes(file, need, { path: order.path, mode: 'ASCENDING' })
}

/** Either direction of a single-field index serves, read forwards or backwards. */
function singleServes(file: IndexFile, need: Need, field: IndexField): boolean {
  const modes: Mode[] = field.mode === 'CONTAINS' ? ['CONTAINS'] : ['ASCENDING', 'DESCENDING']
  return hasSingleFieldIndex(file, need.collectionGroup, field.path, { scope: need.scope, modes })
}

function composites(file: IndexFile, need: Need): CompositeIndex[] {
  return file.composites.filter((index) => index.collectionGroup === need.collectionGroup && index.scope === need.scope)
}

/** The fixed fields an index begins with, when all of the rest is the order (and the sums); undefined when it does not fit. */
function coveredBy(index: CompositeIndex, need: Need): IndexField[] | undefined {
  const fields = index.fields.filter((field) => field.path !== NAME)
  const tailLength = need.orders.length + need.summed.length
  const prefix = fields.slice(0, fields.length - tailLength)
  const tail = fields.slice(fields.length - tailLength)
  if (fields.length < tailLength || !fitsOrder(index, tail, need)) return undefined
  const covered: IndexField[] = []
  for (const field of prefix) {
    const fixed = need.fixed.find((wanted) => covers(field, wanted))
    if (fixed === undefined) return undefined
    covered.push(fixed)
  }
  return covered
}

function covers(field: IndexField, wanted: IndexField): boolean {
  if (field.path !== wanted.path || field.mode === 'VECTOR') return false
  return (field.mode === 'CONTAINS') === (wanted.mode === 'CONTAINS')
}

function fitsOrder(index: CompositeIndex, tail: readonly IndexField[], need: Need): boolean {
  const ordered = tail.slice(0, need.orders.length)
  const summed = tail.slice(need.orders.length)
  if (!need.summed.every((path) => summed.some((field) => field.path === path && field.mode !== 'CONTAINS'))) return false
  const name = index.fields.find((field) => field.path === NAME) ?? index.fields.findLast((field) => field.path !== NAME)
  const directions = ordered.map((field) => field.mode === 'DESCENDING')
  const same = need.orders.map((order, at) => ordered[at]?.path === order.path && ordered[at].mode !== 'CONTAINS'
    && ordered[at].mode !== 'VECTOR' ? order.descending === directions[at] : undefined)
  if (same.includes(undefined)) return false
  const nameSame = need.orders.length === 0 || need.summed.length > 0
    ? same[0] : (name?.mode === 'DESCENDING') === need.nameDescending
  return same.every((one) => one === same[0]) && (same.length === 0 || nameSame === same[0])
}

function suggested(need: Need): IndexField[] {
  const ordered = need.orders.map(({ path, descending }): IndexField => ({ path, mode: descending ? 'DESCENDING' : 'ASCENDING' }))
  const last = need.orders.at(-1)
  const name: IndexField[] = last !== undefined && last.descending !== need.nameDescending
    ? [{ path: NAME, mode: need.nameDescending ? 'DESCENDING' : 'ASCENDING' }] : []
  return [...need.fixed, ...ordered, ...need.summed.map((path): IndexField => ({ path, mode: 'ASCENDING' })), ...name]
}

/** The service links to its console here; this one says what to write into the index file. */
function needsIndex(collectionGroup: string, queryScope: Scope, fields: readonly IndexField[], reason = '') {
  const entry = { collectionGroup, queryScope, fields: fields.map(fileField) }
  const place = fields.length === 1 && fields[0]?.mode !== 'VECTOR' ? 'fieldOverrides' : 'indexes'
  return precondition(
    `${reason}The query requires an index. Add it to firestore.indexes.json, "${place}": ${JSON.stringify(entry)}`,
  )
}

function fileField({ path, mode, dimension }: IndexField): Record<string, unknown> {
  if (mode === 'VECTOR') return { fieldPath: path, vectorConfig: { dimension, flat: {} } }
  return mode === 'CONTAINS' ? { fieldPath: path, arrayConfig: mode } : { fieldPath: path, order: mode }
}
