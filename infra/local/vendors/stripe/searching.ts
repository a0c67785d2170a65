/**
 * Search: `metadata['order_id']:'o-1' AND status:'succeeded'`, newest first.
 *
 * The index runs behind what is true, as the vendor warns: an object is found only some time after it was made. Whoever
 * searches right after a lost answer and finds nothing must not conclude that nothing happened.
 */
import type { Account } from './account.ts'
import type { Collection, Item } from './collection.ts'
import type { Fields } from './fields.ts'
import { limit } from './listing.ts'
import { invalid } from './refusal.ts'

interface Clause {
  readonly field: string
  readonly metadata: string | undefined
  readonly sign: string
  readonly value: string
}

const CLAUSE = /^(-?)([a-z_]+)(?:\[(['"])(.+?)\3\])?\s*(:|~|>=|<=|>|<)\s*(?:(['"])(.*?)\6|([-\w.]+))$/
const FIELDS = new Set(['amount', 'created', 'currency', 'customer', 'description', 'email', 'metadata', 'name', 'status'])

export function search<T extends Item>(account: Account, collection: Collection<T>, fields: Fields, url: string): object {
  const size = limit(fields)
  const clauses = fields.needText('query').split(/\s+AND\s+|\s+(?=-?[a-z_]+(?:\[|:|~|>|<))/).map(parsed)
  const indexedUntil = (account.timeline.now() - account.searchLagMs) / 1000
  const after = fields.text('page')
  const found: T[] = []
  for (const item of collection.older(after)) {
    const record = item as Item & Record<string, unknown>
    if (Number(record['created']) > indexedUntil || record['deleted'] === true) continue
    if (clauses.every((clause) => holds(clause, record))) found.push(item)
    if (found.length > size) break
  }
  const data = found.slice(0, size)
  const more = found.length > size
  return { object: 'search_result', url, has_more: more, next_page: more ? (data.at(-1)?.id ?? null) : null, data }
}

function parsed(text: string): Clause {
  const match = CLAUSE.exec(text.trim())
  const field = match?.[2] ?? ''
  const negated = match?.[1] === '-'
  if (match === null || negated || !FIELDS.has(field)) {
    throw invalid(`We were unable to parse your search query: ${text}`, { param: 'query' })
  }
  return { field, metadata: match[4], sign: match[5] ?? ':', value: match[7] ?? match[8] ?? '' }
}

function holds({ field, metadata, sign, value }: Clause, record: Record<string, unknown>): boolean {
  const held = metadata === undefined ? record[field] : (record[field] as Record<string, string> | undefined)?.[metadata]
  if (held === undefined || held === null) return false
  switch (sign) {
    case ':':
      return String(held).toLowerCase() === value.toLowerCase()
    case '~':
      return String(held).toLowerCase().includes(value.toLowerCase())
    case '>':
      return Number(held) > Number(value)
    case '>=':
      return Number(held) >= Number(value)
    case '<':
      return Number(held) < Number(value)
    default:
      return Number(held) <= Number(value)
  }
}
