/** What was handed over is there, row by row and by count; what is not is sent again, and staff know. The cases share a shop and run in order. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Json, type Shop } from '../shop.ts'
import { layRows, remakeTable } from './warehouse.ts'

const JOB = 'reconcile-warehouse'
const MINUTE_MS = 60_000

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterEach(() => shop.calm())
afterAll(() => shop.cloud.stop())

const prove = (): Promise<Record<string, number>> => shop.tally(JOB)
const receipts = (): Json[] => shop.documents('warehouse_receipts').map(({ data }) => data)
const rows = async (table: string): Promise<Json[]> => (await shop.cloud.rows('commerce', table)) as Json[]
const alert = (key: string): Json | undefined => shop.documents('alerts').find(({ data }) => data['key'] === key)?.data

async function sold(): Promise<Json> {
  const order = await (await shop.person()).buy({ productId: 'test-product-1', quantity: 1 })
  await shop.tally('send-warehouse-rows')
  return order
}

async function told(): Promise<void> {
  await shop.cloud.drain()
}

describe('does', () => {
  test('look for every row that BigQuery took, find all of them once, and forget them', async () => {
    await sold()
    await sold()
    const taken = receipts().reduce((sum, { count }) => sum + count, 0)
    expect(taken).toBeGreaterThanOrEqual(10)
    expect(await prove()).toEqual({ settled: 0, failed: 0 })
    await shop.cloud.advance(11 * MINUTE_MS)
    expect(await prove()).toEqual({ settled: taken, failed: 0 })
    expect(receipts()).toEqual([])
    expect(await prove()).toEqual({ settled: 0, failed: 0 })
    expect(shop.documents('alerts')).toEqual([])
  })

  test('find what a till told twice, at first as an item and then as its stock', async () => {
    await shop.tally('sync-lightspeed-items')
    await shop.cloud.advance(11 * MINUTE_MS)
    expect(await prove()).toMatchObject({ failed: 0 })
    expect(receipts()).toEqual([])
  })

  test('name what is missing, hand it over again, and say when it is there', async () => {
    const [kept, lost] = [await sold(), await sold()]
    const all = await rows('orders_log')
    await remakeTable(shop, 'commerce.orders_log', { rows: all.filter(({ id }) => id !== lost['id']) })
    await shop.cloud.advance(11 * MINUTE_MS)
    expect(await prove()).toMatchObject({ failed: 1 })
    expect((await rows('orders')).map(({ id }) => id)).toEqual(expect.arrayContaining([kept['id'], lost['id']]))
    await told()
    expect(alert('warehouse/missing-events')).toMatchObject({ severity: 'p0', status: 'open', details: { rows: 1, days: 0 } })
    await shop.cloud.advance(11 * MINUTE_MS)
    expect(await prove()).toMatchObject({ failed: 0 })
    await told()
    expect(alert('warehouse/missing-events')).toMatchObject({ status: 'resolved' })
  })

  test('count the journal on both sides, day by day', async () => {
    const ledger = await rows('ledger_log')
    await shop.cloud.advance(24 * 60 * MINUTE_MS)
    expect(await prove()).toMatchObject({ failed: 0 })
    const first = ledger[0]?.['entry_id']
    await remakeTable(shop, 'commerce.ledger_log', { rows: ledger.filter(({ entry_id: entry }) => entry !== first) })
    await prove()
    await told()
    const entries = shop.documents('ledger').length
    expect(alert('warehouse/missing-events')).toMatchObject({
      status: 'open', details: { rows: 0, days: 1 }, summary: expect.stringContaining(`${entries} in the journal, ${entries - 1} in the warehouse`),
    })
    await layRows(shop, 'commerce.ledger_log', ledger.filter(({ entry_id: entry }) => entry === first))
    await prove()
    await told()
    expect(alert('warehouse/missing-events')).toMatchObject({ status: 'resolved' })
  })

  test('call staff when rows have waited too long, also while BigQuery is away', async () => {
    await (await shop.person()).buy({ productId: 'test-product-1', quantity: 1 })
    await shop.cloud.advance(16 * MINUTE_MS)
    shop.fault({ target: 'bigquery', when: 'before', effect: 'error', status: 400, times: 99 })
    await shop.cloud.runJob(JOB)
    shop.calm()
    await shop.tally('sweep-alerts')
    expect(alert('warehouse/hand-over')).toMatchObject({ severity: 'p0', status: 'open', details: { waiting: 1 } })
    await shop.tally('send-warehouse-rows')
    await prove()
    await told()
    expect(alert('warehouse/hand-over')).toMatchObject({ status: 'resolved' })
  })
})

describe('survives', () => {
  test('two runs at once, and one whose instance is killed: each row is found, none is forgotten', async () => {
    await sold()
    await shop.cloud.advance(11 * MINUTE_MS)
    shop.fault({ target: 'firestore', operation: 'Commit', when: 'before', effect: 'kill' })
    await shop.cloud.runJob(JOB).catch(() => undefined)
    shop.calm()
    await shop.cloud.instances.allReady()
    const run = () => shop.cloud.instances.request(JOB, { method: 'POST', path: '/', headers: {} }, 30_000)
    const answers = await Promise.all([run(), run()])
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect(receipts()).toEqual([])
  })
})
