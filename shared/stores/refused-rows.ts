/** Rows that the warehouse would not take, kept apart with the reason, and listed for staff. */
import type { Row } from '#platform/bigquery.ts'
import { now } from '#platform/clock.ts'
import { collection, commit, doc, type Data } from '#platform/firestore.ts'
import { readPage, type PageWish } from './pages.ts'

const REASON_LENGTH_MAX = 500

export interface RefusedRow {
  readonly insertId: string
  readonly reason: string
}

/** Names a row among those of all tables. @param table `commerce.orders_log` */
export function refusedName(table: string, insertId: string): string {
  return `${table}-${insertId}`
}

export async function keepRefused(table: string, rows: readonly Row[], refused: readonly RefusedRow[]): Promise<void> {
  if (refused.length === 0) return
  const kept = await Promise.all(refused.map(async ({ insertId, reason }) => ({
    place: await doc('refused_rows', refusedName(table, insertId)),
    data: { table, insertId, reason: reason.slice(0, REASON_LENGTH_MAX), json: JSON.stringify(rows.find((row) => row.insertId === insertId)?.json ?? null), atMs: now() },
  })))
  await commit((writer) => kept.forEach(({ place, data }) => writer.set(place, data)))
}

export interface RefusedPage {
  readonly rows: ReadonlyArray<Record<string, unknown>>
  readonly nextCursor: string | null
}

/** The newest first. */
export async function listRefused(page: PageWish): Promise<RefusedPage> {
  const all = (await collection('refused_rows')).orderBy('atMs', 'desc').orderBy('__name__', 'desc')
  const { found, nextCursor } = await readPage(all, 'atMs', page)
  return { rows: found.map((snapshot) => snapshot.data() as Data), nextCursor }
}
