/**
 * Hashes of the seals that the warehouse holds, by day. All of them are read, a few thousand small rows: one that somebody has
 * written later may be dated whenever he liked.
 */
import type { Statement } from '#platform/bigquery.ts'

const BYTES_BILLED_MAX = 100 * 2 ** 20

export function auditSeals(): Statement {
  return {
    query: `SELECT DISTINCT id, seal_hash
FROM \`audit.seals_log\``,
    params: {},
    bytesBilledMax: BYTES_BILLED_MAX,
  }
}
