/**
 * A purchase on a bad day: answers that are lost, services that are down, slow or wrong. Whatever is lost, the customer
 * is charged at most once, the same key gets the truth, and after some time the order tells it by itself.
 *
 * A fault strikes one buyer's calls only: the quantity he buys makes the amount that Stripe is asked for his own, his
 * e-mail stands in his commits and mails.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Fault } from '../../../infra/local/wire.ts'
import { chargesFor, checkOut, expectAllSettles, expectTrueBooks, left, openGround, orderOf, ordersOf, PRICE, PRODUCT, timePasses, until, type Ground } from '../purchase.ts'
import type { Answer, Json, Person, Shop } from '../shop.ts'

vi.setConfig({ testTimeout: 30_000 })

const TIMEOUT = 'We could not reach the payment service. You will not be charged twice. Please check your order before you try again.'
/** Long for a test, so that a busy machine is not taken for a fault; the charge has three tries within it. */
const CHARGE_DEADLINE_MS = 4_500
const KEY = 'the-click'

let ground: Ground
let shop: Shop
let buyers = 0

beforeAll(async () => {
  ground = await openGround({ environment: { CHARGE_DEADLINE_MS: String(CHARGE_DEADLINE_MS) } })
  shop = ground.shop
}, 30_000)
afterAll(() => shop.cloud.stop())
afterEach(() => {
  shop.calm()
  expectTrueBooks(ground)
})

interface Buyer {
  readonly person: Person
  readonly purchase: Json
  readonly cartId: string
  /** Strikes the charge of this buyer, and of nobody else. */
  readonly atStripe: (fault: Omit<Fault, 'target' | 'match'>) => void
  /** Strikes his commits: the first reserves, the second settles. */
  readonly atCommit: (which: 'reserve' | 'settle', fault: Omit<Fault, 'target' | 'match' | 'operation' | 'skip'>) => void
}

async function newBuyer(): Promise<Buyer> {
  const person = await shop.person()
  const quantity = ++buyers
  const cartId = (await person.fill({ productId: PRODUCT, quantity }))['id'] as string
  return {
    person, cartId,
    purchase: { cartId },
    atStripe: (fault) => shop.fault({ target: 'stripe', operation: 'POST /v1/payment_intents', match: `amount=${quantity * PRICE}&`, ...fault }),
    atCommit: (which, fault) => shop.fault({ target: 'firestore', operation: 'Commit', match: person.email, skip: which === 'reserve' ? 0 : 1, ...fault }),
  }
}

function pay({ person, purchase }: Buyer, key = KEY): Promise<Answer> {
  return checkOut(person, purchase, key)
}

function sentence(answer: Answer): [number, string, string] {
  return [answer.status, answer.body['code'], answer.body['error']]
}

/** The one order of a buyer; with how often it was charged. */
function outcome({ person }: Buyer): { state: string; charges: number } {
  const orders = ordersOf(shop, person)
  expect(orders).toHaveLength(1)
  const charges = chargesFor(shop, orders[0]?.['id']).filter(({ status }) => status === 'succeeded').length
  return { state: orders[0]?.['state'], charges }
}

async function expectPaidOnce(buyer: Buyer, answer: Answer): Promise<void> {
  expect([answer.status, answer.body['order']?.state]).toEqual([201, 'paid'])
  expect(outcome(buyer)).toEqual({ state: 'paid', charges: 1 })
}

