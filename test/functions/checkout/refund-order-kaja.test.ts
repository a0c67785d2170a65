/**
 * Refunds at KAJA: voided before the settlement, refunded after it, and what must wait for it waits and is not lost. One
 * wish happens once, two equal wishes happen twice.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { kajaChargesFor, kajaRefundsFor, newNonce, payByKaja } from '../kaja.ts'
import { decide } from '../held.ts'
import { expectAllSettles, expectTrueBooks, openGround, PRODUCT, timePasses, until, type Ground } from '../purchase.ts'
import type { Answer, Json, Person, Shop } from '../shop.ts'

vi.setConfig({ testTimeout: 30_000 })

const HALF_HOUR = 30
const DAY_MS = 86_400_000

let ground: Ground
let shop: Shop
let admin: Person

beforeAll(async () => {
  ground = await openGround({ environment: { VENDOR_DEADLINE_MS: '1000' } })
  shop = ground.shop
  admin = await shop.person('admin')
}, 30_000)
afterAll(() => shop.cloud.stop())
afterEach(async () => {
  shop.calm()
  await shop.cloud.drain()
  expectTrueBooks(ground)
})

async function bought(quantity = 2, card?: string): Promise<string> {
  const buyer = await shop.person()
  const { id } = await buyer.fill({ productId: PRODUCT, quantity })
  const { body } = await payByKaja(buyer, id, { token: newNonce(card) })
  await shop.cloud.drain()
  return body['orderId'] as string
}

async function settledOrder(): Promise<string> {
  const orderId = await bought()
  await shop.act('authorize-net', 'settle')
  return orderId
}

function refund(orderId: string, wish: Json, key: string): Promise<Answer> {
  return admin.post(`/api/orders/${orderId}/refunds`, { reason: 'Broken', ...wish }, key)
}

function order(orderId: string): Json {
  return shop.document('orders', orderId) as Json
}

/** Amounts that went back at Authorize.Net. */
function given(orderId: string): number[] {
  const [charge] = kajaChargesFor(shop, orderId)
  const voided = charge?.['transactionStatus'] === 'voided' ? [charge['settleAmount'] as number] : []
  return [...voided, ...kajaRefundsFor(shop, orderId).map(({ settleAmount }) => settleAmount as number)]
}

// Half a year passes: before anything else goes on in this shop.
describe('refuses', () => {
  test('a refund that is too old for Authorize.Net: 409, and its amount is free again', async () => {
    const orderId = await bought(1)
    await shop.cloud.advance(181 * DAY_MS)
    admin = await shop.person('admin')
    const answer = await refund(orderId, { amount: 5 }, 'late')
    expect([answer.status, answer.body['code']]).toEqual([409, 'CONFLICT'])
    expect(order(orderId)['refunds'][0].status).toBe('failed')
  })
})

