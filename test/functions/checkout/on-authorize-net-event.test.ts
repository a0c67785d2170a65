/** What Authorize.Net's events do to orders: they are looked up, so each fact counts once, in whatever order and however often it is told. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { signature } from '../../../infra/local/vendors/authorize-net/notifications.ts'
import { decide } from '../held.ts'
import { kajaChargesFor, newNonce, payByKaja } from '../kaja.ts'
import { expectAllSettles, expectTrueBooks, openGround, PRODUCT, timePasses, until, type Ground } from '../purchase.ts'
import type { Json, Person, Shop } from '../shop.ts'

let ground: Ground
let shop: Shop
let events = 0

beforeAll(async () => {
  ground = await openGround({ environment: { CHARGE_DEADLINE_MS: '2000' } })
  shop = ground.shop
}, 30_000)
afterAll(() => shop.cloud.stop())
afterEach(() => {
  shop.calm()
  expectTrueBooks(ground)
})

/** Says to the shop, with Authorize.Net's signature, that something has happened to a transaction; answers the inbox record's id. */
async function tell(event: string, transId: string, more: Json = {}): Promise<string> {
  const notificationId = `told-${++events}`
  const payload = { responseCode: 1, authAmount: 1, entityName: 'transaction', id: transId, ...more }
  const body = JSON.stringify({ notificationId, eventType: `net.authorize.payment.${event}`, eventDate: 'x', webhookId: 'w', payload })
  const signed = signature(body, shop.cloud.servers.keys.AUTHORIZE_NET_SIGNATURE_KEY)
  expect((await shop.guest().call('POST', '/api/webhooks/authorize-net', body, { 'x-anet-signature': signed })).status).toBe(200)
  return `authorize-net-${notificationId}`
}

interface Bought {
  readonly buyer: Person
  readonly orderId: string
  readonly transId: string
}

async function buy(card?: string, quantity = 1): Promise<Bought> {
  const buyer = await shop.person()
  const { id } = await buyer.fill({ productId: PRODUCT, quantity })
  const { body } = await payByKaja(buyer, id, { token: newNonce(card), key: 'the-click' })
  await shop.cloud.drain()
  return { buyer, orderId: body['orderId'], transId: kajaChargesFor(shop, body['orderId'])[0]?.['transId'] }
}

function order(orderId: string): Json {
  return shop.document('orders', orderId) as Json
}

/** The shop hears of nothing by itself. */
function muteWebhooks(): void {
  shop.fault({ target: 'firestore', operation: 'Commit', match: 'inbox/authorize-net', when: 'before', effect: 'error', status: 7, times: 20 })
}

async function refundedBy(admin: Person, { orderId }: Bought, wish: Json = {}): Promise<number> {
  return (await admin.post(`/api/orders/${orderId}/refunds`, { reason: 'Broken', ...wish }, `refund-${++events}`)).status
}

