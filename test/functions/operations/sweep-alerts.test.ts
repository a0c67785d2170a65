/** The shop is looked at every minute: what is wrong is raised, what is well again is taken back, what was missed is told. */
import { createHmac } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Json, type Shop } from '../shop.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const HOOK = '/api/webhooks/stripe'

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterEach(() => shop.calm())
afterAll(() => shop.cloud.stop())

async function sweep(): Promise<void> {
  await shop.tally('sweep-alerts')
  await shop.cloud.drain()
}

const alertsAt = (key: string): Json[] => shop.at('pagerduty', 'alerts').filter(({ dedup_key }) => dedup_key === key)
const states = (key: string): string[] => alertsAt(key).map(({ status }) => status)

let laid = 0
const lay = (path: string, data: Json): Promise<unknown> => shop.cloud.servers.firestore.write([{ path, data }])
const change = (collection: string, id: string, wanted: Json): Promise<unknown> => lay(`${collection}/${id}`, { ...shop.document(collection, id), ...wanted })

async function layDead(count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => `stripe-evt_laid${++laid}`)
  for (const id of ids) await lay(`inbox/${id}`, { id, vendor: 'stripe', type: 'x', subject: null, payload: '{}', status: 'dead', attempts: 6, receivedAtMs: shop.cloud.now(), nextAtMs: null, lastError: 'no' })
  return ids
}

async function layOrder(wanted: Json): Promise<string> {
  const id = `ord_laid${++laid}`
  await lay(`orders/${id}`, { id, state: 'payment_failed', createdAtMs: shop.cloud.now(), checkAtMs: null, ...wanted })
  return id
}

function tell(body: string, holds: boolean): Promise<{ status: number }> {
  const at = Math.floor(shop.cloud.now() / 1000)
  const secret = holds ? shop.cloud.servers.keys.STRIPE_WEBHOOK_SECRET : 'whsec_guessed'
  const signature = `t=${at},v1=${createHmac('sha256', secret).update(`${at}.${body}`).digest('hex')}`
  return shop.guest().call('POST', HOOK, body, { 'stripe-signature': signature })
}

const guess = (): Promise<{ status: number }> => tell('{}', false)

