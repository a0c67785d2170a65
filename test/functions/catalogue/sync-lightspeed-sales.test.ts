/**
 * Sales of the second till reach the warehouse, and the shop is never locked out of it.
 *
 * One Lightspeed for the whole file: the cases run one after the other. Another shop has none, and makes its sales up.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MINUTE_MS } from '#values/time.ts'
import { LIGHTSPEED_API_KEY } from '../../../infra/local/servers.ts'
import { openShop, type Json, type Shop } from '../shop.ts'
import { freeLease } from './syncing.ts'

const JOB = 'sync-lightspeed-sales'
const LIST = 'GET /API/V3/Account/:account/Sale.json'
const TOKEN = 'POST /auth/oauth/token'
/** More than one batch of rows. */
const PAST = 1_050

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
  await shop.act('lightspeed', 'bucket', { size: 100_000, drip: 1_000, burst: 100_000 })
})
afterAll(() => shop.cloud.stop())

const sync = (): Promise<Record<string, number>> => shop.tally(JOB)
const rows = async (): Promise<Json[]> => (await shop.cloud.rows('analytics', 'lightspeed_transactions')) as Json[]
const row = async (id: string): Promise<Json | undefined> => (await rows()).find((one) => one['id'] === id)
const sell = async (wanted: Json = {}): Promise<Json> => (await shop.act('lightspeed', 'sales', { lines: [{ itemID: '3', quantity: 2 }], ...wanted }))['sale']
const later = (ms = 20 * MINUTE_MS): Promise<unknown> => shop.cloud.advance(ms)
const refreshes = (): number => shop.at('lightspeed', 'refreshes').length
const lastRun = (): Json => shop.documents('sync_runs').map(({ data }) => data).filter(({ job }) => job === JOB).sort((one, other) => one['startedAtMs'] - other['startedAtMs']).at(-1) as Json

async function expectAll(): Promise<void> {
  const ids = (await rows()).map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  expect(shop.at('lightspeed', 'sales').filter(({ saleID }) => !ids.includes(saleID) && saleID !== '777')).toEqual([])
  expect(ids.filter((id) => Number(id) >= 1_000_000).length).toBe(PAST)
}

describe('does', () => {
  test('bring in two years of sales by pages and windows, though it dies and marks are forgotten on the way', async () => {
    await shop.act('lightspeed', 'past', { sales: PAST })
    shop.fault({ target: 'lightspeed', operation: LIST, when: 'after', effect: 'kill', skip: 9 })
    await expect(shop.cloud.runJob(JOB)).rejects.toThrow()
    shop.calm()
    await shop.cloud.instances.allReady()
    await shop.act('lightspeed', 'cursors')
    await freeLease(shop, JOB)
    expect(await sync()).toMatchObject({ refused: 0 })
    await expectAll()
  })

  test('keep amounts, tax and lines to the last digit, and of the customer only the number', async () => {
    const { saleID } = await sell({ customerID: '7', lines: [{ itemID: '3', quantity: 3, price: '6.505' }] })
    await later()
    await sync()
    const found = (await row(saleID)) as Json
    expect(found).toMatchObject({ mode: 'live', status: 'COMPLETED', customer_id: '7', shop_id: '1', amount: '19.515', tax: '1.60999', total: '21.12499', currency: 'USD' })
    expect(found['items']).toMatchObject([{ item_id: '3', quantity: '3', unit_price: '6.505' }])
    expect(JSON.stringify(found)).not.toContain('Ada')
  })

  test('tell what is open, what was completed later, and what was voided, each once', async () => {
    const open = await sell({ completed: false })
    await later()
    await sync()
    expect(await row(open['saleID'])).toMatchObject({ status: 'PENDING' })
    await later(MINUTE_MS)
    await shop.act('lightspeed', `sales/${open['saleID']}`, { completed: 'true' })
    await sync()
    expect(await row(open['saleID'])).toMatchObject({ status: 'COMPLETED' })
    // Within the same second: Lightspeed's moments say nothing of it.
    await shop.act('lightspeed', `sales/${open['saleID']}`, { voided: 'true', archived: 'true' })
    await sync()
    expect(await row(open['saleID'])).toMatchObject({ status: 'VOIDED', archived: true })
  })

  test('write nothing that is there already', async () => {
    await later()
    await sync()
    expect(await sync()).toMatchObject({ saved: 0 })
  })

  test('sign in once for as long as a token lasts, and anew when it has ended', async () => {
    await sync()
    const before = refreshes()
    await sync()
    await shop.tally('sync-lightspeed-items')
    expect(refreshes()).toBe(before)
    await later(40 * MINUTE_MS)
    await sync()
    expect(refreshes()).toBe(before + 1)
  })

  test('keep its tokens where nobody can read them', async () => {
    const kept = JSON.stringify(shop.documents('vendor_tokens'))
    expect(kept).not.toContain('def50')
    expect(kept).not.toContain('eyJ0e')
  })
})

