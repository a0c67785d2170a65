/** The shop window: what `GET /api/products` shows, a page at a time. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Json, type Person, type Shop } from '../shop.ts'

let shop: Shop
let guest: Person
beforeAll(async () => {
  shop = await openShop()
  guest = shop.guest()
})
afterAll(() => shop.cloud.stop())

const ids = (products: Json[]): string[] => products.map((product) => product['id'])

async function allPages(query: string): Promise<Json[][]> {
  const pages: Json[][] = []
  for (let cursor = ''; ; ) {
    const { status, body } = await guest.get(`/api/products?${query}${cursor}`)
    expect(status).toBe(200)
    pages.push(body['products'])
    if (body['nextCursor'] === null) return pages
    cursor = `&cursor=${body['nextCursor']}`
  }
}

describe('does', () => {
  test('shows every listed product once, by name, over all pages', async () => {
    const pages = await allPages('limit=7')
    expect(pages.slice(0, -1).every((page) => page.length === 7)).toBe(true)
    const products = pages.flat()
    expect(new Set(ids(products)).size).toBe(products.length)
    expect(products.length).toBeGreaterThan(40)
    const listed = shop.documents('products').filter(({ data }) => data['listed'] === true)
    expect(ids(products).sort()).toEqual(listed.map(({ id }) => id).sort())
    const names = products.map((product) => product['name'].toLowerCase())
    expect(names).toEqual([...names].sort())
  })

  test('answers all of them at once when the limit allows it', async () => {
    const { body } = await guest.get('/api/products?limit=100')
    expect(body).toMatchObject({ success: true, nextCursor: null })
    expect(body['products'].length).toBe((await allPages('limit=40')).flat().length)
  })

  test('asks the store one query a page', async () => {
    await guest.get('/api/products')
    const before = shop.cloud.wire.lastCall
    await guest.call('GET', '/api/products?limit=20', undefined, { 'x-request-id': 'one-query' })
    const calls = shop.cloud.wire.calls(before).filter(({ requestId }) => requestId === 'one-query')
    expect(calls.filter(({ operation }) => operation === 'RunQuery').length).toBe(1)
  })

  test('finds by category', async () => {
    const products = (await allPages('category=Edibles&limit=4')).flat()
    expect(products.length).toBeGreaterThan(4)
    expect(products.every((product) => product['category'] === 'Edibles')).toBe(true)
  })

  test('finds by words in any order and case, and within a category', async () => {
    const found = (await allPages('q=OIL%20cbd')).flat()
    expect(found.map((product) => product['itemId'])).toEqual(
      expect.arrayContaining(['ITEMNIGHTOIL', 'ITEMDAYOIL']),
    )
    expect(found.every((product) => /CBD Oil/.test(product['name']))).toBe(true)
    const within = (await allPages('q=gold&category=Flower')).flat()
    expect(new Set(within.map((product) => product['itemId']))).toEqual(new Set(['ITEMPRAIRIEGOLD']))
    expect((await allPages('q=gold&category=Edibles')).flat()).toEqual([])
  })

  test.each(['!!', '\u{1F600}', '\u3002', '\0'])('finds nothing for %j, which has no word', async (q) => {
    expect((await shop.guest().get(`/api/products?q=${encodeURIComponent(q)}`)).body).toMatchObject({ success: true, products: [], nextCursor: null })
  })

  test('finds nothing for words nobody used', async () => {
    const { status, body } = await guest.get('/api/products?q=zeppelin')
    expect({ status, products: body['products'], next: body['nextCursor'] }).toEqual({ status: 200, products: [], next: null })
  })
})

describe('refuses', () => {
  test.each([
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['limit=2.5', 'limit'],
    ['limit=many', 'limit'],
    ['q=', 'q'],
    ['q=%20', 'q'],
    ['category=', 'category'],
    ['category=a&category=b', 'category'],
    ['cursor=rubbish', 'cursor'],
    [`cursor=${Buffer.from('["a"]').toString('base64url')}`, 'cursor'],
    ['colour=green', 'colour'],
  ])('%s: 400 that names the field', async (query, field) => {
    const { status, body } = await guest.get(`/api/products?${query}`)
    expect({ status, code: body['code'] }).toEqual({ status: 400, code: 'INVALID_INPUT' })
    expect(body['details'].fields[0].field).toBe(field)
    expect(body['error']).toContain(field)
  })

  test('other methods than GET', async () => {
    expect((await guest.post('/api/products')).status).toBe(404)
  })

  test('archived products a place in the window', async () => {
    const products = (await allPages('limit=100')).flat()
    expect(ids(products)).not.toContain('VAROLDTINCTURE1')
  })
})

describe('survives', () => {
  test('a product that goes while somebody turns the pages', async () => {
    const first = await guest.get('/api/products?limit=5')
    const last = first.body['products'].at(-1)['id']
    const before = shop.document('products', last) as Json
    await shop.cloud.servers.firestore.write([{ path: `products/${last}`, data: { ...before, listed: false } }])
    const second = await guest.get(`/api/products?limit=5&cursor=${first.body['nextCursor']}`)
    expect(second.status).toBe(200)
    expect(ids(second.body['products']).filter((id) => ids(first.body['products']).includes(id))).toEqual([])
    await shop.cloud.servers.firestore.write([{ path: `products/${last}`, data: before }])
  })
})
