/** Events on their way to systems outside: each told at least once, signed, in order, and nobody waits for another. */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { openGround, timePasses, type Ground } from '../purchase.ts'
import type { Json, Person, Shop } from '../shop.ts'
import { forgetEndpoints, isSignedWith, Receiver, register, sale } from './receiver.ts'

vi.setConfig({ testTimeout: 60_000 })

let ground: Ground
let shop: Shop
let receiver: Receiver
let admin: Person

beforeAll(async () => {
  ground = await openGround({ environment: { WEBHOOK_DEADLINE_MS: '800' } })
  shop = ground.shop
  receiver = await Receiver.open()
  admin = await shop.person('admin')
}, 30_000)
afterEach(async () => {
  shop.calm()
  await forgetEndpoints(shop)
})
afterAll(async () => {
  await receiver.close()
  await shop.cloud.stop()
})

function deliveriesTo(endpointId: string): Json[] {
  return shop.documents('webhook_deliveries').map(({ data }) => data).filter((one) => one['endpointId'] === endpointId)
}

/** Lets so much time pass, and does what falls due. Tokens live a day. */
async function passes(minutes: number): Promise<void> {
  await timePasses(ground, minutes)
  admin = await shop.person('admin')
}

describe('does', () => {
  test('tell of a sale, thinly, and signed as the specification says', async () => {
    const { path, secret } = await register(admin, receiver)
    const order = await sale(shop)
    await shop.cloud.drain()
    const [told, ...more] = receiver.at(path)
    expect(more).toEqual([])
    expect(told?.said).toEqual({
      type: 'order.paid', timestamp: order['updatedAt'],
      data: { orderId: order['id'], number: order['number'], state: 'paid', total: 50, currency: 'USD' },
    })
    expect(told?.headers).toMatchObject({ 'content-type': 'application/json', 'webhook-id': expect.stringMatching(/^evt_\w+$/) })
    expect(Math.abs(Number(told?.headers['webhook-timestamp']) * 1000 - shop.cloud.now())).toBeLessThan(60_000)
    expect(await isSignedWith(secret, told ?? { headers: {}, body: '' })).toBe(true)
    expect(await isSignedWith(`whsec_${btoa('another key of thirty-two bytes!')}`, told ?? { headers: {}, body: '' })).toBe(false)
    expect(await isSignedWith(secret, { headers: told?.headers ?? {}, body: `${told?.body} ` })).toBe(false)
  })

  test('tell what follows the sale in its order, each under an id of its own', async () => {
    const { path } = await register(admin, receiver)
    const { id } = await sale(shop)
    await admin.post(`/api/orders/${id}/fulfil`, { how: 'picked_up' })
    await admin.post(`/api/orders/${id}/refunds`, { amount: 10, reason: 'late' })
    await admin.post(`/api/orders/${id}/refunds`, { reason: 'broken' })
    await shop.cloud.drain()
    expect(receiver.typesAt(path, id)).toEqual(['order.paid', 'order.fulfilled', 'order.refunded', 'order.refunded'])
    expect(receiver.at(path).map(({ said }) => said['data'].state)).toEqual(['paid', 'fulfilled', 'partially_refunded', 'refunded'])
    expect(new Set(receiver.at(path).map((one) => one.id)).size).toBe(4)
  })

  test('tell each endpoint only what it asked for', async () => {
    const sales = await register(admin, receiver, ['order.paid'])
    const failures = await register(admin, receiver, ['order.payment_failed'])
    const { id } = await sale(shop)
    const buyer = await shop.person()
    await buyer.pay((await buyer.fill({ productId: 'test-product-1', quantity: 1 }))['id'], { token: 'pm_card_visa_chargeDeclined' })
    await shop.cloud.drain()
    expect(receiver.at(sales.path).map(({ said }) => said['data'].orderId)).toEqual([id])
    expect(receiver.at(failures.path).map(({ said }) => [said['type'], said['data'].state])).toEqual([['order.payment_failed', 'payment_failed']])
  })

  test('cost a sale nothing that it would not cost anyway', async () => {
    const before = shop.documents('outbox').length
    await sale(shop)
    expect(shop.documents('outbox').length - before).toBe(2)
    expect(shop.documents('webhook_deliveries').filter(({ data }) => data['status'] === 'pending')).toEqual([])
    await shop.cloud.drain()
  })
})

describe('refuses', () => {
  test('to follow a redirect; to keep what an endpoint says beyond its beginning, or any secret and address in it; to go on when one says that it is gone', async () => {
    const [moved, talker, gone] = [await register(admin, receiver), await register(admin, receiver), await register(admin, receiver)]
    const elsewhere = '/elsewhere'
    receiver.answers(moved.path, (response) => response.writeHead(307, { location: receiver.url(elsewhere) }).end())
    receiver.answers(talker.path, (response) => response.writeHead(500).end(`maria@example.com sk_live_abcdefgh1234 ${'x'.repeat(2_000_000)}`))
    receiver.answers(gone.path, 410)
    await sale(shop)
    await shop.cloud.drain()
    expect(receiver.at(elsewhere)).toEqual([])
    expect(deliveriesTo(moved.id)).toMatchObject([{ status: 'pending', attempts: 1, lastStatus: 307, lastError: 'answered 307' }])
    const [delivery] = deliveriesTo(talker.id)
    expect(delivery?.['lastResponse'].length).toBeLessThanOrEqual(300)
    expect(delivery?.['lastResponse']).toMatch(/^\[masked\] \[masked\] x+$/)
    expect([shop.document('webhook_endpoints', gone.id), shop.document('webhook_endpoints', moved.id)]).toMatchObject([{ active: false }, { active: true }])
  })
})

