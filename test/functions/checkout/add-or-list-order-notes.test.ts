/** Notes on orders: staff add and read them, each says who wrote it and when, and no customer sees any. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ruleOf } from '../promotion.ts'
import { openShop, type Answer, type Json, type Person, type Shop } from '../shop.ts'

let shop: Shop
let clerk: Person
let buyer: Person
let orderId: string
beforeAll(async () => {
  shop = await openShop()
  clerk = await shop.person('support')
  buyer = await shop.person()
  orderId = (await buyer.buy({ productId: 'test-product-1', quantity: 1 }))['id']
})
afterAll(() => shop.cloud.stop())

function note(text: unknown, { who = clerk, key, of = orderId }: { who?: Person; key?: string; of?: string } = {}): Promise<Answer> {
  return who.post(`/api/orders/${of}/notes`, { text }, key)
}

describe('does', () => {
  test('keep who wrote what and when, the newest first, page by page', async () => {
    const { status, body } = await note('  Calls back on Monday.  ')
    expect([status, body['note']]).toEqual([201, { id: expect.stringMatching(/^note_/), text: 'Calls back on Monday.', by: `support ${clerk.id}`, at: expect.any(String) }])
    await shop.cloud.advance(1_000)
    const admin = await shop.person('admin')
    await note('Called.', { who: admin })
    const viewer = await shop.person('viewer')
    const first = await viewer.get(`/api/orders/${orderId}/notes?limit=1`)
    const second = await viewer.get(`/api/orders/${orderId}/notes?limit=1&cursor=${first.body['nextCursor']}`)
    expect([first, second].map((page) => page.body['notes'].map(({ text, by }: Json) => [text, by]))).toEqual([[['Called.', `admin ${admin.id}`]], [['Calls back on Monday.', `support ${clerk.id}`]]])
    expect(second.body['nextCursor']).toBeNull()
  })

  test('write one for one key', async () => {
    const [first, second] = [await note('Once', { key: 'k' }), await note('Once', { key: 'k' })]
    expect([second.text, shop.documents('order_notes').filter(({ data }) => data['text'] === 'Once').length]).toEqual([first.text, 1])
  })

  test('leave the order as it was', async () => {
    const before = shop.document('orders', orderId)
    await note('Nothing else changes')
    expect(shop.document('orders', orderId)).toEqual(before)
  })
})

describe('refuses', () => {
  test('to show any to customers and guests, or to take one from them', async () => {
    await note('A secret word: pineapple')
    for (const who of [buyer, shop.guest()]) {
      const answers = [await who.get(`/api/orders/${orderId}/notes`), await note('x', { who }), await who.get(`/api/orders/${orderId}`), await who.get('/api/orders')]
      expect(answers.slice(0, 2).map(({ status }) => status)).toEqual(who === buyer ? [403, 403] : [401, 401])
      expect(answers.map(({ text }) => text).join()).not.toContain('pineapple')
    }
    expect((await note('x', { who: await shop.person('viewer') })).status).toBe(403)
  })

  test('an order that is not there, and what is no note', async () => {
    expect([(await note('x', { of: 'ord_none' })).status, (await clerk.get('/api/orders/ord_none/notes')).status]).toEqual([404, 404])
    for (const text of ['', '   ', 'x'.repeat(2_001), 7]) expect(ruleOf(await note(text)).slice(0, 2)).toEqual([400, 'text'])
    expect(ruleOf(await clerk.get(`/api/orders/${orderId}/notes?cursor=nonsense`)).slice(0, 2)).toEqual([400, 'cursor'])
  })
})
