/** How many rows go in one request: BigQuery advises 500 and refuses more than 10 MB. */
import type { Row } from './bigquery.ts'

const ROWS_MAX = 500
const BYTES_MAX = 8_000_000
/** Of a row: its insert id, quotes and commas. */
const REST_BYTES = 200

export function inRequests(rows: readonly Row[]): Row[][] {
  const requests: Row[][] = []
  let bytes = 0
  for (const row of rows) {
    const size = Buffer.byteLength(JSON.stringify(row.json)) + REST_BYTES
    const last = requests.at(-1)
    if (last === undefined || last.length === ROWS_MAX || bytes + size > BYTES_MAX) {
      requests.push([row])
      bytes = size
    } else {
      last.push(row)
      bytes += size
    }
  }
  return requests
}
