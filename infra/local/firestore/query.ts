/**
 * A structured query in the form the rest works on: a scope, an OR of ANDs, a full order, cursors.
 *
 * The order is made whole as the service does it: fields with inequalities that are not ordered by come after those
 * that are, the document's name last, each in the last direction given.
 */
import type { CursorMessage, Filter, StructuredQuery, Value } from './messages.ts'
import { checkCollectionId, compareStrings, fieldPath, type Names } from './paths.ts'
import { invalid } from './refusal.ts'
import type { Scope } from './store.ts'
import { equalValues, NULL_VALUE } from './values.ts'

export const NAME = '__name__'

const OPERATORS = [undefined, '<', '<=', '>', '>=', '==', '!=', 'array-contains', 'in', 'array-contains-any', 'not-in'] as const
const UNARY: Record<number, { operator: '==' | '!='; value: Value }> = {
  2: { operator: '==', value: { doubleValue: Number.NaN } },
  3: { operator: '==', value: NULL_VALUE },
  4: { operator: '!=', value: { doubleValue: Number.NaN } },
  5: { operator: '!=', value: NULL_VALUE },
}
const AND = 1
const DESCENDING = 2
const DISJUNCTIONS_MAX = 30
const IN_MAX = 30
const NOT_IN_MAX = 10
const PARTS_MAX = 100

export interface FieldFilter {
  readonly path: string
  readonly operator: '<' | '<=' | '>' | '>=' | '==' | '!=' | 'array-contains' | 'not-in'
  readonly value: Value
}

export interface Order {
  readonly path: string
  readonly descending: boolean
}

export interface Cursor {
  readonly values: readonly Value[]
  readonly before: boolean
}

export interface Query {
  readonly scope: Scope
  /** A document matches when all filters of any one of these do. */
  readonly disjuncts: ReadonlyArray<readonly FieldFilter[]>
  /** Fields ordered by, explicit and implicit, without the name, which always comes last. */
  readonly orders: readonly Order[]
  readonly nameDescending: boolean
  readonly startAt: Cursor | undefined
  readonly endAt: Cursor | undefined
  readonly offset: number
  readonly limit: number | undefined
  /** Paths to answer with; undefined is all. */
  readonly select: readonly string[] | undefined
}

export function parseQuery(parent: string, message: StructuredQuery, names: Names): Query {
  const disjuncts = message.where == null ? [[]] : disjunctsOf(message.where)
  const inequalities = inequalityPaths(disjuncts)
  const { orders, nameDescending } = wholeOrder(message, inequalities)
  const filterCount = Math.max(...disjuncts.map((filters) => filters.length))
  if (filterCount + orders.length > PARTS_MAX) throw invalid(`A query has at most ${PARTS_MAX} filters and orders.`)
  return {
    scope: scopeOf(names.parent(parent), message, names),
    disjuncts,
    orders,
    nameDescending,
    startAt: cursor(message.startAt, orders.length),
    endAt: cursor(message.endAt, orders.length),
    offset: natural(message.offset ?? 0, 'offset'),
    limit: message.limit == null ? undefined : natural(message.limit.value ?? 0, 'limit'),
    select: message.select == null ? undefined : (message.select.fields ?? []).map((field) => field.fieldPath ?? ''),
  }
}

function scopeOf(parent: string, message: StructuredQuery, names: Names): Scope {
  const [from, ...more] = message.from ?? []
  if (from === undefined || more.length > 0) throw invalid('A query has exactly one collection selector.')
  const collectionId = from.collectionId ?? ''
  if (collectionId === '') {
    if (from.allDescendants !== true) throw invalid('Kindless queries must look at all descendants.')
    return { kind: 'everything', under: parent, collectionId }
  }
  checkCollectionId(collectionId)
  if (from.allDescendants === true) return { kind: 'group', under: parent, collectionId }
  return { kind: 'collection', collection: `${parent === names.root ? names.root : parent}/${collectionId}`, collectionId }
}

function disjunctsOf(filter: Filter): FieldFilter[][] {
  if (filter.unaryFilter != null) {
    const unary = UNARY[filter.unaryFilter.op ?? 0]
    if (unary === undefined) throw invalid('A unary filter has an unknown operator.')
    return [[{ path: checkedPath(filter.unaryFilter.field?.fieldPath), ...unary }]]
  }
  if (filter.fieldFilter != null) return fieldDisjuncts(filter.fieldFilter)
  const parts = (filter.compositeFilter?.filters ?? []).map(disjunctsOf)
  if (parts.length === 0) throw invalid('A composite filter is empty.')
  const disjuncts = filter.compositeFilter?.op === AND ? parts.reduce(multiplied) : parts.flat()
  return checkedDisjuncts(disjuncts)
}

