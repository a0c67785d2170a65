/**
 * What Square says reaches the shop: products, prices, counts, and what is gone.
 *
 * One Square for the whole file, so the cases run one after the other, each with products of its own.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LEASE_MS } from '#domain/sync-run.ts'
import { furnishShop } from '../../../infra/local/shop.ts'
import { until } from '../purchase.ts'
import { openShop, type Json, type Person, type Shop } from '../shop.ts'
import { freeLease } from './syncing.ts'

const JOB = 'sync-square-catalogue'
const COUNTS = '/v2/inventory/counts/batch-retrieve'

let shop: Shop
let guest: Person
beforeAll(async () => {
  shop = await openShop()
  guest = shop.guest()
})
afterAll(() => shop.cloud.stop())

const product = async (id: string): Promise<Json> => (await guest.get(`/api/products/${id}`)).body['product']
const stored = (id: string): Json => shop.document('products', id) as Json
const sync = (): Promise<Record<string, number>> => shop.tally(JOB)
const move = (variationId: string, adjust: number): Promise<Json> => shop.act('square', 'inventory', { variationId, adjust })
const walks = (): Json => shop.document('syncs', JOB)?.['walks']
const runs = (): Json[] => shop.documents('sync_runs').map(({ data }) => data).filter(({ job }) => job === JOB).sort((one, other) => one['startedAtMs'] - other['startedAtMs'])

/** A run beside whatever other run there is: the scheduler itself starts no second one. */
const atOnce = () => shop.cloud.instances.request(JOB, { method: 'POST', path: '/', headers: {} }, 30_000)

/** A run that has read this price of the product, in cents, and is held before it looks at ours, until the faults are cleared. */
async function heldRun(productId: string, amount: number): Promise<{ run: ReturnType<typeof atOnce> }> {
  await sync()
  await shop.act('square', `catalog/${productId}/price`, { amount })
  shop.fault({ target: 'firestore', operation: 'BatchGetDocuments', function: JOB, match: `products/${productId}`, when: 'before', effect: 'delay', delayMs: 60_000 })
  const run = atOnce()
  await until(() => shop.cloud.wire.faults()[0]?.struck === 1)
  return { run }
}

