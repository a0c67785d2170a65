/**
 * Finds a query's results: each AND of its filters is a range of one sorted list, read no further than needed.
 */
import type { Column, DocumentSet, Entry } from './document-set.ts'
import { inScope } from './history.ts'
import type { LockedRange } from './locks.ts'
import { afterEnd, beforeStart, compareResults, matchesFilter, matchesQuery, type ResultPlace } from './matching.ts'
import type { Value } from './messages.ts'
import { compareNames, compareStrings } from './paths.ts'
import { NAME, type FieldFilter, type Query } from './query.ts'
import type { Range } from './sorted-list.ts'
import type { StoredDocument } from './stored-document.ts'
import { compareValues, rank } from './values.ts'

export interface Found {
  readonly documents: readonly StoredDocument[]
  /** Results passed over by the offset: read and billed, not answered. */
  readonly skipped: number
}

/** Documents as a query sees them: now, or at a moment. */
export interface View {
  get(name: string): StoredDocument | undefined
  documents(scope: Query['scope']): DocumentSet | undefined
}

export function runQuery(query: Query, view: View): Found {
  const set = view.documents(query.scope)
  const wanted = query.limit === undefined ? Number.POSITIVE_INFINITY : query.offset + query.limit
  const found = set === undefined || wanted === 0 ? [] : collect(query, set, view, wanted)
  const documents = found.slice(query.offset, wanted)
  return { documents, skipped: Math.min(found.length, query.offset) }
}

function collect(query: Query, set: DocumentSet, view: View, wanted: number): StoredDocument[] {
  const [only, ...more] = query.disjuncts
  if (only === undefined) return []
  if (more.length === 0) return conjunction(query, only, set, view, wanted)
  const byName = new Map<string, StoredDocument>()
  for (const filters of query.disjuncts) {
    for (const document of conjunction(query, filters, set, view, wanted)) byName.set(document.name, document)
  }
  return [...byName.values()].sort((a, b) => compareResults(query, a, b)).slice(0, wanted)
}

function conjunction(
  query: Query,
  filters: readonly FieldFilter[],
  set: DocumentSet,
  view: View,
  wanted: number,
): StoredDocument[] {
  const named = filters.find((filter) => filter.path === NAME && filter.operator === '==')
  if (named !== undefined) {
    const document = view.get(named.value.referenceValue ?? '')
    const fits = document !== undefined && matchesQuery({ ...query, disjuncts: [filters] }, document)
    return fits ? [document] : []
  }
  return scan(query, filters, set, wanted)
}

function scan(query: Query, filters: readonly FieldFilter[], set: DocumentSet, wanted: number): StoredDocument[] {
  const plan = planOf(query, filters)
  const found: StoredDocument[] = []
  const checksScope = query.scope.kind !== 'collection'
  set.list({ columns: plan.columns, nameDescending: plan.nameDescending }).scan(plan.range, ({ name, slot }) => {
    if (checksScope && !inScope(name, query.scope)) return true
    if (plan.rest.every((filter) => matchesFilter(filter, slot.document))) found.push(slot.document)
    return found.length < wanted
  })
  return found
}

interface Plan {
  readonly columns: readonly Column[]
  readonly nameDescending: boolean
  readonly range: Range<Entry>
  /** Filters the range does not answer. */
  readonly rest: readonly FieldFilter[]
}

/** Equalities first, then the order; read backwards when the order begins descending, so both directions share a list. */
function planOf(query: Query, filters: readonly FieldFilter[]): Plan {
  const equals = new Map<string, FieldFilter>()
  for (const filter of filters) if (filter.operator === '==' && !equals.has(filter.path)) equals.set(filter.path, filter)
  const contains = filters.find((filter) => filter.operator === 'array-contains')
  const fixed = [...equals.values()].sort((a, b) => compareStrings(a.path, b.path))
  if (contains !== undefined) fixed.push(contains)
  const orders = query.orders.filter((order) => !equals.has(order.path))
  const reversed = orders[0]?.descending ?? query.nameDescending
  const bounding = filters.filter((filter) => filter.path === (orders[0]?.path ?? NAME) && isBound(filter))
  const columns = [
    ...fixed.map(({ path, operator }) => ({ path, elements: operator === 'array-contains', descending: false })),
    ...orders.map(({ path, descending }) => ({ path, elements: false, descending: descending !== reversed })),
  ]
  return {
    columns,
    nameDescending: query.nameDescending !== reversed,
    range: rangeOf(query, { fixed, bounding, columns, reversed }),
    rest: filters.filter((filter) => !fixed.includes(filter) && !bounding.includes(filter)),
  }
}

