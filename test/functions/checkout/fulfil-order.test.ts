/** Handing a paid order over: once, in one way, on record. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Answer, type Json, type Person, type Shop } from '../shop.ts'

let shop: Shop
let clerk: Person
beforeAll(async () => {
  shop = await openShop()
  clerk = await shop.person('support')
})
afterAll(() => shop.cloud.stop())

const LINE = { productId: 'test-product-1', quantity: 1 }
const PICKED_UP = { how: 'picked_up' }
const SHIPPED = { how: 'shipped', tracking: '1Z999' }

async function bought(): Promise<string> {
  return (await (await shop.person()).buy(LINE))['id']
}

function handOver(orderId: string, body: unknown, who: Person = clerk): Promise<Answer> {
  return who.post(`/api/orders/${orderId}/fulfil`, body)
}

/** As if its money had come too late, and was sent back as soon as it came. */
async function sentBack(orderId: string, status: string): Promise<void> {
  const order = shop.document('orders', orderId) as Json
  const refund = { id: `ref_${orderId.slice(4)}`, amount: order['total'], reason: 'late', lines: [], restock: false, status, gatewayRefundId: null, requestedBy: 'countinghouse', atMs: 0 }
  await shop.cloud.servers.firestore.write([{ path: `orders/${orderId}`, data: { ...order, refunds: [refund] } }])
}

describe('does', () => {
  test('record a pick-up: who, when, and the order is fulfilled', async () => {
    const id = await bought()
    const { status, body } = await handOver(id, PICKED_UP)
    expect(status).toBe(200)
    expect(body['order']).toMatchObject({ state: 'fulfilled', fulfilment: { how: 'picked_up', tracking: null, at: expect.any(String) } })
    expect(body['order'].history.at(-1)).toMatchObject({ state: 'fulfilled', cause: `picked_up by support ${clerk.id}` })
  })

  test('record a shipment with its tracking number', async () => {
    const { body } = await handOver(await bought(), SHIPPED, await shop.person('admin'))
    expect(body['order']).toMatchObject({ state: 'fulfilled', fulfilment: { how: 'shipped', tracking: '1Z999' } })
  })

  test('tell its customer of a shipment, once, though it is recorded twice', async () => {
    const id = await bought()
    for (const _ of [1, 2]) await handOver(id, SHIPPED)
    await shop.cloud.drain()
    const mails = shop.at('resend', 'emails').filter(({ idempotency_key: key }) => key === `shipped-${id}`)
    expect(mails).toMatchObject([{ subject: expect.stringMatching(/^Order \S+ is on its way$/), text: expect.stringContaining('1Z999') }])
  })

  test('answer the same again when it is told the same again', async () => {
    const id = await bought()
    const [first, second] = [await handOver(id, SHIPPED), await handOver(id, SHIPPED)]
    expect(second.status).toBe(200)
    expect(second.body['order']).toEqual(first.body['order'])
  })

  test('leave an audit event that names who did it', async () => {
    const id = await bought()
    await handOver(id, PICKED_UP)
    await shop.cloud.drain()
    const events = (await shop.cloud.rows('audit', 'events')) as Array<Record<string, unknown>>
    const event = events.find(({ subject, what }) => subject === id && what === 'order.fulfilled')
    expect(event).toMatchObject({ who: `support ${clerk.id}`, after: expect.stringContaining('fulfilled') })
  })

  test('hand over what is left of a partly refunded order, which stays partly refunded', async () => {
    const id = await bought()
    await (await shop.person('admin')).post(`/api/orders/${id}/refunds`, { amount: 5, reason: 'Scratched' })
    expect((await handOver(id, PICKED_UP)).body['order']).toMatchObject({ state: 'partially_refunded', fulfilment: { how: 'picked_up' } })
  })
})

