/** What Square tells reaches the shop within moments: counts, prices, what is new and what is gone. No sync runs here unless a test says so. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { left } from '../purchase.ts'
import { openShop, type Json, type Person, type Shop } from '../shop.ts'
import { Till } from '../till.ts'

const CHANGES = 'POST /v2/inventory/changes/batch-create'
const SEARCH = 'POST /v2/catalog/search'
const MINUTE_MS = 60_000
/** A run of the sender tries so often. */
const TRIES = 4

let shop: Shop
let till: Till
let buyer: Person
beforeAll(async () => {
  shop = await openShop()
  till = new Till(shop)
  buyer = await shop.person()
  await till.listen()
})
afterEach(async () => {
  shop.calm()
  await till.listen()
  await shop.cloud.drain()
})
afterAll(() => shop.cloud.stop())

const stored = (id: string): Json => shop.document('products', id) as Json
const sellInStore = (productId: string, units: number): Promise<Json> => shop.act('square', 'inventory', { productId, adjust: -units })

function expectAgreed(productId: string, count: number): void {
  expect({ shelf: shop.shelf(productId), ...stored(productId) }).toMatchObject({ shelf: count, onHand: count, held: 0 })
}

describe('does', () => {
  test('let a sale in the store be known: what can be sold here falls', async () => {
    const before = await left(buyer, 'VARTOTE1')
    await sellInStore('VARTOTE1', 3)
    await shop.cloud.drain()
    expect(await left(buyer, 'VARTOTE1')).toBe(before - 3)
  })

  test('bring a recount, a price, a name, an item that is new with its count, and take away what was deleted', async () => {
    await shop.act('square', 'inventory', { productId: 'VARBATHSALT1', quantity: 4 })
    await shop.act('square', 'catalog/VARCAPNAT/price', { amount: 3050 })
    await shop.act('square', 'catalog/VARCOOKBOOKHC', { delete: true })
    await shop.cloud.drain()
    expect(await left(buyer, 'VARBATHSALT1')).toBe(4)
    expect((await buyer.get('/api/products/VARCAPNAT')).body['product']).toMatchObject({ price: 30.5 })
    expect((await buyer.get('/api/products/VARCOOKBOOKHC')).status).toBe(404)
    const rope = { type: 'ITEM_VARIATION', id: '#rope-one', item_variation_data: { name: 'Regular', pricing_type: 'FIXED_PRICING', price_money: { amount: 900, currency: 'USD' }, track_inventory: true } }
    const made = await fetch(`${shop.cloud.addresses['SQUARE_API_BASE']}/v2/catalog/object`, {
      method: 'POST', headers: { authorization: `Bearer ${shop.cloud.servers.keys.SQUARE_ACCESS_TOKEN}` },
      body: JSON.stringify({ idempotency_key: 'rope', object: { type: 'ITEM', id: '#rope', item_data: { name: 'Rope', variations: [rope] } } }),
    })
    const { id } = ((await made.json()) as Json)['catalog_object'].item_data.variations[0]
    await shop.act('square', 'inventory', { productId: id, adjust: 6 })
    await shop.cloud.drain()
    expect((await buyer.get(`/api/products/${id}`)).body['product']).toMatchObject({ price: 9, inventory: 6 })
  })

  test('leave a sale of ours as it is: neither its event nor the next sync undoes or doubles it', async () => {
    const first = shop.shelf('VARCAPOLV')
    await buyer.buy({ productId: 'VARCAPOLV', quantity: 2 })
    await shop.tally('send-stock-adjustments')
    await shop.cloud.drain()
    expectAgreed('VARCAPOLV', first - 2)
    expect(await shop.tally('sync-square-catalogue')).toMatchObject({ refused: 0 })
    expectAgreed('VARCAPOLV', first - 2)
  })

  test('ask once for many changes of the catalogue that were made before it asked', async () => {
    const hints = [till.changed(), till.changed(), till.changed()]
    await shop.cloud.advance(MINUTE_MS)
    await till.tell(till.changed())
    const before = shop.requests('square').filter(({ path }) => path === '/v2/catalog/search').length
    for (const hint of hints) expect((await till.tell(hint))?.['status']).toBe('applied')
    expect(shop.requests('square').filter(({ path }) => path === '/v2/catalog/search')).toHaveLength(before)
  })

  test('wake staff when Square withdraws our access, until a sync comes through again', async () => {
    const alert = (): Json | undefined => shop.documents('alerts').find(({ data }) => data['key'] === 'square/access')?.data
    await till.tell(till.event('oauth.authorization.revoked', { revocation: { revoker_type: 'MERCHANT' } }))
    expect(alert()).toMatchObject({ severity: 'p0', status: 'open', count: 1 })
    await shop.tally('sync-square-catalogue')
    await shop.cloud.drain()
    expect(alert()).toMatchObject({ status: 'resolved' })
  })
})

