/**
 * A page at Stripe while calls are lost, come late, or the instance dies: one page for one click, nobody pays for what is
 * back on the shelf, and money that comes too late buys the goods or goes back.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { openPage, payOn, sessionsFor } from '../hosted.ts'
import {
  chargesFor, checkOut, expectAllSettles, expectTrueBooks, left, openGround, orderOf, ordersOf, PRODUCT, timePasses, until, type Ground,
} from '../purchase.ts'
import type { Strike } from '../buyer.ts'
import type { Json, Person, Shop } from '../shop.ts'

vi.setConfig({ testTimeout: 60_000 })

const CREATE = 'POST /v1/checkout/sessions'
/** Three tries, each of which the SDK makes twice when the connection is reset. */
const RESETS = 6

let ground: Ground
let shop: Shop

beforeAll(async () => {
  ground = await openGround({ environment: { CHARGE_DEADLINE_MS: '3300' } })
  shop = ground.shop
}, 30_000)
afterAll(() => shop.cloud.stop())
afterEach(async () => {
  shop.calm()
  await shop.act('stripe', 'webhooks', { duplicates: 0, late: 0 })
  expectTrueBooks(ground)
})

interface Click {
  readonly buyer: Person
  readonly cartId: string
  readonly click: (key?: string) => ReturnType<typeof openPage>
}

async function enter(productId = PRODUCT, quantity = 1): Promise<Click> {
  const buyer = await shop.person()
  const cartId = (await buyer.fill({ productId, quantity }))['id'] as string
  return { buyer, cartId, click: (key = 'the-click') => openPage(buyer, { cartId }, key) }
}

/** Strikes the opening of this buyer's page. */
function strike({ buyer }: Click, how: Strike): void {
  shop.fault({ target: 'stripe', operation: CREATE, match: buyer.email.replace('@', '%40'), ...how })
}

function outcomeOf({ buyer }: Click): { states: string[]; pages: string[]; charges: number } {
  const orders = ordersOf(shop, buyer)
  const ids = orders.map(({ id }) => id as string)
  return {
    states: orders.map(({ state }) => state),
    pages: ids.flatMap((id) => sessionsFor(shop, id)).map(({ status }) => status),
    charges: ids.flatMap((id) => chargesFor(shop, id)).filter(({ status }) => status === 'succeeded').length,
  }
}

