/**
 * Lists of Lightspeed: filters with their operators, a sort, relations that are asked for by name, pages that are gone
 * through by `next` alone. `limit` is at most 100; archived records are left out unless they are asked for.
 */
import type { Account, Fields, Held } from './account.ts'
import { PAST_FROM, pastSales } from './past.ts'
import { refused } from './refusal.ts'
import { oneOrMany } from './shapes.ts'

export type Resource = 'Sale' | 'Item' | 'ItemShop'

interface Facts {
  readonly id: string
  readonly sorts: readonly string[]
  readonly relations: Readonly<Record<string, { readonly name: string; readonly many: boolean }>>
}

export const RESOURCES: Readonly<Record<Resource, Facts>> = {
  Sale: {
    id: 'saleID',
    sorts: ['saleID', 'timeStamp', 'completeTime', 'updatetime'],
    relations: { SaleLines: { name: 'SaleLine', many: true }, SalePayments: { name: 'SalePayment', many: true }, Customer: { name: 'Customer', many: false } },
  },
  Item: {
    id: 'itemID',
    sorts: ['itemID', 'timeStamp', 'description'],
    relations: { ItemShops: { name: 'ItemShop', many: true }, Category: { name: 'Category', many: false }, Tags: { name: 'tag', many: true } },
  },
  ItemShop: { id: 'itemShopID', sorts: ['itemShopID', 'timeStamp'], relations: {} },
}

const PAGE_MAX = 100
const NOT_FILTERS = new Set(['limit', 'sort', 'after', 'load_relations', 'archived', 'count'])
const HOST = 'https://api.lightspeedapp.com'

export function isResource(name: string): name is Resource {
  return name in RESOURCES
}

/** What a call costs: more for relations, which cost twice on lists. */
export function costOf(resource: Resource, query: URLSearchParams): number {
  if (query.get('count') === '1') return 10
  const asked = relationsIn(resource, query)
  return asked.reduce((sum, name) => sum + (RESOURCES[resource].relations[name]?.many === true ? 0.4 : 0.2), 1)
}

export function list(account: Account, resource: Resource, path: string, query: URLSearchParams): Fields {
  const facts = RESOURCES[resource]
  if (query.has('offset') || query.has('orderby')) throw refused(400, 'offset and orderby are not known in V3.')
  const sort = sortIn(facts, query)
  const matches = filterOf(query)
  if (query.get('count') === '1') {
    if (query.has('limit') || query.has('sort')) throw refused(400, 'count cannot be combined with limit or sort.')
    return { '@attributes': { count: String(shelfOf(account, resource).values().filter(({ fields }) => matches(fields)).length) } }
  }
  const limit = limitIn(query)
  const after = afterIn(account, query)
  const relations = relationsIn(resource, query)
  const isBeyond = (fields: Fields): boolean => after === undefined || order(keyOf(facts, sort, fields), after) * sort.direction > 0
  const held = shelfOf(account, resource).values().filter(({ fields }) => matches(fields) && isBeyond(fields))
  const made = resource === 'Sale' ? pastOnes(account, query, { after, limit, matches: (fields) => matches(fields) && isBeyond(fields) }) : []
  const found = [...held, ...made].sort((one, other) => order(keyOf(facts, sort, one.fields), keyOf(facts, sort, other.fields)) * sort.direction)
  const shown = found.slice(0, limit)
  const last = found.length > limit ? shown.at(-1) : undefined
  const next = last === undefined ? '' : nextOf(account, path, query, keyOf(facts, sort, last.fields))
  return { '@attributes': { next, previous: '' }, ...oneOrMany(resource, shown.map((one) => whole(account, resource, one, relations))) }
}

/** The record with what was asked for beside it. */
export function whole(account: Account, resource: Resource, { fields, related }: Held, relations: readonly string[]): Fields {
  const beside = relations.map((name) => {
    const inner = RESOURCES[resource].relations[name] as { name: string; many: boolean }
    const records = name === 'ItemShops' ? account.stockOf(String(fields['itemID'])).map((one) => one.fields) : (related[name] ?? [])
    if (records.length === 0) return []
    if (!inner.many) return [[name, records[0]]]
    return [[name, oneOrMany(inner.name, name === 'Tags' ? (records.map((record) => record['tag']) as Fields[]) : records)]]
  })
  return { ...fields, ...Object.fromEntries(beside.flat()) }
}

export function shelfOf(account: Account, resource: Resource) {
  return { Sale: account.sales, Item: account.items, ItemShop: account.itemShops }[resource]
}

export function relationsIn(resource: Resource, query: URLSearchParams): string[] {
  const said = query.get('load_relations')
  if (said === null) return []
  const known = Object.keys(RESOURCES[resource].relations)
  if (said === 'all') return known
  const wanted = listed(said)
  const unknown = wanted.find((name) => !known.includes(name))
  if (unknown !== undefined) throw refused(400, `'${unknown}' is not a relation of ${resource}.`)
  return wanted
}

function listed(said: string): string[] {
  try {
    const names: unknown = JSON.parse(said)
    if (Array.isArray(names)) return names.map(String)
  } catch {
    // Falls through to the same refusal as anything else that is no list.
  }
  throw refused(400, 'load_relations must be a JSON list or all.')
}

interface Sort {
  readonly field: string
  readonly direction: 1 | -1
}