describe('does', () => {
  test.each<[string, Omit<Fault, 'target' | 'match'>]>([
    ['its answer is lost', { when: 'after', effect: 'drop' }],
    ['its answer is lost twice', { when: 'after', effect: 'drop', times: 2 }],
    ['it cannot be reached at first', { when: 'before', effect: 'drop', times: 2 }],
    ['it is down for a moment', { when: 'before', effect: 'error', status: 503 }],
    ['it has too much to do for a moment', { when: 'before', effect: 'error', status: 429 }],
    ['it gets the request twice', { when: 'before', effect: 'duplicate' }],
  ])('charge once and answer 201 although Stripe loses something: %s', async (_what, fault) => {
    const buyer = await newBuyer()
    buyer.atStripe(fault)
    await expectPaidOnce(buyer, await pay(buyer))
  })

  test('answer 201 with the truth when the webhook has settled the order before our own commit', async () => {
    const buyer = await newBuyer()
    buyer.atStripe({ when: 'after', effect: 'delay', delayMs: 1_000 })
    const answer = pay(buyer)
    await until(() => ordersOf(shop, buyer.person)[0]?.['state'] === 'paid')
    await expectPaidOnce(buyer, await answer)
    const { history } = await orderOf(buyer.person, (await answer).body['orderId'])
    expect(history.map(({ cause }: Json) => cause.split(' ')[0])).toEqual(['checkout', 'webhook'])
  })

  test('sell by its own count, and say so, when Square is down, slow, or answers nonsense', async () => {
    const faults: Array<[string, Omit<Fault, 'target' | 'match'>]> = [
      ['VARHEARTS250', { when: 'before', effect: 'drop' }],
      ['VARSEEDOIL250', { when: 'before', effect: 'hang' }],
      ['VARSEEDOIL500', { when: 'after', effect: 'delay', delayMs: 2_500 }],
      ['VARPROTEINCOCOA', { when: 'before', effect: 'error', status: 500 }],
      ['VARCALMBALM60', { when: 'before', effect: 'error', status: 429 }],
    ]
    const answers = await Promise.all(
      faults.map(async ([productId, fault]) => {
        shop.fault({ target: 'square', operation: 'counts', match: productId, ...fault })
        return checkOut(await shop.person(), { cart: [{ productId, quantity: 1 }] })
      }),
    )
    expect(answers.map(({ status, body }) => [status, body['order']?.stockUnconfirmed])).toEqual(faults.map(() => [201, true]))
    const tooMany = await shop.person()
    shop.fault({ target: 'square', operation: 'counts', match: 'VARHEARTS250', when: 'before', effect: 'drop' })
    expect((await checkOut(tooMany, { cart: [{ productId: 'VARHEARTS250', quantity: 64 }] })).body['code']).toBe('OUT_OF_STOCK')
  })

  test('send the receipt once although the nudge is lost', async () => {
    for (const when of ['before', 'after'] as const) {
      const buyer = await newBuyer()
      shop.fault({ target: 'pubsub', operation: 'Publish', match: 'mail-queued', when, effect: 'error', status: 14 })
      await expectPaidOnce(buyer, await pay(buyer))
      await timePasses(ground, 2)
      expect(shop.at('resend', 'emails').filter(({ to }) => String(to) === buyer.person.email)).toHaveLength(1)
    }
  })

  test.each<[string, Omit<Fault, 'target' | 'match'>]>([
    ['500', { when: 'before', effect: 'error', status: 500, times: 2 }],
    ['429', { when: 'before', effect: 'error', status: 429 }],
    ['a lost answer', { when: 'after', effect: 'drop', times: 2 }],
    ['a lost request', { when: 'before', effect: 'drop' }],
    ['the request twice', { when: 'before', effect: 'duplicate' }],
  ])('send the receipt once although Resend has a bad day: %s', async (_what, fault) => {
    const buyer = await newBuyer()
    shop.fault({ target: 'resend', match: buyer.person.email, ...fault })
    await expectPaidOnce(buyer, await pay(buyer))
    await shop.cloud.drain()
    for (const minutes of [1, 1, 2]) await timePasses(ground, minutes)
    expect(shop.at('resend', 'emails').filter(({ to }) => String(to) === buyer.person.email)).toHaveLength(1)
  })
})

describe('refuses', () => {
  test.each<[string, Omit<Fault, 'target' | 'match'>]>([
    ['is over its limit', { when: 'before', effect: 'error', status: 429, times: 3 }],
    ['does not take our key', { when: 'before', effect: 'error', status: 401 }],
  ])('to keep anything when Stripe certainly charged nothing: it %s', async (_what, fault) => {
    const buyer = await newBuyer()
    const before = await left(buyer.person, PRODUCT)
    buyer.atStripe(fault)
    const answer = await pay(buyer)
    expect(sentence(answer)).toEqual([503, 'SERVICE_UNAVAILABLE', 'Payment service temporarily unavailable. Please try again.'])
    expect(outcome(buyer)).toEqual({ state: 'payment_failed', charges: 0 })
    expect(await left(buyer.person, PRODUCT)).toBe(before)
    expect((await pay(buyer, 'another-click')).status).toBe(201)
  })
})

