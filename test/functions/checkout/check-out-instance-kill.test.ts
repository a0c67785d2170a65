/**
 * The death of an instance at each call of a checkout that changes something: the customer is charged at most once, and
 * the order tells the truth.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { chargesFor, checkOut, expectAllSettles, openGround, ordersOf, PRODUCT, timePasses, type Ground } from '../purchase.ts'
import type { Person, Shop } from '../shop.ts'

vi.setConfig({ testTimeout: 60_000 })

/** Death before or after a question changes nothing: `npm run test:faults` tries those, too. */
const READS = ['BatchGetDocuments', 'POST /v2/inventory/counts/batch-retrieve']

let ground: Ground
let shop: Shop

beforeAll(async () => {
  ground = await openGround()
  shop = ground.shop
}, 30_000)
afterAll(() => shop.cloud.stop())

interface Point {
  readonly target: string
  readonly operation: string
  /** Calls of the same name before it. */
  readonly skip: number
}

/** The calls that a clean checkout makes, in order. */
async function points(): Promise<Point[]> {
  const buyer = await shop.person()
  const { id } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
  await shop.cloud.drain()
  const since = shop.cloud.wire.lastCall
  expect((await checkOut(buyer, { cartId: id }, 'clean')).status).toBe(201)
  const calls = shop.cloud.wire.calls(since).filter((call) => call.function === 'check-out')
  const alike = (one: Omit<Point, 'skip'>, other: Omit<Point, 'skip'>): boolean => one.target === other.target && one.operation === other.operation
  return calls.map((call, index) => {
    const { target, operation } = call
    return { target, operation, skip: calls.slice(0, index).filter((earlier) => alike(earlier, call)).length }
  })
}

interface Struck {
  readonly what: string
  readonly buyer: Person
  readonly cartId: string
  /** Whether the customer clicks again. */
  readonly again: boolean
}

async function killedAt(point: Point, when: 'before' | 'after', again: boolean): Promise<Struck> {
  const buyer = await shop.person()
  const cartId = (await buyer.fill({ productId: PRODUCT, quantity: 1 }))['id'] as string
  await shop.cloud.drain()
  shop.fault({ ...point, when, effect: 'kill' })
  const { status } = await checkOut(buyer, { cartId }, 'the-click')
  shop.calm()
  const what = `${when} ${point.operation} ${point.skip}`
  expect([what, [201, 503].includes(status)]).toEqual([what, true])
  return { what, buyer, cartId, again }
}

describe('survives', () => {
  test('a kill at each call of a checkout that changes something: the same key ends in one paid order, and without it the order is paid or given up', async () => {
    const found = (await points()).filter(({ operation }) => !READS.includes(operation))
    expect(found.map(({ target }) => target)).toEqual(expect.arrayContaining(['firestore', 'stripe', 'pubsub']))
    const struck: Struck[] = []
    // Death before a call leaves what death after the one before it leaves.
    for (const [index, point] of found.entries()) {
      if (index === 0) struck.push(await killedAt(point, 'before', false))
      struck.push(await killedAt(point, 'after', index % 2 === 0))
    }
    await timePasses(ground, 0.6)
    const asked = struck.filter(({ again }) => again)
    const answers = await Promise.all(asked.map(async ({ what, buyer, cartId }) => [what, (await checkOut(buyer, { cartId }, 'the-click')).status]))
    expect(answers).toEqual(asked.map(({ what }) => [what, 201]))
    await timePasses(ground, 2)
    for (const { what, buyer, again } of struck) {
      const orders = ordersOf(shop, buyer)
      const charges = orders.flatMap(({ id }) => chargesFor(shop, id)).length
      const expected = again || charges === 1 ? ['paid'] : orders.map(() => 'payment_failed')
      expect([what, orders.map(({ state }) => state)]).toEqual([what, expected])
      expect(charges).toBeLessThanOrEqual(1)
    }
    await expectAllSettles(ground)
  })
})
