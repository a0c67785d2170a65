/**
 * A purchase while Google's services, Square or Resend lose calls, are down, slow or do things twice. Whatever happens, the
 * same key ends in one paid order, and without it the order tells the truth after some time.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { Buyer, expectPaidOnce, type Strike } from '../buyer.ts'
import { checkOut, expectAllSettles, expectTrueBooks, openGround, ordersOf, timePasses, type Ground } from '../purchase.ts'
import type { Shop } from '../shop.ts'

vi.setConfig({ testTimeout: 30_000 })

let ground: Ground
let shop: Shop

beforeAll(async () => {
  ground = await openGround()
  shop = ground.shop
}, 30_000)
afterAll(() => shop.cloud.stop())
afterEach(() => {
  shop.calm()
  expectTrueBooks(ground)
})

describe('does', () => {
  test('sell by its own count, and say so, when Square is down, slow, or answers nonsense', async () => {
    const faults: Array<[string, Strike]> = [
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
      const buyer = await Buyer.enter(ground)
      shop.fault({ target: 'pubsub', operation: 'Publish', match: 'mail-queued', when, effect: 'error', status: 14 })
      expectPaidOnce(buyer, await buyer.pay())
      await timePasses(ground, 2)
      expect(shop.at('resend', 'emails').filter(({ to }) => String(to) === buyer.person.email)).toHaveLength(1)
    }
  })

  test('send the receipt once although Resend has a bad day', async () => {
    const cases: Strike[] = [
      { when: 'before', effect: 'error', status: 500, times: 2 },
      { when: 'before', effect: 'error', status: 429 },
      { when: 'after', effect: 'drop', times: 2 },
      { when: 'before', effect: 'drop' },
      { when: 'before', effect: 'duplicate' },
    ]
    const buyers = await Promise.all(
      cases.map(async (strike) => {
        const buyer = await Buyer.enter(ground)
        shop.fault({ target: 'resend', match: buyer.person.email, ...strike })
        expectPaidOnce(buyer, await buyer.pay())
        return buyer
      }),
    )
    await shop.cloud.drain()
    for (const minutes of [1, 1, 2]) await timePasses(ground, minutes)
    for (const { person } of buyers) expect(shop.at('resend', 'emails').filter(({ to }) => String(to) === person.email)).toHaveLength(1)
  })
})

describe('survives', () => {
  test('the commit that reserves the last pieces lost after it took effect: its own reservation is not out of stock', async () => {
    const faults: Array<[string, Strike]> = [
      ['VARTEESHIRTS', { when: 'after', effect: 'drop' }],
      ['VARTEESHIRTM', { when: 'after', effect: 'error', status: 13 }],
      ['VARTEESHIRTL', { when: 'before', effect: 'duplicate' }],
    ]
    for (const [productId, fault] of faults) {
      const person = await shop.person()
      shop.fault({ target: 'firestore', operation: 'Commit', match: person.email, ...fault })
      const answer = await checkOut(person, { cart: [{ productId, quantity: shop.shelf(productId) }] })
      expect([productId, answer.status]).toEqual([productId, 201])
    }
  })

  const losses: ReadonlyArray<Pick<Strike, 'effect' | 'status'>> = [
    { effect: 'drop' }, { effect: 'duplicate' }, ...[4, 8, 10, 13].map((status) => ({ effect: 'error' as const, status })),
  ]
  const strikes = losses.flatMap((loss) => (['before', 'after'] as const).map((when): Strike => ({ when, ...loss })))
  const commits = strikes.flatMap((strike) => (['reserve', 'settle'] as const).map((which) => ({ which, strike })))

  test('each commit of a checkout lost, refused or done twice, before and after it took effect: the same key ends in one paid order', async () => {
    const answers = await Promise.all(
      commits.map(async ({ which, strike }) => {
        const buyer = await Buyer.enter(ground)
        buyer.strikeCommit(which, strike)
        const first = await buyer.pay()
        const what = `${which} ${strike.when} ${strike.effect} ${strike.status ?? ''}`
        expect([what, [201, 503, 504, 500].includes(first.status)]).toEqual([what, true])
        if (first.status !== 201) expect([what, first.body['retryable']]).toEqual([what, true])
        const again = await buyer.pay()
        expect([what, again.status]).toEqual([what, 201])
        expectPaidOnce(buyer, again)
        if (first.status === 201) expect(again.text).toBe(first.text)
        return `${what}: ${first.status}`
      }),
    )
    expect(answers).toHaveLength(24)
  })

  test('the same, and nobody asks again: the order is there and paid, or nothing is', async () => {
    // What our store has said of it does not matter to those who find the order.
    const lost = commits.filter(({ strike: { effect, status } }) => effect === 'drop' || status === 13)
    const struck = await Promise.all(
      lost.map(async ({ which, strike }) => {
        const buyer = await Buyer.enter(ground)
        buyer.strikeCommit(which, strike)
        const { status: answered } = await buyer.pay()
        return { buyer, answered }
      }),
    )
    await timePasses(ground, 2)
    for (const { buyer, answered } of struck) {
      const orders = ordersOf(shop, buyer.person)
      if (orders.length === 0) expect(answered).not.toBe(201)
      else expect(['paid', 'payment_failed']).toContain(buyer.outcome().state)
      if (answered === 201) expect(buyer.outcome()).toEqual({ state: 'paid', charges: 1 })
    }
  })

  test('each read of a checkout lost or refused: 201, or 5xx to be tried again and then 201', async () => {
    await Promise.all(
      strikes.map(async (strike) => {
        const buyer = await Buyer.enter(ground)
        shop.fault({ target: 'firestore', operation: 'BatchGetDocuments', match: buyer.cartId, ...strike })
        const first = await buyer.pay()
        if (first.status !== 201) expect([first.status >= 500, first.body['retryable']]).toEqual([true, true])
        expectPaidOnce(buyer, await buyer.pay())
      }),
    )
  })

  test('all of it: once time has passed the books are right and nothing is stuck', () => expectAllSettles(ground))
})