function multiplied(left: FieldFilter[][], right: FieldFilter[][]): FieldFilter[][] {
  return checkedDisjuncts(left.flatMap((one) => right.map((other) => [...one, ...other])))
}

function checkedDisjuncts(disjuncts: FieldFilter[][]): FieldFilter[][] {
  if (disjuncts.length > DISJUNCTIONS_MAX) {
    throw invalid(`A query has at most ${DISJUNCTIONS_MAX} disjunctions after its filters are normalised.`)
  }
  for (const filters of disjuncts) {
    if (filters.filter((filter) => filter.operator === 'array-contains').length > 1) {
      throw invalid('A query has at most one array-contains or array-contains-any in each disjunction.')
    }
    const exclusions = filters.filter((filter) => filter.operator === 'not-in')
    if (exclusions.length > 1) throw invalid('A query has at most one not-in.')
    if (exclusions.length > 0 && disjuncts.length > 1) {
      throw invalid('not-in cannot be combined with OR, in or array-contains-any.')
    }
    if (exclusions.length > 0 && filters.some((filter) => filter.operator === '!=')) {
      throw invalid('not-in cannot be combined with !=.')
    }
  }
  return disjuncts
}

function fieldDisjuncts(filter: NonNullable<Filter['fieldFilter']>): FieldFilter[][] {
  const operator = OPERATORS[filter.op ?? 0]
  if (operator === undefined) throw invalid('A field filter has an unknown operator.')
  const path = checkedPath(filter.field?.fieldPath)
  const value = filter.value ?? NULL_VALUE
  if (path === NAME && value.referenceValue == null && value.arrayValue == null) {
    throw invalid('__key__ filter value must be a Key.')
  }
  switch (operator) {
    case 'in':
      return listed(value, operator, IN_MAX).map((element) => [{ path, operator: '==', value: element }])
    case 'array-contains-any':
      return listed(value, operator, IN_MAX).map((element) => [{ path, operator: 'array-contains', value: element }])
    case 'not-in':
      listed(value, operator, NOT_IN_MAX)
      return [[{ path, operator, value }]]
    default:
      return [[{ path, operator, value }]]
  }
}

function listed(value: Value, operator: string, countMax: number): Value[] {
  const values = value.arrayValue?.values ?? []
  if (values.length === 0) throw invalid(`'${operator}' requires a non-empty array.`)
  if (values.length > countMax) throw invalid(`'${operator}' supports up to ${countMax} comparison values.`)
  return values.filter((element, index) => values.findIndex((other) => equalValues(other, element)) === index)
}

function checkedPath(path: string | null | undefined): string {
  fieldPath(path ?? '')
  return path ?? ''
}

function inequalityPaths(disjuncts: ReadonlyArray<readonly FieldFilter[]>): string[] {
  const paths = new Set<string>()
  for (const filters of disjuncts) {
    for (const { path, operator } of filters) {
      if (operator !== '==' && operator !== 'array-contains' && path !== NAME) paths.add(path)
    }
  }
  return [...paths].sort(compareStrings)
}

function wholeOrder(message: StructuredQuery, inequalities: readonly string[]): { orders: Order[]; nameDescending: boolean } {
  const given = (message.orderBy ?? []).map((order) => ({
    path: checkedPath(order.field?.fieldPath),
    descending: order.direction === DESCENDING,
  }))
  const nameAt = given.findIndex((order) => order.path === NAME)
  const orders = nameAt === -1 ? given : given.slice(0, nameAt)
  const lastDescending = given.at(-1)?.descending ?? false
  for (const path of inequalities) {
    if (!orders.some((order) => order.path === path)) orders.push({ path, descending: lastDescending })
  }
  return { orders, nameDescending: nameAt === -1 ? lastDescending : (given[nameAt]?.descending ?? false) }
}

function cursor(message: CursorMessage | null | undefined, orderCount: number): Cursor | undefined {
  if (message == null || (message.values ?? []).length === 0) return undefined
  const values = message.values ?? []
  if (values.length > orderCount + 1) throw invalid('Cursor has too many values.')
  return { values, before: message.before === true }
}

function natural(value: number, name: string): number {
  if (value < 0) throw invalid(`${name} is negative.`)
  return value
}
