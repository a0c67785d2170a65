/**
 * Customers by recency, frequency and money: each is ranked from 1 to 5 among all, 5 is best, and counted from the best: where
 * there are fewer than five, nobody is among the worst. Not who they are, but how many
 * of each kind there are, and what they are worth.
 */
import type { Statement } from '#platform/bigquery.ts'
import { DASHBOARD_BYTES_MAX, SALES, WATERMARK, type SalesWanted } from './sales.ts'

export function customersByValue({ from, to, currency }: Omit<SalesWanted, 'zone'>): Statement {
  return {
    query: `WITH ${SALES},
${WATERMARK},
customers AS (
  SELECT customer, MAX(sold_at) AS last_at, COUNT(*) AS purchases, SUM(amount) AS spent
  FROM sales
  WHERE customer IS NOT NULL
  GROUP BY customer
),
ranked AS (
  SELECT customer, last_at, purchases, spent,
    6 - NTILE(5) OVER (ORDER BY last_at DESC, customer) AS recency,
    6 - NTILE(5) OVER (ORDER BY purchases DESC, customer) AS frequency,
    6 - NTILE(5) OVER (ORDER BY spent DESC, customer) AS money
  FROM customers
)
SELECT recency, frequency, money, COUNT(*) AS customers, SUM(spent) AS revenue, SUM(purchases) AS transactions, MAX(last_at) AS last_purchase,
  (SELECT seen_at FROM watermark) AS watermark
FROM ranked
GROUP BY recency, frequency, money
ORDER BY recency DESC, frequency DESC, money DESC`,
    params: { from, to, currency },
    bytesBilledMax: DASHBOARD_BYTES_MAX,
  }
}
