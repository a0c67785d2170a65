/** One line per function of the allow-list that is easy to get wrong, with the value GoogleSQL's manual gives. */
import { describe, expect, test } from 'vitest'
import { openShop, valueOf } from './shop.ts'

const shop = await openShop()

const CASES: ReadonlyArray<readonly [expression: string, value: unknown]> = [
  // Arithmetic: NUMERIC stays exact and wins over INT64, FLOAT64 wins over both, a literal adapts.
  [`NUMERIC '0.1' + NUMERIC '0.2'`, '0.3'],
  [`NUMERIC '1.005' * 3`, '3.015'],
  [`NUMERIC '0.000000001' * NUMERIC '0.5'`, '1e-9'],
  [`NUMERIC '10' / 3`, '3.333333333'],
  [`NUMERIC '-2' / 3`, '-0.666666667'],
  [`NUMERIC '12345678901234567.891' / NUMERIC '1'`, '12345678901234567.891'],
  ['7 / 2', 3.5],
  ['1 + 2 * 3', 7],
  ['DIV(-7, 2)', -3],
  ['MOD(-7, 2)', -1],
  ['SAFE_DIVIDE(1, 0)', null],
  [`SAFE_DIVIDE(NUMERIC '1', NUMERIC '3')`, '0.333333333'],
  [`ROUND(NUMERIC '2.345', 2)`, '2.35'],
  ['ROUND(-2.5)', -3],
  [`NUMERIC '1.5' > 1.4`, true],
  ['-5 + 3', -2],
  // Conversions.
  ['CAST(1.0 AS STRING)', '1'],
  [`CAST(NUMERIC '100' AS STRING)`, '100'],
  [`CAST(NUMERIC '0.10' AS STRING)`, '0.1'],
  ['CAST(2.5 AS INT64)', 3],
  [`SAFE_CAST('12.5' AS INT64)`, null],
  [`SAFE_CAST(' 12 ' AS INT64)`, 12],
  [`CAST('2025-03-01' AS DATE)`, '2025-03-01'],
  ['CAST(0.1 AS NUMERIC)', '0.1'],
  // NULL and choice.
  ['GREATEST(1, NULL, 3)', null],
  ['LEAST(3, 1, 2)', 1],
  ['COALESCE(NULL, 2.5, 1)', 2.5],
  [`CONCAT('a', NULL)`, null],
  [`CASE 2 WHEN 1 THEN 'one' WHEN 2 THEN 'two' END`, 'two'],
  ['CASE WHEN FALSE THEN 1 ELSE 2.5 END', 2.5],
  ['NULL IS NULL', true],
  ['1 NOT IN (2, 3) AND 2 BETWEEN 1 AND 3', true],
  // Text.
  [`'50%' LIKE '50\\\\%'`, true],
  [`'505' LIKE '50\\\\%'`, false],
  [`SUBSTR('apple', 0, 2)`, 'ap'],
  [`SUBSTR('apple', -2)`, 'le'],
  [`SUBSTR('ab', -5)`, 'ab'],
  [`TRIM(' \\ta\\n')`, 'a'],
  [`LENGTH('\\u00e9')`, 1],
  [`"it's"`, `it's`],
  [`r'\\d'`, '\\d'],
  [`REGEXP_CONTAINS('order-12', r'\\d+')`, true],
  [`REGEXP_EXTRACT('order-12', r'-(\\d+)')`, '12'],
  [`REGEXP_EXTRACT('order', r'\\d+')`, null],
  [`REGEXP_REPLACE('a1b2', r'\\d', 'x')`, 'axbx'],
  [`TO_HEX(MD5('a'))`, '0cc175b9c0f1b6a831c399e269772661'],
  [`ARRAY_TO_STRING(SPLIT('a,b'), '-')`, 'a-b'],
  // Days. 2 March 2025 is a Sunday.
  [`DATE_TRUNC(DATE '2025-03-05', WEEK)`, '2025-03-02'],
  [`DATE_TRUNC(DATE '2025-03-02', WEEK(MONDAY))`, '2025-02-24'],
  [`DATE_TRUNC(DATE '2025-03-05', MONTH)`, '2025-03-01'],
  [`DATE_ADD(DATE '2025-01-31', INTERVAL 1 MONTH)`, '2025-02-28'],
  [`DATE_SUB(DATE '2025-03-01', INTERVAL 2 WEEK)`, '2025-02-15'],
  [`DATE_DIFF(DATE '2025-03-02', DATE '2025-03-01', WEEK)`, 1],
  [`DATE_DIFF(DATE '2025-03-02', DATE '2025-03-01', ISOWEEK)`, 0],
  [`DATE_DIFF(DATE '2025-03-01', DATE '2025-02-28', MONTH)`, 1],
  [`EXTRACT(DAYOFWEEK FROM DATE '2025-03-02')`, 1],
  [`EXTRACT(WEEK FROM DATE '2025-01-04')`, 0],
  [`EXTRACT(WEEK FROM DATE '2025-01-05')`, 1],
  [`FORMAT_DATE('%F', DATE '2025-03-02')`, '2025-03-02'],
  [`PARSE_DATE('%Y%m%d', '20250302')`, '2025-03-02'],
  [`LAST_DAY(DATE '2024-02-10')`, '2024-02-29'],
  [`GENERATE_DATE_ARRAY(DATE '2025-02-27', DATE '2025-03-14', INTERVAL 1 WEEK)`, ['2025-02-27', '2025-03-06', '2025-03-13']],
  // Moments, and clocks that jump: Chicago moves to summer time on 9 March 2025.
  [`TIMESTAMP_DIFF(TIMESTAMP '2025-03-02 00:00:00', TIMESTAMP '2025-03-01 00:00:01', DAY)`, 0],
  [`TIMESTAMP_DIFF(TIMESTAMP '2025-03-01 00:00:00', TIMESTAMP '2025-03-01 01:30:00', HOUR)`, -1],
  [`TIMESTAMP_TRUNC(TIMESTAMP '2025-03-10 04:30:00+00', DAY, 'America/Chicago')`, '2025-03-09T06:00:00.000Z'],
  [`TIMESTAMP_TRUNC(TIMESTAMP '2025-03-05 04:30:00+00', WEEK)`, '2025-03-02T00:00:00.000Z'],
  [`TIMESTAMP_ADD(TIMESTAMP '2025-03-09 00:00:00-06', INTERVAL 1 DAY)`, '2025-03-10T06:00:00.000Z'],
  [`TIMESTAMP(DATE '2025-07-01', 'Europe/Berlin')`, '2025-06-30T22:00:00.000Z'],
  [`EXTRACT(HOUR FROM TIMESTAMP '2025-03-01 04:30:00' AT TIME ZONE 'America/Chicago')`, 22],
  [`FORMAT_TIMESTAMP('%Y-%m-%d %H:%M', TIMESTAMP '2025-03-01 04:30:00', 'America/Chicago')`, '2025-02-28 22:30'],
  [`UNIX_MILLIS(TIMESTAMP '1970-01-01 00:00:01.234')`, 1234],
  [`UNIX_SECONDS(TIMESTAMP '1969-12-31 23:59:59.5')`, -1],
  // Lists.
  ['[10, 20][OFFSET(1)]', 20],
  ['[10, 20][SAFE_OFFSET(2)]', null],
  ['[10, 20][ORDINAL(1)]', 10],
  ['ARRAY_LENGTH([1, 2, 3])', 3],
  ['ARRAY<STRING>[]', []],
  [`STRUCT(1 AS a, 'x' AS b).b`, 'x'],
  ['2 IN UNNEST([1, 2])', true],
]

describe('does', () => {
  test.for(CASES)('%s = %j', async ([expression, value]) => {
    expect(await valueOf(shop, expression)).toEqual(value)
  })

  test('take the moment from the cloud clock', async () => {
    const before = shop.timeline.now()
    await shop.timeline.jumpTo(before + 3 * 86_400_000)
    const now = Date.parse(String(await valueOf(shop, 'CURRENT_TIMESTAMP()')))
    expect(now - before).toBeGreaterThanOrEqual(3 * 86_400_000 - 1)
  })
})

describe('refuses', () => {
  test('an index outside a list', async () => {
    expect(await shop.refusal('SELECT [1][OFFSET(1)] AS x')).toMatch(/out of bounds/)
  })
  test('a sum that does not fit INT64', async () => {
    expect(await shop.refusal('SELECT 9223372036854775807 + 1 AS x')).toMatch(/Overflow/)
  })
})
