/**
 * Pages by opaque cursors. A cursor belongs to the very query that gave it, and dies five minutes after it was given.
 *
 * It holds the key of the last row handed out, not a position: what is added or removed meanwhile neither
 * repeats nor hides the rows after it. Nothing is kept in memory, so a restart does not break a walk.
 */
import { digest } from './digest.ts'
import { SquareFailure } from './failure.ts'
import { text } from './input.ts'
import type { Json } from './shapes.ts'

const LIFE_MS = 5 * 60_000

export interface PageOptions<T> {
  /** The whole input: the cursor, and the query it must belong to. */
  readonly input: Json
  readonly limit: number
  /** Unique and ordered as text. */
  readonly key: (row: T) => string
  readonly descending?: boolean
}

export interface Page<T> {
  readonly rows: T[]
  readonly cursor?: string
}

/** @param rows all rows, or those to choose from when the key of the last one handed out is known */
export function page<T>(rows: readonly T[] | ((after: string | undefined) => readonly T[]), nowMs: number, options: PageOptions<T>): Page<T> {
  const { input, limit, key } = options
  const direction = options.descending === true ? -1 : 1
  const query = digest({ ...input, cursor: undefined })
  const after = lastKey(text(input, 'cursor'), query, nowMs)
  const keyed = (typeof rows === 'function' ? rows(after) : rows)
    .map((row) => ({ row, key: key(row) }))
    .filter((entry) => after === undefined || order(entry.key, after) * direction > 0)
    .sort((a, b) => order(a.key, b.key) * direction)
  const shown = keyed.slice(0, limit)
  const last = shown.at(-1)
  if (last === undefined || keyed.length <= limit) return { rows: shown.map((entry) => entry.row) }
  const cursor = Buffer.from(JSON.stringify([query, last.key, nowMs])).toString('base64url')
  return { rows: shown.map((entry) => entry.row), cursor }
}

/** The answer's part of a page: an empty list is left out, and so is the cursor after the last page. */
export function paged<T>(name: string, found: Page<T>): Json {
  return {
    ...(found.rows.length === 0 ? {} : { [name]: found.rows }),
    ...(found.cursor === undefined ? {} : { cursor: found.cursor }),
  }
}

function lastKey(cursor: string | undefined, query: string, nowMs: number): string | undefined {
  if (cursor === undefined || cursor === '') return undefined
  const [boundTo, key, givenMs] = opened(cursor)
  if (boundTo !== query || typeof key !== 'string' || typeof givenMs !== 'number' || nowMs - givenMs > LIFE_MS) {
    throw new SquareFailure(400, 'INVALID_CURSOR', 'The provided cursor is not valid for this query.', { field: 'cursor' })
  }
  return key
}

function opened(cursor: string): unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    return Array.isArray(parts) ? parts : []
  } catch {
    return []
  }
}

function order(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