describe('survives', () => {
  const silences: Array<[string, Omit<Fault, 'target' | 'match'>, { charged: boolean }]> = [
    ['every answer is lost', { when: 'after', effect: 'drop', times: 3 }, { charged: true }],
    ['it cannot be reached', { when: 'before', effect: 'drop', times: 3 }, { charged: false }],
    ['it is silent', { when: 'before', effect: 'hang', times: 3 }, { charged: false }],
    ['it charges and is silent', { when: 'after', effect: 'hang', times: 3 }, { charged: true }],
    ['it answers 500', { when: 'before', effect: 'error', status: 500, times: 3 }, { charged: false }],
    ['it charges and answers 502', { when: 'after', effect: 'error', status: 502, times: 3 }, { charged: true }],
  ]

  test('Stripe away for the whole deadline: 504, and the same key gets the truth, with one charge', async () => {
    await Promise.all(
      silences.map(async ([what, fault]) => {
        const buyer = await newBuyer()
        buyer.atStripe(fault)
        const lost = await pay(buyer)
        expect([what, ...sentence(lost)]).toEqual([what, 504, 'GATEWAY_TIMEOUT', TIMEOUT])
        expect(Number(lost.headers.get('retry-after'))).toBeGreaterThan(0)
        expect(lost.body).toMatchObject({ retryable: true, details: { orderId: ordersOf(shop, buyer.person)[0]?.['id'] } })
        const tab = await pay(buyer, 'another-tab')
        expect([tab.status, tab.body['details'].orderId]).toEqual([409, lost.body['details'].orderId])
        const asked = await pay(buyer)
        await expectPaidOnce(buyer, asked)
        expect(asked.body['orderId']).toBe(lost.body['details'].orderId)
        expect((await pay(buyer)).text).toBe(asked.text)
      }),
    )
  })

  test('Stripe away, and nobody asks again: paid when it had charged, else given up with stock and cart', async () => {
    const struck = await Promise.all(
      silences.map(async ([, fault, { charged }]) => {
        const buyer = await newBuyer()
        buyer.atStripe(fault)
        expect((await pay(buyer)).status).toBe(504)
        return { buyer, charged }
      }),
    )
    await timePasses(ground, 2)
    for (const { buyer, charged } of struck) {
      expect(outcome(buyer)).toEqual(charged ? { state: 'paid', charges: 1 } : { state: 'payment_failed', charges: 0 })
      const again = await pay(buyer)
      if (charged) expect([again.status, again.body['order'].state]).toEqual([201, 'paid'])
      else expect(sentence(again)).toEqual([503, 'SERVICE_UNAVAILABLE', 'Payment service temporarily unavailable. Please try again.'])
    }
  })

  test('Stripe away for an hour: the order waits, is charged by nobody, and says so', async () => {
    const buyer = await newBuyer()
    buyer.atStripe({ when: 'before', effect: 'drop', times: 100 })
    shop.fault({ target: 'stripe', operation: 'GET /v1/payment_intents', when: 'before', effect: 'error', status: 503, times: 100 })
    expect((await pay(buyer)).status).toBe(504)
    for (const minutes of [2, 2, 56]) {
      await timePasses(ground, minutes)
      expect(outcome(buyer)).toEqual({ state: 'payment_unknown', charges: 0 })
    }
    expect((await pay(buyer)).status).toBe(504)
    shop.calm()
    await timePasses(ground, 2)
    expect(outcome(buyer)).toEqual({ state: 'payment_failed', charges: 0 })
  })

  test('Stripe slower than the deadline: the late charge finds its order', async () => {
    const buyer = await newBuyer()
    buyer.atStripe({ when: 'before', effect: 'delay', delayMs: CHARGE_DEADLINE_MS + 500, times: 3 })
    expect((await pay(buyer)).status).toBe(504)
    await until(() => outcome(buyer).state === 'paid')
    await expectPaidOnce(buyer, await pay(buyer))
  })

  test('Stripe so slow that another runner takes over: one charge, one answer', async () => {
    const buyer = await newBuyer()
    buyer.atStripe({ when: 'before', effect: 'delay', delayMs: 1_000 })
    const first = pay(buyer)
    await until(() => ordersOf(shop, buyer.person).length === 1)
    await shop.cloud.advance(31_000)
    const second = pay(buyer)
    const answers = await Promise.all([first, second])
    for (const answer of answers) await expectPaidOnce(buyer, answer)
    expect(answers[0]?.text).toBe(answers[1]?.text)
  })

  test('Stripe slow until the sweep has given the order up: the money finds its order, once', async () => {
    const buyer = await newBuyer()
    buyer.atStripe({ when: 'before', effect: 'delay', delayMs: 1_000 })
    const answer = pay(buyer)
    await until(() => ordersOf(shop, buyer.person).length === 1)
    await shop.cloud.advance(61_000)
    await shop.tally('sweep-reservations')
    expect(outcome(buyer).state).toBe('payment_failed')
    await answer
    await shop.cloud.drain()
    expect(outcome(buyer)).toEqual({ state: 'paid', charges: 1 })
  })

  const commits = (['reserve', 'settle'] as const).flatMap((which) =>
    (['before', 'after'] as const).flatMap((when) =>
      [['drop', undefined], ['error', 10], ['error', 13], ['error', 4], ['error', 8], ['duplicate', undefined]].map(([effect, status]) => ({ which, when, effect, status }) as const),
    ),
  )

  test('each commit of a checkout lost, refused or done twice, before and after it took effect: the same key ends in one paid order', async () => {
    const answers = await Promise.all(
      commits.map(async ({ which, when, effect, status }) => {
        const buyer = await newBuyer()
        buyer.atCommit(which, { when, effect: effect as Fault['effect'], ...(status === undefined ? {} : { status: status as number }) })
        const first = await pay(buyer)
        const what = `${which} ${when} ${effect} ${status ?? ''}`
        expect([what, [201, 503, 504, 500].includes(first.status)]).toEqual([what, true])
        if (first.status !== 201) expect([what, first.body['retryable']]).toEqual([what, true])
        const again = await pay(buyer)
        expect([what, again.status]).toEqual([what, 201])
        await expectPaidOnce(buyer, again)
        if (first.status === 201) expect(again.text).toBe(first.text)
        return `${what}: ${first.status}`
      }),
    )
    expect(answers).toHaveLength(24)
  })

  test('the same, and nobody asks again: the order is there and paid, or nothing is', async () => {
    const struck = await Promise.all(
      commits.map(async ({ which, when, effect, status }) => {
        const buyer = await newBuyer()
        buyer.atCommit(which, { when, effect: effect as Fault['effect'], ...(status === undefined ? {} : { status: status as number }) })
        const { status: answered } = await pay(buyer)
        return { buyer, answered }
      }),
    )
    await timePasses(ground, 2)
    for (const { buyer, answered } of struck) {
      const orders = ordersOf(shop, buyer.person)
      if (orders.length === 0) expect(answered).not.toBe(201)
      else expect(['paid', 'payment_failed']).toContain(outcome(buyer).state)
      if (answered === 201) expect(outcome(buyer)).toEqual({ state: 'paid', charges: 1 })
    }
  })

  test('each read of a checkout lost or refused: 201, or 5xx to be tried again and then 201', async () => {
    await Promise.all(
      [['drop', undefined], ['error', 13], ['error', 4], ['error', 8]].flatMap(([effect, status]) =>
        (['before', 'after'] as const).map(async (when) => {
          const buyer = await newBuyer()
          shop.fault({ target: 'firestore', operation: 'BatchGetDocuments', match: buyer.cartId, when, effect: effect as Fault['effect'], ...(status === undefined ? {} : { status: status as number }) })
          const first = await pay(buyer)
          if (first.status !== 201) expect([first.status >= 500, first.body['retryable']]).toEqual([true, true])
          await expectPaidOnce(buyer, await pay(buyer))
        }),
      ),
    )
  })

  test('all of it: once time has passed the books are right and nothing is stuck', () => expectAllSettles(ground))
})
