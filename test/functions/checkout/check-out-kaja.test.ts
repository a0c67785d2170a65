/**
 * A purchase by KAJA, which has no idempotency keys: whatever it answers, loses or holds, the customer is charged at most
 * once, the same key gets the truth, and the books are those of Authorize.Net.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Fault } from '../../../infra/local/wire.ts'
import { decide } from '../held.ts'
import { kajaChargesFor, kajaTransactionsFor, newNonce, payByKaja } from '../kaja.ts'
import { checkOut, expectAllSettles, expectTrueBooks, left, openGround, orderOf, ordersOf, PRODUCT, timePasses, until, type Ground } from '../purchase.ts'
import type { Answer, Json, Person, Shop } from '../shop.ts'

vi.setConfig({ testTimeout: 30_000 })

const DAY_MS = 86_400_000
const CHARGE_DEADLINE_MS = 3_300

let ground: Ground
let shop: Shop

beforeAll(async () => {
  // Failures are ordered here by the dozen: the breaker is another test's business.
  ground = await openGround({ environment: { CHARGE_DEADLINE_MS: String(CHARGE_DEADLINE_MS) } })
  shop = ground.shop
}, 30_000)
afterAll(() => shop.cloud.stop())

/** A customer with a cart and one card, whose calls can be struck by its nonce. */
class Payer {
  readonly person: Person
  readonly cartId: string
  readonly token: string

  constructor(person: Person, cartId: string, token: string) {
    this.person = person
    this.cartId = cartId
    this.token = token
  }

  static async enter(card?: string): Promise<Payer> {
    const person = await shop.person()
    const { id } = await person.fill({ productId: PRODUCT, quantity: 1 })
    return new Payer(person, id, newNonce(card))
  }

  strike(strike: Omit<Fault, 'target' | 'match'>): void {
    shop.fault({ target: 'authorize-net', match: `"${this.token}"`, ...strike })
  }

  pay(key = 'the-click'): Promise<Answer> {
    return payByKaja(this.person, this.cartId, { token: this.token, key })
  }

  /** His one order, with how often money was taken or set aside for it. */
  outcome(): { state: string; charges: number } {
    const [order, ...others] = ordersOf(shop, this.person)
    if (order === undefined || others.length > 0) throw new Error(`${this.person.id} has ${order === undefined ? 'no order' : 'several orders'}`)
    return { state: order['state'], charges: kajaChargesFor(shop, order['id']).length }
  }
}

function expectPaidOnce(payer: Payer, answer: Answer): void {
  expect([answer.status, answer.body['order']?.state]).toEqual([201, 'paid'])
  expect(payer.outcome()).toEqual({ state: 'paid', charges: 1 })
}

async function held(card = 'tok_held'): Promise<{ payer: Payer; answer: Answer; orderId: string; transId: string }> {
  const payer = await Payer.enter(card)
  const answer = await payer.pay()
  const orderId = answer.body['orderId'] as string
  return { payer, answer, orderId, transId: kajaChargesFor(shop, orderId)[0]?.['transId'] }
}

/** No webhook can be stored. */
function muteWebhooks(): void {
  shop.fault({ target: 'firestore', operation: 'Commit', match: 'inbox/authorize-net', when: 'before', effect: 'error', status: 7, times: 20 })
}

/** Nothing can be found out: no search is answered, and no webhook can be stored. */
function hideAll(): void {
  const down = { target: 'authorize-net', when: 'before', effect: 'error', status: 503, times: 100 } as const
  for (const match of ['getUnsettledTransactionListRequest', 'getSettledBatchListRequest']) shop.fault({ ...down, match })
  muteWebhooks()
}

