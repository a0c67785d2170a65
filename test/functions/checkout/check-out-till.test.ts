/**
 * A shop with a store: what is bought online and what is sold at the till at the same time, and a till that is slow, talks
 * nonsense or cannot be asked. Square's own log of changes is the judge: each sale of ours stands in it once, and its count
 * is ours when all is done.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { seeded } from '../../../infra/local/random.ts'
import { checkOut, left } from '../purchase.ts'
import { openShop, type Json, type Person, type Shop } from '../shop.ts'
import { Till } from '../till.ts'

const COUNTS = '/v2/inventory/counts/batch-retrieve'
const CHANGES = '/v2/inventory/changes/batch-create'
const MINUTE_MS = 60_000

let shop: Shop
let admin: Person
let till: Till
beforeAll(async () => {
  shop = await openShop()
  admin = await shop.person('admin')
  till = new Till(shop)
})
afterEach(async () => {
  shop.calm()
  await shop.cloud.drain()
})
afterAll(() => shop.cloud.stop())

const stored = (id: string): Json => shop.document('products', id) as Json
const inStore = (productId: string, change: Json): Promise<Json> => shop.act('square', 'inventory', { productId, ...change })
const differences = async (): Promise<Json[]> => (await admin.get('/api/admin/stock-differences')).body['differences']

/** The shelf is counted, and the shop knows it. */
async function lay(productId: string, quantity: number): Promise<void> {
  await inStore(productId, { quantity })
  await settle()
}

async function settle(): Promise<void> {
  await shop.cloud.drain()
  await shop.tally('sync-square-catalogue')
  await shop.cloud.drain()
}

describe('does', () => {
  test('sell by its own count, and say so, when the till is slow or talks nonsense', async () => {
    const troubles: ReadonlyArray<readonly [string, string, () => (() => void) | void]> = [
      ['slow', 'VARHEARTS250', () => shop.fault({ target: 'square', operation: `POST ${COUNTS}`, when: 'after', effect: 'delay', delayMs: 1_600 })],
      ['a page of some proxy', 'VARHEARTS1000', () => shop.twist('square', COUNTS, () => '<html>Welcome</html>')],
      ['nothing', 'VARSEEDOIL250', () => shop.twist('square', COUNTS, () => undefined)],
      ['no count of what is asked', 'VARSEEDOIL500', () => shop.twist('square', COUNTS, () => ({}))],
      ['a count that is no number', 'VARCALMBALM30', () => shop.twist('square', COUNTS, (body) => ({ counts: body['counts'].map((count: Json) => ({ ...count, quantity: 'many' })) }))],
      ['errors in a good answer', 'VARCALMBALM60', () => shop.twist('square', COUNTS, () => ({ errors: [{ category: 'API_ERROR', code: 'INTERNAL_SERVER_ERROR' }] }))],
    ]
    for (const [what, productId, trouble] of troubles) {
      const before = await left(shop.guest(), productId)
      const honest = trouble()
      const startedAt = performance.now()
      const { status, body } = await checkOut(await shop.person(), { cart: [{ productId, quantity: 1 }] })
      honest?.()
      expect([what, status, body['order'].stockUnconfirmed]).toEqual([what, 201, true])
      expect(performance.now() - startedAt).toBeLessThan(10_000)
      expect([what, await left(shop.guest(), productId)]).toEqual([what, before - 1])
    }
    await settle()
    expect(await differences()).toEqual([])
  })

  test('ask the till at checkout: what the store sold a moment ago cannot be bought, and nothing is charged', async () => {
    await lay('VARBATHSALT1', 1)
    await inStore('VARBATHSALT1', { adjust: -1 })
    const before = shop.at('stripe', 'payment_intents').length
    const { status, body } = await checkOut(await shop.person(), { cart: [{ productId: 'VARBATHSALT1', quantity: 1 }] })
    expect([status, body['code'], body['details'].lines]).toEqual([409, 'OUT_OF_STOCK', [{ productId: 'VARBATHSALT1', requested: 1, available: 0 }]])
    expect(shop.at('stripe', 'payment_intents')).toHaveLength(before)
    expect(await differences()).toEqual([])
  })
})

