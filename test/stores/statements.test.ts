/**
 * Each statement of the warehouse, through the real client, on rows whose answer was worked out by hand. Every table asks for
 * days here, so that a statement that would read seven years is refused; memberships and seals are few and read whole.
 */
import { readdirSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Statement } from '#platform/bigquery.ts'
import { auditEventsOfDay } from '#stores/statements/audit-events-of-day.ts'
import { auditEventsPage } from '#stores/statements/audit-events-page.ts'
import { auditSeals } from '#stores/statements/audit-seals.ts'
import { campaignFigures } from '#stores/statements/campaign-figures.ts'
import { customersByValue } from '#stores/statements/customers-by-value.ts'
import { customersForgotten } from '#stores/statements/customers-forgotten.ts'
import { customersWon } from '#stores/statements/customers-won.ts'
import { factsFound } from '#stores/statements/facts-found.ts'
import { ledgerEntriesOfDays } from '#stores/statements/ledger-entries-of-days.ts'
import { productSales } from '#stores/statements/product-sales.ts'
import { productUnitsByDay } from '#stores/statements/product-units-by-day.ts'
import { salesByChannel } from '#stores/statements/sales-by-channel.ts'
import { salesByCohort } from '#stores/statements/sales-by-cohort.ts'
import { salesByDay } from '#stores/statements/sales-by-day.ts'
import { salesByHour } from '#stores/statements/sales-by-hour.ts'
import { salesByTier } from '#stores/statements/sales-by-tier.ts'
import { today } from '#stores/statements/today.ts'
import { createWarehouse } from '../../infra/warehouse/create.ts'
import { statementFaults, STATEMENTS } from '../../infra/warehouse/statements.ts'
import { TABLES } from '../../infra/warehouse/tables.ts'
import { sourcesIn } from '../house/source.ts'
import { openShop, plain } from '../infra/local/bigquery/shop.ts'

const shop = await openShop()
const NOVEMBER = { from: '2026-11-01T05:00:00Z', to: '2026-11-24T06:00:00Z', currency: 'USD', zone: 'America/Chicago' }
const SINCE_OCTOBER = { ...NOVEMBER, from: '2026-10-01T05:00:00Z' }
const NEWEST = '2026-11-23T19:30:00.000Z'

const oil = (quantity: number, total: string) => ({ product_id: 'oil', sku: 'OIL', quantity, total })
const tea = (total: string) => ({ product_id: 'tea', sku: 'TEA', quantity: 1, total })
const at = (created: string, updated = created) => ({ created_at: created, updated_at: updated, row_version: 1, currency: 'USD' })

