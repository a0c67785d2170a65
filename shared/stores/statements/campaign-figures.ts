/**
 * Campaigns in figures, by campaign and creative: what became of the mails that were written in a span of time, how many were
 * opened and clicked, each once, and the orders that came of them.
 *
 * An order comes of one mail at most: the one that its customer clicked last, when the click was within seven days before the
 * order and the mail not older than thirty. Mails from thirty days before the span are read too: an order that comes of one of
 * them comes of no mail in the span, so that it is counted alike whatever span is asked for. Renewals of memberships come of no
 * mail: the calendar makes them. Revenue is what the order came to, less what was refunded of it since.
 */
import type { Statement } from '#platform/bigquery.ts'
import { DASHBOARD_BYTES_MAX, IN_DAYS, LATEST, PAID_STATES, REFUNDED, type SalesWanted } from './sales.ts'

/** More than a shop has in a quarter of a year. */
const CAMPAIGNS_MAX = 2_000

export function campaignFigures({ from, to, currency }: Omit<SalesWanted, 'zone'>): Statement {
  return {
    query: `WITH mails AS (
  SELECT id, campaign, creative, status, customer_id, opened_at, clicks, created_at, updated_at
  FROM \`engagement.mails\`
  WHERE created_at >= TIMESTAMP_SUB(TIMESTAMP(@from), INTERVAL 30 DAY) AND created_at < TIMESTAMP(@to)
),
placed AS (
  SELECT id, state, customer_id, total, currency, purpose, created_at, updated_at
  FROM \`commerce.orders_log\`
  WHERE ${IN_DAYS}
  ${LATEST}
),
${REFUNDED},
watermark AS (
  SELECT MAX(seen_at) AS seen_at
  FROM (
    SELECT updated_at AS seen_at FROM mails
    UNION ALL
    SELECT updated_at AS seen_at FROM placed
  )
),
given AS (
  SELECT order_id, SUM(amount) AS came_back
  FROM refunded
  WHERE status = 'succeeded' AND currency = @currency
  GROUP BY order_id
),
clicked AS (
  SELECT mails.id AS mail_id, mails.campaign AS by_campaign, mails.creative AS by_creative, mails.customer_id AS clicker,
    mails.created_at AS mailed_at, click.clicked_at AS click_at
  FROM mails
  CROSS JOIN UNNEST(mails.clicks) AS click
  WHERE mails.customer_id IS NOT NULL
),
earned AS (
  SELECT clicked.by_campaign AS by_campaign, clicked.by_creative AS by_creative, clicked.mailed_at AS mailed_at,
    placed.total + IFNULL(given.came_back, 0) AS net_amount
  FROM placed
  JOIN clicked ON clicked.clicker = placed.customer_id
  LEFT JOIN given ON given.order_id = placed.id
  WHERE placed.state IN ${PAID_STATES} AND placed.currency = @currency AND IFNULL(placed.purpose, '') != 'renew'
    AND clicked.click_at <= placed.created_at AND clicked.click_at > TIMESTAMP_SUB(placed.created_at, INTERVAL 7 DAY)
    AND clicked.mailed_at > TIMESTAMP_SUB(placed.created_at, INTERVAL 30 DAY)
  QUALIFY ROW_NUMBER() OVER (PARTITION BY placed.id ORDER BY clicked.click_at DESC, clicked.mail_id) = 1
),
sums AS (
  SELECT by_campaign, by_creative, COUNT(*) AS orders_won, SUM(net_amount) AS net_sum
  FROM earned
  WHERE mailed_at >= TIMESTAMP(@from)
  GROUP BY by_campaign, by_creative
)
SELECT mails.campaign AS campaign_name, mails.creative AS creative_name, COUNTIF(mails.status = 'queued') AS queued_count,
  COUNTIF(mails.status IN ('sent', 'delayed', 'delivered', 'bounced', 'complained')) AS sent_count,
  COUNTIF(mails.status IN ('delivered', 'complained')) AS delivered_count, COUNTIF(mails.status = 'bounced') AS bounced_count,
  COUNTIF(mails.status = 'complained') AS complained_count, COUNTIF(mails.status IN ('failed', 'dead_letter')) AS failed_count,
  COUNTIF(mails.status = 'suppressed') AS suppressed_count, COUNT(mails.opened_at) AS opened_count,
  COUNTIF(ARRAY_LENGTH(mails.clicks) > 0) AS clicked_count, COUNT(mails.customer_id) AS named_count,
  IFNULL(MAX(sums.orders_won), 0) AS order_count, IFNULL(MAX(sums.net_sum), 0) AS revenue, (SELECT seen_at FROM watermark) AS watermark
FROM mails
LEFT JOIN sums ON sums.by_campaign = mails.campaign AND sums.by_creative = mails.creative
WHERE mails.created_at >= TIMESTAMP(@from)
GROUP BY campaign_name, creative_name
ORDER BY campaign_name, creative_name
LIMIT ${CAMPAIGNS_MAX}`,
    params: { from, to, currency },
    bytesBilledMax: DASHBOARD_BYTES_MAX,
  }
}
