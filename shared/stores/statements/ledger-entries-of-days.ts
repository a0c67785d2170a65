/** How many entries of the journal the warehouse holds, by UTC day: the shop's own store can count them too. */
import type { Statement } from '#platform/bigquery.ts'

const BYTES_BILLED_MAX = 20 * 2 ** 30

export interface DaysWanted {
  /** `2026-11-20` */
  readonly fromDay: string
  /** The first day that is not counted. */
  readonly beforeDay: string
}

export function ledgerEntriesOfDays({ fromDay, beforeDay }: DaysWanted): Statement {
  return {
    query: `SELECT FORMAT_DATE('%F', DATE(created_at)) AS day, COUNT(DISTINCT entry_id) AS entries
FROM \`commerce.ledger_log\`
WHERE created_at >= TIMESTAMP(@from_day) AND created_at < TIMESTAMP(@before_day)
GROUP BY day`,
    params: { from_day: fromDay, before_day: beforeDay },
    bytesBilledMax: BYTES_BILLED_MAX,
  }
}