/** A Friday, a Sunday and a Monday in Chicago, and a day in October. */
const ORDERS = [
  { ...at('2026-11-20T15:00:00Z'), id: 'o1', state: 'paid', customer_id: 'ann', total: '100', items: [oil(2, '80'), tea('20')] },
  { ...at('2026-11-20T15:00:00Z', '2026-11-21T10:00:00Z'), id: 'o1', state: 'partially_refunded', row_version: 2, customer_id: 'ann', total: '100', items: [oil(2, '80'), tea('20')] },
  // In Chicago it is still Friday.
  { ...at('2026-11-21T03:30:00Z'), id: 'o2', state: 'paid', customer_id: 'bob', total: '50', items: [oil(1, '50'), { product_id: 'membership-gold', category: 'Membership', quantity: 1, total: '0' }] },
  { ...at('2026-11-23T18:00:00Z'), id: 'o3', state: 'fulfilled', customer_id: null, total: '10.10', items: [tea('10.10')] },
  { ...at('2026-11-23T19:00:00Z'), id: 'o4', state: 'payment_failed', customer_id: 'ann', total: '999', items: [oil(9, '999')] },
  { ...at('2026-11-23T19:30:00Z'), id: 'o5', state: 'paid', customer_id: 'bob', total: '77', currency: 'EUR', items: [oil(1, '77')] },
  { ...at('2026-10-05T12:00:00Z'), id: 'o6', state: 'paid', customer_id: 'ann', total: '30', items: [oil(1, '30')] },
]
const SQUARE = [
  { ...at('2026-11-20T16:30:00Z'), id: 's1', status: 'COMPLETED', customer_id: 'X', total: '25', refunded: '5' },
  { ...at('2026-11-23T18:20:00Z'), id: 's2', status: 'COMPLETED', customer_id: null, total: '12.35', refunded: '0' },
  { ...at('2026-11-23T18:30:00Z'), id: 's3', status: 'FAILED', customer_id: 'X', total: '40', refunded: '0' },
]
/** A sale, one that was given back, one that is kept for the books only, and one that was never finished. */
const LIGHTSPEED = [
  { ...at('2026-11-22T17:00:00Z'), id: 'l1', mode: 'live', status: 'COMPLETED', archived: false, customer_id: '9', total: '15', items: [{ item_id: '7', quantity: '1.5', total: '15' }] },
  { ...at('2026-11-22T18:00:00Z'), id: 'l2', mode: 'live', status: 'COMPLETED', archived: false, customer_id: '9', total: '-4' },
  { ...at('2026-11-22T18:30:00Z'), id: 'l3', mode: 'live', status: 'COMPLETED', archived: true, customer_id: '9', total: '99', items: [{ item_id: '7', quantity: '9', total: '99' }] },
  { ...at('2026-11-22T19:00:00Z'), id: 'l4', mode: 'live', status: 'VOIDED', customer_id: '9', total: '99' },
]
const PAYMENTS = [
  { ...at('2026-11-21T10:00:00Z'), id: 'r1', kind: 'refund', status: 'succeeded', amount: '-40' },
  { ...at('2026-11-23T17:00:00Z'), id: 'r2', kind: 'refund', status: 'pending', amount: '-10' },
  { ...at('2026-11-23T17:30:00Z'), id: 'r3', kind: 'refund', status: 'succeeded', amount: '-3.50' },
  { ...at('2026-11-20T15:00:00Z'), id: 'o1', kind: 'charge', status: 'succeeded', amount: '100' },
]
const MEMBERSHIPS = [
  { ...at('2026-01-01T00:00:00Z'), id: 'm1', customer_id: 'ann', tier: 'SILVER', status: 'active' },
  { ...at('2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z'), id: 'm1', customer_id: 'ann', tier: 'GOLD', status: 'active', row_version: 2 },
  { ...at('2026-01-01T00:00:00Z'), id: 'm2', customer_id: 'bob', tier: 'SILVER', status: 'cancelled' },
]
/** August: campaigns and what came of them. A mail is opened when it is first clicked, unless it says otherwise. */
const AUGUST = { from: '2026-08-01T05:00:00Z', to: '2026-09-01T05:00:00Z', currency: 'USD', zone: 'America/Chicago' }
const mail = (id: string, creative: string, customer: string | null, { status = 'delivered', clicks = [], ...more }: { status?: string; clicks?: string[]; [column: string]: unknown } = {}) => ({
  id, category: 'campaign', campaign: 'spring', creative, status, customer_id: customer, opened_at: clicks[0] ?? null, clicks: clicks.map((click) => ({ clicked_at: click })),
  created_at: '2026-08-10T12:00:00Z', updated_at: '2026-08-20T15:00:01Z', row_version: 2, ...more,
})
const MAILS = [
  { ...mail('g1', 'green', 'ann', { status: 'sent' }), updated_at: '2026-08-10T12:00:01Z', row_version: 1 },
  mail('g1', 'green', 'ann', { clicks: ['2026-08-18T10:00:00Z', '2026-08-20T14:00:00Z', '2026-08-20T15:00:01Z'] }),
  mail('g2', 'green', 'bob', { clicks: ['2026-08-13T03:00:00Z'] }), mail('g3', 'green', 'cyd', { status: 'bounced' }), mail('g4', 'green', 'dan', { status: 'queued' }),
  mail('r1', 'red', 'ann', { status: 'complained', clicks: ['2026-08-19T10:00:00Z'] }), mail('r2', 'red', 'eve', { opened_at: '2026-08-11T08:00:00Z' }),
  mail('r3', 'red', 'eve', { status: 'suppressed' }), mail('r4', 'red', 'eve', { status: 'dead_letter' }),
  mail('r5', 'red', 'fay'), mail('r6', 'red', 'fay', { created_at: '2026-08-03T12:00:00Z', clicks: ['2026-08-04T09:00:00Z'] }),
  mail('n1', 'n', null, { campaign: 'nobody', clicks: ['2026-08-20T14:59:00Z'] }), mail('a1', 'aged', 'gus', { created_at: '2026-08-01T06:00:00Z', clicks: ['2026-08-31T12:00:00Z'] }),
  mail('o1', 'old', 'fay', { campaign: 'winter', created_at: '2026-07-20T12:00:00Z', clicks: ['2026-08-05T09:00:00Z'] }),
]
const CAME = [
  // Of the green one: the red one was clicked before it, and its own last click is a second too late.
  { ...at('2026-08-20T15:00:00Z'), id: 'p1', state: 'partially_refunded', customer_id: 'ann', total: '100' },
  { ...at('2026-08-22T12:00:00Z'), id: 'p2', state: 'fulfilled', customer_id: 'ann', total: '10.10' },
  // Of the winter one, which was clicked after the red one: of no mail of August.
  { ...at('2026-08-05T10:00:00Z'), id: 'p3', state: 'paid', customer_id: 'fay', total: '20' },
  // Of none: eight days after the click, a month after the mail, opened only, a renewal, never paid, other money, nobody's.
  { ...at('2026-08-21T03:30:00Z'), id: 'p4', state: 'paid', customer_id: 'bob', total: '50' },
  { ...at('2026-08-31T13:00:00Z'), id: 'p5', state: 'paid', customer_id: 'gus', total: '51' },
  { ...at('2026-08-12T10:00:00Z'), id: 'p6', state: 'paid', customer_id: 'eve', total: '52' },
  { ...at('2026-08-20T14:30:00Z'), id: 'p7', state: 'paid', purpose: 'renew', customer_id: 'ann', total: '47' },
  { ...at('2026-08-20T16:00:00Z'), id: 'p8', state: 'payment_failed', customer_id: 'ann', total: '53' },
  { ...at('2026-08-20T16:00:00Z'), id: 'p9', state: 'paid', customer_id: 'ann', total: '54', currency: 'EUR' },
  { ...at('2026-08-20T16:00:00Z'), id: 'p10', state: 'paid', customer_id: null, total: '55' },
]
const CAME_BACK = [
  { ...at('2026-08-21T10:00:00Z'), id: 'b1', order_id: 'p1', kind: 'refund', status: 'succeeded', amount: '-40' },
  { ...at('2026-08-21T11:00:00Z'), id: 'b2', order_id: 'p1', kind: 'refund', status: 'pending', amount: '-10' },
]
const LEDGER = [
  { ...at('2026-11-20T15:00:00Z'), id: 'e1-sales', entry_id: 'e1' }, { ...at('2026-11-20T15:00:00Z'), id: 'e1-stripe', entry_id: 'e1' },
  { ...at('2026-11-20T23:59:59Z'), id: 'e2-sales', entry_id: 'e2' }, { ...at('2026-11-22T00:00:00Z'), id: 'e3-sales', entry_id: 'e3' },
]

