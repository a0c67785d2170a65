/** The day in figures: right, cheap however many look, honest about its age, and there when BigQuery is not. The cases share a shop and run in order. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Answer, type Json, type Person, type Shop } from '../shop.ts'
import { layOrders, orderOf, questions } from './selling.ts'

const PATH = '/api/bigquery/dashboard'
const TTL_MS = 30_000

let shop: Shop
let viewer: Person
beforeAll(async () => {
  shop = await openShop({ environment: { BQ_QUERY_DEADLINE_MS: '2000' } })
  viewer = await shop.person('viewer')
  // Noon of a Friday in Chicago.
  await shop.cloud.advance(Date.parse('2027-01-15T18:00:00Z') - shop.cloud.now())
  viewer = await shop.person('viewer')
})
afterEach(() => shop.calm())
afterAll(() => shop.cloud.stop())

const look = (): Promise<Answer> => viewer.get(PATH)
const stale = (): Promise<unknown> => shop.cloud.advance(TTL_MS + 1)
const away = (): void => shop.fault({ target: 'bigquery', when: 'before', effect: 'error', status: 503, times: 99 })

describe('does', () => {
  test('answer zeros while nothing was ever loaded, and say that they are no figures', async () => {
    away()
    const { status, body } = await look()
    expect(status).toBe(200)
    expect(body).toMatchObject({ success: true, mode: 'mock', lastUpdated: null, ageSeconds: null, reason: 'BigQuery did not answer.' })
    expect(body['metrics']).toMatchObject({
      todayRevenue: 0, todayTransactions: 0, averageOrderValue: null, customers: 0, refunds: 0, netRevenue: 0, conversionRate: null, nps: null, currency: 'USD',
    })
    await stale()
  })

  test('tell revenue, sales, customers and the age of the newest row', async () => {
    const newest = orderOf(shop, 'o4', { customer_id: 'bob', total: '500', state: 'expired', agoMs: 60_000 })
    await layOrders(shop, [
      newest, orderOf(shop, 'o1', { customer_id: 'ann', total: '10.00', agoMs: 120_000 }), orderOf(shop, 'o2', { customer_id: 'ann', total: '10.01', agoMs: 100_000 }),
      orderOf(shop, 'o3', { customer_id: 'bob', total: '0.04', agoMs: 90_000 }),
      orderOf(shop, 'old', { customer_id: 'eve', total: '77', agoMs: 20 * 3_600_000 }),
    ])
    const { body } = await look()
    expect(body).toMatchObject({ mode: 'live', lastUpdated: newest['updated_at'] })
    expect(body['ageSeconds']).toBeGreaterThanOrEqual(60)
    expect(body['ageSeconds']).toBeLessThan(90)
    // 20.05 by three is 6.68333...: a share is rounded to the cent, once.
    expect(body['metrics']).toMatchObject({
      todayRevenue: 20.05, todayTransactions: 3, averageOrderValue: 6.68, customers: 2, online: { revenue: 20.05, transactions: 3 }, store: { revenue: 0, transactions: 0 },
    })
    expect(body['reason']).toBeUndefined()
  })

  test('tell how many carts with items became orders', async () => {
    const buyer = await shop.person()
    await buyer.fill({ productId: 'test-product-1', quantity: 1 })
    await buyer.post('/api/carts')
    const before = shop.cloud.now()
    await buyer.buy({ productId: 'test-product-1', quantity: 1 })
    await stale()
    const { body } = await look()
    expect(body['metrics']).toMatchObject({ conversionRate: 0.5 })
    // The sale is not in BigQuery yet, and the answer says from when on it may miss something.
    expect(Date.parse(body['completeUntil'])).toBeGreaterThanOrEqual(before)
    expect(Date.parse(body['completeUntil'])).toBeLessThan(shop.cloud.now() - TTL_MS)
    await shop.tally('send-warehouse-rows')
    await stale()
    expect(shop.cloud.now() - Date.parse((await look()).body['completeUntil'])).toBeLessThan(5_000)
  })

  test('ask BigQuery once for two hundred people on two instances, and not again for half a minute', async () => {
    await stale()
    const since = shop.cloud.wire.lastCall
    const answers = await Promise.all(Array.from({ length: 200 }, look))
    expect(new Set(answers.map(({ status, body }) => `${status} ${body['mode']} ${JSON.stringify(body['metrics'])}`)).size).toBe(1)
    expect(answers[0]?.body['mode']).toBe('live')
    expect(questions(shop, since)).toBe(1)
    await shop.cloud.advance(TTL_MS / 2)
    await look()
    expect(questions(shop, since)).toBe(1)
  })
})

describe('survives', () => {
  test('BigQuery being away: the last good answer, marked with the reason, asked for again after half the time', async () => {
    await stale()
    const good = (await look()).body
    await stale()
    away()
    const since = shop.cloud.wire.lastCall
    const { status, body } = await look()
    expect(status).toBe(200)
    expect(body).toMatchObject({ mode: 'degraded', reason: 'BigQuery did not answer.', lastUpdated: good['lastUpdated'], metrics: good['metrics'] })
    expect(questions(shop, since)).toBe(3)
    shop.calm()
    expect((await look()).body['mode']).toBe('degraded')
    await shop.cloud.advance(TTL_MS / 2 + 1)
    expect((await look()).body['mode']).toBe('live')
  })

  test('three refreshes that fail in a row: staff are called, until one is good', async () => {
    const alert = (): Json | undefined => shop.documents('alerts').find(({ data }) => data['key'] === 'reports/refresh')?.data
    away()
    for (let failed = 0; failed < 3; failed += 1) {
      await stale()
      await look()
    }
    shop.calm()
    await shop.cloud.drain()
    expect(alert()).toMatchObject({ severity: 'p1', status: 'open', details: { report: 'today', failures: 3 } })
    await stale()
    await look()
    await shop.cloud.drain()
    expect(alert()).toMatchObject({ status: 'resolved' })
  })

  test('a question that fails once or twice: it is asked again within its time', async () => {
    await stale()
    shop.fault({ target: 'bigquery', when: 'before', effect: 'error', status: 503, times: 2 })
    expect((await look()).body['mode']).toBe('live')
  })

  test('silence: an answer within the deadline', async () => {
    await stale()
    shop.fault({ target: 'bigquery', when: 'before', effect: 'hang', times: 99 })
    const started = performance.now()
    expect((await look()).body['mode']).toBe('degraded')
    expect(performance.now() - started).toBeLessThan(10_000)
    shop.calm()
    await stale()
  })

  test('the death of whoever asks: when his lease is over, another asks', async () => {
    await stale()
    shop.fault({ target: 'bigquery', when: 'before', effect: 'kill' })
    await look().catch(() => undefined)
    shop.calm()
    await shop.cloud.instances.allReady()
    await shop.cloud.advance(3_001)
    expect((await look()).body['mode']).toBe('live')
  })

  test('the store of the shop being away: what this instance answered last, marked', async () => {
    const since = shop.cloud.wire.lastCall
    await Promise.all([look(), look(), look(), look()])
    expect(shop.cloud.wire.calls(since).filter(({ target }) => target === 'firestore').length).toBeGreaterThan(0)
    shop.fault({ target: 'firestore', match: 'reports', when: 'before', effect: 'error', status: 14, times: 999 })
    const answers = await Promise.all([look(), look(), look(), look()])
    shop.calm()
    for (const { status, body } of answers) {
      expect([200, 503]).toContain(status)
      if (status === 200) expect(body).toMatchObject({ mode: 'degraded', reason: 'The store of the shop did not answer.' })
    }
    expect(answers.some(({ status }) => status === 200)).toBe(true)
  })

  test('midnight: a new day begins with what was sold in it', async () => {
    await shop.cloud.advance(Date.parse('2027-01-16T05:59:50Z') - shop.cloud.now())
    viewer = await shop.person('viewer')
    expect((await look()).body['metrics'].todayRevenue).toBeGreaterThan(0)
    // The answer is not half a minute old, and yesterday's.
    await shop.cloud.advance(Date.parse('2027-01-16T06:00:01Z') - shop.cloud.now())
    expect((await look()).body).toMatchObject({ mode: 'live', metrics: { todayRevenue: 0, todayTransactions: 0 } })
  })
})

describe('refuses', () => {
  test('whoever is no staff, and what it does not know', async () => {
    const customer = await shop.person()
    expect((await customer.get(PATH)).status).toBe(403)
    expect((await shop.guest().get(PATH)).status).toBe(401)
    expect((await viewer.get(`${PATH}?colour=green`)).status).toBe(400)
  })

  test('figures that are none: nowhere in the answer is NaN or Infinity', async () => {
    const { text } = await look()
    expect(text).not.toMatch(/NaN|Infinity/)
    const body = JSON.parse(text) as Json
    for (const value of Object.values(body['metrics'] as Json)) if (typeof value === 'number') expect(Number.isFinite(value)).toBe(true)
  })
})
