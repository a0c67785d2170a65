/**
 * What is sold online of Lightspeed's products reaches its count once, whatever is lost on the way, and its counts reach us:
 * nothing is sold twice, undone or counted twice as a sale.
 *
 * One shop for the whole file: the cases run one after the other, each with a product of its own.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { MINUTE_MS } from '#values/time.ts'
import { openShop, type Json, type Person, type Shop } from '../shop.ts'
import { ownSales, qoh } from './syncing.ts'

const JOB = 'send-stock-adjustments'
const ITEMS = 'sync-lightspeed-items'
const SALES = 'sync-lightspeed-sales'
const RING = 'POST /API/V3/Account/:account/Sale.json'
const COMPLETE = 'PUT /API/V3/Account/:account/Sale/:id'
const COUNTS = 'GET /API/V3/Account/:account/ItemShop.json'
/** The right to a batch has ended then. */
const RIGHT_ENDED_MS = 4 * MINUTE_MS

let shop: Shop
let buyer: Person
beforeAll(async () => {
  shop = await openShop({ environment: { CHECKOUTS_PER_CUSTOMER_HOUR: '1000' } })
  await shop.act('lightspeed', 'bucket', { size: 100_000, drip: 1_000, burst: 100_000 })
  await shop.tally(ITEMS)
  await stockUp()
  buyer = await shop.adult()
})
afterEach(() => shop.calm())
afterAll(() => shop.cloud.stop())

const send = (): Promise<Record<string, number>> => shop.tally(JOB)
const act = (action: string, body: Json = {}): Promise<Json> => shop.act('lightspeed', action, body)
const stored = (itemId: string): Json => shop.document('products', `ls_${itemId}`) as Json
const line = (itemId: string, quantity = 1): { productId: string; quantity: number } => ({ productId: `ls_${itemId}`, quantity })
const buy = (itemId: string, quantity = 1): Promise<Json> => buyer.buy(line(itemId, quantity))
const fault = (wanted: Json): void => shop.fault({ target: 'lightspeed', operation: RING, ...wanted } as never)

/** New items on the shelf and in the window, by how many of each there are; one sync brings them all. */
const shelf = new Map<number, string[]>()

async function stockUp(): Promise<void> {
  for (const [units, kinds] of [[1, 2], [2, 4], [3, 1], [4, 1], [5, 9], [6, 1], [7, 3], [8, 2], [9, 2], [10, 1], [20, 1]] as const) {
    const ids: string[] = []
    for (let kind = 0; kind < kinds; kind += 1) ids.push((await act('items', { description: 'Trinket', price: 5, tags: ['all_ages'], qoh: units }))['item'].itemID)
    shelf.set(units, ids)
  }
  await shop.cloud.advance(MINUTE_MS)
  await shop.tally(ITEMS)
}

/** One that no other test has sold of. */
function item(units: number): string {
  const id = shelf.get(units)?.pop()
  if (id === undefined) throw new Error(`No item of ${units} units is left.`)
  return id
}

function expectAgreed(itemId: string, count: number): void {
  expect({ shelf: qoh(shop, itemId), ...stored(itemId) }).toMatchObject({ shelf: count, onHand: count, held: 0 })
}

/** Counts that both agree on: no sync that comes round may change them. */
const agreed = new Map<string, number>()

function expectToStay(itemId: string, count: number): void {
  expectAgreed(itemId, count)
  expect(shop.documents('stock_batches')).toEqual([])
  agreed.set(itemId, count)
}

async function expectToldOnce(itemId: string, count: number): Promise<void> {
  await shop.cloud.advance(RIGHT_ENDED_MS)
  await send()
  expectToStay(itemId, count)
}

