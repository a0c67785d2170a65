/** Goods that were sold and are not there: staff see them, with the orders that wait, and hear of it once; what they decide puts it right. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { checkOut } from '../purchase.ts'
import { openShop, type Json, type Person, type Shop } from '../shop.ts'

const PATH = '/api/admin/stock-differences'
const COUNTS = 'POST /v2/inventory/counts/batch-retrieve'
const CHANGES = 'POST /v2/inventory/changes/batch-create'

let shop: Shop
let admin: Person
let buyer: Person
beforeAll(async () => {
  shop = await openShop()
  admin = await shop.person('admin')
  buyer = await shop.person()
})
afterEach(() => shop.calm())
afterAll(() => shop.cloud.stop())

const listed = async (): Promise<Json[]> => (await admin.get(PATH)).body['differences']
const alertOf = (productId: string): Json | undefined => shop.documents('alerts').find(({ data }) => data['key'] === `stock-short/${productId}`)?.data
const settle = async (): Promise<void> => {
  await shop.cloud.drain()
  await shop.tally('sync-square-catalogue')
  await shop.cloud.drain()
}
const sellInStore = (productId: string, units: number): Promise<Json> => shop.act('square', 'inventory', { productId, adjust: -units })

/** The till does not answer while this runs. */
async function tillAway<T>(work: () => Promise<T>): Promise<T> {
  shop.fault({ target: 'square', operation: COUNTS, when: 'before', effect: 'error', status: 503, times: 100 })
  return work().finally(() => shop.calm())
}

describe('does', () => {
  test('list nothing while the till counts at least what is promised', async () => {
    await buyer.buy({ productId: 'VARTOTE1', quantity: 2 })
    await settle()
    expect((await admin.get(PATH)).body).toMatchObject({ differences: [], nextCursor: null })
  })

  test('name the order that was sold the last piece while the till could not be asked, wake staff once, and forget it when it is refunded', async () => {
    await shop.act('square', 'inventory', { productId: 'VARBATHSALT1', quantity: 1 })
    await settle()
    await sellInStore('VARBATHSALT1', 1)
    const { status, body } = await tillAway(() => checkOut(buyer, { cart: [{ productId: 'VARBATHSALT1', quantity: 1 }] }))
    expect([status, body['order'].stockUnconfirmed]).toEqual([201, true])
    await settle()
    expect(shop.shelf('VARBATHSALT1')).toBe(-1)
    for (const role of ['viewer', 'support', 'admin'] as const) {
      const { body: page } = await (await shop.person(role)).get(PATH)
      expect(page['differences']).toEqual([{
        productId: 'VARBATHSALT1', name: expect.any(String), variationName: expect.any(String), sku: expect.any(String), source: 'square', kind: 'oversold',
        units: 1, onHand: -1, promised: 0, since: expect.any(String),
        orders: [{ orderId: body['orderId'], number: body['order'].number, state: 'paid', quantity: 1, stockUnconfirmed: true, createdAt: expect.any(String) }],
      }])
    }
    expect(alertOf('VARBATHSALT1')).toMatchObject({ status: 'open', severity: 'p1', count: 1, details: { units: 1, productId: 'VARBATHSALT1' } })
    await settle()
    expect(alertOf('VARBATHSALT1')).toMatchObject({ status: 'open', count: 1 })
    expect((await admin.post(`/api/orders/${body['orderId']}/cancel`, { reason: 'It was sold in the store' })).status).toBe(200)
    await settle()
    expect([shop.shelf('VARBATHSALT1'), await listed(), alertOf('VARBATHSALT1')?.['status']]).toEqual([0, [], 'resolved'])
  })

  test('name what was sold in the store between the question and the sale, until a delivery comes', async () => {
    await shop.act('square', 'inventory', { productId: 'VARCAPOLV', quantity: 2 })
    await settle()
    const { id } = await buyer.buy({ productId: 'VARCAPOLV', quantity: 2 })
    await sellInStore('VARCAPOLV', 2)
    await settle()
    expect(await listed()).toMatchObject([{ productId: 'VARCAPOLV', units: 2, onHand: -2, orders: [{ orderId: id, quantity: 2, stockUnconfirmed: false }] }])
    await shop.act('square', 'inventory', { productId: 'VARCAPOLV', adjust: 5 })
    await settle()
    expect([await listed(), alertOf('VARCAPOLV')?.['status']]).toEqual([[], 'resolved'])
  })

  test('count an order that is not paid yet, and forget it when it is given up, without a word of the till', async () => {
    await shop.act('square', 'inventory', { productId: 'VARLIPBALM1', quantity: 1 })
    await settle()
    const { body } = await checkOut(buyer, { cart: [{ productId: 'VARLIPBALM1', quantity: 1 }], paymentMethod: { token: 'pm_card_authenticationRequired' } })
    await sellInStore('VARLIPBALM1', 1)
    await settle()
    expect(await listed()).toMatchObject([{ productId: 'VARLIPBALM1', units: 1, onHand: 0, promised: 1, orders: [{ orderId: body['orderId'], state: 'requires_action' }] }])
    await shop.cloud.advance(20 * 60_000)
    await shop.tally('sweep-reservations')
    expect(await listed()).toEqual([])
    await settle()
    expect(alertOf('VARLIPBALM1')?.['status']).toBe('resolved')
  })

  test('wake staff when Square will not take a sale into its count', async () => {
    await buyer.buy({ productId: 'VARCAPNAT', quantity: 1 })
    shop.fault({ target: 'square', operation: CHANGES, when: 'before', effect: 'error', status: 400, times: 2 })
    expect(await shop.tally('send-stock-adjustments')).toMatchObject({ failed: 1 })
    await shop.cloud.drain()
    expect(shop.documents('alerts').map(({ data }) => data['key'])).toContain('stock-refused/VARCAPNAT')
  })

  test('go on page by page', async () => {
    for (const productId of ['VARHEARTS250', 'VARHEARTS1000', 'VARTEESHIRTM']) await shop.act('square', 'inventory', { productId, adjust: -1_000 })
    await settle()
    const first = (await admin.get(`${PATH}?limit=2`)).body
    const second = (await admin.get(`${PATH}?limit=2&cursor=${first['nextCursor']}`)).body
    expect([...first['differences'], ...second['differences']].map(({ productId }: Json) => productId).sort()).toEqual(['VARHEARTS1000', 'VARHEARTS250', 'VARTEESHIRTM'])
    expect(second['nextCursor']).toBeNull()
  })
})

describe('refuses', () => {
  test('whoever is no staff, and a page that is none of ours', async () => {
    expect((await shop.guest().get(PATH)).status).toBe(401)
    expect((await buyer.get(PATH)).status).toBe(403)
    for (const query of ['cursor=xyz', 'limit=0', 'limit=101', 'state=open']) expect([query, (await admin.get(`${PATH}?${query}`)).status]).toEqual([query, 400])
  })
})
