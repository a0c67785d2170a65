/**
 * Lists as the vendor pages them: newest first, 10 unless asked, never more than 100, from a cursor that is an id.
 *
 * With `ending_before` the page holds those just above the cursor, still newest first.
 */
import type { Collection, Item } from './collection.ts'
import type { Fields } from './fields.ts'
import { invalid, noSuch } from './refusal.ts'

export const PAGE_PARAMS = ['limit', 'starting_after', 'ending_before', 'expand'] as const

export interface Filter<T> {
  /** Fields that must equal the parameter of the same name. */
  readonly equal?: readonly string[]
  readonly where?: (item: T) => boolean
  /** Fixed values, of a list below another object: the payment methods of one customer. */
  readonly fixed?: Readonly<Record<string, string>>
}

export interface Page {
  readonly object: 'list'
  readonly url: string
  readonly has_more: boolean
  readonly data: readonly object[]
}

export function page<T extends Item>(
  collection: Collection<T>,
  fields: Fields,
  url: string,
  filter: Filter<T> = {},
): Page {
  const size = limit(fields)
  const after = cursor(collection, fields, 'starting_after')
  const before = cursor(collection, fields, 'ending_before')
  if (after !== undefined && before !== undefined) {
    throw invalid('You may only specify one of these parameters: ending_before, starting_after.', { param: 'ending_before' })
  }
  const wanted = equalities(fields, filter)
  const [from, to] = createdRange(fields)
  const index = [...wanted.keys()].find((name) => collection.indexes(name))
  const within = index === undefined ? undefined : collection.by(index as keyof T & string, wanted.get(index))
  const found: T[] = []
  for (const item of before === undefined ? collection.older(after, within) : collection.newer(before, within)) {
    const created = createdOf(item)
    if (created < from && before === undefined) break
    if (created < from || created > to) continue
    if (!matches(item, wanted) || filter.where?.(item) === false) continue
    found.push(item)
    if (found.length > size) break
  }
  const data = found.slice(0, size)
  return { object: 'list', url, has_more: found.length > size, data: before === undefined ? data : data.reverse() }
}

/** A list that is already at hand: the lines of a session. */
export function wholeList(items: readonly object[], url: string, fields?: Fields): Page {
  const size = fields === undefined ? items.length : limit(fields)
  return { object: 'list', url, has_more: items.length > size, data: items.slice(0, size) }
}

export function limit(fields: Fields): number {
  const size = fields.integer('limit') ?? 10
  if (size >= 1 && size <= 100) return size
  const bound = size < 1 ? 'greater than or equal to 1' : 'less than or equal to 100'
  throw invalid(`This value must be ${bound}.`, { code: 'parameter_invalid_integer', param: 'limit' })
}

function cursor<T extends Item>(collection: Collection<T>, fields: Fields, name: string): string | undefined {
  const id = fields.text(name)
  if (id !== undefined && collection.get(id) === undefined) throw noSuch(collection.kind, id, name)
  return id
}

function equalities<T>(fields: Fields, filter: Filter<T>): Map<string, string> {
  const wanted = new Map(Object.entries(filter.fixed ?? {}))
  for (const name of filter.equal ?? []) {
    const value = fields.text(name)
    if (value !== undefined) wanted.set(name, value)
  }
  return wanted
}

function matches(item: Item, wanted: Map<string, string>): boolean {
  for (const [name, value] of wanted) if (item[name as keyof Item] !== value) return false
  return true
}

/** Oldest and newest second that are wanted; both ends belong to it. */
function createdRange(fields: Fields): [number, number] {
  if (!fields.has('created')) return [-Infinity, Infinity]
  const range = asRange(fields)
  if (typeof range === 'number') return [range, range]
  range.only(RANGE)
  const from = Math.max(range.integer('gte') ?? -Infinity, (range.integer('gt') ?? -Infinity) + 1)
  return [from, Math.min(range.integer('lte') ?? Infinity, (range.integer('lt') ?? Infinity) - 1)]
}

const RANGE: ReadonlySet<string> = new Set(['gt', 'gte', 'lt', 'lte'])

function asRange(fields: Fields): number | Fields {
  if (fields.plain('created') === undefined) return fields.needInteger('created')
  const range = fields.group('created')
  if (range === undefined) throw invalid('Invalid object', { param: 'created' })
  return range
}

function createdOf(item: Item): number {
  return (item as Item & { created?: number }).created ?? 0
}
