/** Facts reach BigQuery: every one, and in the views each once. The cases share one warehouse and run in order. */
import { BigQuery } from '@google-cloud/bigquery'
import { PassThroughClient } from 'google-auth-library'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Json, type Shop } from '../shop.ts'

const JOB = 'send-warehouse-rows'

let shop: Shop
let bigquery: BigQuery
beforeAll(async () => {
  shop = await openShop()
  bigquery = new BigQuery({
    projectId: shop.cloud.servers.pubsub.projectId,
    apiEndpoint: shop.cloud.addresses['BIGQUERY_EMULATOR_HOST'] ?? '',
    authClient: new PassThroughClient() as never,
  })
})
afterEach(() => shop.calm())
afterAll(() => shop.cloud.stop())

const send = (): Promise<Record<string, number>> => shop.tally(JOB)
const rows = async (dataset: string, table: string): Promise<Json[]> => (await shop.cloud.rows(dataset, table)) as Json[]
const waiting = (): number => shop.documents('outbox').filter(({ data }) => data['topic'] === 'warehouse').length
const buy = async (quantity = 1): Promise<Json> => (await shop.person()).buy({ productId: 'test-product-1', quantity })

async function asked(sql: string): Promise<Json[]> {
  const [found] = await bigquery.query({ query: sql })
  return found as Json[]
}

describe('does', () => {
  test('bring order, payment, ledger and audit of a sale', async () => {
    const order = await buy(2)
    const tally = await send()
    expect(tally).toMatchObject({ refused: 0 })
    expect(waiting()).toBe(0)
    const of = (id: string) => ({ id, customer_id: order['customerId'], currency: 'USD', schema_version: 1 })
    expect((await rows('commerce', 'orders')).filter(({ id }) => id === order['id'])).toMatchObject([
      { ...of(order['id']), state: 'paid', total: '100', order_number: order['number'], items: [{ product_id: 'test-product-1', quantity: 2 }] },
    ])
    expect((await rows('commerce', 'payments')).filter(({ order_id: id }) => id === order['id'])).toMatchObject([
      { ...of(order['id']), kind: 'charge', status: 'succeeded', amount: '100', transaction_id: order['payment'].transactionId },
    ])
    const ledger = (await rows('commerce', 'ledger')).filter(({ order_id: id }) => id === order['id'])
    expect(ledger.map(({ account, amount }) => [account, amount]).sort()).toEqual([['gateway:stripe', '100'], ['sales', '-100']])
    expect((await rows('audit', 'events')).filter(({ subject }) => subject === order['id'])).toMatchObject([{ what: 'order.paid', who: `customer ${order['customerId']}`, via: 'check-out' }])
  })

  test('show the latest state of an order in its view, and every state in its log', async () => {
    const order = await buy()
    await send()
    const [admin, clerk] = [await shop.person('admin'), await shop.person('support')]
    await clerk.post(`/api/orders/${order['id']}/fulfil`, { how: 'picked_up' })
    await admin.post(`/api/orders/${order['id']}/refunds`, { amount: 20, reason: 'Late' })
    await admin.post(`/api/orders/${order['id']}/refunds`, { reason: 'Very late' })
    await send()
    const view = await asked(`SELECT id, state FROM \`commerce.orders\` WHERE id = '${order['id']}'`)
    expect(view).toEqual([{ id: order['id'], state: 'refunded' }])
    const log = await asked(`SELECT state FROM \`commerce.orders_log\` WHERE id = '${order['id']}' ORDER BY row_version`)
    expect(log.map(({ state }) => state)).toEqual(['paid', 'fulfilled', 'partially_refunded', 'refunded'])
    const payments = await asked(`SELECT kind, amount FROM \`commerce.payments\` WHERE order_id = '${order['id']}' ORDER BY amount`)
    expect(payments.map(({ kind, amount }) => [kind, String(amount)])).toEqual([['refund', '-30'], ['refund', '-20'], ['charge', '50']])
  })

  test('agree with the ledger to the cent', async () => {
    const [sum] = await asked('SELECT SUM(amount) AS off FROM `commerce.ledger`')
    expect(Number(sum?.['off'])).toBe(0)
    const [stripe] = await asked('SELECT SUM(amount) AS cents FROM `commerce.ledger` WHERE account = \'gateway:stripe\'')
    const ours = shop.documents('ledger').flatMap(({ data }) => data['postings']).filter(({ account }) => account === 'gateway:stripe')
    expect(Math.round(Number(stripe?.['cents']) * 100)).toBe(ours.reduce((all, { amount }) => all + amount, 0))
  })

  test('bring more facts than one batch holds', async () => {
    const before = shop.documents('outbox').length
    const entry = (index: number) => ({ topic: 'warehouse', createdAtMs: shop.cloud.now(), rows: [auditRow(`many-${index}`)] })
    await shop.cloud.servers.firestore.write(Array.from({ length: 230 }, (_, index) => ({ path: `outbox/many${index}`, data: entry(index) })))
    expect(await send()).toEqual({ saved: 230, refused: 0 })
    expect(shop.documents('outbox').length).toBe(before)
    expect((await rows('audit', 'events')).filter(({ id }) => id.startsWith('many-')).length).toBe(230)
  })
})