describe('refuses', () => {
  test('to hand it over a second time in another way', async () => {
    const id = await bought()
    await handOver(id, PICKED_UP)
    expect(await handOver(id, SHIPPED)).toMatchObject({ status: 409, body: { code: 'CONFLICT', details: { how: 'picked_up' } } })
    expect(await handOver(id, { ...SHIPPED, tracking: 'other' })).toMatchObject({ status: 409 })
  })

  test('an order that is not paid, or whose money went back', async () => {
    const buyer = await shop.person()
    const cart = await buyer.fill(LINE)
    const declined = await buyer.pay(cart['id'], { token: 'pm_card_chargeDeclined' })
    expect(await handOver(declined.body['details'].orderId, PICKED_UP)).toMatchObject({ status: 409, body: { details: { state: 'payment_failed' } } })
    const refunded = await bought()
    await (await shop.person('admin')).post(`/api/orders/${refunded}/refunds`, { reason: 'Changed his mind' })
    expect(await handOver(refunded, PICKED_UP)).toMatchObject({ status: 409, body: { details: { state: 'refunded' } } })
  })

  test('an order whose money is on its way back, whoever sends it, and goods that never left the shelf because it came late', async () => {
    const admin = await shop.person('admin')
    const [whole, part] = [await bought(), await bought()]
    shop.fault({ target: 'stripe', operation: 'POST /v1/refunds', when: 'before', effect: 'error', status: 503, times: 100 })
    await Promise.all([admin.post(`/api/orders/${whole}/refunds`, { reason: 'Changed his mind' }), admin.post(`/api/orders/${part}/refunds`, { amount: 5, reason: 'Scratched' })])
    expect(shop.document('orders', whole)).toMatchObject({ state: 'paid', refunds: [{ status: 'pending' }] })
    expect(await handOver(whole, PICKED_UP)).toMatchObject({ status: 409, body: { code: 'CONFLICT', details: { state: 'paid' } } })
    expect((await handOver(part, PICKED_UP)).status).toBe(200)
    const late = await bought()
    for (const status of ['pending', 'failed']) {
      await sentBack(late, status)
      expect(await handOver(late, PICKED_UP)).toMatchObject({ status: 409, body: { code: 'CONFLICT', details: { state: 'paid' } } })
    }
    shop.calm()
  })

  test.each([
    [{}, 'how'],
    [{ how: 'thrown' }, 'how'],
    [{ how: 'shipped' }, 'tracking'],
    [{ how: 'shipped', tracking: ' ' }, 'tracking'],
    [{ how: 'picked_up', tracking: '1Z' }, 'tracking'],
    [{ how: 'picked_up', by: 'me' }, 'by'],
  ])('%j: 400 that names the field', async (body, field) => {
    const answer = await handOver('ord_any', body)
    expect({ status: answer.status, field: answer.body['details'].fields[0].field }).toEqual({ status: 400, field })
  })

  test('an order that is not there', async () => {
    expect((await handOver('ord_00000000000000000000000000', PICKED_UP)).status).toBe(404)
  })

  test('customers, viewers and guests', async () => {
    const buyer = await shop.person()
    const { id } = await buyer.buy(LINE)
    const statuses = await Promise.all([buyer, await shop.person('viewer'), shop.guest()].map((who) => handOver(id, PICKED_UP, who)))
    expect(statuses.map(({ status }) => status)).toEqual([403, 403, 401])
    expect(shop.document('orders', id)).toMatchObject({ state: 'paid', fulfilment: null })
  })
})

describe('survives', () => {
  test('two clerks at once, one with the parcel, one at the counter: one of them wins', async () => {
    const id = await bought()
    const answers = await Promise.all([handOver(id, PICKED_UP), handOver(id, SHIPPED, await shop.person('admin'))])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
    expect(shop.document('orders', id)?.['history'].length).toBe(3)
  })

  test('a commit whose answer is lost: it is recorded once', async () => {
    const id = await bought()
    shop.fault({ target: 'firestore', operation: 'Commit', match: 'picked_up by support', when: 'after', effect: 'error', status: 10 })
    expect((await handOver(id, PICKED_UP)).status).toBe(200)
    shop.calm()
    expect(shop.document('orders', id)?.['history'].map(({ state }: { state: string }) => state)).toEqual(['pending_payment', 'paid', 'fulfilled'])
  })
})