function isBound({ operator }: FieldFilter): boolean {
  return operator === '<' || operator === '<=' || operator === '>' || operator === '>='
}

interface RangeParts {
  readonly fixed: readonly FieldFilter[]
  readonly bounding: readonly FieldFilter[]
  readonly columns: readonly Column[]
  readonly reversed: boolean
}

function rangeOf(query: Query, { fixed, bounding, columns, reversed }: RangeParts): Range<Entry> {
  const prefix = ({ values }: Entry): number => {
    for (const [index, filter] of fixed.entries()) {
      const order = compareValues(values[index] as Value, filter.value)
      if (order !== 0) return order
    }
    return 0
  }
  const bound = boundOf(bounding, fixed.length, columns.length > fixed.length)
  const columnOf = query.orders.map(({ path }) => columns.findIndex((column) => column.path === path && !column.elements))
  const place = ({ values, name }: Entry): ResultPlace => ({ values: columnOf.map((index) => values[index] as Value), name })
  const starts = query.startAt === undefined ? never : (entry: Entry) => beforeStart(query, place(entry))
  const ends = query.endAt === undefined ? never : (entry: Entry) => afterEnd(query, place(entry))
  const [cutsBelow, cutsAbove] = reversed ? [ends, starts] : [starts, ends]
  return {
    reversed,
    isBelow: (entry) => {
      const order = prefix(entry)
      return order === 0 ? bound.isBelow(entry) || cutsBelow(entry) : order < 0
    },
    isAbove: (entry) => {
      const order = prefix(entry)
      return order === 0 ? bound.isAbove(entry) || cutsAbove(entry) : order > 0
    },
  }
}

function never(): boolean {
  return false
}

/** Inequalities on the first column after the fixed ones, which ascends in the list; values of another type are outside. */
function boundOf(filters: readonly FieldFilter[], column: number, ordersByField: boolean): Omit<Range<Entry>, 'reversed'> {
  const typeOrder = (entry: Entry, wanted: Value) => (ordersByField ? rank(entry.values[column] as Value) - rank(wanted) : 0)
  const valueOrder = (entry: Entry, wanted: Value) =>
    ordersByField ? compareValues(entry.values[column] as Value, wanted) : compareNames(entry.name, wanted.referenceValue ?? '')
  const below = filters.map(({ operator, value }) => {
    if (operator === '>') return (entry: Entry) => valueOrder(entry, value) <= 0
    if (operator === '>=') return (entry: Entry) => valueOrder(entry, value) < 0
    return (entry: Entry) => typeOrder(entry, value) < 0
  })
  const above = filters.map(({ operator, value }) => {
    if (operator === '<') return (entry: Entry) => valueOrder(entry, value) >= 0
    if (operator === '<=') return (entry: Entry) => valueOrder(entry, value) > 0
    return (entry: Entry) => typeOrder(entry, value) > 0
  })
  return { isBelow: (entry) => below.some((test) => test(entry)), isAbove: (entry) => above.some((test) => test(entry)) }
}

/** What a transaction locks by running a query: every change that would alter these results. */
export function rangeLock(query: Query, found: Found): LockedRange {
  const full = query.limit !== undefined && found.documents.length >= query.limit
  const last = full ? found.documents.at(-1) : undefined
  const isIn = (document: StoredDocument | undefined) =>
    document !== undefined && matchesQuery(query, document) && (last === undefined || compareResults(query, document, last) <= 0)
  return { touchedBy: ({ before, after }) => isIn(before) || isIn(after) }
}
