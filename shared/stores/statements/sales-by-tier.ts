/** Online sales by the tier that their customer has now; whoever has none, or is a guest, counts as `none`. */
import type { Statement } from '#platform/bigquery.ts'
import { DASHBOARD_BYTES_MAX, ORDERS, PAID_STATES, type SalesWanted } from './sales.ts'

/** Memberships are few: all of them are read, whenever they began. */
export function salesByTier({ from, to, currency }: Omit<SalesWanted, 'zone'>): Statement {
  return {
    query: `WITH ${ORDERS},
watermark AS (
  SELECT MAX(updated_at) AS seen_at FROM orders
),
members AS (
  SELECT customer_id, tier, status
  FROM \`commerce.memberships_log\`
  WHERE TRUE
  QUALIFY ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY updated_at DESC, row_version DESC) = 1
),
active AS (
  SELECT customer_id, tier FROM members WHERE status IN ('active', 'payment_failed')
)
SELECT IFNULL(active.tier, 'none') AS member_tier, SUM(orders.total) AS revenue, COUNT(*) AS transactions,
  COUNT(DISTINCT orders.customer_id) AS customers, (SELECT seen_at FROM watermark) AS watermark
FROM orders
LEFT JOIN active ON active.customer_id = orders.customer_id
WHERE orders.state IN ${PAID_STATES} AND orders.currency = @currency
GROUP BY member_tier
ORDER BY revenue DESC, member_tier`,
    params: { from, to, currency },
    bytesBilledMax: DASHBOARD_BYTES_MAX,
  }
}
