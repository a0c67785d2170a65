/** Whether a document matches a query, and how two of its results are ordered. */
import { getField } from './fields.ts'
import { inScope } from './history.ts'
import type { Value } from './messages.ts'
import { compareNames, fieldPath } from './paths.ts'
import { NAME, type Cursor, type FieldFilter, type Query } from './query.ts'
import type { StoredDocument } from './stored-document.ts'
import { compareValues, equalValues, isNull, rank } from './values.ts'

export function valueAt(document: StoredDocument, path: string): Value | undefined {
  return path === NAME ? { referenceValue: document.name } : getField(document.fields, fieldPath(path))
}

/** A document without the field matches no filter on it, not even an unequal one. */
export function matchesFilter({ path, operator, value }: FieldFilter, document: StoredDocument): boolean {
  const held = valueAt(document, path)
  if (held === undefined) return false
  switch (operator) {
    case '==':
      return equalValues(held, value)
    case '!=':
      return !isNull(held) && !equalValues(held, value)
    case 'array-contains':
      return (held.arrayValue?.values ?? []).some((element) => equalValues(element, value))
    case 'not-in':
      return notIn(held, value.arrayValue?.values ?? [])
    default:
      return rank(held) === rank(value) && inequalityHolds(operator, compareValues(held, value))
  }
}

function notIn(held: Value, values: readonly Value[]): boolean {
  if (isNull(held) || values.some(isNull)) return false
  return !values.some((value) => equalValues(held, value))
}

function inequalityHolds(operator: '<' | '<=' | '>' | '>=', order: number): boolean {
  if (operator === '<') return order < 0
  if (operator === '<=') return order <= 0
  return operator === '>' ? order > 0 : order >= 0
}

/** Scope, filters, fields ordered by, cursors: everything but offset and limit. */
export function matchesQuery(query: Query, document: StoredDocument): boolean {
  if (!inScope(document.name, query.scope)) return false
  if (!query.disjuncts.some((filters) => filters.every((filter) => matchesFilter(filter, document)))) return false
  const values = orderValues(query, document)
  if (values === undefined) return false
  const place = { values, name: document.name }
  return !beforeStart(query, place) && !afterEnd(query, place)
}

export interface ResultPlace {
  /** One for each field ordered by. */
  readonly values: readonly Value[]
  readonly name: string
}

/** Undefined when the document lacks a field the query orders by: it is no result then. */
export function orderValues(query: Query, document: StoredDocument): Value[] | undefined {
  const values: Value[] = []
  for (const { path } of query.orders) {
    const value = valueAt(document, path)
    if (value === undefined) return undefined
    values.push(value)
  }
  return values
}

export function beforeStart(query: Query, place: ResultPlace): boolean {
  if (query.startAt === undefined) return false
  const order = compareToCursor(query, place, query.startAt)
  return order < 0 || (order === 0 && !query.startAt.before)
}

export function afterEnd(query: Query, place: ResultPlace): boolean {
  if (query.endAt === undefined) return false
  const order = compareToCursor(query, place, query.endAt)
  return order > 0 || (order === 0 && query.endAt.before)
}

function compareToCursor(query: Query, place: ResultPlace, cursor: Cursor): number {
  for (const [index, wanted] of cursor.values.entries()) {
    const order = query.orders[index]
    if (order === undefined) return signed(compareNames(place.name, wanted.referenceValue ?? ''), query.nameDescending)
    const compared = compareValues(place.values[index] as Value, wanted)
    if (compared !== 0) return signed(compared, order.descending)
  }
  return 0
}

export function compareResults(query: Query, a: StoredDocument, b: StoredDocument): number {
  const left = orderValues(query, a) ?? []
  const right = orderValues(query, b) ?? []
  for (const [index, order] of query.orders.entries()) {
    const compared = compareValues(left[index] as Value, right[index] as Value)
    if (compared !== 0) return signed(compared, order.descending)
  }
  return signed(compareNames(a.name, b.name), query.nameDescending)
}

function signed(order: number, descending: boolean): number {
  return descending ? -order : order
}
