/**
 * A purchase while Stripe loses answers, is down, slow or full. Whatever is lost, the customer is charged at most once, the
 * same key gets the truth, and after some time the order tells it by itself.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { Buyer, expectPaidOnce, type Strike } from '../buyer.ts'
import { chargesFor, expectAllSettles, openGround, orderOf, ordersOf, timePasses, until, type Ground } from '../purchase.ts'
import type { Answer, Json, Shop } from '../shop.ts'

vi.setConfig({ testTimeout: 30_000 })

const TIMEOUT = 'We could not reach the payment service. You will not be charged twice. Please check your order before you try again.'
/** Real time, shared by three tries; long enough for a busy machine not to be taken for a fault. */
const CHARGE_DEADLINE_MS = 3_300
/** Three tries, each of which the SDK makes twice when the connection is reset. */
const RESETS = 6

let ground: Ground
let shop: Shop

beforeAll(async () => {
  ground = await openGround({ environment: { CHARGE_DEADLINE_MS: String(CHARGE_DEADLINE_MS) } })
  shop = ground.shop
}, 30_000)
afterAll(() => shop.cloud.stop())

function sentence(answer: Answer): [number, string, string] {
  return [answer.status, answer.body['code'], answer.body['error']]
}

// Those that do not move the clock run at the same time.
describe.concurrent('does', () => {
  test('charge once and answer 201 although Stripe loses something', async () => {
    const cases: Array<[string, Strike]> = [
      ['its answer is lost', { when: 'after', effect: 'drop' }],
      ['its answer is lost again and again', { when: 'after', effect: 'drop', times: 3 }],
      ['it cannot be reached at first', { when: 'before', effect: 'drop', times: 3 }],
      ['it is down for a moment', { when: 'before', effect: 'error', status: 503 }],
      ['it has too much to do for a moment', { when: 'before', effect: 'error', status: 429 }],
      ['it gets the request twice', { when: 'before', effect: 'duplicate' }],
    ]
    await Promise.all(
      cases.map(async ([what, strike]) => {
        const buyer = await Buyer.enter(ground)
        buyer.strikeCharge(strike)
        const answer = await buyer.pay()
        expect([what, answer.status]).toEqual([what, 201])
        expectPaidOnce(buyer, answer)
      }),
    )
  })

  test('answer 201 with the truth when the webhook has settled the order before our own commit', async () => {
    const buyer = await Buyer.enter(ground)
    buyer.strikeCharge({ when: 'after', effect: 'delay', delayMs: 1_000 })
    const answer = buyer.pay()
    await until(() => ordersOf(shop, buyer.person)[0]?.['state'] === 'paid')
    expectPaidOnce(buyer, await answer)
    const { history } = await orderOf(buyer.person, (await answer).body['orderId'])
    expect(history.map(({ cause }: Json) => cause.split(' ')[0])).toEqual(['checkout', 'webhook'])
  })

})

describe.concurrent('refuses', () => {
  test.each<[string, Strike]>([
    ['is over its limit', { when: 'before', effect: 'error', status: 429, times: 3 }],
    ['does not take our key', { when: 'before', effect: 'error', status: 401 }],
  ])('to keep anything when Stripe certainly charged nothing, and lets the same key try again: it %s', async (_what, strike) => {
    const buyer = await Buyer.enter(ground)
    buyer.strikeCharge(strike)
    const answer = await buyer.pay()
    expect(sentence(answer)).toEqual([503, 'SERVICE_UNAVAILABLE', 'Payment service temporarily unavailable. Please try again.'])
    expect(buyer.outcome()).toEqual({ state: 'payment_failed', charges: 0 })
    expect((await buyer.person.get(`/api/carts/${buyer.cartId}`)).body['cart']).toMatchObject({ state: 'open', orderId: null })
    const again = await buyer.pay()
    expect(again.status).toBe(201)
    expect(again.body['orderId']).not.toBe(answer.body['details'].orderId)
  })
})

