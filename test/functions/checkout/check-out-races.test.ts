/**
 * Many at once, over two instances: the same click twenty times, sixty for seven pieces; with every
 * message and every webhook delivered twice and out of order.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import {
  chargesFor, checkOut, expectAllSettles, expectTrueBooks, left, openGround, ordersOf, PRODUCT, recount, timePasses, until, type Ground,
} from '../purchase.ts'
import type { Answer, Person, Shop } from '../shop.ts'

vi.setConfig({ testTimeout: 30_000 })

let ground: Ground
let shop: Shop

beforeAll(async () => {
  ground = await openGround()
  shop = ground.shop
  Object.assign(shop.cloud.servers.pubsub.settings, { duplicates: 1, late: 0.2 })
  await shop.act('stripe', 'webhooks', { duplicates: 1, late: 0.2 })
}, 30_000)
afterAll(() => shop.cloud.stop())
afterEach(() => expectTrueBooks(ground))

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index))
}

async function people(count: number): Promise<Person[]> {
  return Promise.all(times(count, () => shop.person()))
}

function tally(answers: readonly Answer[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { status, body } of answers) {
    const name = body['code'] === undefined ? String(status) : `${status} ${body['code']}`
    counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}

/** One order, one charge, one answer in the same bytes; all but the runner say that they repeat it. */
function expectOneOrder(buyer: Person, answers: readonly Answer[]): void {
  expect(tally(answers)).toEqual({ 201: answers.length })
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
  expect(answers.filter(({ headers }) => headers.get('idempotent-replayed') !== 'true')).toHaveLength(1)
  expect(ordersOf(shop, buyer)).toHaveLength(1)
  expect(chargesFor(shop, answers[0]?.body['orderId'])).toHaveLength(1)
}

describe('does', () => {
  test.each<[string, string, string | undefined]>([
    ['a stored cart with a key', 'stored', 'clicks'],
    ['a stored cart without one', 'stored', undefined],
    ['an inline cart with a key', 'inline', 'clicks'],
    ['an inline cart without one', 'inline', undefined],
  ])('make one order of 20 identical checkouts at once: %s', async (_what, kind, key) => {
    const buyer = await shop.person()
    const lines = [{ productId: PRODUCT, quantity: 2 }]
    const purchase = kind === 'stored' ? { cartId: (await buyer.fill(...lines))['id'] } : { cart: lines }
    expectOneOrder(buyer, await Promise.all(times(20, () => checkOut(buyer, purchase, key))))
  })

  test.each(['stored', 'inline'])('make one order of 20 identical checkouts of the last pieces: none finds them taken by its own (%s cart)', async (kind) => {
    const product = kind === 'stored' ? 'VARCAPNAT' : 'VARCAPOLV'
    const quantity = shop.shelf(product)
    const buyer = await shop.person()
    const lines = [{ productId: product, quantity }]
    const purchase = kind === 'stored' ? { cartId: (await buyer.fill(...lines))['id'] } : { cart: lines }
    expectOneOrder(buyer, await Promise.all(times(20, () => checkOut(buyer, purchase))))
  })

  test('make one order of the clicks that come before the charge and those that come while it runs', async () => {
    const guest = shop.guest()
    const { id } = await guest.fill({ productId: PRODUCT, quantity: 1 })
    shop.fault({ target: 'stripe', operation: 'POST /v1/payment_intents', match: 'amount=5000&', when: 'after', effect: 'delay', delayMs: 300 })
    const early = times(5, () => checkOut(guest, { cartId: id }))
    await until(() => ordersOf(shop, guest).length === 1)
    expectOneOrder(guest, await Promise.all([...early, ...times(5, () => checkOut(guest, { cartId: id }))]))
  })

  test('sell carts that meet in opposite order without one waiting for the other for ever', async () => {
    const [one, other] = [{ productId: 'VARHEARTS250', quantity: 1 }, { productId: 'VARSEEDOIL250', quantity: 1 }]
    const buyers = await people(20)
    const answers = await Promise.all(buyers.map((buyer, index) => checkOut(buyer, { cart: index % 2 === 0 ? [one, other] : [other, one] })))
    expect(tally(answers)).toEqual({ 201: 20 })
  })
})

describe('refuses', () => {
  test('53 of 60 customers at once when 7 pieces are left, keeps nothing reserved for them, and Square ends at zero', async () => {
    const product = 'VARPROTEINPLAIN'
    await recount(ground, product, 7)
    const answers = await Promise.all((await people(60)).map((buyer) => checkOut(buyer, { cart: [{ productId: product, quantity: 1 }] }, 'last')))
    expect(tally(answers)).toEqual({ 201: 7, '409 OUT_OF_STOCK': 53 })
    expect(await left(shop.guest(), product)).toBe(0)
    await timePasses(ground, 2)
    expect([shop.shelf(product), shop.document('products', product)]).toEqual([0, expect.objectContaining({ onHand: 0, held: 0 })])
  })

  test('more than there is, while half the cards are declined and sold units travel to Square', async () => {
    const product = 'VARNIGHTOIL1500'
    const stock = shop.shelf(product)
    const buyers = await people(50)
    const follow = async (job: string): Promise<void> => {
      for (let time = 0; time < 4; time += 1) await shop.tally(job)
    }
    const behind = ['send-stock-adjustments', 'sync-square-catalogue'].map(follow)
    const cart = [{ productId: product, quantity: 1 }]
    const answers = await Promise.all(
      buyers.map((buyer, index) => checkOut(buyer, { cart, paymentMethod: { token: index % 2 === 0 ? 'pm_card_visa' : 'tok_declined' } })),
    )
    await Promise.all(behind)
    const paid = answers.filter(({ status }) => status === 201).length
    expect(paid).toBeGreaterThan(0)
    expect(answers.filter(({ status }) => ![201, 402, 409].includes(status)).map(({ text }) => text)).toEqual([])
    await shop.cloud.drain()
    expect(shop.shelf(product)).toBe(stock - paid)
  })

  test('the eleventh of 12 different checkouts of one customer at once', async () => {
    const buyer = await shop.person()
    const answers = await Promise.all(times(12, (index) => checkOut(buyer, { cart: [{ productId: PRODUCT, quantity: index + 1 }] })))
    expect(tally(answers)).toEqual({ 201: 10, '429 RATE_LIMITED': 2 })
  })

  test('all but one of 10 keys at once for one cart, with the order that has it', async () => {
    const buyer = await shop.person()
    const { id } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
    const answers = await Promise.all(times(10, (index) => checkOut(buyer, { cartId: id }, `tab-${index}`)))
    expect(tally(answers)).toEqual({ 201: 1, '409 CONFLICT': 9 })
    const orderId = answers.find(({ status }) => status === 201)?.body['orderId']
    for (const { status, body } of answers) if (status === 409) expect(body['details']).toEqual({ orderId, cartId: id })
  })

  test('all but one body for one key at once', async () => {
    const buyer = await shop.person()
    const answers = await Promise.all(times(8, (index) => checkOut(buyer, { cart: [{ productId: PRODUCT, quantity: index + 1 }] }, 'one')))
    expect(tally(answers)).toEqual({ 201: 1, '422 IDEMPOTENCY_MISMATCH': 7 })
  })
})

describe('survives', () => {
  test('every message and webhook twice and out of order: one mail each, nothing stuck', () => expectAllSettles(ground))
})