describe('survives', () => {
  test('an endpoint that is away: told later, with the same id and bytes, and signed anew', async () => {
    const { path, secret, id } = await register(admin, receiver)
    receiver.answers(path, 503)
    await sale(shop)
    await shop.cloud.drain()
    await passes(2)
    receiver.answers(path, 200)
    await passes(7)
    const told = receiver.at(path)
    expect(told).toHaveLength(3)
    expect(new Set(told.map((one) => one.id)).size).toBe(1)
    expect(new Set(told.map(({ body }) => body)).size).toBe(1)
    expect(new Set(told.map(({ headers }) => headers['webhook-timestamp'])).size).toBe(3)
    for (const one of told) expect(await isSignedWith(secret, one)).toBe(true)
    expect(deliveriesTo(id)).toMatchObject([{ status: 'delivered', attempts: 3, nextAtMs: null, lastError: null }])
    expect(shop.document('webhook_endpoints', id)).toMatchObject({ failures: 0, failingSinceMs: null })
  })

  test('an endpoint that never answers: others are told at once', async () => {
    const poison = await register(admin, receiver)
    const good = await register(admin, receiver)
    receiver.answers(poison.path, () => undefined)
    const orders = await Promise.all(Array.from({ length: 6 }, () => sale(shop)))
    await shop.cloud.drain()
    expect(receiver.at(good.path).map(({ said }) => said['data'].orderId).sort()).toEqual(orders.map(({ id }) => id).sort())
    expect(deliveriesTo(good.id).map(({ status }) => status)).toEqual(Array(6).fill('delivered'))
    const tried = receiver.at(poison.path).length
    expect(shop.document('webhook_endpoints', poison.id)).toMatchObject({ rests: 1 })
    // It is left alone now: what is new is not even sent.
    await sale(shop)
    await shop.cloud.drain()
    expect(receiver.at(poison.path)).toHaveLength(tried)
    expect(receiver.at(good.path)).toHaveLength(7)
    expect(deliveriesTo(poison.id)[0]).toMatchObject({ lastStatus: null, lastError: 'no answer within 800 ms' })
  })

  test('an event that its receiver refuses: the next one of its order waits, and after an hour goes past it', async () => {
    const { path } = await register(admin, receiver)
    receiver.answers(path, (response, { said }) => response.writeHead(said['type'] === 'order.paid' ? 500 : 200).end())
    const { id } = await sale(shop)
    await shop.cloud.drain()
    await admin.post(`/api/orders/${id}/fulfil`, { how: 'picked_up' })
    await shop.cloud.drain()
    expect(new Set(receiver.typesAt(path, id))).toEqual(new Set(['order.paid']))
    for (const minutes of [10, 25, 26]) await passes(minutes)
    expect(receiver.typesAt(path, id)).toContain('order.fulfilled')
  })

  test('days without an answer: switched off, staff are told, and what waits is dead until it is put back', async () => {
    const { path, id } = await register(admin, receiver)
    receiver.answers(path, 500)
    await sale(shop)
    for (let hours = 0; hours < 100; hours += 10) await passes(10 * 60)
    expect(shop.document('webhook_endpoints', id)).toMatchObject({ active: false, disabledReason: expect.stringContaining('answered 500') })
    expect(deliveriesTo(id)).toMatchObject([{ status: 'dead', nextAtMs: null }])
    expect(shop.at('pagerduty', 'alerts')).toContainEqual(expect.objectContaining({ dedup_key: `webhook-endpoint/${id}` }))
    const tried = receiver.at(path).length
    expect(tried).toBeLessThanOrEqual(10)
    await sale(shop)
    await passes(60)
    expect(receiver.at(path)).toHaveLength(tried)
  })

  test('copies of a nudge at once: one try', async () => {
    const { path, id } = await register(admin, receiver)
    shop.fault({ target: 'pubsub', operation: 'Publish', match: 'webhook-due', when: 'before', effect: 'error', status: 14, times: 50 })
    await sale(shop)
    await shop.tally('send-webhooks')
    shop.calm()
    const [delivery] = deliveriesTo(id)
    for (let copy = 0; copy < 5; copy += 1) {
      shop.cloud.servers.pubsub.publish('webhook-due', { data: JSON.stringify({ deliveryId: delivery?.['id'], attempt: 0 }), attributes: { kind: 'webhook' } })
    }
    await shop.cloud.drain()
    expect(receiver.at(path)).toHaveLength(1)
  })

  test('a sender that dies after it has told: told again under the same id, and closed', async () => {
    const { path, id } = await register(admin, receiver)
    // The claim goes through, what it found does not.
    shop.fault({ target: 'firestore', operation: 'Commit', function: 'on-webhook-due', match: '"delivered"', when: 'before', effect: 'kill' })
    await sale(shop)
    for (const minutes of [0, 3, 3, 3, 10]) await passes(minutes)
    expect(shop.cloud.wire.faults()).toMatchObject([{ struck: 1 }])
    expect(deliveriesTo(id)).toMatchObject([{ status: 'delivered' }])
    expect(receiver.at(path).length).toBeGreaterThanOrEqual(2)
    expect(new Set(receiver.at(path).map((one) => one.id)).size).toBe(1)
  })
})
