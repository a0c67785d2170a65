/** Orders in a list, the newest first: a customer's own, or for staff anybody's. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Json, type Person, type Shop } from '../shop.ts'

let shop: Shop
let customer: Person
let other: Person
let mine: string[]
let theirs: string[]
beforeAll(async () => {
  shop = await openShop()
  customer = await shop.person()
  other = await shop.person()
  mine = []
  for (let bought = 0; bought < 5; bought += 1) mine.unshift((await customer.buy({ productId: 'test-product-1', quantity: 1 }))['id'])
  theirs = [(await other.buy({ productId: 'test-product-1', quantity: 1 }))['id']]
})
afterAll(() => shop.cloud.stop())

const idsOf = (orders: Json[]): string[] => orders.map(({ id }) => id)

async function listed(who: Person, query = ''): Promise<string[]> {
  const { status, body } = await who.get(`/api/orders?${query}`)
  expect(status).toBe(200)
  return idsOf(body['orders'])
}

describe('does', () => {
  test('list a customer\'s own orders, the newest first', async () => {
    expect(await listed(customer)).toEqual(mine)
    expect(await listed(customer, `customerId=${customer.id}`)).toEqual(mine)
    expect(await listed(other)).toEqual(theirs)
  })

  test('list them a page at a time, each once', async () => {
    const pages: string[][] = []
    for (let cursor = ''; ; ) {
      const { body } = await customer.get(`/api/orders?limit=2${cursor}`)
      pages.push(idsOf(body['orders']))
      if (body['nextCursor'] === null) break
      cursor = `&cursor=${body['nextCursor']}`
    }
    expect(pages.map(({ length }) => length)).toEqual([2, 2, 1])
    expect(pages.flat()).toEqual(mine)
  })

  test('stay in order while new ones come in between two pages', async () => {
    const guestOrders = await shop.person()
    const bought: string[] = []
    for (let count = 0; count < 3; count += 1) bought.unshift((await guestOrders.buy({ productId: 'test-product-1', quantity: 1 }))['id'])
    const first = await guestOrders.get('/api/orders?limit=2')
    await guestOrders.buy({ productId: 'test-product-1', quantity: 1 })
    const second = await guestOrders.get(`/api/orders?limit=2&cursor=${first.body['nextCursor']}`)
    expect([...idsOf(first.body['orders']), ...idsOf(second.body['orders'])]).toEqual(bought)
  })

  test.each(['viewer', 'support', 'admin'] as const)('list everybody\'s, guests\' too, or one customer\'s to a %s', async (role) => {
    const guestOrder = await shop.guest().buy({ productId: 'test-product-1', quantity: 1 })
    const staff = await shop.person(role)
    expect(await listed(staff, 'limit=100')).toEqual(expect.arrayContaining([...mine, ...theirs, guestOrder['id']]))
    expect(await listed(staff, `customerId=${customer.id}`)).toEqual(mine)
  })

  test('list nothing for somebody who has bought nothing', async () => {
    const { body } = await (await shop.person()).get('/api/orders')
    expect(body).toMatchObject({ success: true, orders: [], nextCursor: null })
  })

  test('list a customer\'s orders at one query a page', async () => {
    await customer.get('/api/orders')
    const before = shop.cloud.wire.lastCall
    await customer.call('GET', '/api/orders', undefined, { 'x-request-id': 'one-list' })
    expect(shop.cloud.wire.calls(before).filter(({ requestId, operation }) => requestId === 'one-list' && operation === 'RunQuery').length).toBe(1)
  })
})

describe('refuses', () => {
  test('a customer who asks for another\'s: as if that one did not exist', async () => {
    expect(await customer.get(`/api/orders?customerId=${other.id}`)).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } })
  })

  test('a guest, and roles that have no orders', async () => {
    expect((await shop.guest().get('/api/orders')).status).toBe(401)
    for (const role of ['scanner', 'organiser', 'organisation'] as const) {
      expect((await (await shop.person(role)).get('/api/orders')).status).toBe(403)
    }
  })

  test.each([
    ['limit=0', 'limit'], ['limit=101', 'limit'], ['cursor=rubbish', 'cursor'], ['cursor=', 'cursor'],
    [`cursor=${Buffer.from('1e3 ord').toString('base64url')}`, 'cursor'], ['state=paid', 'state'], ['customerId=a%20b', 'customerId'],
  ])('%s: 400 that names the field', async (query, field) => {
    const { status, body } = await customer.get(`/api/orders?${query}`)
    expect({ status, field: body['details']?.fields[0].field }).toEqual({ status: 400, field })
  })

  test('to page into another customer\'s orders with a cursor of his', async () => {
    const staff = await shop.person('admin')
    const { body } = await staff.get('/api/orders?limit=1')
    expect((await listed(customer, `cursor=${body['nextCursor']}`)).every((id) => mine.includes(id))).toBe(true)
  })
})
