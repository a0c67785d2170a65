/** Journal entries: one for each fact, balanced, and found by their order. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Json, type Person, type Shop } from '../shop.ts'

let shop: Shop
let support: Person
let order: Json
let other: Json
beforeAll(async () => {
  shop = await openShop()
  support = await shop.person('support')
  const [buyer, admin] = [await shop.person(), await shop.person('admin')]
  order = await buyer.buy({ productId: 'VARTOTE1', quantity: 2 })
  other = await buyer.buy({ productId: 'VARCAPNAT', quantity: 1 })
  await admin.post(`/api/orders/${order['id']}/refunds`, { amount: 8.25, reason: 'Stained' }, 'once')
  await admin.post(`/api/orders/${order['id']}/refunds`, { amount: 8.25, reason: 'Stained' }, 'once')
})
afterAll(() => shop.cloud.stop())

async function entries(query = ''): Promise<Json[]> {
  const { status, body } = await support.get(`/api/admin/ledger/entries?${query}`)
  expect(status).toBe(200)
  return body['entries']
}

describe('does', () => {
  test('list one entry for each fact, the newest first', async () => {
    const all = await entries()
    expect(all.map(({ kind, orderId }) => [kind, orderId])).toEqual([
      ['refund', order['id']], ['charge', other['id']], ['charge', order['id']],
    ])
    for (const { postings } of all) expect(postings.reduce((sum: number, { amount }: Json) => sum + Math.round(amount * 100), 0)).toBe(0)
  })

  test('turn pages, all of them and those of one order: each entry once', async () => {
    for (const filter of ['', `orderId=${order['id']}&`]) {
      const all = await entries(filter)
      const found: Json[] = []
      for (let cursor: string | null = ''; cursor !== null; ) {
        const { body } = await support.get(`/api/admin/ledger/entries?${filter}limit=1${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`)
        found.push(...body['entries'])
        cursor = body['nextCursor']
      }
      expect(found).toEqual(all)
    }
  })

  test('list those of one order, with amounts, time and where to find them at Stripe', async () => {
    const [refund, charge] = await entries(`orderId=${order['id']}`)
    expect(charge).toEqual({
      id: `charge-${order['id']}`, kind: 'charge', orderId: order['id'], currency: 'USD', reference: order['payment'].transactionId,
      at: expect.stringMatching(/Z$/), postings: [{ account: 'gateway:stripe', amount: 48 }, { account: 'sales', amount: -48 }],
    })
    expect(refund).toMatchObject({ reference: expect.stringMatching(/^re_/), postings: [{ account: 'gateway:stripe', amount: -8.25 }, { account: 'refunds', amount: 8.25 }] })
  })

  test('list as many as are asked for', async () => {
    expect((await entries('limit=1')).map(({ kind }) => kind)).toEqual(['refund'])
  })

  test('list nothing for an order without money', async () => {
    expect(await entries('orderId=ord_unknown')).toEqual([])
  })
})

describe('refuses', () => {
  test.each([['limit=0', 'limit'], ['limit=101', 'limit'], ['orderId=', 'orderId'], ['account=sales', 'account']])('%s: 400 that names the field', async (query, field) => {
    const { status, body } = await support.get(`/api/admin/ledger/entries?${query}`)
    expect({ status, field: body['details'].fields[0].field }).toEqual({ status: 400, field })
  })

  test('everybody but staff, customers whose own order it is too', async () => {
    const others = [await shop.person('customer', order['customerId']), await shop.person('scanner'), shop.guest()]
    const answers = await Promise.all(others.map((who) => who.get(`/api/admin/ledger/entries?orderId=${order['id']}`)))
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 401])
  })

  test('to be written to', async () => {
    const admin = await shop.person('admin')
    for (const method of ['POST', 'PUT', 'DELETE']) expect((await admin.call(method, '/api/admin/ledger/entries', {})).status).toBe(404)
  })
})