describe('does', () => {
  afterEach(() => expectTrueBooks(ground))

  test('charge once with one call, under an invoice number that leads back to the order, and answer 201', async () => {
    const payer = await Payer.enter()
    const before = shop.requests('authorize-net').length
    const answer = await payer.pay()
    expectPaidOnce(payer, answer)
    expect(shop.requests('authorize-net').length - before).toBe(1)
    const [charge] = kajaChargesFor(shop, answer.body['orderId'])
    expect(answer.body['payment']).toEqual({ gateway: 'kaja', transactionId: charge?.['transId'], status: 'succeeded' })
    expect(charge?.['order'].invoiceNumber).toBe(`${answer.body['orderId'].slice(4, 22)}01`)
    expect(charge?.['order'].description).toContain(answer.body['orderId'])
    expect((await payer.pay()).text).toBe(answer.text)
    await shop.cloud.drain()
    expect(shop.documents('inbox').filter(({ data }) => data['vendor'] === 'authorize-net').every(({ data }) => data['status'] === 'applied')).toBe(true)
  })

  test('decline with 402, give stock and cart back, and let another card pay the same cart', async () => {
    const payer = await Payer.enter('tok_declined')
    const stock = await left(payer.person, PRODUCT)
    const answer = await payer.pay()
    expect([answer.status, answer.body['code'], answer.body['details'].declineCode]).toEqual([402, 'PAYMENT_DECLINED', 'card_declined'])
    expect(await left(payer.person, PRODUCT)).toBe(stock)
    expect((await payByKaja(payer.person, payer.cartId, { key: 'other-card' })).status).toBe(201)
  })

  test.each([
    ['tok_avs_mismatch', 402, 'avs_mismatch'], ['tok_cvv_mismatch', 402, 'incorrect_cvc'], ['tok_pick_up_card', 402, 'pick_up_card'],
    ['tok_card_expired', 402, 'expired_card'], ['tok_expired', 402, 'invalid_payment_token'], ['tok_processing_error', 503, undefined],
  ])('say what came of a card that is no good: %s is %i %s', async (card, status, declineCode) => {
    const payer = await Payer.enter(card)
    const answer = await payer.pay()
    expect([answer.status, answer.body['details'].declineCode]).toEqual([status, declineCode])
    expect(payer.outcome()).toEqual({ state: 'payment_failed', charges: 0 })
  })

  test('choose the gateway by request; an order in flight keeps its own', async () => {
    const person = await shop.person()
    const [kaja, stripe] = [await Payer.enter(), await person.fill({ productId: PRODUCT, quantity: 1 })]
    const [one, other] = await Promise.all([kaja.pay(), checkOut(person, { cartId: stripe['id'] })])
    expect([one.body['payment'].gateway, other.body['payment'].gateway]).toEqual(['kaja', 'stripe'])
  })

  test('hold what its filter holds: 202 in review, money set aside, stock reserved, cart frozen, told once', async () => {
    const { payer, answer, orderId } = await held()
    expect([answer.status, answer.body['payment'].status]).toEqual([202, 'in_review'])
    expect(payer.outcome()).toEqual({ state: 'in_review', charges: 1 })
    expect(shop.document('orders', orderId)).toMatchObject({ reviewReasons: ['gateway_risk'], payment: { status: 'authorised' } })
    await timePasses(ground, 20)
    expect((await payer.pay()).status).toBe(202)
    expect(payer.outcome()).toEqual({ state: 'in_review', charges: 1 })
    expect(shop.at('resend', 'emails').filter(({ to }) => String(to) === payer.person.email)).toHaveLength(1)
  })

  test('carry out what staff decide, and follow what somebody decides at Authorize.Net itself', async () => {
    const decisions = [
      ['tok_held', 'approve', 'paid', 'capturedPendingSettlement'], ['tok_held_unauthorised', 'approve', 'paid', 'capturedPendingSettlement'],
      ['tok_held', 'refuse', 'cancelled', 'voided'], ['tok_held_unauthorised', 'refuse', 'cancelled', 'declined'],
      ['tok_held_fails', 'approve', 'payment_failed', 'declined'],
    ] as const
    const admin = await shop.person('admin')
    const ends = await Promise.all(decisions.map(async ([card, decision, state, status]) => {
      const { orderId } = await held(card)
      await decide(admin, orderId, decision, { key: 'the-click' })
      expect([card, decision, shop.document('orders', orderId)?.['state'], kajaTransactionsFor(shop, orderId)[0]?.['transactionStatus']]).toEqual([card, decision, state, status])
      return { orderId, state }
    }))
    const theirs = await Promise.all(([['approve', 'paid'], ['decline', 'expired']] as const).map(async ([action, state]) => {
      const { orderId, transId } = await held()
      await shop.act('authorize-net', `transactions/${transId}/${action}`)
      await until(() => shop.document('orders', orderId)?.['state'] === state)
      return { orderId, state }
    }))
    await shop.cloud.drain()
    const all = [...ends, ...theirs]
    expect(all.map(({ orderId }) => shop.document('orders', orderId)?.['state'])).toEqual(all.map(({ state }) => state))
  })

  test('find what was decided there by the sweep when no webhook comes', async () => {
    const { orderId, transId } = await held()
    await shop.cloud.drain()
    muteWebhooks()
    await shop.act('authorize-net', `transactions/${transId}/approve`)
    await timePasses(ground, 16)
    shop.calm()
    expect(shop.document('orders', orderId)?.['state']).toBe('paid')
  })
})

