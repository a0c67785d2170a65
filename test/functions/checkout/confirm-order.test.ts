/** A purchase whose bank wants to see the customer: what is answered, and that webhook and confirmation end alike. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { chargesFor, checkOut, expectAllSettles, expectTrueBooks, left, openGround, orderOf, PRODUCT, type Ground } from '../purchase.ts'
import type { Answer, Json, Person, Shop } from '../shop.ts'

const SECURED = { paymentMethod: { token: 'pm_card_authenticationRequired' } }

let ground: Ground
let shop: Shop

beforeAll(async () => {
  ground = await openGround()
  shop = ground.shop
  await shop.act('stripe', 'webhooks', { duplicates: 0.5, late: 0 })
}, 30_000)
afterAll(() => shop.cloud.stop())
afterEach(() => {
  shop.calm()
  expectTrueBooks(ground)
})

interface Waiting {
  readonly cartId: string
  readonly orderId: string
  readonly answer: Answer
}

async function waiting(buyer: Person, key?: string): Promise<Waiting> {
  const { id } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
  const answer = await checkOut(buyer, { cartId: id, ...SECURED }, key)
  return { cartId: id, orderId: answer.body['orderId'], answer }
}

async function authenticate(orderId: string, result: 'succeed' | 'fail' = 'succeed'): Promise<void> {
  const [intent] = chargesFor(shop, orderId)
  await shop.act('stripe', `payment_intents/${intent?.['id']}/authenticate`, { outcome: result }).catch((error: Error) => {
    if (result === 'succeed') throw error
  })
}

function confirm(person: Person, orderId: string): Promise<Answer> {
  return person.post(`/api/orders/${orderId}/confirm`)
}

describe('does', () => {
  test('answer 202 with what the frontend needs to authenticate, keep stock and cart, and charge nothing yet', async () => {
    const buyer = await shop.person()
    const before = await left(buyer, PRODUCT)
    const { answer, orderId, cartId } = await waiting(buyer, 'secured')
    const [intent] = chargesFor(shop, orderId)
    expect(answer.status).toBe(202)
    expect(answer.body).toMatchObject({ success: true, order: { state: 'requires_action' }, payment: { status: 'requires_action' } })
    expect(answer.body['payment']).toMatchObject({ clientSecret: intent?.['client_secret'], nextAction: intent?.['next_action'] })
    expect(answer.body['payment'].nextAction.type).toBe('use_stripe_sdk')
    expect(intent).toMatchObject({ status: 'requires_action', amount_received: 0 })
    expect(await left(buyer, PRODUCT)).toBe(before - 1)
    const again = await checkOut(buyer, { cartId, ...SECURED }, 'secured')
    expect([again.status, again.body['orderId'], again.body['payment'].clientSecret]).toEqual([202, orderId, intent?.['client_secret']])
    expect((await checkOut(buyer, { cartId }, 'another-card')).body).toMatchObject({ code: 'CONFLICT', details: { orderId } })
    expect((await confirm(buyer, orderId)).status).toBe(202)
  })

  test('be paid by the webhook alone, and answer the key and the confirmation with the same bytes then', async () => {
    const buyer = await shop.person()
    const { cartId, orderId } = await waiting(buyer, 'secured')
    await authenticate(orderId)
    await shop.cloud.drain()
    expect((await orderOf(buyer, orderId))['state']).toBe('paid')
    const [confirmed, replayed] = [await confirm(buyer, orderId), await checkOut(buyer, { cartId, ...SECURED }, 'secured')]
    expect([confirmed.status, replayed.status]).toEqual([201, 201])
    expect(confirmed.text).toBe(replayed.text)
    expect(shop.at('resend', 'emails').filter(({ to }) => String(to) === buyer.email)).toHaveLength(1)
  })

  test('be paid by the confirmation when it is faster than the webhook, which then changes nothing', async () => {
    const buyer = await shop.person()
    const { orderId } = await waiting(buyer)
    await shop.act('stripe', 'webhooks', { late: 1 })
    await authenticate(orderId)
    const answers = await Promise.all(Array.from({ length: 8 }, () => confirm(buyer, orderId)))
    await shop.act('stripe', 'webhooks', { late: 0 })
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201))
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    const before = await orderOf(buyer, orderId)
    await shop.cloud.drain()
    expect(await orderOf(buyer, orderId)).toEqual(before)
    expect(before['history'].map(({ state }: Json) => state)).toEqual(['pending_payment', 'requires_action', 'paid'])
  })

  test('let a guest confirm by the unguessable id', async () => {
    const guest = shop.guest()
    const { orderId } = await waiting(guest)
    await authenticate(orderId)
    expect((await confirm(shop.guest(), orderId)).status).toBe(201)
  })

  test('answer 402 when the authentication failed, with stock and cart given back, and sell with another card', async () => {
    const buyer = await shop.person()
    const before = await left(buyer, PRODUCT)
    const { cartId, orderId } = await waiting(buyer)
    await authenticate(orderId, 'fail')
    const answer = await confirm(buyer, orderId)
    expect([answer.status, answer.body['error']]).toEqual([402, 'Payment declined. Please use a different card.'])
    await shop.cloud.drain()
    expect((await confirm(buyer, orderId)).text).toBe(answer.text)
    expect(await left(buyer, PRODUCT)).toBe(before)
    expect((await checkOut(buyer, { cartId })).status).toBe(201)
  })
})

describe('refuses', () => {
  test('orders that are not the caller\'s or that do not exist: 404, and asks Stripe nothing', async () => {
    const { orderId } = await waiting(await shop.person())
    const asked = shop.requests('stripe').length
    for (const person of [await shop.person(), shop.guest()]) expect((await confirm(person, orderId)).status).toBe(404)
    for (const id of ['ord_none', '..', '%2e', 'a'.repeat(300)]) expect((await confirm(shop.guest(), id)).status).toBe(404)
    expect(shop.requests('stripe')).toHaveLength(asked)
  })

  test('to call an order paid that its customer has not authenticated, whatever the body says', async () => {
    const buyer = await shop.person()
    const { orderId } = await waiting(buyer)
    expect((await buyer.post(`/api/orders/${orderId}/confirm`, { status: 'succeeded' })).status).toBe(400)
    expect((await confirm(buyer, orderId)).body['order'].state).toBe('requires_action')
  })
})

describe('survives', () => {
  test('Stripe being away: the order is answered as it is known, and paid later', async () => {
    const buyer = await shop.person()
    const { orderId } = await waiting(buyer)
    await shop.act('stripe', 'webhooks', { late: 1 })
    await authenticate(orderId)
    shop.fault({ target: 'stripe', operation: 'GET /v1/payment_intents/:id', when: 'before', effect: 'error', status: 503, times: 3 })
    expect((await confirm(buyer, orderId)).status).toBe(202)
    await shop.act('stripe', 'webhooks', { late: 0 })
    await shop.cloud.drain()
    expect((await confirm(buyer, orderId)).status).toBe(201)
  })

  test('a lost commit: the confirmation is answered by the truth or asked again', async () => {
    for (const when of ['before', 'after'] as const) {
      const buyer = await shop.person()
      const { orderId } = await waiting(buyer)
      await authenticate(orderId)
      shop.fault({ target: 'firestore', operation: 'Commit', match: buyer.email, when, effect: 'error', status: 13 })
      const first = await confirm(buyer, orderId)
      expect([201, 500, 503]).toContain(first.status)
      expect((await confirm(buyer, orderId)).status).toBe(201)
    }
  })

  test('all of it: once time has passed nothing is stuck', () => expectAllSettles(ground))
})