/** Puts an object into Square's catalogue, as its own API takes it. */
async function putIn(object: Json): Promise<Json> {
  const response = await fetch(`${shop.cloud.addresses['SQUARE_API_BASE']}/v2/catalog/object`, {
    method: 'POST',
    headers: { authorization: `Bearer ${shop.cloud.servers.keys.SQUARE_ACCESS_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ idempotency_key: crypto.randomUUID(), object }),
  })
  expect(response.status).toBe(200)
  return ((await response.json()) as Json)['catalog_object']
}

const itemOf = (name: string, amount: number): Json => ({
  type: 'ITEM',
  id: `#${name}`,
  item_data: {
    name,
    variations: [
      {
        type: 'ITEM_VARIATION',
        id: `#${name}-one`,
        item_variation_data: {
          name: 'Regular', sku: name.toUpperCase(), pricing_type: 'FIXED_PRICING', price_money: { amount, currency: 'USD' }, track_inventory: true,
        },
      },
    ],
  },
})

const variationOf = (item: Json): string => item['item_data'].variations[0].id

describe('does', () => {
  test('bring in every variation with the price and the count that Square has', () => {
    const variations = shop.at('square', 'catalog_objects').filter(({ type }) => type === 'ITEM_VARIATION')
    expect(variations.length).toBeGreaterThan(40)
    for (const { id, item_variation_data: data } of variations) {
      const { price, onHand, held, counted, sku } = stored(id)
      const count = data.track_inventory ? (shop.shelf(id) || 0) : 0
      expect({ id, price, onHand, held, counted, sku }).toEqual({
        id, price: data.price_money?.amount ?? null, onHand: count, held: 0, counted: data.track_inventory, sku: data.sku ?? null,
      })
    }
  })

  test('change nothing the second time', async () => {
    const before = shop.documents('products')
    const tally = await sync()
    expect(tally).toMatchObject({ saved: 0, refused: 0 })
    expect(shop.documents('products')).toEqual(before)
  })

  test('ask only for what changed since the last run, when there is a last run', async () => {
    await shop.cloud.advance(5 * 60_000)
    await shop.act('square', 'catalog/VARTOTE1/price', { amount: 2500 })
    expect(await sync()).toMatchObject({ saved: 1 })
    await shop.cloud.advance(5 * 60_000)
    await shop.act('square', 'catalog/VARTOTE1/price', { amount: 2600 })
    expect(await sync()).toEqual({ read: 1, saved: 1, unchanged: 0, refused: 0 })
  })

  test('bring a new price, a new name and a new count', async () => {
    await shop.act('square', 'catalog/VARCAPNAT/price', { amount: 3050 })
    await shop.act('square', 'catalog/ITEMLIPBALM', { name: 'Peppermint Lip Balm' })
    await shop.act('square', 'inventory', { variationId: 'VARBATHSALT1', quantity: '3' })
    await sync()
    expect(await product('VARCAPNAT')).toMatchObject({ price: 30.5 })
    expect(await product('VARLIPBALM1')).toMatchObject({ name: 'Peppermint Lip Balm' })
    expect(await product('VARBATHSALT1')).toMatchObject({ inventory: 3 })
    const found = await guest.get('/api/products?q=peppermint')
    expect(found.body['products'].length).toBe(1)
  })

  test('take a product that was deleted out of the shop: 404 "Product unavailable"', async () => {
    await shop.act('square', 'catalog/ITEMGROWBOOK', { delete: true })
    await sync()
    const { status, body } = await guest.get('/api/products/VARGROWBOOK1')
    expect({ status, error: body['error'] }).toEqual({ status: 404, error: 'Product unavailable' })
    const listed = await guest.get('/api/products?q=gardener')
    expect(listed.body['products']).toEqual([])
  })

  test('take one variation out of the shop when only that one was deleted', async () => {
    await shop.act('square', 'catalog/VARCOOKBOOKHC', { delete: true })
    await sync()
    expect((await guest.get('/api/products/VARCOOKBOOKHC')).status).toBe(404)
    expect((await guest.get('/api/products/VARCOOKBOOKPB')).status).toBe(200)
  })

  test('hide what is archived and show it again when it comes back', async () => {
    await shop.act('square', 'catalog/ITEMCALMBALM', { is_archived: true })
    await sync()
    expect((await guest.get('/api/products/VARCALMBALM30')).status).toBe(404)
    await shop.act('square', 'catalog/ITEMCALMBALM', { is_archived: false })
    await sync()
    expect(await product('VARCALMBALM30')).toMatchObject({ price: 18, inventory: 80 })
  })

  test('bring in a new item, and its count once somebody counted it', async () => {
    const id = variationOf(await putIn(itemOf('Rope', 1234)))
    await sync()
    expect(await product(id)).toMatchObject({ price: 12.34, available: false, category: 'Hemp Product' })
    await move(id, 7)
    await sync()
    expect(await product(id)).toMatchObject({ available: true, inventory: 7 })
  })

  test('bring each item into the warehouse as it is now, and keep what is left of one that was deleted', async () => {
    await shop.act('square', 'catalog/VARHEARTS250/price', { amount: 1111 })
    await shop.act('square', 'catalog/VARTEESHIRTXL', { delete: true })
    await sync()
    const items = (await shop.cloud.rows('commerce', 'square_items')) as Json[]
    const item = (id: string): Json | undefined => items.find((one) => one['id'] === id)
    expect(new Set(items.map(({ id }) => id)).size).toBe(items.length)
    expect(item('VARHEARTS250')).toMatchObject({ price: '11.11', currency: 'USD', available: true, item_id: expect.any(String), category: expect.any(String) })
    expect(item('VARTEESHIRTXL')).toMatchObject({ available: false })
  })

  test('read catalogues and counts that are longer than a page, to the last', async () => {
    const made = await Promise.all(Array.from({ length: 105 }, (_, index) => putIn(itemOf(`Bead ${index}`, 100 + index))))
    for (const [index, item] of made.entries()) await move(variationOf(item), index + 1)
    await sync()
    const got = made.map((item) => [stored(variationOf(item))['price'], stored(variationOf(item))['onHand']])
    expect(got).toEqual(made.map((_, index) => [100 + index, index + 1]))
  })
})

describe('refuses', () => {
  test('counts that read nothing, a blank, a word, or are not there: each is counted as refused, never taken for zero, and stops no other', async () => {
    const rubbish = new Map<string, unknown>([['VARHEARTS250', ''], ['VARSEEDOIL500', ' '], ['VARNIGHTOIL750', 'many'], ['VARDARKBAR1', undefined], ['VARMANGOCHEWS10', null]])
    const counted = (): number[] => [...rubbish.keys()].map((id) => stored(id)['onHand'])
    const shelves = (): number[] => [...rubbish.keys()].map((id) => shop.shelf(id))
    for (const id of [...rubbish.keys(), 'VARHEARTS1000']) await move(id, -1)
    const before = counted()
    const honest = shop.twist('square', COUNTS, (body) => ({
      ...body,
      counts: body['counts'].map((count: Json) => (rubbish.has(count['catalog_object_id']) ? { ...count, quantity: rubbish.get(count['catalog_object_id']) } : count)),
    }))
    const tally = await sync().finally(honest)
    expect(tally['refused']).toBe(rubbish.size)
    expect(counted()).toEqual(before)
    expect(stored('VARHEARTS1000')['onHand']).toBe(shop.shelf('VARHEARTS1000'))
    for (const id of rubbish.keys()) await move(id, -1)
    await sync()
    expect(counted()).toEqual(shelves())
  })

  test('a count of something it has never heard of, counted as refused', async () => {
    await move('VARTEESHIRTS', -1)
    const honest = shop.twist('square', COUNTS, (body) => ({
      ...body,
      counts: body['counts'].flatMap((count: Json) =>
        count['catalog_object_id'] === 'VARTEESHIRTS' ? [count, { ...count, catalog_object_id: 'NEVERHEARDOF' }] : [count],
      ),
    }))
    const tally = await sync().finally(honest)
    expect(tally['refused']).toBe(1)
    expect(stored('VARTEESHIRTS')['onHand']).toBe(shop.shelf('VARTEESHIRTS'))
    expect(shop.document('products', 'NEVERHEARDOF')).toBeUndefined()
  })

  test('an older count after a newer one', async () => {
    await move('VARTEESHIRTM', -1)
    let old: Json = {}
    const listen = shop.twist('square', COUNTS, (body) => {
      old = body['counts'].find((count: Json) => count['catalog_object_id'] === 'VARTEESHIRTM') ?? old
      return body
    })
    await sync().finally(listen)
    await move('VARTEESHIRTM', -1)
    await sync()
    const newest = stored('VARTEESHIRTM')['onHand']
    const repeat = shop.twist('square', COUNTS, (body) => ({ ...body, counts: [old] }))
    await sync().finally(repeat)
    expect(stored('VARTEESHIRTM')['onHand']).toBe(newest)
  })
})

describe('survives', () => {
  test('Square being away: the run fails, the watermark stays, the next run brings everything', async () => {
    await sync()
    await shop.cloud.advance(5 * 60_000)
    await sync()
    const before = walks()
    await shop.act('square', 'catalog/VARPETDROPSS/price', { amount: 2700 })
    await move('VARPETDROPSS', -2)
    shop.fault({ target: 'square', operation: `POST ${COUNTS}`, when: 'before', effect: 'error', status: 503, times: 4 })
    await expect(sync()).rejects.toThrow('503')
    expect(walks()['counts']).toEqual(before['counts'])
    expect(runs().at(-1)).toMatchObject({ state: 'failed', error: expect.stringContaining('503') })
    await sync()
    expect(runs().at(-1)).toMatchObject({ state: 'done', error: null })
    expect(await product('VARPETDROPSS')).toMatchObject({ price: 27, inventory: shop.shelf('VARPETDROPSS') })
  })

  test('the warehouse being away: prices and counts come in, and the items as soon as it is back', async () => {
    await shop.act('square', 'catalog/VARPETDROPSL/price', { amount: 3131 })
    await move('VARPETDROPSL', -1)
    shop.fault({ target: 'bigquery', when: 'before', effect: 'error', status: 503, times: 50 })
    await sync()
    shop.calm()
    expect(await product('VARPETDROPSL')).toMatchObject({ price: 31.31, inventory: shop.shelf('VARPETDROPSL') })
    await sync()
    const items = (await shop.cloud.rows('commerce', 'square_items')) as Json[]
    expect(items.find(({ id }) => id === 'VARPETDROPSL')).toMatchObject({ price: '31.31' })
  })

  test('two runs at once', async () => {
    await move('VARGRINDER50', -3)
    await shop.act('square', 'catalog/VARGRINDER50/price', { amount: 2995 })
    const [one, two] = await Promise.all([atOnce(), atOnce()])
    expect([one.status, two.status]).toEqual([200, 200])
    await sync()
    expect(stored('VARGRINDER50')).toMatchObject({ price: 2995, onHand: 20, held: 0 })
  })

  test('another run while one is at work: it is put off, and the newer price is there in the end', async () => {
    const productId = 'VARTEESHIRTL'
    const { run: first } = await heldRun(productId, 2101)
    await shop.act('square', `catalog/${productId}/price`, { amount: 2202 })
    expect(JSON.parse((await atOnce()).body.toString())).toMatchObject({ tally: { deferred: 1 } })
    shop.calm()
    expect((await first).status).toBe(200)
    await sync()
    expect(stored(productId)['price']).toBe(2202)
  })

  test('a run that was thought dead and comes back with an older page: the newer price stays, and its mark is not taken', async () => {
    const productId = 'VARTEESHIRTS'
    const { run: late } = await heldRun(productId, 2303)
    const runId = shop.document('syncs', JOB)?.['lease'].runId
    await shop.act('square', `catalog/${productId}/price`, { amount: 2404 })
    await shop.cloud.advance(LEASE_MS)
    expect((await atOnce()).status).toBe(200)
    const marks = walks()
    shop.calm()
    expect((await late).status).toBe(503)
    expect([stored(productId)['price'], walks(), shop.document('sync_runs', runId)?.['state']]).toEqual([2404, marks, 'failed'])
  })

  test('what it was said of itself before each list had its own mark: everything is read once more', async () => {
    const old = { fromMs: 0, toMs: 0, cursor: null, reachedMs: shop.cloud.now(), caughtUpMs: shop.cloud.now(), seen: [] }
    await shop.cloud.servers.firestore.write([{ path: `syncs/${JOB}`, data: { job: JOB, mode: 'live', walks: { all: old }, lease: null } }])
    expect((await sync())['read']).toBeGreaterThan(100)
    expect(Object.keys(walks())).toEqual(['catalogue', 'counts'])
  })

  test('a sale that Square has not seen: the count does not give its units back', async () => {
    await (await shop.person()).buy({ productId: 'VARSEEDOIL250', quantity: 5 })
    await move('VARSEEDOIL250', -1)
    await sync()
    expect(await product('VARSEEDOIL250')).toMatchObject({ inventory: 39 })
    await shop.cloud.drain()
    await sync()
    expect(await product('VARSEEDOIL250')).toMatchObject({ inventory: 39 })
    expect(shop.shelf('VARSEEDOIL250')).toBe(39)
  })

  test('a sale at the till while an adjustment of ours is on its way: no later run forgets it', async () => {
    await (await shop.person()).buy({ productId: 'VARMUSCLEROLL1', quantity: 2 })
    shop.fault({ target: 'square', operation: 'changes/batch-create', when: 'after', effect: 'drop' })
    await shop.tally('send-stock-adjustments')
    await move('VARMUSCLEROLL1', -10)
    await shop.cloud.advance(3 * 60_000)
    await sync()
    await shop.cloud.advance(15 * 60_000)
    await shop.tally('send-stock-adjustments')
    await sync()
    expect(shop.shelf('VARMUSCLEROLL1')).toBe(32)
    expect(stored('VARMUSCLEROLL1')).toMatchObject({ onHand: 32, held: 0 })
  })

  test('an answer of our own store that does not come: nobody who buys the same product waits for it', async () => {
    const productId = 'VARHEARTS250'
    await move(productId, 3)
    shop.fault({ target: 'firestore', operation: 'BatchGetDocuments', function: JOB, match: `products/${productId}`, when: 'after', effect: 'delay', delayMs: 60_000 })
    const run = sync()
    await until(() => shop.cloud.wire.faults()[0]?.struck === 1)
    const order = await (await shop.person()).buy({ productId, quantity: 2 })
    shop.calm()
    await run
    await shop.cloud.drain()
    await sync()
    expect([order['state'], stored(productId)['onHand'], stored(productId)['held']]).toEqual(['paid', shop.shelf(productId), 0])
  })

  test('sales online, sales at the till, adjustments and syncs all at once: no unit is lost, none appears', async () => {
    const productId = 'VARLEMONFIELD1'
    const buyers = await Promise.all(Array.from({ length: 9 }, () => shop.adult()))
    const online = buyers.map((buyer, index) => buyer.buy({ productId, quantity: 1 + (index % 3) }))
    const atTill = (async () => {
      for (let sold = 0; sold < 6; sold += 1) {
        await move(productId, -1)
        await Promise.race([...online, new Promise(setImmediate)])
      }
    })()
    const jobs = (async () => {
      for (let round = 0; round < 4; round += 1) {
        await Promise.all([sync(), shop.tally('send-stock-adjustments')])
      }
    })()
    const orders = await Promise.all(online)
    await Promise.all([atTill, jobs])
    await shop.cloud.drain()
    await sync()
    const sold = orders.reduce((sum, order) => sum + order['lines'][0].quantity, 0)
    expect(shop.shelf(productId)).toBe(140 - sold - 6)
    expect(stored(productId)).toMatchObject({ onHand: 140 - sold - 6, held: 0 })
  })

  test('its instance being killed between two pages of products and counts', async () => {
    const made = await Promise.all(Array.from({ length: 30 }, (_, index) => putIn(itemOf(`Button ${index}`, 500 + index))))
    for (const item of made) await move(variationOf(item), 4)
    shop.fault({ target: 'firestore', operation: 'Commit', match: '/documents/products/', when: 'after', effect: 'kill', skip: 1 })
    await expect(shop.cloud.runJob(JOB)).rejects.toThrow()
    shop.calm()
    await shop.cloud.instances.allReady()
    expect(await sync()).toEqual({ deferred: 1 })
    await freeLease(shop, JOB)
    await sync()
    expect(runs().filter(({ state }) => state === 'died')).toHaveLength(1)
    expect(made.map((item) => stored(variationOf(item))['onHand'])).toEqual(made.map(() => 4))
  })

  test('a first start that was ended while its run was at work: the next one waits for its lease, and has its products', async () => {
    const interrupted = async (cloud: Shop['cloud']): Promise<void> => {
      const lease = { runId: 'run_of_before', untilMs: cloud.now() + LEASE_MS }
      await cloud.servers.firestore.write([{ path: `syncs/${JOB}`, data: { job: JOB, mode: 'live', walks: {}, lease } }])
      await furnishShop(cloud)
    }
    // It opens where the other shop was: its instances are warm.
    await shop.cloud.stop()
    const fresh = await openShop({ furnish: interrupted })
    expect(fresh.documents('products').length).toBeGreaterThan(40)
    await fresh.cloud.stop()
  })
})
