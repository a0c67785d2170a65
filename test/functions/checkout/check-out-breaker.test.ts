/** A gateway that does not answer is left alone by all instances, tried by one of them, and trusted again when it answers. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Buyer, expectPaidOnce } from '../buyer.ts'
import { chargesFor, checkOut, expectAllSettles, left, openGround, ordersOf, PRODUCT, timePasses, type Ground } from '../purchase.ts'
import type { Answer, Json, Person, Shop } from '../shop.ts'

const MINUTE_MS = 60_000
const CHARGE = 'POST /v1/payment_intents'

let ground: Ground
let shop: Shop
beforeAll(async () => {
  ground = await openGround({ environment: { BREAKER_FAILURES: '5' } })
  shop = ground.shop
}, 30_000)
afterEach(() => shop.calm())
afterAll(() => shop.cloud.stop())

const breaker = (): Json | undefined => shop.document('breakers', 'stripe')
const alerts = (): Json[] => shop.at('pagerduty', 'alerts').filter(({ dedup_key }) => dedup_key === 'breaker/stripe')
const callsSince = (since: number): string[] => shop.cloud.wire.calls(since).filter(({ target }) => target === 'stripe').map(({ operation }) => operation)

/** Stripe answers nobody. */
function stripeIsAway(): void {
  shop.fault({ target: 'stripe', when: 'before', effect: 'error', status: 500, times: 1_000 })
}

/** So many are not answered, at once. What went before is worked off first: an answer to its questions would end the row. */
async function fail(times: number): Promise<void> {
  await shop.cloud.drain()
  shop.fault({ target: 'stripe', operation: CHARGE, when: 'before', effect: 'error', status: 500, times: 1_000 })
  const buyers: Buyer[] = []
  for (let time = 0; time < times; time++) buyers.push(await Buyer.enter(ground))
  const answers = await Promise.all(buyers.map((buyer) => buyer.pay()))
  expect(answers.map(({ status }) => status)).toEqual(buyers.map(() => 504))
}

/** As five failures have left it. */
async function opened(): Promise<void> {
  const nowMs = shop.cloud.now()
  const data = { vendor: 'stripe', failures: 5, openedAtMs: nowMs, retryAtMs: nowMs + MINUTE_MS, probe: null, probeUntilMs: null, restUntilMs: null, lastFailure: 'no answer' }
  await shop.cloud.servers.firestore.write([{ path: 'breakers/stripe', data }])
}

/** Tries once a minute, as somebody always does, until it is closed. */
async function closes(): Promise<void> {
  shop.calm()
  await shop.cloud.advance(2 * MINUTE_MS)
  expectPaidOnce(...(await paid()))
  expect(breaker()).toBeUndefined()
}

async function ready(): Promise<Array<{ person: Person; pay: () => Promise<Answer> }>> {
  return Promise.all(Array.from({ length: 10 }, async () => {
    const person = await shop.person()
    const { id } = await person.fill({ productId: PRODUCT, quantity: 1 })
    return { person, pay: () => checkOut(person, { cartId: id }, 'the-click') }
  }))
}

/** Everything is found out, and the breaker is closed. */
async function recovers(): Promise<void> {
  shop.calm()
  await timePasses(ground, 3)
  await expectAllSettles(ground)
  expect(breaker()).toBeUndefined()
}

