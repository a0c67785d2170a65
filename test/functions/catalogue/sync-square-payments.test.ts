/**
 * Payments of the store's tills reach the warehouse: all of them, each once, whatever dies on the way.
 *
 * One Square and one warehouse for the whole file: the cases run one after the other.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DAY_MS, MINUTE_MS } from '#values/time.ts'
import { openShop, type Json, type Shop } from '../shop.ts'

const JOB = 'sync-square-payments'
const LIST = 'GET /v2/payments'
const SECOND_STORE = 'LSTORESECOND01'
/** Of a past that is brought in: more than one batch of rows, and more than one window. */
const PAST = 1_050

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
  await shop.act('square', 'locations', { id: SECOND_STORE })
})
afterAll(() => shop.cloud.stop())

const sync = (): Promise<Record<string, number>> => shop.tally(JOB)
const rows = async (): Promise<Json[]> => (await shop.cloud.rows('commerce', 'square_payments')) as Json[]
const log = async (): Promise<Json[]> => (await shop.cloud.rows('commerce', 'square_payments_log')) as Json[]
const sell = async (wanted: Json = {}): Promise<Json> => (await shop.act('square', 'payments', { lines: [{ variationId: 'VARTOTE1', quantity: '1' }], ...wanted }))['payment']
const runs = (): Json[] => shop.documents('sync_runs').map(({ data }) => data).filter(({ job }) => job === JOB).sort((one, other) => one['startedAtMs'] - other['startedAtMs'])
const later = (ms = 20 * MINUTE_MS): Promise<unknown> => shop.cloud.advance(ms)

/** Nothing is missing, nothing is double: what the till holds is what the view shows. */
async function expectAll(): Promise<void> {
  const shown = await rows()
  const held = shop.at('square', 'payments').filter(({ id }) => id !== 'BAD1')
  const ids = shown.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  expect(held.filter(({ id }) => !ids.includes(id)).map(({ id }) => id)).toEqual([])
  expect(ids.filter((id) => String(id).startsWith('PAST')).length).toBe(PAST)
}

describe('does', () => {
  test('bring in two years of every location, over many pages and windows, though it dies in the middle', async () => {
    await shop.act('square', 'past', { payments: PAST })
    shop.fault({ target: 'square', operation: LIST, when: 'after', effect: 'kill', skip: 6 })
    await expect(shop.cloud.runJob(JOB)).rejects.toThrow()
    shop.calm()
    await shop.cloud.instances.allReady()
    expect(await sync()).toEqual({ deferred: 1 })
    await later()
    const tally = await sync()
    expect(tally).toMatchObject({ refused: 0 })
    await expectAll()
    expect(runs().map(({ state }) => state)).toEqual(['died', 'done'])
    expect(new Set((await rows()).map((row) => row['location_id'])).size).toBe(shop.at('square', 'locations').length)
  })

  test('keep the amounts, the fee and the brand of a payment, and of its customer only the id', async () => {
    const { id } = await sell({ customerId: 'CUST1', tip: 150, card: { card_brand: 'VISA', last_4: '4242' } })
    await later()
    await sync()
    const row = (await rows()).find((one) => one['id'] === id) as Json
    expect(row).toMatchObject({ amount: '24', tip: '1.5', total: '25.5', fees: '0.81', currency: 'USD', status: 'COMPLETED', source_type: 'CARD', card_brand: 'VISA', customer_id: 'CUST1' })
    expect(JSON.stringify(row)).not.toMatch(/\b4242\b/)
  })

  test('ask only for what changed since the last run, and write nothing that is there already', async () => {
    await sync()
    const before = (await log()).length
    const tally = await sync()
    expect(tally).toMatchObject({ saved: 0, refused: 0 })
    expect((await log()).length).toBe(before)
  })

  test('show a payment that was refunded as it is now, once', async () => {
    const { id } = await sell()
    await later()
    await sync()
    await shop.act('square', `payments/${id}/refund`, { amount: 400 })
    await sync()
    expect((await rows()).filter((row) => row['id'] === id)).toMatchObject([{ refunded: '4' }])
    await expectAll()
  })

  test('leave a record of each run: what it read, saved, left alone and refused, how long it took, and how far it came', async () => {
    await sell()
    await later()
    const tally = await sync()
    const run = runs().at(-1) as Json
    expect(run).toMatchObject({ job: JOB, mode: 'live', state: 'done', ...tally, error: null })
    expect(run['endedAtMs']).toBeGreaterThanOrEqual(run['startedAtMs'])
    expect(run['watermarkMs']).toBe(run['startedAtMs'])
  })
})