describe('does', () => {
  test('void the whole before it is settled: the money never leaves the customer', async () => {
    const orderId = await bought()
    const answer = await refund(orderId, {}, 'whole')
    expect([answer.status, answer.body['order'].state, given(orderId)]).toEqual([201, 'refunded', [100]])
    expect((await refund(orderId, {}, 'whole')).text).toBe(answer.text)
    expect(kajaChargesFor(shop, orderId)[0]?.['transactionStatus']).toBe('voided')
  })

  test('refund after it is settled, in parts and by line, until nothing is left', async () => {
    const orderId = await settledOrder()
    expect((await refund(orderId, { lines: [{ productId: PRODUCT, quantity: 1 }], restock: true }, 'line')).status).toBe(201)
    expect((await refund(orderId, { amount: 10 }, 'ten')).body['order'].state).toBe('partially_refunded')
    expect((await refund(orderId, {}, 'rest')).body['order'].state).toBe('refunded')
    expect(given(orderId)).toEqual([50, 10, 40])
    expect((await refund(orderId, { amount: 1 }, 'more')).status).toBe(409)
  })

  test('make two equal refunds within a moment, for two wishes; one for one wish, however often it is wished', async () => {
    const orderId = await settledOrder()
    const answers = await Promise.all(['one', 'one', 'two', 'two', 'one'].map((key) => refund(orderId, { amount: 7 }, key)))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201))
    expect(given(orderId)).toEqual([7, 7])
  })

  test('take on a part that must wait for the settlement: 202, pending, and made after it, once', async () => {
    const orderId = await bought()
    const first = await refund(orderId, { amount: 30 }, 'part')
    expect([first.status, first.body['refund'].status, first.body['order'].state]).toEqual([202, 'pending', 'paid'])
    await timePasses(ground, HALF_HOUR)
    expect([given(orderId), order(orderId)['refunds'][0].status]).toEqual([[], 'pending'])
    expect((await refund(orderId, { amount: 30 }, 'part')).status).toBe(202)
    await shop.act('authorize-net', 'settle')
    await timePasses(ground, HALF_HOUR)
    expect([given(orderId), order(orderId)['state']]).toEqual([[30], 'partially_refunded'])
    expect((await refund(orderId, { amount: 30 }, 'part')).status).toBe(201)
  })

  test('let no more be asked for than is left while parts wait', async () => {
    const orderId = await bought()
    expect((await refund(orderId, { amount: 60 }, 'sixty')).status).toBe(202)
    expect((await refund(orderId, { amount: 60 }, 'sixty-more')).status).toBe(400)
    expect((await refund(orderId, {}, 'rest')).status).toBe(202)
    await shop.act('authorize-net', 'settle')
    await timePasses(ground, HALF_HOUR)
    expect([given(orderId).toSorted(), order(orderId)['state']]).toEqual([[40, 60], 'refunded'])
  })

  test('wait for the settlement with an order that its filter had held: voided, nobody could tell that it was ever paid', async () => {
    const orderId = await bought(1, 'tok_held')
    await decide(admin, orderId, 'approve', { key: 'yes' })
    expect((await refund(orderId, {}, 'whole')).status).toBe(202)
    await shop.act('authorize-net', 'settle')
    await timePasses(ground, HALF_HOUR)
    expect([given(orderId), order(orderId)['state']]).toEqual([[50], 'refunded'])
  })

  test('find that somebody has voided the charge at Authorize.Net: the refund of all of it is done', async () => {
    const orderId = await bought()
    await shop.act('authorize-net', `transactions/${order(orderId)['payment'].transactionId}/void`)
    await shop.cloud.drain()
    const answer = await refund(orderId, {}, 'whole')
    expect([answer.status, answer.body['order'].state, given(orderId)]).toEqual([201, 'refunded', [100]])
  })
})

describe('survives', () => {
  test.each([['void', false, 'voidTransaction'], ['refund', true, 'refundTransaction']] as const)('a lost answer to the %s: once, and the same key is told', async (_what, isSettled, type) => {
    const orderId = isSettled ? await settledOrder() : await bought()
    shop.fault({ target: 'authorize-net', match: type, when: 'after', effect: 'drop' })
    expect((await refund(orderId, {}, 'lost')).status).toBe(201)
    expect(given(orderId)).toEqual([100])
  })

  test('Authorize.Net away: 504, then finished by the sweep, once', async () => {
    const orderId = await settledOrder()
    shop.fault({ target: 'authorize-net', match: 'refundTransaction', when: 'after', effect: 'drop', times: 9 })
    shop.fault({ target: 'authorize-net', match: 'getUnsettledTransactionListRequest', when: 'before', effect: 'hang', times: 9, skip: 1 })
    shop.fault({ target: 'firestore', operation: 'Commit', match: 'inbox/authorize-net', when: 'before', effect: 'error', status: 7, times: 20 })
    expect((await refund(orderId, { amount: 20 }, 'away')).status).toBe(504)
    shop.calm()
    await timePasses(ground, 2)
    expect([given(orderId), order(orderId)['state']]).toEqual([[20], 'partially_refunded'])
  })

  test('the settlement between the look and the void: it becomes a refund', async () => {
    const orderId = await bought()
    shop.fault({ target: 'authorize-net', match: 'voidTransaction', when: 'before', effect: 'delay', delayMs: 10_000 })
    const since = shop.cloud.wire.lastCall
    const answer = refund(orderId, {}, 'between')
    await until(() => shop.cloud.wire.calls(since).some(({ fault }) => fault === 'before delay'))
    await shop.act('authorize-net', 'settle')
    shop.calm()
    expect((await answer).status).toBe(201)
    expect([kajaChargesFor(shop, orderId)[0]?.['transactionStatus'], given(orderId)]).toEqual(['settledSuccessfully', [100]])
  })

  test('the call and the sweep at once: one refund', async () => {
    const orderId = await settledOrder()
    shop.fault({ target: 'authorize-net', match: 'refundTransaction', when: 'before', effect: 'error', status: 503, times: 2 })
    expect((await refund(orderId, { amount: 9 }, 'race')).status).toBe(504)
    shop.calm()
    await shop.cloud.advance(61_000)
    await Promise.all([shop.tally('sweep-reservations'), refund(orderId, { amount: 9 }, 'race'), refund(orderId, { amount: 9 }, 'race')])
    expect(given(orderId)).toEqual([9])
  })

  test('all of it: once time has passed the books are right and nothing is stuck', () => expectAllSettles(ground))
})