describe('refuses', () => {
  test('to send what people are called or where they get mail', async () => {
    for (const table of ['orders_log', 'payments_log', 'ledger_log']) expect(JSON.stringify(await rows('commerce', table))).not.toContain('@')
    expect(JSON.stringify(await rows('audit', 'events_log'))).not.toContain('@')
  })

  test('a bad row alone: it is kept apart with its reason, and the others beside it arrive', async () => {
    const bad = { ...auditRow('bad'), json: JSON.stringify({ id: 'bad', colour: 'green' }) }
    const entry = { topic: 'warehouse', createdAtMs: shop.cloud.now(), rows: [auditRow('good-1'), bad, auditRow('good-2')] }
    await shop.cloud.servers.firestore.write([{ path: 'outbox/mixed', data: entry }])
    expect(await send()).toEqual({ saved: 2, refused: 1 })
    expect((await rows('audit', 'events')).filter(({ id }) => id.startsWith('good-')).length).toBe(2)
    expect(shop.documents('refused_rows').map(({ data }) => data)).toMatchObject([
      { table: 'audit.events_log', insertId: 'bad', reason: expect.stringMatching(/colour|required|missing/i), json: expect.stringContaining('green') },
    ])
    expect(waiting()).toBe(0)
  })
})

describe('survives', () => {
  test('a lost answer of BigQuery: the views show each fact once', async () => {
    const order = await buy()
    shop.fault({ target: 'bigquery', operation: 'insertAll', when: 'after', effect: 'error', status: 400 })
    await shop.cloud.runJob(JOB)
    shop.calm()
    expect(waiting()).toBeGreaterThan(0)
    await send()
    expect(waiting()).toBe(0)
    for (const [dataset, table, column, count] of [
      ['commerce', 'orders', 'id', 1], ['commerce', 'payments', 'order_id', 1], ['commerce', 'ledger', 'order_id', 2], ['audit', 'events', 'subject', 1],
    ] as const) {
      expect([table, (await rows(dataset, table)).filter((row) => row[column] === order['id']).length]).toEqual([table, count])
    }
  })

  test('BigQuery being away: everything stays and follows later', async () => {
    const order = await buy()
    shop.fault({ target: 'bigquery', operation: 'insertAll', when: 'before', effect: 'error', status: 400, times: 99 })
    const { status } = await shop.cloud.runJob(JOB)
    expect(status).toBeGreaterThanOrEqual(500)
    shop.calm()
    await send()
    expect((await rows('commerce', 'orders')).filter(({ id }) => id === order['id']).length).toBe(1)
  })

  test('two runs at once: each fact once', async () => {
    const orders = await Promise.all([buy(), buy(), buy()])
    const run = () => shop.cloud.instances.request(JOB, { method: 'POST', path: '/', headers: {} }, 30_000)
    const answers = await Promise.all([run(), run()])
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    const found = (await rows('commerce', 'orders')).filter(({ id }) => orders.some((order) => order['id'] === id))
    expect(found.length).toBe(3)
  })

  // Every other call of a run is struck by the scenario `warehouse-rows` of the faults.
  test('its instance being killed after BigQuery took the rows: each fact once', async () => {
    const order = await buy()
    shop.fault({ target: 'bigquery', operation: 'insertAll', when: 'after', effect: 'kill' })
    await shop.cloud.runJob(JOB).catch(() => undefined)
    expect(shop.cloud.wire.faults().map(({ struck }) => struck)).toEqual([1])
    shop.calm()
    await shop.cloud.instances.allReady()
    await send()
    expect(waiting()).toBe(0)
    expect((await rows('commerce', 'orders')).filter(({ id }) => id === order['id']).length).toBe(1)
    expect((await rows('commerce', 'ledger')).filter(({ order_id: id }) => id === order['id']).length).toBe(2)
  })
})

/** A row as the outbox holds it. */
function auditRow(id: string): Json {
  const at = new Date(shop.cloud.now()).toISOString()
  const json = { id, who: 'test', what: 'test', subject: id, why: 'test', created_at: at, updated_at: at, row_version: 1, schema_version: 1 }
  return { dataset: 'audit', table: 'events_log', insertId: id, json: JSON.stringify(json) }
}