describe('does', () => {
  test('write nothing and have no record while all is well', async () => {
    const since = shop.cloud.wire.lastCall
    expectPaidOnce(...(await paid()))
    expect(breaker()).toBeUndefined()
    expect(shop.documents('breakers')).toEqual([])
    expect(callsSince(since)).toEqual([CHARGE])
  })

  test('leave Stripe alone after five failures in a row: 503, nothing reserved, nothing asked, whoever comes', async () => {
    await fail(5)
    expect(breaker()).toMatchObject({ failures: 5, openedAtMs: expect.any(Number) })
    const before = await left(await shop.person(), PRODUCT)
    const since = shop.cloud.wire.lastCall
    const buyers = await ready()
    const answers = await Promise.all(buyers.map(({ pay }) => pay()))
    for (const { status, body, headers } of answers) {
      expect([status, body['code'], body['error']]).toEqual([503, 'SERVICE_UNAVAILABLE', 'Payment service temporarily unavailable. Please try again.'])
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
      expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(60)
    }
    expect(callsSince(since)).toEqual([])
    expect(buyers.flatMap(({ person }) => ordersOf(shop, person))).toEqual([])
    expect(await left(await shop.person(), PRODUCT)).toBe(before)
    await shop.cloud.drain()
    expect(alerts()).toMatchObject([{ status: 'open', payload: { severity: 'critical' } }])
    await recovers()
    await shop.tally('sweep-alerts')
    await shop.cloud.drain()
    expect(alerts()).toMatchObject([{ status: 'resolved' }])
  })

  test('sell what costs nothing all the same', async () => {
    await opened()
    const person = await shop.person()
    await shop.cloud.servers.firestore.write([{ path: 'products/gift', data: { ...shop.document('products', PRODUCT), id: 'gift', price: 0, counted: false } }])
    const { id } = await person.fill({ productId: 'gift', quantity: 1 })
    expect((await checkOut(person, { cartId: id })).status).toBe(201)
    await closes()
  })

  test('let one of ten at once try when a minute is over; its success is everybody\'s', async () => {
    await opened()
    const buyers = await ready()
    await shop.cloud.advance(MINUTE_MS + 1)
    const since = shop.cloud.wire.lastCall
    shop.fault({ target: 'stripe', operation: CHARGE, when: 'before', effect: 'delay', delayMs: 4_000, times: 1 })
    let refused = 0
    const answering = buyers.map(async ({ pay }) => {
      const answer = await pay()
      // Stripe takes its time until all others are answered.
      if (answer.status === 503 && ++refused === buyers.length - 1) shop.calm()
      return answer
    })
    const answers = await Promise.all(answering)
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array.from({ length: 9 }, () => 503)])
    expect(callsSince(since)).toEqual([CHARGE])
    expect(breaker()).toBeUndefined()
    const again = await Promise.all(buyers.map(({ pay }) => pay()))
    expect(again.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 201))
    for (const { person } of buyers) expect(ordersOf(shop, person).map(({ id }) => chargesFor(shop, id).length)).toEqual([1])
    await closes()
  })

  test('stay closed to all for another minute when the one who tried was not answered', async () => {
    await opened()
    stripeIsAway()
    const buyers = await ready()
    await shop.cloud.advance(MINUTE_MS + 1)
    const since = shop.cloud.wire.lastCall
    const answers = await Promise.all(buyers.map(({ pay }) => pay()))
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array.from({ length: 9 }, () => 503), 504])
    expect(callsSince(since)).toEqual([CHARGE, CHARGE, CHARGE])
    expect(breaker()).toMatchObject({ failures: 6, probe: null })
    const later = shop.cloud.wire.lastCall
    expect((await (buyers.find((_, index) => answers[index]?.status === 503) as { pay: () => Promise<Answer> }).pay()).status).toBe(503)
    expect(callsSince(later)).toEqual([])
    await closes()
  })

  test('let the sweep try, too, and ask about one order only while Stripe is away', async () => {
    await fail(2)
    stripeIsAway()
    await opened()
    await shop.cloud.advance(MINUTE_MS + 1)
    const since = shop.cloud.wire.lastCall
    await shop.tally('sweep-reservations')
    expect(new Set(callsSince(since)).size).toBe(1)
    expect(callsSince(since).length).toBe(3)
    expect(breaker()?.['failures']).toBe(6)
    await recovers()
  })
})

describe('refuses', () => {
  test('to count a decline, however many there are', async () => {
    for (let time = 0; time < 7; time++) {
      const person = await shop.person()
      const { id } = await person.fill({ productId: PRODUCT, quantity: 1 })
      expect((await checkOut(person, { cartId: id, paymentMethod: { token: 'pm_card_chargeDeclined' } })).status).toBe(402)
    }
    expect(breaker()).toBeUndefined()
  })

  test('to count failures that are not in a row', async () => {
    await fail(3)
    shop.calm()
    expect(breaker()?.['failures']).toBe(3)
    expectPaidOnce(...(await paid()))
    expect(breaker()).toBeUndefined()
    await fail(3)
    expect(breaker()).toMatchObject({ failures: 3, openedAtMs: null })
    await recovers()
  })

  test('to give a replay anything but its answer while the breaker is open', async () => {
    const person = await shop.person()
    const { id } = await person.fill({ productId: PRODUCT, quantity: 1 })
    const first = await checkOut(person, { cartId: id }, 'the-click')
    await opened()
    const again = await checkOut(person, { cartId: id }, 'the-click')
    expect([again.status, again.text]).toEqual([201, first.text])
    await closes()
  })
})

describe('survives', () => {
  test('the one who tries being killed: another one tries when its time is over', async () => {
    await opened()
    await shop.cloud.advance(MINUTE_MS + 1)
    const lost = await Buyer.enter(ground)
    lost.strikeCharge({ when: 'before', effect: 'kill' })
    await lost.pay().catch(() => undefined)
    await shop.cloud.instances.allReady()
    const next = await Buyer.enter(ground)
    expect((await next.pay()).status).toBe(503)
    await shop.cloud.advance(MINUTE_MS)
    expectPaidOnce(next, await next.pay())
    await closes()
  })
})

async function paid(): Promise<[Buyer, Answer]> {
  const buyer = await Buyer.enter(ground)
  return [buyer, await buyer.pay()]
}
