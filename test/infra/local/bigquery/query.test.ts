/** Queries through the real client, with rows worked out by hand from the four order rows of `shop.ts`. */
import { describe, expect, test } from 'vitest'
import { openShop, plain, withOrders } from './shop.ts'

const shop = await withOrders(await openShop())
const ask = async (...args: Parameters<typeof shop.ask>) => plain(await shop.ask(...args))

describe('does', () => {
  test('give every type back as it went in', async () => {
    expect(await ask(`SELECT * FROM commerce.orders_log WHERE id = 'o2'`)).toEqual([
      {
        id: 'o2', version: 1, status: 'paid', total: '10.01', weight: 0.25, paid: true,
        created_at: '2025-03-02T12:00:00.123456000Z', day: '2025-03-02', tags: [], extra: null,
        items: [{ sku: 'a', quantity: 1, price: '10.01' }],
      },
    ])
  })

  test('show one row per id, the newest, through a latest-state view', async () => {
    expect(await ask('SELECT id, version, status FROM commerce.orders ORDER BY id')).toEqual([
      { id: 'o1', version: 2, status: 'paid' },
      { id: 'o2', version: 1, status: 'paid' },
      { id: 'o3', version: 1, status: 'open' },
    ])
  })

  test('group, sum exactly and order with NULL last when descending', async () => {
    const query = `SELECT status, COUNT(*) AS n, SUM(total) AS revenue, AVG(total) AS mean, COUNTIF(paid) AS paid
      FROM commerce.orders GROUP BY status HAVING n > 0 ORDER BY revenue DESC`
    expect(await ask(query)).toEqual([
      { status: 'paid', n: 2, revenue: '60.01', mean: '30.005', paid: 2 },
      { status: 'open', n: 1, revenue: null, mean: null, paid: 0 },
    ])
  })

  test('put an order at 22:30 in Chicago on the day before the UTC day', async () => {
    const query = `SELECT DATE(created_at, 'America/Chicago') AS day, COUNT(*) AS orders
      FROM commerce.orders GROUP BY day ORDER BY day`
    expect(await ask(query)).toEqual([
      { day: '2025-02-28', orders: 1 },
      { day: '2025-03-02', orders: 2 },
    ])
  })

  test('fill days without orders with zero', async () => {
    const query = `WITH days AS (SELECT day FROM UNNEST(GENERATE_DATE_ARRAY(@from, @to)) AS day)
      SELECT days.day, COUNT(o.id) AS orders, COALESCE(SUM(o.total), 0) AS revenue
      FROM days LEFT JOIN commerce.orders AS o ON o.day = days.day GROUP BY days.day ORDER BY days.day`
    const params = { from: shop.client.date('2025-03-01'), to: shop.client.date('2025-03-03') }
    expect(await ask(query, { params })).toEqual([
      { day: '2025-03-01', orders: 1, revenue: '50' },
      { day: '2025-03-02', orders: 2, revenue: '10.01' },
      { day: '2025-03-03', orders: 0, revenue: '0' },
    ])
  })

  test('take lists apart and rank what sells', async () => {
    const query = `SELECT i.sku, SUM(i.quantity) AS sold, SUM(i.quantity * i.price) AS revenue
      FROM commerce.orders AS o CROSS JOIN UNNEST(o.items) AS i GROUP BY i.sku ORDER BY sold DESC LIMIT 1`
    expect(await ask(query)).toEqual([{ sku: 'a', sold: 3, revenue: '50.01' }])
    const firsts = `SELECT o.id, t, n FROM commerce.orders o, UNNEST(o.tags) AS t WITH OFFSET AS n ORDER BY id, n DESC`
    expect(await ask(firsts)).toEqual([
      { id: 'o1', t: 'new', n: 0 },
      { id: 'o3', t: 'new', n: 1 },
      { id: 'o3', t: 'gift', n: 0 },
    ])
  })

  test('take typed parameters, lists among them', async () => {
    const query = `SELECT id FROM commerce.orders
      WHERE created_at >= @since AND id IN UNNEST(@ids) AND total < @most ORDER BY id LIMIT @size`
    const params = { since: shop.client.timestamp('2025-03-01T00:00:00Z'), ids: ['o1', 'o2', 'o3'], most: 50, size: 5 }
    const types = { since: 'TIMESTAMP', ids: ['STRING'], most: 'NUMERIC', size: 'INT64' }
    expect(await ask(query, { params, types })).toEqual([{ id: 'o2' }])
    expect(await ask(query, { params: { ...params, ids: [] }, types })).toEqual([])
  })

  test('prefer an alias over a column in GROUP BY, as BigQuery does', async () => {
    const query = `SELECT UPPER(status) AS state, COUNT(*) AS n FROM commerce.orders_log GROUP BY state ORDER BY state`
    expect(await ask(query)).toEqual([{ state: 'OPEN', n: 2 }, { state: 'PAID', n: 2 }])
    const clash = `SELECT SUBSTR(id, 1, 1) AS id, COUNT(*) AS n FROM commerce.orders_log GROUP BY id`
    expect(await ask(clash)).toEqual([{ id: 'o', n: 4 }])
  })

  test('merge columns of USING and keep every row of a FULL JOIN', async () => {
    const query = `SELECT * FROM (SELECT 1 AS k, 'a' AS l UNION ALL SELECT 2, 'b') AS x FULL JOIN
      (SELECT 2 AS k, 'c' AS r UNION ALL SELECT 3, 'd') AS y USING (k) ORDER BY k`
    expect(await ask(query)).toEqual([
      { k: 1, l: 'a', r: null },
      { k: 2, l: 'b', r: 'c' },
      { k: 3, l: null, r: 'd' },
    ])
  })

  test('answer subqueries: scalar, EXISTS, IN, ARRAY, one that looks at the row outside', async () => {
    const query = `SELECT o.id, (SELECT MAX(version) FROM commerce.orders_log AS l WHERE l.id = o.id) AS newest,
      ARRAY(SELECT i.sku FROM UNNEST(o.items) AS i ORDER BY i.sku DESC) AS skus
      FROM commerce.orders AS o
      WHERE EXISTS (SELECT 1 AS one FROM UNNEST(o.items) AS i) AND o.id IN (SELECT id FROM commerce.orders_log) ORDER BY o.id`
    expect(await ask(query)).toEqual([
      { id: 'o1', newest: 2, skus: ['b', 'a'] },
      { id: 'o2', newest: 1, skus: ['a'] },
    ])
  })

  test('gather lists and records, in order and cut to length', async () => {
    const query = `SELECT ARRAY_AGG(STRUCT(id AS id, total AS total) ORDER BY id DESC LIMIT 2) AS latest,
      STRING_AGG(DISTINCT status, '+' ORDER BY status) AS all_states,
      ARRAY_AGG(total IGNORE NULLS ORDER BY total) AS totals FROM commerce.orders`
    expect(await ask(query)).toEqual([
      { latest: [{ id: 'o3', total: null }, { id: 'o2', total: '10.01' }], all_states: 'open+paid', totals: ['10.01', '50'] },
    ])
  })

  test('tell a date part from a column of the same name', async () => {
    const query = `SELECT id, DATE_DIFF(DATE '2025-03-05', day, DAY) AS age, DATE_TRUNC(day, MONTH) AS month
      FROM commerce.orders WHERE id = 'o2'`
    expect(await ask(query)).toEqual([{ id: 'o2', age: 3, month: '2025-03-01' }])
  })

  test('look back with windows', async () => {
    const query = `SELECT id, version, LAG(status) OVER (PARTITION BY id ORDER BY version) AS was,
      SUM(version) OVER (ORDER BY id, version ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS running
      FROM commerce.orders_log ORDER BY id, version`
    expect(await ask(query)).toEqual([
      { id: 'o1', version: 1, was: null, running: 1 },
      { id: 'o1', version: 2, was: 'open', running: 3 },
      { id: 'o2', version: 1, was: null, running: 4 },
      { id: 'o3', version: 1, was: null, running: 5 },
    ])
  })

  test('read JSON, leave columns out, name nameless ones', async () => {
    const json = `SELECT JSON_VALUE(extra, '$.channel') AS channel, JSON_VALUE(extra, '$.n') AS n
      FROM commerce.orders WHERE id = 'o1'`
    expect(await ask(json)).toEqual([{ channel: 'web', n: null }])
    const rest = `SELECT * EXCEPT (items, tags, extra, created_at, day, weight, paid, total) FROM commerce.orders WHERE id = 'o3'`
    expect(await ask(rest)).toEqual([{ id: 'o3', version: 1, status: 'open' }])
    expect(await ask('SELECT 1, 2 AS two, 3')).toEqual([{ f0_: 1, two: 2, f1_: 3 }])
  })

  test('page through a result, forward and by hand', async () => {
    const query = 'SELECT n FROM UNNEST(GENERATE_ARRAY(1, 25)) AS n ORDER BY n'
    const [job] = await shop.client.createQueryJob({ query })
    const [first, next] = await job.getQueryResults({ maxResults: 10, autoPaginate: false })
    expect(first).toHaveLength(10)
    const [second] = await job.getQueryResults({ ...next, autoPaginate: false })
    expect(second[0]).toEqual({ n: 11 })
    expect(await ask(query, { maxResults: 10 })).toHaveLength(25)
  })

  test('weigh a query without running it', async () => {
    const [job] = await shop.client.createQueryJob({ query: 'SELECT version, id FROM commerce.orders_log', dryRun: true })
    // Four rows: eight bytes a version, two and the length of each id.
    expect(job.metadata.statistics.totalBytesProcessed).toBe(String(4 * 8 + 4 * (2 + 2)))
    expect(job.metadata.statistics.query.schema.fields).toMatchObject([{ type: 'INTEGER' }, { type: 'STRING' }])
  })
})

