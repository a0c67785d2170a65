/**
 * Resend's lists: newest first, `limit` 1 to 100 (20 unless told), on from `after` an id or back from `before` one.
 */
import { invalidParameter } from './failure.ts'

const LIMIT = 20
const LIMIT_MAX = 100

export interface List<T> {
  readonly object: 'list'
  readonly has_more: boolean
  readonly data: T[]
}

/** @param rows oldest first */
export function list<T extends { id: string }>(rows: readonly T[], query: URLSearchParams): List<T> {
  const limit = limitOf(query)
  const newest = rows.toReversed()
  const after = query.get('after')
  const before = query.get('before')
  if (after !== null && before !== null) throw invalidParameter('Only one of `after` and `before` may be given.')
  if (before !== null) {
    const end = placeOf(newest, before, 'before')
    const start = Math.max(end - limit, 0)
    return { object: 'list', has_more: start > 0, data: newest.slice(start, end) }
  }
  const start = after === null ? 0 : placeOf(newest, after, 'after') + 1
  return { object: 'list', has_more: start + limit < newest.length, data: newest.slice(start, start + limit) }
}

function limitOf(query: URLSearchParams): number {
  const limit = Number(query.get('limit') ?? LIMIT)
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX) {
    throw invalidParameter(`The \`limit\` must be between 1 and ${LIMIT_MAX}.`)
  }
  return limit
}

function placeOf(rows: ReadonlyArray<{ id: string }>, id: string, field: string): number {
  const place = rows.findIndex((row) => row.id === id)
  if (place === -1) throw invalidParameter(`The \`${field}\` id was not found.`)
  return place
}