describe('does', () => {
  test('raise more than ten dead letters once, and take it back when a person has seen to them', async () => {
    const dead = await layDead(10)
    await sweep()
    expect(states('inbox/dead-letters')).toEqual([])
    dead.push(...(await layDead(1)))
    for (let minute = 0; minute < 3; minute++) await sweep()
    expect(alertsAt('inbox/dead-letters')).toMatchObject([{ status: 'open', triggers: 1, payload: { severity: 'error', custom_details: { events: 11 } } }])
    for (const id of dead) await change('inbox', id, { status: 'applied' })
    await sweep()
    expect(states('inbox/dead-letters')).toEqual(['resolved'])
  })

  test('raise payments that were not answered, when they are more than a few and more than one of a hundred', async () => {
    for (let order = 0; order < 2; order++) await layOrder({ unansweredAtMs: shop.cloud.now() })
    await sweep()
    expect(states('payments/timeouts')).toEqual([])
    await layOrder({ unansweredAtMs: shop.cloud.now() })
    await sweep()
    expect(alertsAt('payments/timeouts')).toMatchObject([{ status: 'open', payload: { custom_details: { attempts: 3, unanswered: 3 } } }])
    await shop.cloud.advance(HOUR_MS + MINUTE_MS)
    await sweep()
    expect(states('payments/timeouts')).toEqual(['resolved'])
  })

  test('raise a payment that nobody knows of for more than an hour, with its order, until it is known', async () => {
    const id = await layOrder({ state: 'payment_unknown', unansweredAtMs: shop.cloud.now() })
    await shop.cloud.advance(59 * MINUTE_MS)
    await sweep()
    expect(states('payments/stuck')).toEqual([])
    await shop.cloud.advance(2 * MINUTE_MS)
    await sweep()
    expect(alertsAt('payments/stuck')).toMatchObject([{ status: 'open', payload: { severity: 'critical', custom_details: { orders: 1, orderId: id } } }])
    await change('orders', id, { state: 'paid' })
    await sweep()
    expect(states('payments/stuck')).toEqual(['resolved'])
  })

  test('raise the sixth bad signature of a vendor in five minutes, and no more writes after it; over when it is quiet', async () => {
    for (let time = 0; time < 5; time++) expect((await guess()).status).toBe(401)
    await shop.cloud.drain()
    expect(states('signatures/stripe')).toEqual([])
    await Promise.all(Array.from({ length: 20 }, guess))
    await shop.cloud.drain()
    expect(alertsAt('signatures/stripe')).toMatchObject([{ status: 'open', triggers: 1, payload: { severity: 'critical', custom_details: { vendor: 'stripe', facts: 1 } } }])
    const since = shop.cloud.wire.lastCall
    await Promise.all(Array.from({ length: 20 }, guess))
    expect(shop.cloud.wire.calls(since).reduce((sum, { writes }) => sum + writes, 0)).toBe(0)
    await shop.cloud.advance(9 * MINUTE_MS)
    await sweep()
    expect(states('signatures/stripe')).toEqual(['open'])
    await shop.cloud.advance(2 * MINUTE_MS)
    await sweep()
    expect(states('signatures/stripe')).toEqual(['resolved'])
  })

  test('a good signature pays nothing for it', async () => {
    const since = shop.cloud.wire.lastCall
    const body = JSON.stringify({ id: 'evt_good', object: 'event', type: 'customer.created', data: { object: { id: 'cus_1' } } })
    expect((await tell(body, true)).status).toBe(200)
    const calls = shop.cloud.wire.calls(since).filter((call) => call.function === 'receive-stripe' && call.target === 'firestore')
    expect(calls.map(({ operation }) => operation)).toEqual(['Commit'])
  })

  test('raise a scheduled function that failed three times in a row with what it costs, until it runs again', async () => {
    const run = () => shop.cloud.runJob('sync-square-catalogue')
    shop.fault({ target: 'square', when: 'before', effect: 'error', status: 500, times: 99 })
    for (let time = 0; time < 2; time++) await run()
    await shop.cloud.drain()
    expect(states('schedule/sync-square-catalogue')).toEqual([])
    await run()
    await shop.cloud.drain()
    expect(alertsAt('schedule/sync-square-catalogue')).toMatchObject([{ status: 'open', payload: { summary: expect.stringContaining('New products, prices and deliveries do not reach the shop.') } }])
    shop.calm()
    expect((await run()).status).toBe(200)
    await shop.cloud.drain()
    expect(states('schedule/sync-square-catalogue')).toEqual(['resolved'])
    expect(shop.documents('failed_runs')).toEqual([])
  })
})

describe('refuses', () => {
  test('to raise failures that are not in a row', async () => {
    for (let time = 0; time < 4; time++) {
      shop.fault({ target: 'square', when: 'before', effect: 'error', status: 500, times: 99 })
      await shop.cloud.runJob('sync-square-catalogue')
      shop.calm()
      await shop.cloud.runJob('sync-square-catalogue')
    }
    await shop.cloud.drain()
    expect(states('schedule/sync-square-catalogue')).toEqual(['resolved'])
  })
})

describe('survives', () => {
  test('a nudge that was lost: told a minute later', async () => {
    const nowMs = shop.cloud.now()
    await lay('alert_facts/fact_lost', { key: 'matter/lost', atMs: nowMs, nextAtMs: nowMs + MINUTE_MS, raise: { key: 'matter/lost', severity: 'p2', summary: 'Lost.', details: {} } })
    await sweep()
    expect(states('matter/lost')).toEqual([])
    await shop.cloud.advance(MINUTE_MS)
    await sweep()
    expect(states('matter/lost')).toEqual(['open'])
  })

  test('two sweeps at once, and one that is killed: each alert once', async () => {
    await layDead(12)
    const run = () => shop.cloud.instances.request('sweep-alerts', { method: 'POST', path: '/', headers: {} }, 30_000)
    await Promise.all([run(), run(), run()])
    shop.fault({ target: 'pubsub', operation: 'Publish', when: 'before', effect: 'kill' })
    await shop.cloud.advance(MINUTE_MS)
    await shop.cloud.runJob('sweep-alerts').catch(() => undefined)
    await shop.cloud.instances.allReady()
    await shop.cloud.advance(2 * MINUTE_MS)
    await sweep()
    expect(states('inbox/dead-letters')).toEqual(['resolved', 'open'])
  })
})
