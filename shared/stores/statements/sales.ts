/**
 * What was sold between two moments, online and in the store, as the first part of a statement.
 *
 * Each log is cut to its days before the latest state of an id is looked for: rows of an id lie in one day, so nothing is lost
 * and other days are not read. Money that was given back later is no matter here: a sale is a sale, refunds are counted apart.
 */

/** An online order in these states was paid. */
export const PAID_STATES = "('paid', 'fulfilled', 'partially_refunded', 'refunded', 'disputed')"

/** Of `from` up to `to`. */
export const IN_DAYS = 'created_at >= TIMESTAMP(@from) AND created_at < TIMESTAMP(@to)'
export const LATEST = 'QUALIFY ROW_NUMBER() OVER (PARTITION BY id ORDER BY updated_at DESC, row_version DESC) = 1'

export const ORDERS = `orders AS (
  SELECT id, state, customer_id, total, currency, items, created_at, updated_at
  FROM \`commerce.orders_log\`
  WHERE ${IN_DAYS}
  ${LATEST}
)`

const LIGHTSPEED = `lightspeed AS (
  SELECT id, status, archived, customer_id, total, currency, items, created_at, updated_at
  FROM \`analytics.lightspeed_transactions_log\`
  WHERE ${IN_DAYS}
  ${LATEST}
)`

/**
 * What was sold of each product, line by line: online, and at Lightspeed's till, where it is known as `ls_` and the item.
 * Square's till tells sums only, and a membership lies on no shelf.
 */
export const GOODS = `${ORDERS},
${LIGHTSPEED},
watermark AS (
  SELECT MAX(seen_at) AS seen_at
  FROM (
    SELECT updated_at AS seen_at FROM orders
    UNION ALL
    SELECT updated_at AS seen_at FROM lightspeed
  )
),
goods AS (
  SELECT line.product_id AS product_id, CAST(line.quantity AS NUMERIC) AS units, line.total AS amount, orders.id AS sale_id, orders.created_at AS sold_at
  FROM orders
  CROSS JOIN UNNEST(orders.items) AS line
  WHERE orders.state IN ${PAID_STATES} AND orders.currency = @currency AND IFNULL(line.category, '') != 'Membership'
  UNION ALL
  SELECT CONCAT('ls_', line.item_id) AS product_id, line.quantity AS units, line.total AS amount, lightspeed.id AS sale_id, lightspeed.created_at AS sold_at
  FROM lightspeed
  CROSS JOIN UNNEST(lightspeed.items) AS line
  WHERE lightspeed.status = 'COMPLETED' AND lightspeed.archived IS NOT TRUE AND lightspeed.currency = @currency AND line.item_id IS NOT NULL
)`

/** Only what its payment brought in: an order that was paid with nothing is none. */
export const SALES = `${ORDERS},
${LIGHTSPEED},
square AS (
  SELECT id, status, customer_id, total, refunded, currency, created_at, updated_at
  FROM \`commerce.square_payments_log\`
  WHERE ${IN_DAYS}
  ${LATEST}
),
sales AS (
  SELECT id, 'online' AS channel, customer_id AS customer, total AS amount, created_at AS sold_at
  FROM orders
  WHERE state IN ${PAID_STATES} AND currency = @currency
  UNION ALL
  SELECT id, 'store' AS channel, CONCAT('square:', customer_id) AS customer, total AS amount, created_at AS sold_at
  FROM square
  WHERE status = 'COMPLETED' AND currency = @currency
  UNION ALL
  SELECT id, 'store' AS channel, CONCAT('lightspeed:', customer_id) AS customer, total AS amount, created_at AS sold_at
  FROM lightspeed
  WHERE status = 'COMPLETED' AND archived IS NOT TRUE AND currency = @currency AND total > 0
)`

/** Refunds of online orders, whatever became of them; the amount is negative. */
export const REFUNDED = `refunded AS (
  SELECT id, order_id, status, amount, currency, created_at, updated_at
  FROM \`commerce.payments_log\`
  WHERE ${IN_DAYS} AND kind = 'refund'
  ${LATEST}
)`

/** Money given back: online and at Lightspeed's till when it went, at Square's with the payment that it undoes. Needs `SALES`. */
export const REFUNDS = `${REFUNDED},
refunds AS (
  SELECT -amount AS given_back, created_at AS given_at FROM refunded WHERE status = 'succeeded' AND currency = @currency
  UNION ALL
  SELECT refunded AS given_back, created_at AS given_at FROM square WHERE refunded > 0 AND currency = @currency
  UNION ALL
  SELECT -total AS given_back, created_at AS given_at FROM lightspeed
  WHERE status = 'COMPLETED' AND archived IS NOT TRUE AND currency = @currency AND total < 0
)`

/** The last moment of which the rows that were read know. Needs `SALES`. */
export const WATERMARK = `watermark AS (
  SELECT MAX(seen_at) AS seen_at
  FROM (
    SELECT updated_at AS seen_at FROM orders
    UNION ALL
    SELECT updated_at AS seen_at FROM square
    UNION ALL
    SELECT updated_at AS seen_at FROM lightspeed
  )
)`

export interface SalesWanted {
  /** ISO 8601. */
  readonly from: string
  readonly to: string
  readonly currency: string
  /** `America/Chicago`: days and hours are those of the store. */
  readonly zone: string
}

/** What a statement of the dashboard may read: a week of a busy shop is some megabytes. */
export const DASHBOARD_BYTES_MAX = 2 * 2 ** 30