describe('survives', () => {
  test('the last piece wanted by three online and one in the store, all at once: one online at most; if both have it, staff know whose order', async () => {
    const productId = 'VARCAPOLV'
    const ends = new Set<string>()
    for (let round = 0; round < 3; round += 1) {
      await lay(productId, 1)
      const people = await Promise.all(Array.from({ length: 3 }, () => shop.person()))
      const atTill = new Promise((resolve) => setTimeout(resolve, round * 8)).then(() => inStore(productId, { adjust: -1 }))
      const answers = await Promise.all(people.map((person) => checkOut(person, { cart: [{ productId, quantity: 1 }] })))
      await atTill
      const paid = answers.filter(({ status }) => status === 201)
      expect(answers.filter(({ status }) => status !== 201).map(({ body }) => body['code']).every((code) => code === 'OUT_OF_STOCK')).toBe(true)
      expect(paid.length).toBeLessThanOrEqual(1)
      await settle()
      expect([shop.shelf(productId), stored(productId)['onHand'], stored(productId)['held']]).toEqual([0 - paid.length, 0 - paid.length, 0])
      expect((await differences()).map(({ units, orders }) => [units, orders[0].orderId])).toEqual(paid.map(({ body }) => [1, body['orderId']]))
      ends.add(paid.length === 1 ? 'both' : 'store')
    }
    expect(ends.size).toBeGreaterThan(0)
  })

  test('an afternoon of everything at once: each sale is taken off once, and both counts are one', async () => {
    const random = seeded(11)
    const below = (n: number): number => Math.floor(random() * n)
    const productId = 'test-product-1'
    await lay(productId, 500)
    await till.listen({ duplicates: 0.3, late: 0.3 })
    const startedAt = new Date(shop.cloud.now()).toISOString()
    const known = new Set(shop.at('square', 'inventory_changes').map((change) => idOf(change)))
    const people = await Promise.all(Array.from({ length: 4 }, () => shop.person()))
    const paid: Json[] = []
    let givenBack = 0
    const acts: Array<() => Promise<unknown>> = [
      async () => {
        const { status, body } = await checkOut(people[below(4)] as Person, { cart: [{ productId, quantity: 1 + below(3) }] }, `buy-${random()}`)
        if (status === 201) paid.push(body['order'])
      },
      async () => {
        const token = below(2) === 0 ? 'pm_card_visa_chargeDeclined' : 'pm_card_authenticationRequired'
        await checkOut(people[below(4)] as Person, { cart: [{ productId, quantity: 1 }], paymentMethod: { token } }, `no-${random()}`)
      },
      async () => {
        const order = paid.shift()
        if (order === undefined) return
        const { quantity } = order['lines'][0]
        const restock = below(2) === 0
        const { status } = await admin.post(`/api/orders/${order['id']}/refunds`, { lines: [{ productId, quantity }], restock, reason: 'Unopened' })
        if (status === 201 && restock) givenBack += quantity
      },
      () => inStore(productId, { adjust: -1 - below(3) }),
      () => inStore(productId, { quantity: 480 + below(40) }),
      () => shop.tally('send-stock-adjustments'),
      () => shop.tally('sync-square-catalogue'),
      async () => shop.fault({ target: 'square', operation: `POST ${CHANGES}`, when: below(2) === 0 ? 'before' : 'after', effect: 'drop', times: 1 + below(5) }),
      async () => shop.fault({ target: 'square', operation: `POST ${COUNTS}`, when: 'before', effect: 'error', status: 503, times: 1 }),
    ]
    for (let turn = 0; turn < 10; turn += 1) {
      await Promise.all([0, 0, 1, 2, 3, 4, 5, 6, 7, 8].filter(() => below(2) === 0).map((which) => acts[which]?.().catch(() => undefined)))
    }
    shop.calm()
    await shop.cloud.advance(20 * MINUTE_MS)
    await shop.tally('sweep-reservations')
    await settle()

    const changes = shop.at('square', 'inventory_changes').filter((change) => !known.has(idOf(change)))
    const sold = shop.documents('orders').map(({ data }) => data).filter(({ createdAtMs, state, lines }) => createdAtMs >= Date.parse(startedAt) && PAID.includes(state) && lines[0].productId === productId)
    const ours = changes.filter((change) => change['adjustment']?.source.product === 'EXTERNAL_API').map((change) => unitsOf(change))
    expect(sum(ours)).toBe(givenBack - sum(sold.map(({ lines }) => lines[0].quantity)))
    expect([shop.shelf(productId), stored(productId)['onHand'], stored(productId)['held'], stored(productId)['told'] ?? null]).toEqual([reckoned(500, changes), reckoned(500, changes), 0, null])
    expect(sold.length).toBeGreaterThan(3)
  })
})

const PAID = ['paid', 'fulfilled', 'partially_refunded', 'refunded']

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0)
}

function idOf(change: Json): string {
  return (change['adjustment'] ?? change['physical_count']).id
}

function unitsOf({ adjustment }: Json): number {
  return Number(adjustment.quantity) * (adjustment.from_state === 'IN_STOCK' ? -1 : 1)
}

/** What must lie there, as Square reckons: a count by hand has seen all that happened before it. */
function reckoned(first: number, changes: readonly Json[]): number {
  const at = (change: Json): string => (change['adjustment'] ?? change['physical_count']).occurred_at
  return changes.toSorted((one, other) => (at(one) < at(other) ? -1 : 1)).reduce((units, change) => (change['adjustment'] === undefined ? Number(change['physical_count'].quantity) : units + unitsOf(change)), first)
}
