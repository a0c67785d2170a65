/**
 * What Lightspeed has on its shelves reaches the shop window and the warehouse, and never gets in Square's way.
 *
 * One shop for the whole file: the cases run one after the other.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MINUTE_MS } from '#values/time.ts'
import { openShop, type Json, type Shop } from '../shop.ts'
import { freeLease, qoh } from './syncing.ts'

const JOB = 'sync-lightspeed-items'
const ITEMS = '/API/V3/Account/182255/Item.json'

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
  await shop.act('lightspeed', 'bucket', { size: 100_000, drip: 1_000, burst: 100_000 })
})
afterAll(() => shop.cloud.stop())

const sync = (): Promise<Record<string, number>> => shop.tally(JOB)
const later = (ms = 20 * MINUTE_MS): Promise<unknown> => shop.cloud.advance(ms)
const stored = (id: string): Json | undefined => shop.document('products', `ls_${id}`)
const shown = async (id: string): Promise<Json> => (await shop.guest().get(`/api/products/ls_${id}`)).body['product']
const row = async (id: string): Promise<Json | undefined> => ((await shop.cloud.rows('analytics', 'lightspeed_products')) as Json[]).find((one) => one['id'] === id)
const act = (action: string, body: Json = {}): Promise<Json> => shop.act('lightspeed', action, body)

describe('does', () => {
  test('bring every item into the window and the warehouse, with the stock of our own shop, and for the warehouse of each', async () => {
    await sync()
    const items = shop.at('lightspeed', 'items')
    expect(shop.documents('products').filter(({ data }) => data['source'] === 'lightspeed').length).toBe(items.length)
    expect(stored('3')).toMatchObject({ name: 'Hemp Twine 50 m', price: 650, sku: 'LS-TWINE-50', category: 'Household', onHand: 16, held: 0, counted: true })
    expect(await row('3')).toMatchObject({ mode: 'live', quantity: '32', price: '6.5', cost: '2.6', shops: [{ shop_id: '1', quantity: '16' }, { shop_id: '2', quantity: '16' }] })
    expect(await shown('3')).toMatchObject({ source: 'lightspeed', price: 6.5, inventory: 16, available: true })
  })

  test('take what is not marked for all ages as for adults only', async () => {
    expect([stored('7')?.['ageRestricted'], stored('3')?.['ageRestricted']]).toEqual([true, false])
  })

  test('bring a new price, and stock that moved without its item', async () => {
    await later()
    await act('items/4', { price: '3.755' })
    await act('sales', { lines: [{ itemID: '5', quantity: 4 }] })
    await sync()
    expect(stored('4')).toMatchObject({ price: 376 })
    expect(stored('5')).toMatchObject({ onHand: 18 })
    expect(await row('5')).toMatchObject({ quantity: '40' })
  })

  test('change nothing the second time', async () => {
    await later()
    await sync()
    const before = shop.documents('products')
    expect(await sync()).toMatchObject({ saved: 0, refused: 0 })
    expect(shop.documents('products')).toEqual(before)
  })

  test('take what was deleted or archived out of the window, and put back what came back', async () => {
    await later()
    await act('items/9', { delete: true })
    await act('items/10', { archived: 'true' })
    await sync()
    expect([(await shop.guest().get('/api/products/ls_9')).status, (await shop.guest().get('/api/products/ls_10')).status]).toEqual([404, 404])
    expect(await row('9')).toMatchObject({ archived: true, quantity: '0' })
    await later()
    await act('items/10', { archived: 'false' })
    await sync()
    expect((await shown('10'))['name']).toBe('Hemp Tea')
  })

  test('leave a SKU that Square offers to Square, and list it for staff, whichever till names it first', async () => {
    expect(stored('1')).toMatchObject({ sku: 'AP-CAP-NAT', listed: false })
    const staff = await shop.person('viewer')
    const listed = async (): Promise<Json[]> => (await staff.get('/api/admin/sku-conflicts')).body['conflicts']
    expect((await listed()).map(({ sku }) => sku).sort()).toEqual(['AP-CAP-NAT', 'AP-CAP-OLV'])
    await later()
    await shop.act('square', 'catalog/VARCAPNAT', { delete: true })
    await shop.act('square', 'catalog/VARGRINDER50', { sku: 'LS-TWINE-50' })
    await shop.tally('sync-square-catalogue')
    await sync()
    expect([stored('1')?.['listed'], stored('3')?.['listed']]).toEqual([true, false])
    expect((await listed()).map(({ sku, counts }) => [sku, counts]).sort()).toEqual([['AP-CAP-OLV', 'VARCAPOLV'], ['LS-TWINE-50', 'VARGRINDER50']])
  })
})

describe('refuses', () => {
  test('to sell beside Square\'s product the one of Lightspeed\'s that has the same SKU', async () => {
    expect(stored('2')).toMatchObject({ sku: 'AP-CAP-OLV', listed: false })
    const guest = shop.guest()
    const { body } = await guest.post('/api/carts')
    const { status } = await guest.call('PUT', `/api/carts/${body['cart'].id}/items`, { productId: 'ls_2', quantity: 1 })
    expect(status).toBe(404)
  })

  test('stock that is no number: the item is kept apart, and what we know of it stays', async () => {
    await later()
    await act('sales', { lines: [{ itemID: '6', quantity: 1 }] })
    await act('sales', { lines: [{ itemID: '11', quantity: 1 }] })
    const before = stored('6')
    const stop = shop.twist('lightspeed', ITEMS, (body) => {
      const spoilt = (item: Json): Json => (item['itemID'] === '6' ? { ...item, ItemShops: { ItemShop: { itemID: '6', shopID: '1', timeStamp: item['timeStamp'], qoh: '' } } } : item)
      return body['Item'] === undefined ? body : { ...body, Item: [body['Item']].flat().map(spoilt) }
    })
    const tally = await sync().finally(stop)
    expect(tally['refused']).toBe(1)
    expect(stored('6')).toEqual(before)
    expect(stored('11')).toMatchObject({ onHand: 39 })
  })
})

describe('survives', () => {
  test.each([
    ['a kill between the products and the rows', { target: 'bigquery', when: 'before', effect: 'kill' }],
    ['a kill between the rows and the note of them', { target: 'bigquery', when: 'after', effect: 'kill' }],
    ['a lost answer of our own store', { target: 'firestore', operation: 'Commit', match: '/documents/products/', when: 'after', effect: 'drop' }],
  ] as const)('%s', async (_, fault) => {
    await later()
    await act('sales', { lines: [{ itemID: '8', quantity: 1 }] })
    const { item } = await act('items', { description: 'New one', qoh: 5 })
    shop.fault({ ...fault, function: JOB })
    await shop.cloud.runJob(JOB).catch(() => undefined)
    shop.calm()
    await shop.cloud.instances.allReady()
    await freeLease(shop, JOB)
    await later()
    await sync()
    expect(stored('8')?.['onHand']).toBe(qoh(shop, '8'))
    expect((await row('8'))?.['quantity']).toBe(String(qoh(shop, '8', '0')))
    expect(stored(item['itemID'])).toMatchObject({ onHand: 5 })
  })
})