describe('does', () => {
  test('take what was sold off Lightspeed\'s count by one completed sale of nothing but units, and the next sync leaves it so', async () => {
    const id = item(10)
    const before = ownSales(shop).length
    const order = await buy(id, 3)
    expect(shop.document('orders', order['id'])).toMatchObject({ stockUnconfirmed: false })
    expect(stored(id)).toMatchObject({ onHand: 10, held: 3 })
    await shop.cloud.advance(15 * MINUTE_MS)
    await shop.tally(ITEMS)
    expect(stored(id)).toMatchObject({ onHand: 10, held: 3 })
    expect(await send()).toEqual({ sent: 1, failed: 0, deferred: 0 })
    expect(ownSales(shop).slice(before)).toMatchObject([{ completed: 'true', calcTotal: '0', shopID: '1' }])
    expectToStay(id, 7)
  })

  test('tell many orders in one sale, and put goods back by lines below nought under a reference of their own', async () => {
    const [one, other] = [item(9), item(9)]
    const admin = await shop.person('admin')
    const orders = [await buy(one, 2), await buy(one), await buyer.buy(line(other, 4), line(one))]
    const before = ownSales(shop).length
    expect(await send()).toEqual({ sent: 2, failed: 0, deferred: 0 })
    expect(ownSales(shop).length).toBe(before + 1)
    await admin.post(`/api/orders/${orders[0]?.['id']}/refunds`, { lines: [line(one, 2)], restock: true, reason: 'Unopened' })
    expect(await send()).toEqual({ sent: 1, failed: 0, deferred: 0 })
    expect(new Set(ownSales(shop).map(({ referenceNumber }) => referenceNumber)).size).toBe(ownSales(shop).length)
    expectToStay(one, 7)
    expectToStay(other, 5)
  })

  test('ask each product\'s own till for the real count, both at the same time, and tell each of its own', async () => {
    const id = item(4)
    const since = shop.cloud.wire.lastCall
    for (const target of ['lightspeed', 'square']) shop.fault({ target, when: 'before', effect: 'delay', delayMs: 200, times: 1 })
    const order = await buyer.buy(line(id, 2), { productId: 'VARCAPNAT', quantity: 1 })
    expect(shop.document('orders', order['id'])).toMatchObject({ stockUnconfirmed: false })
    const asked = shop.cloud.wire.calls(since).filter(({ operation }) => operation === COUNTS || operation === 'POST /v2/inventory/counts/batch-retrieve')
    expect(asked.map(({ target }) => target).sort()).toEqual(['lightspeed', 'square'])
    const [first = 0, second = 0] = asked.map(({ startedMs }) => startedMs)
    expect(Math.abs(first - second)).toBeLessThan(200)
    const square = shop.shelf('VARCAPNAT')
    expect(await send()).toEqual({ sent: 2, failed: 0, deferred: 0 })
    expectAgreed(id, 2)
    expect(shop.shelf('VARCAPNAT')).toBe(square - 1)
  })

  test('count what was sold online once in the warehouse: our own sale at the till is none of the till\'s', async () => {
    const id = item(6)
    await buy(id, 2)
    await send()
    const { sale } = await act('sales', { lines: [{ itemID: id, quantity: 1 }] })
    await shop.cloud.advance(20 * MINUTE_MS)
    await shop.tally(SALES)
    const rows = (await shop.cloud.rows('analytics', 'lightspeed_transactions')) as Json[]
    expect(rows.map((row) => row['id'])).toContain(sale['saleID'])
    const own = ownSales(shop).map(({ saleID }) => saleID)
    expect(own.length).toBeGreaterThan(0)
    expect(rows.filter((row) => own.includes(row['id']))).toEqual([])
    expect(rows.flatMap((row) => row['items'] as Json[]).filter((sold) => sold['item_id'] === id)).toMatchObject([{ quantity: '1' }])
  })
})

describe('refuses', () => {
  test('the last piece to whoever wants it online when the store has just sold it', async () => {
    const id = item(1)
    const cart = await buyer.fill(line(id))
    await act('sales', { lines: [{ itemID: id, quantity: 1 }] })
    const answer = await buyer.pay(cart['id'])
    expect([answer.status, answer.body['error']?.code ?? answer.body['code']]).toEqual([409, 'OUT_OF_STOCK'])
  })

  test('to let an item that was archived at the till hold up the others: staff are told', async () => {
    const [gone, kept] = [item(5), item(5)]
    await buyer.buy(line(gone), line(kept, 2))
    await act(`items/${gone}`, { archived: 'true' })
    expect(await send()).toEqual({ sent: 1, failed: 1, deferred: 0 })
    expectAgreed(kept, 3)
    await shop.cloud.quiet()
    expect(shop.documents('alerts').map(({ data }) => data['key'])).toContain(`stock-refused/ls_${gone}`)
    expect(shop.documents('stock_batches')).toEqual([])
  })
})

