/** Rows that the warehouse would not take, kept apart with the reason. */
import type { Row } from '#platform/bigquery.ts'
import { now } from '#platform/clock.ts'
import { commit, doc } from '#platform/firestore.ts'

export async function keepRefused(table: string, rows: readonly Row[], refused: ReadonlyArray<{ insertId: string; reason: string }>): Promise<void> {
  if (refused.length === 0) return
  const kept = await Promise.all(refused.map(async ({ insertId, reason }) => ({
    place: await doc('refused_rows', `${table}-${insertId}`),
    data: { table, insertId, reason: reason.slice(0, 500), json: JSON.stringify(rows.find((row) => row.insertId === insertId)?.json ?? null), atMs: now() },
  })))
  await commit((writer) => kept.forEach(({ place, data }) => writer.set(place, data)))
}