/** The same event twice, another of the same moment, one that was changed later, and one of the next day. */
const event = (id: string, created: string, more: object = {}) => ({ id, what: 'order.refunded', subject: 's', created_at: created, updated_at: created, row_version: 1, ...more })
const EVENTS = [
  event('a2', '2026-11-20T10:00:00Z'), event('a2', '2026-11-20T10:00:00Z'), event('a1', '2026-11-20T10:00:00Z'), event('a3', '2026-11-20T00:00:00Z', { why: 'first' }),
  event('a3', '2026-11-20T00:00:00Z', { why: 'changed', updated_at: '2026-11-25T00:00:00Z' }), event('a4', '2026-11-21T00:00:00Z'),
  event('a5', '2026-11-22T10:00:00Z', { what: 'customer.erased', subject: 'ann' }), event('a5', '2026-11-22T10:00:00Z', { what: 'customer.erased', subject: 'ann' }),
  event('a6', '2026-11-19T10:00:00Z', { what: 'customer.erased', subject: 'bob' }),
]
const SEALS = ['one', 'one', 'other'].map((hash, n) => ({ id: '2026-11-20', seal_hash: hash, created_at: `2026-11-2${n + 1}T02:00:00Z`, updated_at: '2026-11-21T02:00:00Z', row_version: 1 }))
const READ_WHOLE: readonly string[] = ['memberships_log', 'seals_log']