describe('survives', () => {
  test('a lost answer: nobody rings it up again, it is found by its reference', async () => {
    const id = item(8)
    await buy(id, 3)
    const before = ownSales(shop).length
    fault({ operation: COMPLETE, when: 'after', effect: 'drop' })
    expect(await send()).toEqual({ sent: 0, failed: 1, deferred: 0 })
    expect([qoh(shop, id), stored(id)['onHand'], stored(id)['held']]).toEqual([5, 8, 3])
    expect(await send()).toEqual({ sent: 0, failed: 0, deferred: 1 })
    await expectToldOnce(id, 5)
    expect(ownSales(shop).length).toBe(before + 1)
  })

  test('a sync while nobody knows whether the sale arrived, and another sale beside: each is taken off once', async () => {
    const id = item(8)
    await buy(id, 2)
    fault({ operation: COMPLETE, when: 'after', effect: 'drop' })
    await send()
    await buy(id, 3)
    await shop.tally(ITEMS)
    const { onHand, held, told } = stored(id)
    expect(Math.min(onHand, told?.quantity ?? onHand) - held).toBeLessThanOrEqual(3)
    await expectToldOnce(id, 3)
  })

  test('jobs at once on two instances: one sale for each reference', async () => {
    const id = item(20)
    await Promise.all(Array.from({ length: 4 }, () => buy(id, 2)))
    for (const operation of [RING, COMPLETE]) fault({ operation, when: 'before', effect: 'delay', delayMs: 100, times: 4 })
    const run = () => shop.cloud.instances.request(JOB, { method: 'POST', path: '/', headers: {} }, 30_000)
    const answers = await Promise.all([run(), run(), run(), run()])
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    await expectToldOnce(id, 12)
    const references = ownSales(shop).map(({ referenceNumber }) => referenceNumber)
    expect(new Set(references).size).toBe(references.length)
  })

  test.each([
    ['does not answer', { when: 'before', effect: 'hang' }],
    ['is broken', { when: 'before', effect: 'error', status: 503 }],
    ['has had enough', { when: 'before', effect: 'error', status: 429 }],
    ['lets us in no more', { when: 'before', effect: 'error', status: 403 }],
  ] as const)('a till that %s at checkout: our own count decides, and the order says so', async (_, wanted) => {
    const id = item(2)
    fault({ operation: COUNTS, ...wanted, times: 10 })
    const order = await buy(id, 1)
    expect(shop.document('orders', order['id'])).toMatchObject({ state: 'paid', stockUnconfirmed: true })
    const more = await buyer.pay((await buyer.fill(line(id)))['id'])
    expect(more.status).toBe(201)
    expect((await buyer.call('PUT', `/api/carts/${(await buyer.fill())['id']}/items`, line(id))).status).toBe(409)
    shop.calm()
    await expectToldOnce(id, 0)
  })

  test('a count at checkout that is no number: our own count decides', async () => {
    const id = item(3)
    const stop = shop.twist('lightspeed', '/API/V3/Account/182255/ItemShop.json', (body) => ({ ...body, ItemShop: { ...body['ItemShop'], qoh: '' } }))
    const order = await buy(id, 1).finally(stop)
    expect(shop.document('orders', order['id'])).toMatchObject({ stockUnconfirmed: true })
    await expectToldOnce(id, 2)
  })

  test('the last piece, sold in the store and online at once: never promised beyond what is there without anybody knowing', async () => {
    const id = item(1)
    const cart = await buyer.fill(line(id))
    const [answer] = await Promise.all([buyer.pay(cart['id']), act('sales', { lines: [{ itemID: id, quantity: 1 }] })])
    await shop.cloud.advance(RIGHT_ENDED_MS)
    await send()
    await shop.cloud.advance(15 * MINUTE_MS)
    await shop.tally(ITEMS)
    const sold = answer.status === 201 ? 1 : 0
    expectAgreed(id, 0 - sold)
    expect(stored(id)['short']?.units ?? 0).toBe(sold)
  })

  test.each([
    ['Lightspeed away', 'lightspeed', RING],
    ['Square away', 'square', 'POST /v2/inventory/changes/batch-create'],
  ] as const)('%s: the other till is told all the same', async (_, target, operation) => {
    const id = item(5)
    await buyer.buy(line(id, 2), { productId: 'VARTOTE1', quantity: 1 })
    const [square, own] = [shop.shelf('VARTOTE1'), qoh(shop, id)]
    shop.fault({ target, operation, when: 'before', effect: 'error', status: 503, times: 10 })
    expect(await send()).toEqual({ sent: 1, failed: 1, deferred: 0 })
    expect([square - shop.shelf('VARTOTE1'), own - qoh(shop, id)]).toEqual(target === 'square' ? [0, 2] : [1, 0])
    shop.calm()
    await expectToldOnce(id, 3)
    expect(shop.shelf('VARTOTE1')).toBe(square - 1)
  })

  test('an access token that ends before the sale is rung up: it signs in anew, and rings it up once', async () => {
    const id = item(5)
    await buy(id, 2)
    const before = ownSales(shop).length
    await act('tokens', { end: 'access' })
    expect(await send()).toEqual({ sent: 1, failed: 0, deferred: 0 })
    expectAgreed(id, 3)
    expect(ownSales(shop).length).toBe(before + 1)
  })

  test.each([['an open sale', RING], ['its completion', COMPLETE]])('%s that arrives twice: taken off once', async (_, operation) => {
    const id = item(5)
    await buy(id, 2)
    fault({ operation, when: 'before', effect: 'duplicate' })
    expect(await send()).toMatchObject({ failed: 0 })
    await expectToldOnce(id, 3)
  })

  test('a page of some proxy for an answer: taken off once all the same', async () => {
    const id = item(5)
    await buy(id, 2)
    const stop = shop.twist('lightspeed', '/API/V3/Account/182255/Sale.json', (body) => (body['Sale'] === undefined ? body : '<html>Welcome</html>'))
    expect(await send().finally(stop)).toMatchObject({ sent: 0, failed: 1 })
    await expectToldOnce(id, 3)
  })

  test('a token that may not sell: no sale is given up for it, and staff hear of it', async () => {
    const id = item(5)
    await buy(id, 2)
    fault({ when: 'before', effect: 'error', status: 403, times: 100 })
    expect(await send()).toEqual({ sent: 0, failed: 1, deferred: 0 })
    await shop.cloud.advance(31 * MINUTE_MS)
    expect(await send()).toEqual({ sent: 0, failed: 1, deferred: 0 })
    await shop.cloud.quiet()
    expect(shop.documents('alerts').find(({ data }) => data['key'] === 'lightspeed/adjustments')?.data).toMatchObject({ severity: 'p1' })
    shop.calm()
    await expectToldOnce(id, 3)
  })

  // Every other call of a run is struck by the scenario `lightspeed-push` of the faults.
  test.each([
    ['after Lightspeed has an open sale', { target: 'lightspeed', operation: RING }],
    ['after Lightspeed has completed it', { target: 'lightspeed', operation: COMPLETE }],
    ['while it stores the answer', { target: 'firestore', operation: 'Commit', match: '/documents/products/' }],
  ] as const)('its instance being killed %s', async (_, wanted) => {
    const id = item(7)
    await buy(id, 2)
    const before = ownSales(shop).length
    shop.fault({ ...wanted, when: 'after', effect: 'kill', function: JOB })
    await expect(shop.cloud.runJob(JOB)).rejects.toThrow()
    shop.calm()
    await shop.cloud.instances.allReady()
    await expectToldOnce(id, 5)
    expect(ownSales(shop).length).toBe(before + 1)
  })

  test('the syncs that come round after all of this: what was agreed stays so', async () => {
    expect(agreed.size).toBeGreaterThan(0)
    for (let round = 0; round < 2; round += 1) {
      await shop.cloud.advance(15 * MINUTE_MS)
      await shop.tally(ITEMS)
      for (const [id, count] of agreed) expectAgreed(id, count)
    }
  })
})