describe('refuses', () => {
  test('a count that is older than ours, however late it comes', async () => {
    const atMs = shop.cloud.now()
    await shop.cloud.advance(1_000)
    await sellInStore('VARLIPBALM1', 1)
    await shop.cloud.drain()
    const { onHand } = stored('VARLIPBALM1')
    expect((await till.tell(till.counted([{ productId: 'VARLIPBALM1', quantity: '999', atMs }])))?.['status']).toBe('applied')
    expect(stored('VARLIPBALM1')).toMatchObject({ onHand })
  })

  test.each(['', ' ', 'many', null, '1e3', {}])('a count that reads %j: never taken for zero, and it stops no other', async (quantity) => {
    const before = stored('VARHEARTS250')['onHand']
    await shop.cloud.advance(1_000)
    const other = stored('VARHEARTS1000')['onHand'] - 1
    await till.tell(till.counted([{ productId: 'VARHEARTS250', quantity }, { productId: 'VARHEARTS1000', quantity: String(other) }]))
    expect([stored('VARHEARTS250')['onHand'], stored('VARHEARTS1000')['onHand']]).toEqual([before, other])
  })

  test('a count of a time that cannot be: it would keep out every true one', async () => {
    const { onHand } = stored('VARSEEDOIL250')
    await till.tell(till.counted([{ productId: 'VARSEEDOIL250', quantity: '1', atMs: shop.cloud.now() + 3_600_000 }, { productId: 'VARSEEDOIL250', quantity: '1', more: { calculated_at: 'soon' } }]))
    expect(stored('VARSEEDOIL250')).toMatchObject({ onHand })
  })

  test('a count of what it has never heard of', async () => {
    expect((await till.tell(till.counted([{ productId: 'NEVERHEARDOF', quantity: '5' }])))?.['status']).toBe('applied')
    expect(shop.document('products', 'NEVERHEARDOF')).toBeUndefined()
  })

  test('an older answer about the catalogue that comes after a newer one', async () => {
    let old: Json = {}
    const listen = shop.twist('square', '/v2/catalog/search', (body) => (old = body))
    await shop.act('square', 'catalog/VARPETDROPSS/price', { amount: 2700 })
    await shop.cloud.drain()
    listen()
    await shop.act('square', 'catalog/VARPETDROPSS/price', { amount: 2800 })
    await shop.act('square', 'catalog/VARPETDROPSL', { delete: true })
    await shop.cloud.drain()
    const repeat = shop.twist('square', '/v2/catalog/search', () => old)
    await shop.cloud.advance(MINUTE_MS)
    await till.tell(till.changed())
    repeat()
    expect([stored('VARPETDROPSS')['price'], stored('VARPETDROPSL')['listed']]).toEqual([2800, false])
  })
})

