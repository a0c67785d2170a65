/** Which of some facts a table holds: id and version name a fact, and the days of its rows are named. */
import type { Statement } from '#platform/bigquery.ts'

export interface FactsWanted {
  /** `commerce.orders_log` */
  readonly table: string
  /** Days of the rows, the last one included: `2026-11-20`. */
  readonly fromDay: string
  readonly toDay: string
  readonly ids: readonly string[]
}

const BYTES_BILLED_MAX = 20 * 2 ** 30

export function factsFound({ table, fromDay, toDay, ids }: FactsWanted): Statement {
  return {
    query: `SELECT DISTINCT id, IFNULL(row_version, 1) AS version
FROM \`${table}\`
WHERE created_at >= TIMESTAMP(@from_day) AND created_at < TIMESTAMP_ADD(TIMESTAMP(@to_day), INTERVAL 1 DAY)
  AND id IN UNNEST(@ids)`,
    params: { from_day: fromDay, to_day: toDay, ids: [...ids] },
    bytesBilledMax: BYTES_BILLED_MAX,
  }
}