async function lay(path: string, rows: readonly object[]): Promise<void> {
  const [dataset, name] = path.split('.') as [string, string]
  await shop.client.dataset(dataset).table(name).insert([...rows])
}

beforeAll(async () => {
  await createWarehouse({ client: shop.client })
  for (const { dataset, name } of TABLES.filter((table) => !READ_WHOLE.includes(table.name))) {
    await shop.client.dataset(dataset).table(name).setMetadata({ requirePartitionFilter: true } as object)
  }
  await lay('commerce.orders_log', [...ORDERS, ...CAME])
  await lay('commerce.square_payments_log', SQUARE)
  await lay('commerce.payments_log', [...PAYMENTS, ...CAME_BACK])
  await lay('commerce.memberships_log', MEMBERSHIPS)
  await lay('commerce.ledger_log', LEDGER)
  await lay('engagement.mails_log', MAILS)
  await lay('audit.events_log', EVENTS)
  await lay('audit.seals_log', SEALS)
  await lay('analytics.lightspeed_transactions_log', LIGHTSPEED)
  await lay('analytics.mock_lightspeed_transactions_log', [{ ...LIGHTSPEED[0], id: 'mock', total: '1000' }])
})

function without(row: Record<string, unknown>, column: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).filter(([name]) => name !== column))
}

/** Rows without the watermark, which is the same in all of them. */
async function rowsOf({ query, params, bytesBilledMax }: Statement): Promise<{ rows: unknown[]; watermark: string | undefined }> {
  const found = (await shop.ask(query, { params: { ...params }, maximumBytesBilled: String(bytesBilledMax) })).map((row) => plain(row) as Record<string, unknown>)
  const watermark = found[0]?.['watermark']
  return { rows: found.map((row) => without(row, 'watermark')), watermark: typeof watermark === 'string' ? new Date(watermark).toISOString() : undefined }
}