describe('survives', () => {
  test('answers that Stripe loses, refuses or gives twice: one page, and the customer is told where it is', async () => {
    const cases: Array<[string, Strike]> = [
      ['its answer is lost', { when: 'after', effect: 'drop' }],
      ['its answer is lost again and again', { when: 'after', effect: 'drop', times: 3 }],
      ['it cannot be reached at first', { when: 'before', effect: 'drop', times: 3 }],
      ['it has too much to do for a moment', { when: 'before', effect: 'error', status: 429 }],
      ['it gets the request twice', { when: 'before', effect: 'duplicate' }],
    ]
    await Promise.all(
      cases.map(async ([what, how]) => {
        const click = await enter()
        strike(click, how)
        const answer = await click.click()
        expect([what, answer.status]).toEqual([what, 201])
        expect([what, outcomeOf(click)]).toEqual([what, { states: ['pending_payment'], pages: ['open'], charges: 0 }])
        await payOn(answer.body['url'])
      }),
    )
    await shop.cloud.drain()
  })

  const silences: Array<[string, Strike, { readonly opened: boolean }]> = [
    ['its answers are lost', { when: 'after', effect: 'drop', times: RESETS }, { opened: true }],
    ['it cannot be reached', { when: 'before', effect: 'drop', times: RESETS }, { opened: false }],
    ['it answers errors', { when: 'before', effect: 'error', status: 500, times: 3 }, { opened: false }],
  ]

  test('Stripe away for the whole deadline: 504, then the same key finds or opens the one page', async () => {
    await Promise.all(
      silences.map(async ([what, how]) => {
        const click = await enter()
        strike(click, how)
        const lost = await click.click()
        expect([what, lost.status, lost.body['code']]).toEqual([what, 504, 'GATEWAY_TIMEOUT'])
        expect((await click.click('another-tab')).body['details'].orderId).toBe(lost.body['details'].orderId)
        const asked = await click.click()
        expect([what, asked.status, asked.body['orderId']]).toEqual([what, 201, lost.body['details'].orderId])
        expect([what, outcomeOf(click)]).toEqual([what, { states: ['pending_payment'], pages: ['open'], charges: 0 }])
        expect((await click.click()).text).toBe(asked.text)
        await payOn(asked.body['url'])
      }),
    )
    await shop.cloud.drain()
  })

  test('Stripe away, and nobody asks again: its page is found and kept, or stock and cart go back, for the key to try anew', async () => {
    const struck = await Promise.all(
      silences.map(async ([, how, { opened }]) => {
        const click = await enter()
        strike(click, how)
        expect((await click.click()).status).toBe(504)
        return { click, opened }
      }),
    )
    await timePasses(ground, 2)
    for (const { click, opened } of struck) {
      const expected = opened ? { states: ['pending_payment'], pages: ['open'] } : { states: ['payment_failed'], pages: [] }
      expect(outcomeOf(click)).toEqual({ ...expected, charges: 0 })
      const again = await click.click()
      expect(again.status).toBe(201)
      await payOn(again.body['url'])
    }
    await shop.cloud.drain()
    for (const { click } of struck) expect(outcomeOf(click).charges).toBe(1)
  })

  test('a key that stands for a page which was asked for in other words, and one that is asked about too late to open another: the page is found', async () => {
    const [words, time, late] = await Promise.all([enter(), enter(), enter()])
    for (const click of [words, time]) strike(click, { when: 'after', effect: 'drop', times: RESETS })
    strike(late, { when: 'before', effect: 'drop', times: RESETS })
    const lost = await Promise.all([words, time, late].map(({ click }) => click()))
    expect(lost.map(({ status }) => status)).toEqual([504, 504, 504])
    const found = async (change: string, click: Click): Promise<void> => {
      const asked = await click.click()
      expect([change, asked.status, outcomeOf(click)]).toEqual([change, 201, { states: ['pending_payment'], pages: ['open'], charges: 0 }])
      await payOn(asked.body['url'])
    }
    const [order] = ordersOf(shop, words.buyer) as [Json]
    const payment = { ...order['payment'], session: { ...order['payment'].session, expiresAtMs: order['payment'].session.expiresAtMs + 60_000 } }
    await shop.cloud.servers.firestore.write([{ path: `orders/${order['id']}`, data: { ...order, payment } }])
    await found('words', words)
    await shop.cloud.advance(6 * 60_000)
    await found('time', time)
    expect((await late.click()).status).toBe(503)
    expect(outcomeOf(late)).toEqual({ states: ['payment_failed'], pages: [], charges: 0 })
    await shop.cloud.drain()
  })

  test('the page paid before our own commit has told of it: the webhook finds the order', async () => {
    const click = await enter()
    strike(click, { when: 'after', effect: 'delay', delayMs: 1_500 })
    const answer = click.click()
    const session = await until(() => ordersOf(shop, click.buyer).flatMap(({ id }) => sessionsFor(shop, id))[0])
    await payOn(session['url'])
    await until(() => outcomeOf(click).states[0] === 'paid')
    expect((await answer).body['order'].state).toBe('paid')
  })

  test('webhooks twice, late and out of order, and an old one sent again long after: nothing more happens', async () => {
    await shop.act('stripe', 'webhooks', { duplicates: 1, late: 0.5 })
    const clicks = await Promise.all(Array.from({ length: 4 }, () => enter()))
    for (const [index, click] of clicks.entries()) {
      const { url } = (await click.click()).body
      if (index % 2 === 0) await payOn(url, 'pm_card_visa_chargeDeclined')
      await payOn(url)
    }
    await timePasses(ground, 2)
    for (const click of clicks) expect(outcomeOf(click)).toEqual({ states: ['paid'], pages: ['complete'], charges: 1 })
    const before = ordersOf(shop, clicks[0]?.buyer as Person)
    const events = shop.at('stripe', 'events').filter(({ type }) => /^checkout\.session|payment_failed/.test(type))
    for (const { id } of events) await shop.act('stripe', `events/${id}/resend`)
    await timePasses(ground, 1)
    expect(ordersOf(shop, clicks[0]?.buyer as Person)).toEqual(before)
  })

  test('each of its commits lost, before and after it took effect: the same key ends in one page', async () => {
    for (const [when, skip, effect] of [['before', 0, 'drop'], ['after', 0, 'error'], ['before', 1, 'error'], ['after', 1, 'drop']] as const) {
      const click = await enter()
      shop.fault({ target: 'firestore', operation: 'Commit', match: click.buyer.email, when, skip, effect, ...(effect === 'error' ? { status: 13 } : {}) })
      const first = await click.click()
      expect([201, 500, 503, 504]).toContain(first.status)
      shop.calm()
      const again = await click.click()
      expect([when, skip, again.status, outcomeOf(click).pages]).toEqual([when, skip, 201, ['open']])
      await payOn(again.body['url'])
    }
    await shop.cloud.drain()
  })

  test('all of it: once time has passed no page is open, the books are right and nothing is stuck', async () => {
    await timePasses(ground, 45)
    expect(shop.at('stripe', 'checkout_sessions').filter(({ status }) => status === 'open')).toEqual([])
    expect(await left(shop.guest(), PRODUCT)).toBeGreaterThan(0)
    await expectAllSettles(ground)
  })
})

