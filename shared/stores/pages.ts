/** Pages of a list: each is one query, and begins where the page before it ended. */
import { cursorOf, cursorParts } from '#values/cursor.ts'
import { readQuery, type Query, type Snapshot } from '#platform/firestore.ts'

export interface PageWish {
  /** Of the page before; undefined for the first. */
  readonly cursor?: string | undefined
  readonly limit: number
}

export interface SnapshotPage {
  readonly found: readonly Snapshot[]
  readonly nextCursor: string | null
}

/**
 * @param query in the order of `moment`, then of ids, both in one direction
 * @param moment the field by which it is ordered
 * @throws Failure INVALID_INPUT for a cursor that is not one of ours
 */
export async function readPage(query: Query, moment: string, { cursor, limit }: PageWish): Promise<SnapshotPage> {
  const from = cursor === undefined ? query : query.startAfter(...cursorParts(cursor))
  const found = await readQuery(from.limit(limit + 1))
  const last = found.length > limit ? found[limit - 1] : undefined
  return { found: found.slice(0, limit), nextCursor: last === undefined ? null : cursorOf(last.get(moment) as number, last.id) }
}