describe('refuses', () => {
  test('a nonce that has been used: 402, and the first purchase stays paid', async () => {
    const payer = await Payer.enter()
    expectPaidOnce(payer, await payer.pay())
    const thief = await shop.person()
    const { id } = await thief.fill({ productId: PRODUCT, quantity: 1 })
    const answer = await payByKaja(thief, id, { token: payer.token })
    expect([answer.status, answer.body['details'].declineCode]).toEqual([402, 'invalid_payment_token'])
    expect(payer.outcome()).toEqual({ state: 'paid', charges: 1 })
  })

  test('a card number in the place of a nonce', async () => {
    const person = await shop.person()
    const { id } = await person.fill({ productId: PRODUCT, quantity: 1 })
    expect((await payByKaja(person, id, { token: '4111111111111111' })).status).toBe(400)
    expect(ordersOf(shop, person)).toEqual([])
  })
})

describe('survives', () => {
  test.concurrent.each<[string, Omit<Fault, 'target' | 'match'>]>([
    ['its answer is lost', { when: 'after', effect: 'drop' }],
    ['its answer is lost again and again', { when: 'after', effect: 'drop', times: 3 }],
    ['it charges and answers 502', { when: 'after', effect: 'error', status: 502 }],
    ['it charges and is silent', { when: 'after', effect: 'hang' }],
    ['it cannot be reached at first', { when: 'before', effect: 'drop', times: 2 }],
    ['it is down for a moment', { when: 'before', effect: 'error', status: 503 }],
    ['it is silent at first', { when: 'before', effect: 'hang' }],
    ['it gets the request twice', { when: 'before', effect: 'duplicate' }],
  ])('that %s: 201, with one charge', async (_what, strike) => {
    const payer = await Payer.enter()
    payer.strike(strike)
    expectPaidOnce(payer, await payer.pay())
  })

  test('the same with a nonce that works again and again: the duplicate window refuses the second', async () => {
    const person = await shop.person()
    const { id } = await person.fill({ productId: PRODUCT, quantity: 2 })
    shop.fault({ target: 'authorize-net', match: 'createTransactionRequest', when: 'before', effect: 'duplicate' })
    const answer = await payByKaja(person, id, { token: 'tok_visa_test' })
    expect([answer.status, kajaChargesFor(shop, answer.body['orderId']).length]).toEqual([201, 1])
  })

  test('every answer lost and nothing to be found out: 504; the same key looks first, and finds the charge', async () => {
    const payer = await Payer.enter()
    payer.strike({ when: 'after', effect: 'drop', times: 9 })
    hideAll()
    const lost = await payer.pay()
    expect([lost.status, lost.body['code']]).toEqual([504, 'GATEWAY_TIMEOUT'])
    expect(payer.outcome()).toEqual({ state: 'payment_unknown', charges: 1 })
    shop.calm()
    const sent = shop.requests('authorize-net').filter(({ body }) => 'createTransactionRequest' in body).length
    expectPaidOnce(payer, await payer.pay())
    expect(shop.requests('authorize-net').filter(({ body }) => 'createTransactionRequest' in body)).toHaveLength(sent)
  })

  test('nobody asks again: the sweep finds the truth, whether it had charged or not, and settled the charge meanwhile', async () => {
    const [settled, charged, never] = await Promise.all([Payer.enter(), Payer.enter(), Payer.enter()])
    for (const payer of [settled, charged]) payer.strike({ when: 'after', effect: 'drop', times: 9 })
    never.strike({ when: 'before', effect: 'drop', times: 9 })
    hideAll()
    expect((await settled.pay()).status).toBe(504)
    await shop.act('authorize-net', 'settle')
    const lost = await Promise.all([charged.pay(), never.pay()])
    expect(lost.map(({ status }) => status)).toEqual([504, 504])
    shop.calm()
    await timePasses(ground, 2)
    expect([settled, charged, never].map((payer) => payer.outcome())).toEqual([
      { state: 'paid', charges: 1 }, { state: 'paid', charges: 1 }, { state: 'payment_failed', charges: 0 },
    ])
  })

  test('Authorize.Net slower than the deadline: the late charge finds its order', async () => {
    const payer = await Payer.enter()
    payer.strike({ when: 'before', effect: 'delay', delayMs: CHARGE_DEADLINE_MS + 500, times: 3 })
    expect((await payer.pay()).status).toBe(504)
    await until(() => payer.outcome().state === 'paid')
    expectPaidOnce(payer, await payer.pay())
  })

  test('the processor is lost behind it: 504, nothing is sent again, and the order is given up when nothing came of it', async () => {
    const payer = await Payer.enter('tok_processor_timeout')
    expect((await payer.pay()).status).toBe(504)
    const sent = shop.requests('authorize-net').filter(({ body }) => JSON.stringify(body).includes(ordersOf(shop, payer.person)[0]?.['id']) && 'createTransactionRequest' in body)
    expect(sent).toHaveLength(1)
    await timePasses(ground, 2)
    expect(payer.outcome()).toEqual({ state: 'payment_failed', charges: 0 })
  })

  /** Every call in every way: `npm run test:faults -- --scenario checkout-kaja`. */
  test('the instance dies after the charge: whoever takes over looks first, and there is one', async () => {
    const payer = await Payer.enter()
    payer.strike({ when: 'after', effect: 'kill' })
    await payer.pay().catch(() => undefined)
    await shop.cloud.advance(31_000)
    await until(async () => (await payer.pay()).status === 201)
    expect(payer.outcome()).toEqual({ state: 'paid', charges: 1 })
  })

  test('five clicks at once, on two instances: one charge, five answers', async () => {
    const payer = await Payer.enter()
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => payer.pay()))
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    expectPaidOnce(payer, answers[0] as Answer)
  })

  test('money that comes after the order was given up: sold after all, or given back', async () => {
    const payer = await Payer.enter()
    payer.strike({ when: 'before', effect: 'drop', times: 9 })
    expect((await payer.pay()).status).toBe(504)
    await timePasses(ground, 2)
    const [order] = ordersOf(shop, payer.person) as [Json]
    expect(order['state']).toBe('payment_failed')
    const description = `Order ${order['number']} (${order['id']})`
    await shop.act('authorize-net', 'transactions', { amount: '50.00', invoiceNumber: `${order['id'].slice(4, 22)}01`, description })
    await until(() => payer.outcome().state === 'paid')
    expect((await orderOf(payer.person, order['id'])).history.at(-1).cause).toContain('late')
  })

  test('all of it: once time has passed the books are right, nothing is stuck, and our account says what theirs says', async () => {
    shop.calm()
    for (const { data } of shop.documents('orders')) if (data['state'] === 'in_review') await decide(await shop.person('admin'), data['id'], 'refuse', { key: 'end' })
    await expectAllSettles(ground)
    await shop.cloud.advance(DAY_MS)
    await expectAllSettles(ground)
  })
})