describe('refuses', () => {
  test('a sale that cannot be read: kept apart with its reason, the others go on', async () => {
    const good = { ...(await sell()), saleID: '778' }
    await shop.act('lightspeed', 'import', { Sale: [{ ...good, saleID: '777', calcTotal: 'NaN' }, good] })
    await later(MINUTE_MS)
    const tally = await sync()
    expect(tally['refused']).toBe(1)
    expect(await row('778')).toBeDefined()
    expect(await row('777')).toBeUndefined()
    expect(shop.documents('refused_rows').find(({ id }) => id.endsWith('-777'))?.data['reason']).toContain('calcTotal')
  })

  test('a next page that lies elsewhere: our token goes nowhere but to Lightspeed', async () => {
    await later()
    const stop = shop.twist('lightspeed', '/API/V3/Account/182255/Sale.json', (body) => ({ ...body, '@attributes': { next: 'https://evil.example/API/V3/Account/182255/Sale.json' } }))
    await expect(sync()).rejects.toThrow()
    stop()
    expect(lastRun()).toMatchObject({ state: 'failed', error: expect.stringContaining('elsewhere') })
    await sync()
  })
})

describe('survives', () => {
  const ended = async (): Promise<void> => {
    await sell()
    await later(40 * MINUTE_MS)
  }

  test.each([
    ['the answer of a refresh that is lost', { target: 'lightspeed', operation: TOKEN, when: 'after', effect: 'drop' }],
    ['an answer of our store that is lost while the new tokens are kept', { target: 'firestore', operation: 'Commit', match: '/vendor_tokens/', when: 'after', effect: 'drop', skip: 1 }],
    // Its death at every other call is tried by the scenario of its name of the faults.
    ['its death with the new tokens in hand, before they are kept', { target: 'lightspeed', operation: TOKEN, when: 'after', effect: 'kill' }],
  ] as const)('%s', async (_, fault) => {
    await ended()
    shop.fault(fault)
    await shop.cloud.runJob(JOB).catch(() => undefined)
    shop.calm()
    await shop.cloud.instances.allReady()
    await freeLease(shop, JOB)
    await sync()
    await expectAll()
  })

  test('an access token that was revoked: it signs in anew within the run', async () => {
    await sell()
    await later()
    await shop.act('lightspeed', 'tokens', { end: 'access' })
    const before = refreshes()
    await sync()
    expect(refreshes()).toBe(before + 1)
    await expectAll()
  })

  test('two syncs that need a new token at once: one asks for it, both go on with it', async () => {
    await ended()
    const before = refreshes()
    const run = (job: string) => shop.cloud.instances.request(job, { method: 'POST', path: '/', headers: {} }, 30_000)
    const answers = await Promise.all([run(JOB), run('sync-lightspeed-items')])
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect(refreshes()).toBe(before + 1)
    await expectAll()
  })

  test('a bucket that is full: it waits until there is room', async () => {
    await sell()
    await later()
    await shop.act('lightspeed', 'bucket', { size: 2, drip: 2, level: 4 })
    await sync()
    await shop.act('lightspeed', 'bucket', { size: 100_000, drip: 1_000, level: 0 })
    expect(shop.requests('lightspeed').slice(-3).map(({ status }) => status)).toContain(429)
    await expectAll()
  })

  test('a storm of 5xx: what it could not read it reads in the next run', async () => {
    await sell()
    await later()
    await shop.act('lightspeed', 'trouble', { status: 502, times: 30 })
    await expect(sync()).rejects.toThrow()
    await shop.act('lightspeed', 'trouble', { times: 0 })
    await sync()
    await expectAll()
  })

  // The last of this shop: from here on only its owner could help it.
  test('an owner who takes his consent back: each run says what is to be done, and after three of them staff are told', async () => {
    await shop.act('lightspeed', 'tokens', { end: 'all' })
    for (let run = 0; run < 3; run += 1) await expect(sync()).rejects.toThrow()
    expect(lastRun()).toMatchObject({ state: 'failed', error: expect.stringContaining('consent anew') })
    await shop.cloud.drain()
    expect(shop.documents('alerts').find(({ data }) => data['key'] === `schedule/${JOB}`)?.data).toMatchObject({ status: 'open' })
  })
})