describe('refuses', () => {
  test('a payment that cannot be read: kept apart with its reason and without its card, the others go on', async () => {
    const at = new Date(shop.cloud.now()).toISOString()
    const good = { status: 'COMPLETED', source_type: 'CARD', amount_money: { amount: 100, currency: 'USD' }, location_id: 'LSTOREMAIN001', created_at: at }
    const bad = { ...good, amount_money: { amount: '1,00', currency: 'USD' }, card_details: { card: { last_4: '9999' } } }
    await shop.act('square', 'import', { payments: [{ ...good, id: 'GOOD1' }, { ...bad, id: 'BAD1' }, { ...good, id: 'GOOD2' }] })
    await later(MINUTE_MS)
    expect(await sync()).toMatchObject({ saved: 2, refused: 1 })
    const ids = (await rows()).map(({ id }) => id)
    expect([ids.includes('GOOD1'), ids.includes('GOOD2'), ids.includes('BAD1')]).toEqual([true, true, false])
    const kept = shop.documents('refused_rows').find(({ id }) => id.endsWith('BAD1'))?.data as Json
    expect(kept['reason']).toContain('amount_money.amount')
    expect(JSON.stringify(kept)).not.toMatch(/\b9999\b/)
  })

  test('a payment that the warehouse does not take: it is too old for it', async () => {
    const old = new Date(shop.cloud.now() - 11 * 365 * DAY_MS).toISOString()
    const payment = { id: 'ANCIENT', status: 'COMPLETED', amount_money: { amount: 100, currency: 'USD' }, location_id: 'LSTOREMAIN001' }
    const stop = shop.twist('square', '/v2/payments', (body) => ({ ...body, payments: [...(body['payments'] ?? []), { ...payment, created_at: old, updated_at: new Date(shop.cloud.now()).toISOString() }] }))
    await later(MINUTE_MS)
    const tally = await sync().finally(stop)
    expect(tally['refused']).toBeGreaterThan(0)
    expect(shop.documents('refused_rows').find(({ id }) => id.includes('ANCIENT'))?.data['reason']).toContain('partition')
  })
})

describe('survives', () => {
  test('a mark that Square has forgotten: it goes on at the last payment that is safe', async () => {
    for (let sold = 0; sold < 3; sold += 1) await sell()
    await later()
    let pages = 0
    const stop = shop.twist('square', '/v2/payments', (body) => {
      pages += 1
      return pages === 1 ? { ...body, cursor: 'long-forgotten' } : body
    })
    await sync().finally(stop)
    await expectAll()
  })

  test.each([
    ['a storm of 429 with Retry-After', 'rate_limit', { times: 3, retryAfterSeconds: 1 }],
    ['a storm of 429 without a word', 'rate_limit', { times: 1 }],
  ])('%s: what it could not read it reads in the next run', async (_, action, input) => {
    await sell()
    await later()
    await shop.act('square', action, input)
    await sync().catch(() => undefined)
    await later()
    await sync()
    await expectAll()
  })

  test('a storm of 5xx: three failed runs in a row are an alert, the next good one takes it back', async () => {
    await sell()
    await later()
    shop.fault({ target: 'square', operation: LIST, when: 'before', effect: 'error', status: 503, times: 100 })
    for (let run = 0; run < 3; run += 1) await expect(sync()).rejects.toThrow('503')
    shop.calm()
    await shop.cloud.drain()
    const alert = (): Json | undefined => shop.documents('alerts').find(({ data }) => data['key'] === `schedule/${JOB}`)?.data
    expect(alert()).toMatchObject({ status: 'open', severity: 'p1' })
    expect(runs().at(-1)).toMatchObject({ state: 'failed', error: expect.stringContaining('square') })
    await sync()
    await shop.cloud.drain()
    expect(alert()).toMatchObject({ status: 'resolved' })
    await expectAll()
  })

  test('two runs at once: one works, the other leaves it to it', async () => {
    for (let sold = 0; sold < 5; sold += 1) await sell()
    await later()
    const run = () => shop.cloud.instances.request(JOB, { method: 'POST', path: '/', headers: {} }, 30_000)
    const answers = await Promise.all([run(), run()])
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    await sync()
    await expectAll()
  })

  // At every other call it is tried by the scenario of its name of the faults.
  test('its death after the rows are stored, before it is noted: nothing is lost, nothing shows twice', async () => {
    for (let sold = 0; sold < 3; sold += 1) await sell()
    await later()
    shop.fault({ target: 'bigquery', function: JOB, when: 'after', effect: 'kill' })
    await shop.cloud.runJob(JOB).catch(() => undefined)
    expect(shop.cloud.wire.faults().map(({ struck }) => struck)).toEqual([1])
    shop.calm()
    await shop.cloud.instances.allReady()
    await later()
    await sync()
    await expectAll()
  })
})