describe('survives', () => {
  let impatient: Ground
  beforeAll(async () => {
    impatient = ground
    ground = await openGround({ environment: { CHARGE_DEADLINE_MS: '60000' } })
    shop = ground.shop
  }, 30_000)
  afterAll(async () => {
    await shop.cloud.stop()
    ground = impatient
    shop = ground.shop
  })

  /** A click that reaches Stripe only when the faults are cleared; meanwhile the sweep has given its order up. */
  async function givenUp(click: Click): Promise<{ readonly answer: ReturnType<Click['click']> }> {
    strike(click, { when: 'before', effect: 'delay', delayMs: 60_000 })
    const answer = click.click()
    await until(() => shop.cloud.wire.faults().some(({ struck }) => struck > 0))
    await shop.cloud.advance(61_000)
    await shop.tally('sweep-reservations')
    expect(outcomeOf(click).states).toEqual(['payment_failed'])
    return { answer }
  }

  test('Stripe so slow that the sweep has given the order up: nobody can pay the page that opens then', async () => {
    const click = await enter()
    const { answer } = await givenUp(click)
    shop.calm()
    expect((await answer).body['code']).toBe('SERVICE_UNAVAILABLE')
    expect(outcomeOf(click)).toEqual({ states: ['payment_failed'], pages: ['expired'], charges: 0 })
  })

  /** The page of an order that had been given up cannot be ended either, and its customer pays it. */
  async function paidTooLate(click: Click, meanwhile: () => Promise<void>): Promise<Json> {
    const { answer } = await givenUp(click)
    shop.calm()
    const operation = 'POST /v1/checkout/sessions/:id/expire'
    shop.fault({ target: 'stripe', operation, when: 'before', effect: 'error', status: 500, times: 3 })
    await answer
    await meanwhile()
    const [order] = ordersOf(shop, click.buyer)
    const [session] = sessionsFor(shop, order?.['id'])
    expect([order?.['state'], session?.['status']]).toEqual(['payment_failed', 'open'])
    await payOn(session?.['url'])
    for (const minutes of [0.01, 2]) await timePasses(ground, minutes)
    return orderOf(click.buyer, order?.['id'])
  }

  test('money for an order that was given up, while the goods are there: sold after all, with its cart', async () => {
    const click = await enter()
    const order = await paidTooLate(click, async () => undefined)
    expect(order['state']).toBe('paid')
    expect((await click.buyer.get(`/api/carts/${click.cartId}`)).body['cart']).toMatchObject({ state: 'checked_out', orderId: order['id'] })
  })

  test('money for an order that was given up, when the goods are gone: given back, and the customer told', async () => {
    const product = 'VARCOOKBOOKHC'
    const quantity = shop.shelf(product)
    const click = await enter(product, quantity)
    const order = await paidTooLate(click, async () => {
      expect((await checkOut(await shop.person(), { cart: [{ productId: product, quantity }] })).status).toBe(201)
    })
    expect([order['state'], order['refunded']]).toEqual(['refunded', order['total']])
    const mails = shop.at('resend', 'emails').filter(({ to }) => String(to) === click.buyer.email)
    expect(mails.map(({ subject }) => String(subject).slice(0, 11))).toEqual(['Your refund'])
  })

  test('all of that: once time has passed the books are right and nothing is stuck', async () => {
    await timePasses(ground, 45)
    await expectAllSettles(ground)
  })
})