function sortIn(facts: Facts, query: URLSearchParams): Sort {
  const said = query.get('sort') ?? facts.id
  const field = said.replace(/^-/, '')
  if (!facts.sorts.includes(field)) throw refused(400, `Cannot sort by '${field}'. Sortable: ${facts.sorts.join(', ')}.`)
  return { field, direction: said.startsWith('-') ? -1 : 1 }
}

function limitIn(query: URLSearchParams): number {
  const limit = Number(query.get('limit') ?? PAGE_MAX)
  if (!Number.isInteger(limit) || limit < 0 || limit > PAGE_MAX) throw refused(400, `limit must be between 0 and ${PAGE_MAX}.`)
  return limit
}

/** A place in the order of a list: what it is sorted by, and the record's own number. */
type Key = readonly [value: string, id: number]

function keyOf(facts: Facts, { field }: Sort, fields: Fields): Key {
  const id = Number(fields[facts.id])
  return [field === facts.id ? '' : String(fields[field] ?? ''), Number.isFinite(id) ? id : 0]
}

function order([one, oneId]: Key, [other, otherId]: Key): number {
  if (one === other) return oneId - otherId
  return one < other ? -1 : 1
}

function nextOf(account: Account, path: string, query: URLSearchParams, key: Key): string {
  const asked = new URLSearchParams(query)
  asked.set('after', Buffer.from(JSON.stringify([...key, generationOf(account)])).toString('base64'))
  return `${HOST}${path}?${asked.toString()}`
}

function afterIn(account: Account, query: URLSearchParams): Key | undefined {
  const said = query.get('after')
  if (said === null) return undefined
  try {
    const [value, id, generation] = JSON.parse(Buffer.from(said, 'base64').toString('utf8')) as [unknown, unknown, unknown]
    if (typeof value === 'string' && typeof id === 'number' && generation === generationOf(account)) return [value, id]
  } catch {
    // Falls through to the same refusal as a mark that was forgotten.
  }
  throw refused(400, "The value of 'after' is not valid.")
}

function generationOf(account: Account): number {
  return account.marks.get('marks')?.generation ?? 0
}

/** Whether a record is meant: archived or not, and every field as its operator says. */
function filterOf(query: URLSearchParams): (fields: Fields) => boolean {
  const archived = query.get('archived')
  const rules = [...query].filter(([name]) => !NOT_FILTERS.has(name)).map(([name, said]) => ({ name, holds: operator(said) }))
  return (fields) => {
    if (archived !== 'true' && fields['archived'] !== undefined && (fields['archived'] === 'true') !== (archived === 'only')) return false
    return rules.every(({ name, holds }) => holds(String(fields[name] ?? '')))
  }
}

function operator(said: string): (value: string) => boolean {
  const comma = said.indexOf(',')
  const [sign, rest] = comma === -1 ? ['', said] : [said.slice(0, comma), said.slice(comma + 1)]
  switch (sign) {
    case '>=':
      return (value) => comparable(value) >= comparable(rest)
    case '<=':
      return (value) => comparable(value) <= comparable(rest)
    case '>':
      return (value) => comparable(value) > comparable(rest)
    case '<':
      return (value) => comparable(value) < comparable(rest)
    case '!=':
      return (value) => value !== rest
    case '><': {
      const [from = '', to = ''] = rest.split(',')
      return (value) => comparable(value) >= comparable(from) && comparable(value) <= comparable(to)
    }
    case 'IN': {
      const wanted = listed(rest)
      if (wanted.length > PAGE_MAX) throw refused(400, `IN takes at most ${PAGE_MAX} values.`)
      return (value) => wanted.includes(value)
    }
    default:
      return (value) => value === said
  }
}

/** Moments as milliseconds, numbers as numbers. */
function comparable(said: string): number {
  const value = /^\d{4}-\d{2}-\d{2}T/.test(said) ? Date.parse(said) : Number(said)
  if (Number.isNaN(value)) throw refused(400, `'${said}' cannot be compared.`)
  return value
}

interface Wanted {
  readonly after: Key | undefined
  readonly limit: number
  readonly matches: (fields: Fields) => boolean
}

/** Of a past that is made as it is asked for: only in the order of moments, earliest first. */
function pastOnes(account: Account, query: URLSearchParams, { after, limit, matches }: Wanted): Held[] {
  const past = account.past.get('sales')
  if (past === undefined || !['timeStamp', 'saleID', null].includes(query.get('sort'))) return []
  const [fromMs, toMs] = boundsIn(query.get('timeStamp') ?? '')
  const standsAtMs = after === undefined || after[0] === '' ? fromMs : Math.max(fromMs, Date.parse(after[0]))
  const afterNumber = after !== undefined && after[1] >= PAST_FROM ? after[1] : PAST_FROM - 1
  const found: Held[] = []
  for (const sale of pastSales(past, { fromMs: standsAtMs, toMs, afterNumber })) {
    if (!matches(sale.fields)) continue
    found.push(sale)
    if (found.length > limit) break
  }
  return found
}

function boundsIn(said: string): [fromMs: number, toMs: number] {
  const [sign = '', one = '', other = ''] = said.split(',')
  if (sign === '><') return [Date.parse(one), Date.parse(other)]
  if (sign === '>=' || sign === '>') return [Date.parse(one), Infinity]
  return [0, Infinity]
}