describe('does', () => {
  test('today: the store\'s own day, and how new the newest row of a month is', async () => {
    const { rows, watermark } = await rowsOf(today({ ...NOVEMBER, from: '2026-10-24T05:00:00Z', today: '2026-11-23T06:00:00Z' }))
    expect(rows).toEqual([{ revenue: '22.45', transactions: 2, online_transactions: 1, online_revenue: '10.1', customers: 0, refund_sum: '3.5', refund_count: 1 }])
    expect(watermark).toBe(NEWEST)
  })

  test('today without a sale: zeros, and no watermark', async () => {
    const { rows, watermark } = await rowsOf(today({ from: '2025-10-24T05:00:00Z', to: '2025-11-24T06:00:00Z', currency: 'USD', today: '2025-11-23T06:00:00Z' }))
    expect(rows).toEqual([{ revenue: '0', transactions: 0, online_transactions: 0, online_revenue: '0', customers: 0, refund_sum: '0', refund_count: 0 }])
    expect(watermark).toBeUndefined()
  })

  test('sales and refunds by day', async () => {
    const { rows, watermark } = await rowsOf(salesByDay(NOVEMBER))
    expect(rows).toEqual([
      { day: '2026-11-20', revenue: '175', transactions: 3, customers: 3, refunds: '5' },
      { day: '2026-11-21', revenue: '0', transactions: 0, customers: 0, refunds: '40' },
      { day: '2026-11-22', revenue: '15', transactions: 1, customers: 1, refunds: '4' },
      { day: '2026-11-23', revenue: '22.45', transactions: 2, customers: 0, refunds: '3.5' },
    ])
    expect(watermark).toBe(NEWEST)
  })

  test('sales by channel', async () => {
    expect((await rowsOf(salesByChannel(NOVEMBER))).rows).toEqual([
      { channel: 'online', revenue: '160.1', transactions: 3, customers: 2 }, { channel: 'store', revenue: '52.35', transactions: 3, customers: 2 },
    ])
  })

  test('sales by weekday and hour of the store', async () => {
    expect((await rowsOf(salesByHour(NOVEMBER))).rows).toEqual([
      { weekday: 1, hour: 11, revenue: '15', transactions: 1 }, { weekday: 2, hour: 12, revenue: '22.45', transactions: 2 },
      { weekday: 6, hour: 9, revenue: '100', transactions: 1 }, { weekday: 6, hour: 10, revenue: '25', transactions: 1 }, { weekday: 6, hour: 21, revenue: '50', transactions: 1 },
    ])
  })

  test('sales by the tier that a customer has now', async () => {
    expect((await rowsOf(salesByTier(NOVEMBER))).rows).toEqual([
      { member_tier: 'GOLD', revenue: '100', transactions: 1, customers: 1 }, { member_tier: 'none', revenue: '60.1', transactions: 2, customers: 1 },
    ])
  })

  test('what of each product was sold, and on which day', async () => {
    expect((await rowsOf(productSales(NOVEMBER))).rows).toEqual([
      { product_id: 'oil', units_sold: '3', revenue: '130', order_count: 2 }, { product_id: 'tea', units_sold: '2', revenue: '30.1', order_count: 2 },
      { product_id: 'ls_7', units_sold: '1.5', revenue: '15', order_count: 1 },
    ])
    expect((await rowsOf(productUnitsByDay(NOVEMBER))).rows).toEqual([
      { product_id: 'oil', days: '19:3', all_units: '3' }, { product_id: 'tea', days: '19:1 22:1', all_units: '2' }, { product_id: 'ls_7', days: '21:1.5', all_units: '1.5' },
    ])
  })

  test('customers by their first month: who came again, who was won, and what they spent', async () => {
    expect((await rowsOf(salesByCohort(SINCE_OCTOBER))).rows).toEqual([
      { cohort: '2026-10', months_later: 0, customers: 1, revenue: '30' }, { cohort: '2026-10', months_later: 1, customers: 1, revenue: '100' },
      { cohort: '2026-11', months_later: 0, customers: 3, revenue: '90' },
    ])
    expect((await rowsOf(customersWon(SINCE_OCTOBER))).rows).toEqual([{ month: '2026-10', customers: 1, revenue: '130' }, { month: '2026-11', customers: 3, revenue: '90' }])
  })

  test('customers by recency, frequency and money: each in the fifth of all that he is in, counted from the best', async () => {
    const { rows } = await rowsOf(customersByValue(SINCE_OCTOBER))
    expect(rows.map((row) => Object.values(row as object).slice(0, 6))).toEqual([
      [5, 3, 2, 1, '15', 1], [4, 4, 4, 1, '50', 1], [3, 2, 3, 1, '25', 1], [2, 5, 5, 1, '130', 2],
    ])
  })

  test('campaigns: what became of their mails, each open and click once, each order with the mail that was clicked last', async () => {
    const none = { queued_count: 0, sent_count: 1, delivered_count: 1, bounced_count: 0, complained_count: 0, failed_count: 0, suppressed_count: 0, order_count: 0, revenue: '0' }
    const one = { ...none, opened_count: 1, clicked_count: 1, named_count: 1 }
    const { rows, watermark } = await rowsOf(campaignFigures(AUGUST))
    expect(rows).toEqual([
      { ...one, campaign_name: 'nobody', creative_name: 'n', named_count: 0 },
      { ...one, campaign_name: 'spring', creative_name: 'aged' },
      { ...none, campaign_name: 'spring', creative_name: 'green', queued_count: 1, sent_count: 3, delivered_count: 2, bounced_count: 1, opened_count: 2, clicked_count: 2, named_count: 4, order_count: 2, revenue: '70.1' },
      { ...none, campaign_name: 'spring', creative_name: 'red', sent_count: 4, delivered_count: 4, complained_count: 1, failed_count: 1, suppressed_count: 1, opened_count: 3, clicked_count: 2, named_count: 6 },
    ])
    expect(watermark).toBe('2026-08-31T13:00:00.000Z')
    const sinceJuly = await rowsOf(campaignFigures({ ...AUGUST, from: '2026-07-15T05:00:00Z' }))
    expect(sinceJuly.rows.at(-1)).toEqual({ ...one, campaign_name: 'winter', creative_name: 'old', order_count: 1, revenue: '20' })
  })

  test('facts by id and version, and entries of the journal by day', async () => {
    const wanted = { table: 'commerce.orders_log', fromDay: '2026-11-20', toDay: '2026-11-21', ids: ['o1', 'o2', 'o3', 'nobody'] }
    const { rows } = await rowsOf(factsFound(wanted))
    expect(rows.map((row) => Object.values(row as object).join(' ')).sort()).toEqual(['o1 1', 'o1 2', 'o2 1'])
    const days = (await rowsOf(ledgerEntriesOfDays({ fromDay: '2026-11-19', beforeDay: '2026-11-22' }))).rows
    expect(days).toEqual([{ day: '2026-11-20', entries: 2 }])
  })

  test('audit events of a day: every row of it, those with some ids, and each once in its order', async () => {
    const day = { from: '2026-11-20T00:00:00Z', to: '2026-11-21T00:00:00Z' }
    const ids = async (statement: Statement) => (await rowsOf(statement)).rows.map((row) => (row as { id: string }).id)
    expect((await ids(auditEventsOfDay(day))).sort()).toEqual(['a1', 'a2', 'a2', 'a3', 'a3'])
    expect((await ids(auditEventsOfDay({ ...day, ids: ['a3', 'a4'] }))).sort()).toEqual(['a3', 'a3'])
    const page = auditEventsPage({ ...day, after: '', limit: 10 })
    expect((await rowsOf(page)).rows).toMatchObject([{ id: 'a3', why: 'changed' }, { id: 'a1' }, { id: 'a2' }])
    expect(await ids(auditEventsPage({ ...day, from: '2026-11-20T10:00:00Z', after: 'a1', limit: 1 }))).toEqual(['a2'])
    expect((await rowsOf(customersForgotten('2026-11-20T00:00:00Z'))).rows).toEqual([{ subject: 'ann' }])
    const seals = (await rowsOf(auditSeals())).rows.map((row) => Object.values(row as object).join(' ')).sort()
    expect(seals).toEqual(['2026-11-20 one', '2026-11-20 other'])
  })

  test('each statement is among those that \'npm run warehouse -- check\' has checked', async () => {
    const files = readdirSync(new URL('../../shared/stores/statements/', import.meta.url)).map((file) => file.replace('.ts', ''))
    const known = [...new Set(Object.keys(STATEMENTS).map((name) => name.replace(/ in .*/, '')))]
    expect(await statementFaults({ client: shop.client })).toEqual([])
    expect(files.filter((file) => file !== 'sales').sort()).toEqual(known.sort())
  })

  test('no statement stands anywhere else in the product: views are declared with their tables', () => {
    const elsewhere = sourcesIn('shared', 'functions').filter(({ path, code }) => !path.startsWith('shared/stores/statements/') && /\b(?:FROM|JOIN)\s+\\?`\$?[\w{]/.test(code))
    expect(elsewhere.map(({ path }) => path)).toEqual(['shared/domain/warehouse.ts'])
  })
})

describe('refuses', () => {
  test('to read more than a statement may', async () => {
    const { query, params } = salesByDay(NOVEMBER)
    expect(await shop.refusal(query, { params: { ...params }, maximumBytesBilled: '1000' })).toMatch(/bytes billed/)
  })

  test('a statement that names no days: every table here asks for them', async () => {
    expect(await shop.refusal('SELECT COUNT(*) AS n FROM `commerce.orders_log`')).toMatch(/without a filter/)
  })
})