describe('does', () => {
  test('settle a held order once, however often and by how many events its approval is told at the same time', async () => {
    const { orderId, transId } = await buy('tok_held')
    muteWebhooks()
    await shop.act('authorize-net', `transactions/${transId}/approve`)
    await shop.cloud.drain()
    shop.calm()
    const names = ['fraud.approved', 'authcapture.created', 'fraud.approved', 'fraud.held', 'fraud.declined', 'void.created']
    const records = await Promise.all(names.map((name) => tell(name, transId)))
    await shop.cloud.drain()
    expect(order(orderId)['state']).toBe('paid')
    expect(order(orderId)['history'].filter(({ state }: Json) => state === 'paid')).toHaveLength(1)
    for (const record of records) expect(shop.document('inbox', record)?.['status']).toBe('applied')
  })

  test('believe nothing of what an event says: only what Authorize.Net answers counts', async () => {
    const { orderId, transId } = await buy('tok_held')
    for (const name of ['fraud.approved', 'fraud.declined', 'authcapture.created', 'void.created', 'refund.created']) await tell(name, transId, { responseCode: 1, authAmount: 5000 })
    await shop.cloud.drain()
    expect(order(orderId)['state']).toBe('in_review')
    await decide(await shop.person('admin'), orderId, 'refuse', { key: 'end' })
  })

  test('finish a refund whose answer was lost, by the void and by the refund that the events name', async () => {
    const admin = await shop.person('admin')
    for (const isSettled of [false, true]) {
      const bought = await buy()
      if (isSettled) await shop.act('authorize-net', 'settle')
      const type = isSettled ? 'refundTransaction' : 'voidTransaction'
      shop.fault({ target: 'authorize-net', match: type, when: 'after', effect: 'drop' })
      shop.fault({ target: 'authorize-net', operation: 'POST /xml/v1/request.api', match: 'getTransactionDetailsRequest', when: 'before', effect: 'error', status: 503, skip: 1, times: 1 })
      await refundedBy(admin, bought)
      shop.calm()
      await until(() => order(bought.orderId)['state'] === 'refunded')
      await shop.cloud.drain()
      expect(order(bought.orderId)['refunds']).toMatchObject([{ status: 'succeeded' }])
    }
  })

  test('take back a refund that somebody voids at Authorize.Net before it is settled', async () => {
    const [admin, bought] = [await shop.person('admin'), await buy(undefined, 2)]
    await shop.act('authorize-net', 'settle')
    expect(await refundedBy(admin, bought, { amount: 10 })).toBe(201)
    await shop.cloud.drain()
    await shop.act('authorize-net', `transactions/${order(bought.orderId)['refunds'][0].gatewayRefundId}/void`)
    await until(() => order(bought.orderId)['refunds'][0].status === 'failed')
    expect(order(bought.orderId)['state']).toBe('paid')
    await shop.cloud.drain()
  })

  test('let go what is held for an order that was given up', async () => {
    const buyer = await shop.person()
    const { id } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
    const token = newNonce('tok_held')
    shop.fault({ target: 'authorize-net', match: `"${token}"`, when: 'before', effect: 'delay', delayMs: 60_000, times: 3 })
    const { body } = await payByKaja(buyer, id, { token })
    await timePasses(ground, 2)
    expect(order(body['details'].orderId)['state']).toBe('payment_failed')
    shop.calm()
    await until(() => kajaChargesFor(shop, body['details'].orderId).some(({ transactionStatus }) => transactionStatus === 'voided'))
    await shop.cloud.drain()
    expect(order(body['details'].orderId)['state']).toBe('payment_failed')
  })
})

describe('refuses', () => {
  test('what names an order of ours and is not its charge: another invoice, another gateway\'s order', async () => {
    const bought = await buy('tok_held')
    const description = `Order (${bought.orderId})`
    muteWebhooks()
    const { transId } = await shop.act('authorize-net', 'transactions', { amount: '50.00', invoiceNumber: 'INV-77', description })
    await shop.cloud.drain()
    shop.calm()
    const record = await tell('authcapture.created', transId)
    await shop.cloud.drain()
    expect([shop.document('inbox', record)?.['status'], order(bought.orderId)['state']]).toEqual(['ignored', 'in_review'])
    await shop.act('authorize-net', `transactions/${transId}/void`)
    // Nobody's money: the books would name it.
    expect(shop.at('authorize-net', 'transactions').find((one) => one['transId'] === transId)?.['transactionStatus']).toBe('voided')
  })
})

describe('survives', () => {
  test('Authorize.Net not answering the question: the event goes back on its schedule, and is applied then', async () => {
    const { orderId, transId } = await buy('tok_held')
    shop.fault({ target: 'authorize-net', match: 'getTransactionDetailsRequest', when: 'before', effect: 'error', status: 503, times: 50 })
    await shop.act('authorize-net', `transactions/${transId}/approve`)
    await until(() => shop.documents('inbox').some(({ data }) => data['vendor'] === 'authorize-net' && data['attempts'] > 0))
    expect(order(orderId)['state']).toBe('in_review')
    shop.calm()
    await shop.cloud.advance(61_000)
    await shop.tally('sweep-inbox')
    await until(() => order(orderId)['state'] === 'paid')
    await shop.cloud.drain()
  })

  test('all of it: once time has passed the books are right and nothing is stuck', () => expectAllSettles(ground))
})