describe('refuses', () => {
  const cases: ReadonlyArray<readonly [why: string, query: string, message: RegExp]> = [
    ['an unknown column', 'SELECT nope FROM commerce.orders', /Unrecognized name: nope/],
    ['an unknown table', 'SELECT 1 FROM commerce.nope', /Not found: Table shop:commerce.nope/],
    ['an unknown function', 'SELECT SOUNDEX(id) FROM commerce.orders', /Function not found: function SOUNDEX/],
    ['an alias in WHERE', `SELECT UPPER(status) AS state FROM commerce.orders WHERE state = 'OPEN'`, /Unrecognized name: state/],
    ['an alias later in the same list', 'SELECT version AS v, v + 1 AS w FROM commerce.orders', /Unrecognized name: v/],
    ['text compared with a number', 'SELECT id FROM commerce.orders WHERE version = id', /No matching signature for operator =/],
    ['a number as a condition', 'SELECT IF(1, 2, 3) AS x', /No matching signature for function IF/],
    ['an ambiguous column', 'SELECT id FROM commerce.orders AS a JOIN commerce.orders AS b ON a.id = b.id', /ambiguous/],
    ['two columns of one name', 'SELECT id, id FROM commerce.orders', /Duplicate column names/],
    ['a column neither grouped nor folded', 'SELECT id, COUNT(*) AS n FROM commerce.orders', /GROUP BY/],
    ['division by zero', 'SELECT version / 0 AS x FROM commerce.orders', /division by zero/],
    ['a text that is no number', `SELECT CAST('12.5' AS INT64) AS x`, /Bad int64 value/],
    ['a parameter that was not given', 'SELECT @who AS x', /parameter 'who' not found/],
    ['a list as a key', 'SELECT tags FROM commerce.orders GROUP BY tags', /GROUP BY does not support/],
    ['two set operations in a row', 'SELECT 1 AS a UNION ALL SELECT 2 UNION DISTINCT SELECT 3', /parentheses/],
    ['a change of data', `DELETE FROM commerce.orders_log WHERE id = 'o1'`, /DELETE is not supported by the local server/],
    ['two statements', 'SELECT 1; SELECT 2', /Illegal input character ";"/],
    ['a reserved word as a name', 'SELECT 1 AS group', /Unexpected keyword GROUP at \[1:13\]/],
    ['an unknown escape', `SELECT 'a\\q' AS x`, /Illegal escape sequence/],
    ['a format it does not know', `SELECT FORMAT_DATE('%e', day) AS x FROM commerce.orders`, /format element/],
    ['an offset in place of a zone', `SELECT DATE(created_at, '-06:00') AS x FROM commerce.orders`, /TimeZone/i],
    ['rounding an exact number by a column', 'SELECT ROUND(total, version) AS x FROM commerce.orders', /non-constant/],
    ['a window function without a window', 'SELECT ROW_NUMBER() AS n FROM commerce.orders', /without an OVER clause/],
  ]
  test.for(cases)('%s', async ([, query, message]) => {
    expect(await shop.refusal(query)).toMatch(message)
  })

  test('a query that may bill more than its cap', async () => {
    const query = 'SELECT id FROM commerce.orders_log'
    const message = /limit for bytes billed: 1000. 10485760 or higher required/
    expect(await shop.refusal(query, { maximumBytesBilled: '1000' })).toMatch(message)
    expect(await ask(query, { maximumBytesBilled: '10485760' })).toHaveLength(4)
  })

  test('legacy SQL and parameters by position', async () => {
    expect(await shop.refusal('SELECT 1 AS x', { useLegacySql: true })).toMatch(/legacy SQL/)
    expect(await shop.refusal('SELECT ? AS x', { params: [1] })).toMatch(/named parameters only/)
  })

  test('a wrong query sent as a job, with its reason', async () => {
    const job = shop.client.createQueryJob({ query: 'SELECT nope FROM commerce.orders' })
    await expect(job).rejects.toThrow(/Unrecognized name: nope/)
  })
})
