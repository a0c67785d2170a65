/** Staff see who changed what, by which request and from where; what the shop did by itself names the function. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { chargesFor, checkOut, openGround, PRODUCT, timePasses, type Ground } from '../purchase.ts'
import type { Json, Person } from '../shop.ts'
import { send, today } from './audit-trail.ts'

let ground: Ground
let viewer: Person
beforeAll(async () => {
  ground = await openGround()
  viewer = await ground.shop.person('viewer')
})
afterEach(() => ground.shop.calm())
afterAll(() => ground.shop.cloud.stop())

/** What is on record about an order. */
async function recordOf(orderId: string): Promise<Json[]> {
  await send(ground)
  const events: Json[] = []
  for (let cursor = ''; ; ) {
    const { body } = await viewer.get(`/api/admin/audit?limit=100${cursor}`)
    events.push(...body['events'])
    if (body['nextCursor'] === null) return events.filter(({ subject }) => subject === orderId)
    cursor = `&cursor=${body['nextCursor']}`
  }
}

const LINE = { productId: PRODUCT, quantity: 1 }
/** A request that says its own id. */
const as = (person: Person, requestId: string, path: string, body: Json) =>
  person.call('POST', path, body, { 'x-request-id': requestId, 'idempotency-key': requestId })

describe('does', () => {
  test('say of a sale who bought, by which request and from where', async () => {
    const buyer = await ground.shop.person()
    const { id: cartId } = await buyer.fill(LINE)
    const answer = await as(buyer, 'my-purchase', '/api/checkout', { customerId: buyer.id, email: buyer.email, cartId, paymentMethod: { token: 'pm_card_visa' } })
    expect(await recordOf(answer.body['orderId'])).toMatchObject([{
      who: `customer ${buyer.id}`, via: 'check-out', what: 'order.paid', why: 'checkout', requestId: 'my-purchase', ip: buyer.address,
      before: { state: 'pending_payment' }, after: { state: 'paid', total: '50.00', currency: 'USD' },
    }])
  })

  test('say of what staff did who did it, by which request and from where', async () => {
    const { id } = await (await ground.shop.person()).buy(LINE)
    const [admin, clerk] = [await ground.shop.person('admin', 'ann'), await ground.shop.person('support', 'carl')]
    await as(clerk, 'hand-over', `/api/orders/${id}/fulfil`, { how: 'picked_up' })
    await as(admin, 'refund', `/api/orders/${id}/refunds`, { amount: 20, reason: 'Damaged' })
    const by = { who: 'admin ann', via: 'refund-order', requestId: 'refund', ip: admin.address, why: 'Damaged' }
    expect((await recordOf(id)).slice(1)).toMatchObject([
      { who: 'support carl', via: 'fulfil-order', requestId: 'hand-over', ip: clerk.address, what: 'order.fulfilled', before: { state: 'paid' }, after: { state: 'fulfilled' } },
      { ...by, what: 'order.refund_requested', before: { state: 'fulfilled' }, after: { state: 'fulfilled', refunded: '20.00' } },
      { ...by, what: 'order.refunded', before: { state: 'fulfilled' }, after: { state: 'partially_refunded', refunded: '20.00' } },
    ])
  })

  test('say of a sale that an admin makes for a customer that it was the admin', async () => {
    const admin = await ground.shop.person('admin', 'ann')
    const answer = await checkOut(admin, { customerId: 'customer-of-ann', cart: [LINE] })
    expect(await recordOf(answer.body['orderId'])).toMatchObject([{ who: 'admin ann', ip: admin.address }])
  })

  test('say of what the sweep finished that it was the sweep', async () => {
    const buyer = await ground.shop.person()
    const { id: cartId } = await buyer.fill(LINE)
    ground.shop.fault({ target: 'stripe', operation: 'POST /v1/payment_intents', when: 'before', effect: 'kill', times: 1 })
    await checkOut(buyer, { cartId }).catch(() => undefined)
    ground.shop.calm()
    await timePasses(ground, 2)
    const [order] = ground.shop.documents('orders').filter(({ data }) => data['cartId'] === cartId)
    expect(await recordOf(order?.id ?? '')).toMatchObject([
      { who: 'sweep-reservations', via: 'sweep-reservations', what: 'order.payment_failed', why: 'sweep', requestId: expect.any(String), ip: null },
    ])
  })

  test('say of what a webhook finished which function it was, and which event', async () => {
    const buyer = await ground.shop.person()
    const { id: cartId } = await buyer.fill(LINE)
    const asked = await checkOut(buyer, { cartId, paymentMethod: { token: 'pm_card_authenticationRequired' } })
    const [intent] = chargesFor(ground.shop, asked.body['orderId'])
    await ground.shop.act('stripe', `payment_intents/${intent?.['id']}/authenticate`, { outcome: 'succeed' })
    await ground.shop.cloud.drain()
    expect(await recordOf(asked.body['orderId'])).toMatchObject([
      { who: 'on-stripe-event', via: 'on-stripe-event', what: 'order.paid', why: expect.stringMatching(/^webhook evt_/), ip: null },
    ])
  })

  test('list a day page by page, each event once and in its order', async () => {
    await send(ground)
    const all: Json[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { body } = await viewer.get(`/api/admin/audit?day=${today(ground)}&limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`)
      all.push(...body['events'])
      cursor = body['nextCursor']
    }
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length)
    expect(all.map(({ at }) => at)).toEqual(all.map(({ at }) => at).sort())
    expect(all.length).toBe(((await ground.shop.cloud.rows('audit', 'events')) as Json[]).length)
  })

  test('answer an empty day with nothing', async () => {
    expect((await viewer.get('/api/admin/audit?day=2020-01-01')).body).toMatchObject({ day: '2020-01-01', events: [], nextCursor: null })
  })
})

describe('refuses', () => {
  test.each(['day=yesterday', 'day=2026-02-30', 'cursor=x', 'limit=101', 'who=ann'])('%s', async (query) => {
    expect((await viewer.get(`/api/admin/audit?${query}`)).body).toMatchObject({ code: 'INVALID_INPUT' })
  })
})

describe('survives', () => {
  test('the warehouse being away: it says so, and that it may be tried again', async () => {
    ground.shop.fault({ target: 'bigquery', operation: 'queries', when: 'before', effect: 'error', status: 400, times: 1 })
    expect((await viewer.get('/api/admin/audit')).body).toMatchObject({ code: 'SERVICE_UNAVAILABLE', retryable: true })
  })
})
