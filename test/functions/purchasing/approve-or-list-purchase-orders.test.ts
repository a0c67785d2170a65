/** What staff approve is ordered once, the supplier gets one mail, and the forecast knows that it is on its way. The cases share a shop and run in order. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Answer, type Json, type Person, type Shop } from '../shop.ts'

const PATH = '/api/purchase-orders'
const PRODUCT = 'test-product-1'

let shop: Shop
let admin: Person
beforeAll(async () => {
  shop = await openShop({ environment: { SUPPLIER_EMAIL: 'supplier@example.com' } })
  admin = await shop.person('admin')
})
afterEach(() => shop.calm())
afterAll(() => shop.cloud.stop())

function approve(wish: Json, key?: string, who: Person = admin): Promise<Answer> {
  return who.post(PATH, { productId: PRODUCT, quantity: 24, orderNumber: 1, reason: 'Runs out', ...wish }, key)
}
const orders = (): Json[] => shop.documents('purchase_orders').map(({ data }) => data)
const mails = (): Json[] => shop.at('resend', 'emails').filter(({ to }) => String(to) === 'supplier@example.com')

async function next(): Promise<number> {
  const { body } = await admin.get('/api/bigquery/forecast?limit=100')
  return body['products'].find(({ productId }: Json) => productId === PRODUCT).orderNumber
}

describe('does', () => {
  test('order by mail, with who approved it and why on record', async () => {
    const { status, body } = await approve({})
    expect(status).toBe(201)
    expect(body['purchaseOrder']).toMatchObject({
      productId: PRODUCT, quantity: 24, orderNumber: 1, supplierEmail: 'supplier@example.com', approvedBy: `admin ${admin.id}`, reason: 'Runs out',
    })
    await shop.cloud.drain()
    expect(mails().map(({ subject, text }) => [subject, String(text).includes('24 x ')])).toEqual([[expect.stringContaining(body['purchaseOrder'].id), true]])
    const events = (await shop.cloud.rows('audit', 'events')) as Json[]
    expect(events.filter(({ subject }) => subject === body['purchaseOrder'].id)).toMatchObject([{ what: 'purchase_order.approved', who: `admin ${admin.id}`, why: 'Runs out' }])
  })

  test('count what is on its way until it should be there', async () => {
    const of = async () => (await admin.get('/api/bigquery/forecast?limit=100')).body['products'].find(({ productId }: Json) => productId === PRODUCT)
    expect(await of()).toMatchObject({ onOrder: 24, orderNumber: 2 })
    await shop.cloud.advance(8 * 24 * 3_600_000)
    admin = await shop.person('admin')
    expect(await of()).toMatchObject({ onOrder: 0, orderNumber: 2 })
  })

  test('answer the same key with the same bytes', async () => {
    const number = await next()
    const [first, second] = [await approve({ orderNumber: number }, 'k'), await approve({ orderNumber: number }, 'k')]
    expect([first.status, second.text]).toEqual([201, first.text])
    expect((await approve({ orderNumber: number, quantity: 7 }, 'k')).status).toBe(422)
  })

  test('list them, the newest first, page by page', async () => {
    const viewer = await shop.person('viewer')
    const { body } = await viewer.get(`${PATH}?limit=1`)
    const rest = await viewer.get(`${PATH}?limit=5&cursor=${body['nextCursor']}`)
    expect([...body['purchaseOrders'], ...rest.body['purchaseOrders']].map(({ orderNumber }: Json) => orderNumber)).toEqual([2, 1])
  })
})

describe('refuses', () => {
  test('what was ordered meanwhile, and says which number is next', async () => {
    const before = orders().length
    const { status, body } = await approve({ orderNumber: 1 })
    expect(status).toBe(409)
    expect(body).toMatchObject({ code: 'CONFLICT', details: { productId: PRODUCT, orderNumber: await next() } })
    expect(orders().length).toBe(before)
  })

  test.each<[string, number, Json]>([
    ['a product that there is not', 404, { productId: 'nothing' }], ['nothing of it', 400, { quantity: 0 }], ['half a piece', 400, { quantity: 1.5 }],
    ['an address that is none', 400, { supplierEmail: 'supplier' }], ['no reason', 400, { reason: ' ' }],
  ])('%s', async (_, status, wish) => {
    expect((await approve(wish)).status).toBe(status)
  })

  test('whoever may only look', async () => {
    expect((await approve({}, undefined, await shop.person('support'))).status).toBe(403)
    expect((await (await shop.person()).get(PATH)).status).toBe(403)
  })
})

describe('survives', () => {
  test('five who approve at once: one order, one mail, four are told', async () => {
    const [number, before] = [await next(), orders().length]
    const answers = await Promise.all(Array.from({ length: 5 }, () => approve({ orderNumber: number })))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409])
    await shop.cloud.drain()
    expect([orders().length, mails().length]).toEqual([before + 1, before + 1])
  })

  test('a commit whose answer is lost: one order, and whoever asked is told that it is there', async () => {
    const [number, before] = [await next(), orders().length]
    shop.fault({ target: 'firestore', operation: 'Commit', when: 'after', effect: 'error', status: 14 })
    expect((await approve({ orderNumber: number })).status).toBe(201)
    shop.calm()
    await shop.cloud.drain()
    expect([orders().length, mails().length]).toEqual([before + 1, before + 1])
  })
})