describe('survives', () => {
  test('Square telling of our adjustment before it answers it, and of a sale in the store: the answer sorts them, without a sync', async () => {
    const first = shop.shelf('VARMUSCLEROLL1')
    await buyer.buy({ productId: 'VARMUSCLEROLL1', quantity: 2 })
    shop.fault({ target: 'square', operation: CHANGES, when: 'after', effect: 'drop', times: TRIES })
    await shop.tally('send-stock-adjustments')
    await shop.cloud.quiet()
    expect(stored('VARMUSCLEROLL1')).toMatchObject({ onHand: first, held: 2, told: { quantity: first - 2, inFlight: 2 } })
    await sellInStore('VARMUSCLEROLL1', 10)
    await shop.cloud.quiet()
    expect(stored('VARMUSCLEROLL1')).toMatchObject({ held: 2, told: { quantity: first - 12, inFlight: 2 } })
    expect(await left(buyer, 'VARMUSCLEROLL1')).toBe(first - 14)
    await shop.tally('send-stock-adjustments')
    expectAgreed('VARMUSCLEROLL1', first - 12)
  })

  test('goods that came back being counted before our adjustment is answered: they cannot be sold twice', async () => {
    const admin = await shop.person('admin')
    const first = shop.shelf('VARTEESHIRTL')
    const { id } = await buyer.buy({ productId: 'VARTEESHIRTL', quantity: 2 })
    await shop.cloud.drain()
    await admin.post(`/api/orders/${id}/refunds`, { lines: [{ productId: 'VARTEESHIRTL', quantity: 2 }], restock: true, reason: 'Unopened' })
    shop.fault({ target: 'square', operation: CHANGES, when: 'after', effect: 'drop', times: TRIES })
    await shop.tally('send-stock-adjustments')
    await shop.cloud.quiet()
    expect(await left(buyer, 'VARTEESHIRTL')).toBe(first)
    await shop.cloud.drain()
    expectAgreed('VARTEESHIRTL', first)
  })

  test('events twice, late and in disorder, beside sales of ours and syncs: in the end both counts are one', async () => {
    await till.listen({ duplicates: 1, late: 0.5 })
    const first = shop.shelf('test-product-1')
    const buyers = await Promise.all(Array.from({ length: 4 }, () => shop.person()))
    const online = buyers.map((one, index) => one.buy({ productId: 'test-product-1', quantity: 1 + (index % 2) }))
    const inStore = (async () => {
      for (let sold = 0; sold < 6; sold += 1) {
        await sellInStore('test-product-1', 1)
        if (sold % 3 === 0) await shop.tally('send-stock-adjustments')
        if (sold % 4 === 0) await shop.tally('sync-square-catalogue')
      }
    })()
    await Promise.all([...online, inStore])
    await shop.cloud.advance(MINUTE_MS)
    await shop.cloud.drain()
    expectAgreed('test-product-1', first - 6 - 6)
  })

  test('an event that cannot be applied: it goes its way to the dead letters, and every other is applied', async () => {
    const poison = { id: 'poison', vendor: 'square', type: 'inventory.count.updated', payload: 'no json', subject: null, status: 'pending', attempts: 0, receivedAtMs: shop.cloud.now(), nextAtMs: shop.cloud.now(), lastError: null }
    await shop.cloud.servers.firestore.write([{ path: 'inbox/square-poison', data: poison }])
    await shop.tally('sweep-inbox')
    const event = till.counted([{ productId: 'VARTEESHIRTM', quantity: '3' }])
    expect((await till.tell(event))?.['status']).toBe('applied')
    expect(shop.document('inbox', 'square-poison')).toMatchObject({ status: 'pending', attempts: 1, lastError: 'The payload is not JSON.' })
    await shop.cloud.servers.firestore.write([{ path: 'inbox/square-poison', delete: true }])
  })

  test('Square being away when the catalogue is asked for: the event is tried again, and what changed comes', async () => {
    shop.fault({ target: 'square', operation: SEARCH, when: 'before', effect: 'error', status: 503, times: TRIES })
    await shop.act('square', 'catalog/VARSEEDOIL500/price', { amount: 4100 })
    await shop.cloud.drain()
    expect(stored('VARSEEDOIL500')['price']).not.toBe(4100)
    await shop.cloud.advance(2 * MINUTE_MS)
    await shop.tally('sweep-inbox')
    await shop.cloud.drain()
    expect(stored('VARSEEDOIL500')['price']).toBe(4100)
  })

  test('its instance being killed when a count is written, and its neighbour\'s event beside it', async () => {
    shop.fault({ target: 'firestore', operation: 'Commit', match: '/documents/products/VARPROTEINPLAIN', when: 'after', effect: 'kill' })
    await sellInStore('VARPROTEINPLAIN', 2)
    await sellInStore('VARPROTEINCOCOA', 2)
    await shop.cloud.drain().catch(() => undefined)
    shop.calm()
    await shop.cloud.instances.allReady()
    await shop.cloud.advance(2 * MINUTE_MS)
    await shop.tally('sweep-inbox')
    await shop.cloud.drain()
    for (const productId of ['VARPROTEINPLAIN', 'VARPROTEINCOCOA']) expectAgreed(productId, shop.shelf(productId))
    expect(shop.documents('inbox').filter(({ data }) => data['status'] !== 'applied')).toEqual([])
  })
})