describe('survives', () => {
  const silences: Array<[string, Strike, { charged: boolean }]> = [
    ['every answer is lost', { when: 'after', effect: 'drop', times: RESETS }, { charged: true }],
    ['it cannot be reached', { when: 'before', effect: 'drop', times: RESETS }, { charged: false }],
    ['it is silent', { when: 'before', effect: 'hang', times: 3 }, { charged: false }],
    ['it charges and is silent', { when: 'after', effect: 'hang', times: 3 }, { charged: true }],
    ['it answers 500', { when: 'before', effect: 'error', status: 500, times: 3 }, { charged: false }],
    ['it charges and answers 502', { when: 'after', effect: 'error', status: 502, times: 3 }, { charged: true }],
  ]

  test.concurrent('Stripe away for the whole deadline: 504 unless the webhook knew better; the same key gets the truth, with one charge', async () => {
    await Promise.all(
      silences.map(async ([what, strike, { charged }]) => {
        const buyer = await Buyer.enter(ground)
        buyer.strikeCharge(strike)
        const lost = await buyer.pay()
        if (!charged || lost.status !== 201) {
          expect([what, ...sentence(lost)]).toEqual([what, 504, 'GATEWAY_TIMEOUT', TIMEOUT])
          expect(Number(lost.headers.get('retry-after'))).toBeGreaterThan(0)
          expect(lost.body).toMatchObject({ retryable: true, details: { orderId: ordersOf(shop, buyer.person)[0]?.['id'] } })
        }
        const orderId = lost.body['orderId'] ?? lost.body['details'].orderId
        const tab = await buyer.pay('another-tab')
        expect([what, tab.status, tab.body['details'].orderId]).toEqual([what, 409, orderId])
        const asked = await buyer.pay()
        expectPaidOnce(buyer, asked)
        expect(asked.body['orderId']).toBe(orderId)
        expect((await buyer.pay()).text).toBe(asked.text)
      }),
    )
  })

  test.concurrent('Stripe slower than the deadline: the late charge finds its order', async () => {
    const buyer = await Buyer.enter(ground)
    buyer.strikeCharge({ when: 'before', effect: 'delay', delayMs: CHARGE_DEADLINE_MS + 500, times: 3 })
    expect((await buyer.pay()).status).toBe(504)
    await until(() => buyer.outcome().state === 'paid')
    expectPaidOnce(buyer, await buyer.pay())
  })

  test('Stripe away, and nobody asks again: paid when it had charged, else given up with stock and cart, for the key to try anew', async () => {
    const struck = await Promise.all(
      silences.map(async ([, strike, { charged }]) => {
        const buyer = await Buyer.enter(ground)
        buyer.strikeCharge(strike)
        const { status } = await buyer.pay()
        expect(charged ? [201, 504] : [504]).toContain(status)
        return { buyer, charged }
      }),
    )
    await timePasses(ground, 2)
    for (const { buyer, charged } of struck) {
      expect(buyer.outcome()).toEqual(charged ? { state: 'paid', charges: 1 } : { state: 'payment_failed', charges: 0 })
      expect((await buyer.pay()).status).toBe(201)
      expect(ordersOf(shop, buyer.person).flatMap(({ id }) => chargesFor(shop, id))).toHaveLength(1)
    }
  })

  test('Stripe away for long: the order waits, is charged by nobody, and says so', async () => {
    const buyer = await Buyer.enter(ground)
    buyer.strikeCharge({ when: 'before', effect: 'error', status: 503, times: 100 })
    shop.fault({ target: 'stripe', operation: 'GET /v1/payment_intents', when: 'before', effect: 'error', status: 503, times: 100 })
    expect((await buyer.pay()).status).toBe(504)
    await timePasses(ground, 120)
    expect(buyer.outcome()).toEqual({ state: 'payment_unknown', charges: 0 })
    expect((await buyer.pay()).status).toBe(504)
    shop.calm()
    await timePasses(ground, 2)
    expect(buyer.outcome()).toEqual({ state: 'payment_failed', charges: 0 })
  })

  test('Stripe so slow that another runner takes over: one charge, one answer', async () => {
    const buyer = await Buyer.enter(ground)
    buyer.strikeCharge({ when: 'before', effect: 'delay', delayMs: 1_000 })
    const first = buyer.pay()
    await until(() => ordersOf(shop, buyer.person).length === 1)
    await shop.cloud.advance(31_000)
    const second = buyer.pay()
    const answers = await Promise.all([first, second])
    for (const answer of answers) expectPaidOnce(buyer, answer)
    expect(answers[0]?.text).toBe(answers[1]?.text)
  })

  test('all of it: once time has passed the books are right and nothing is stuck', () => expectAllSettles(ground))
})

describe('survives', () => {
  let slow: Ground
  beforeAll(async () => {
    slow = await openGround({ environment: { CHARGE_DEADLINE_MS: '60000' } })
  }, 30_000)
  afterAll(() => slow.shop.cloud.stop())

  /** A click whose charge reaches Stripe only when the faults are cleared; meanwhile the sweep has given its order up. */
  async function clickGivenUp(buyer: Buyer): Promise<{ answer: Promise<Answer> }> {
    const { cloud } = slow.shop
    buyer.strikeCharge({ when: 'before', effect: 'delay', delayMs: 60_000 })
    const answer = buyer.pay()
    await until(() => cloud.wire.faults().some(({ struck }) => struck > 0))
    await cloud.advance(61_000)
    await slow.shop.tally('sweep-reservations')
    expect(buyer.outcome()).toEqual({ state: 'payment_failed', charges: 0 })
    return { answer }
  }

  test('Stripe slow until the sweep has given the order up: the money finds its order, once', async () => {
    const buyer = await Buyer.enter(slow)
    const { answer } = await clickGivenUp(buyer)
    slow.shop.calm()
    await answer
    await until(() => buyer.outcome().state === 'paid')
    await slow.shop.cloud.drain()
    expect(buyer.outcome()).toEqual({ state: 'paid', charges: 1 })
  })

  test('Stripe so slow that the same key has bought anew meanwhile: the first charge is given back', async () => {
    const buyer = await Buyer.enter(slow)
    const { answer } = await clickGivenUp(buyer)
    const second = await buyer.pay()
    expect(second.status).toBe(201)
    slow.shop.calm()
    await answer
    for (const minutes of [1, 2]) await timePasses(slow, minutes)
    const orders = ordersOf(slow.shop, buyer.person)
    expect(orders.map(({ id, state }) => [id === second.body['orderId'], state]).sort()).toEqual([[false, 'refunded'], [true, 'paid']])
  })

  test('all of that: once time has passed the books are right and nothing is stuck', () => expectAllSettles(slow))
})