describe('without a Lightspeed of its own', () => {
  // These open where the other shop was: its instances are warm.
  beforeAll(() => shop.cloud.stop())

  test('a shop makes 50 sales and 25 items up, says so, keeps them apart from real ones and out of its window, and takes out of it what a Lightspeed of before had put there', async () => {
    const poor = await openShop({ environment: { LIGHTSPEED_CLIENT_ID: '' } })
    try {
      expect(await poor.tally(JOB)).toMatchObject({ read: 50, saved: 50 })
      await plant(poor)
      expect((await poor.guest().get('/api/products/ls_3')).status).toBe(200)
      expect(await poor.tally('sync-lightspeed-items')).toMatchObject({ read: 25, saved: 25 })
      expect((await poor.guest().get('/api/products/ls_3')).status).toBe(404)
      expect(await poor.tally(JOB)).toMatchObject({ saved: 0 })
      const made = (await poor.cloud.rows('analytics', 'mock_lightspeed_transactions')) as Json[]
      const items = (await poor.cloud.rows('analytics', 'mock_lightspeed_products')) as Json[]
      expect([made.length, new Set(made.map(({ mode }) => mode)), items.length]).toEqual([50, new Set(['mock']), 25])
      expect(await poor.cloud.rows('analytics', 'lightspeed_transactions')).toEqual([])
      expect(poor.documents('products').filter(({ data }) => data['source'] === 'lightspeed').map(({ id, data }) => [id, data['listed']])).toEqual([['ls_3', false]])
      expect(poor.requests('lightspeed')).toEqual([])
      const { body } = await (await poor.person('viewer')).get('/api/admin/syncs')
      expect(body['syncs'].filter(({ job }: Json) => job.includes('lightspeed')).map(({ mode }: Json) => mode)).toEqual(['mock', 'mock'])
    } finally {
      await poor.cloud.stop()
    }
  })

  test('it signs in by the key of the old way where there is one', async () => {
    const old = await openShop({ environment: { LIGHTSPEED_CLIENT_ID: '', LIGHTSPEED_API_KEY } })
    try {
      expect((await old.tally(JOB))['saved']).toBe(8)
      expect(old.at('lightspeed', 'refreshes')).toEqual([])
    } finally {
      await old.cloud.stop()
    }
  })
})

/** A product as a Lightspeed left it that the shop has no more. */
async function plant(shop: Shop): Promise<void> {
  const { Firestore } = await import('@google-cloud/firestore')
  const [host = '', port = ''] = (shop.cloud.addresses['FIRESTORE_EMULATOR_HOST'] ?? '').split(':')
  const store = new Firestore({ projectId: shop.cloud.servers.pubsub.projectId, host, port: Number(port), ssl: false })
  await store.doc('products/ls_3').set({ ...shop.document('products', 'VARTOTE1'), id: 'ls_3', sku: 'LS-TWINE-50', source: 'lightspeed' })
  await store.terminate()
}
