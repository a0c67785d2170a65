/** What we sold, and what came back, reaches Square's own count: once, whatever is lost on the way. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Json, type Person, type Shop } from '../shop.ts'

const JOB = 'send-stock-adjustments'
const MINUTE_MS = 60_000
const CHANGES = '/v2/inventory/changes/batch-create'
/** A run tries so often. */
const TRIES = 4

let shop: Shop
let buyer: Person
beforeAll(async () => {
  shop = await openShop({ environment: { BREAKER_FAILURES: '5', CHECKOUTS_PER_CUSTOMER_HOUR: '1000' } })
  buyer = await shop.adult()
})
afterEach(() => shop.calm())
afterAll(() => shop.cloud.stop())

const send = (): Promise<Record<string, number>> => shop.tally(JOB)
const stored = (id: string): Json => shop.document('products', id) as Json
const asked = (): Json[] => shop.requests('square').filter(({ path }) => path === CHANGES)
const buy = (productId: string, quantity = 1): Promise<Json> => buyer.buy({ productId, quantity })

/** A token is good for a day. */
async function signInAgain(): Promise<void> {
  buyer = await shop.person('customer', buyer.id)
}

function expectAgreed(productId: string, count: number): void {
  expect({ shelf: shop.shelf(productId), ...stored(productId) }).toMatchObject({ shelf: count, onHand: count, held: 0 })
}

describe('does', () => {
  test('take what was sold off Square\'s count, and then hold it no longer', async () => {
    await buy('VARTOTE1', 3)
    expect(stored('VARTOTE1')).toMatchObject({ onHand: 38, held: 3 })
    expect(await send()).toEqual({ sent: 1, failed: 0, deferred: 0 })
    expectAgreed('VARTOTE1', 35)
    expect(shop.documents('stock_batches')).toEqual([])
  })

  test('send many orders in one request, one change for each product', async () => {
    await Promise.all([buy('VARCAPNAT'), buy('VARCAPNAT', 2), buy('VARCAPOLV'), buy('VARCAPNAT')])
    const before = asked().length
    expect(await send()).toEqual({ sent: 2, failed: 0, deferred: 0 })
    expect(asked().length).toBe(before + 1)
    expect(asked().at(-1)?.['body'].changes.map(({ adjustment }: Json) => [adjustment.catalog_object_id, adjustment.quantity]).sort()).toEqual([
      ['VARCAPNAT', '4'],
      ['VARCAPOLV', '1'],
    ])
    expectAgreed('VARCAPNAT', 15)
    expectAgreed('VARCAPOLV', 11)
  })

  test('ask Square nothing when a sale and its return cancel each other out', async () => {
    const admin = await shop.person('admin')
    const { id } = await buy('VARBATHSALT1', 2)
    await admin.post(`/api/orders/${id}/refunds`, { lines: [{ productId: 'VARBATHSALT1', quantity: 2 }], restock: true, reason: 'Unopened' })
    const before = asked().length
    await send()
    expect(asked().length).toBe(before)
    expectAgreed('VARBATHSALT1', 27)
  })

  test('nothing when nothing was sold', async () => {
    const before = asked().length
    expect(await send()).toEqual({ sent: 0, failed: 0, deferred: 0 })
    expect(asked().length).toBe(before)
  })
})

describe('refuses', () => {
  test('to let one product that Square no longer knows hold up the others sold beside it', async () => {
    await Promise.all([buy('VARGRINDER50'), buy('VARGRINDER63', 2)])
    await shop.act('square', 'catalog/VARGRINDER50', { delete: true })
    expect(await send()).toEqual({ sent: 1, failed: 1, deferred: 0 })
    expectAgreed('VARGRINDER63', 8)
    expect(stored('VARGRINDER50')).toMatchObject({ held: 0 })
    expect(shop.documents('stock_batches')).toEqual([])
  })
})

describe('survives', () => {
  test('a lost answer: the same request again, and Square applies it once', async () => {
    await buy('VARHEARTS250', 4)
    shop.fault({ target: 'square', operation: `POST ${CHANGES}`, when: 'after', effect: 'drop', times: TRIES })
    expect(await send()).toEqual({ sent: 0, failed: 1, deferred: 0 })
    expect(shop.shelf('VARHEARTS250')).toBe(60)
    expect(stored('VARHEARTS250')).toMatchObject({ onHand: 64, held: 4 })
    expect(await send()).toEqual({ sent: 1, failed: 0, deferred: 0 })
    const [first, second] = asked().slice(-2)
    expect(second?.['idempotencyKey']).toBe(first?.['idempotencyKey'])
    expect(second?.['body']).toEqual(first?.['body'])
    expectAgreed('VARHEARTS250', 60)
  })

  test('a second sale while the answer about the first is lost again and again: each is taken off once, by Square and by us', async () => {
    await buy('VARLIPBALM1', 2)
    const first = shop.shelf('VARLIPBALM1')
    shop.fault({ target: 'square', operation: `POST ${CHANGES}`, when: 'after', effect: 'drop', times: 2 * TRIES })
    await send()
    await buy('VARLIPBALM1', 3)
    await send()
    expect(stored('VARLIPBALM1')).toMatchObject({ onHand: first, held: 5 })
    await send()
    expectAgreed('VARLIPBALM1', first - 5)
  })

  test('goods that come back while a sale of the same product has no answer: nothing can be sold that is not there', async () => {
    const admin = await shop.person('admin')
    const { id } = await buy('VARTEESHIRTL', 2)
    await send()
    const first = shop.shelf('VARTEESHIRTL')
    await buy('VARTEESHIRTL')
    shop.fault({ target: 'square', operation: `POST ${CHANGES}`, when: 'after', effect: 'drop', times: 2 * TRIES })
    await send()
    await admin.post(`/api/orders/${id}/refunds`, { lines: [{ productId: 'VARTEESHIRTL', quantity: 2 }], restock: true, reason: 'Unopened' })
    await send()
    const { onHand, held } = stored('VARTEESHIRTL')
    expect([onHand - held, shop.documents('outbox').filter(({ data }) => data['topic'] === 'stock').length]).toEqual([first + 1, 1])
    await send()
    expectAgreed('VARTEESHIRTL', first + 1)
  })

  test.each([
    ['a token that may not change stock', { when: 'before', effect: 'error', status: 403 }],
    ['a token that ran out', { when: 'before', effect: 'error', status: 401 }],
  ] as const)('%s: no sale is given up for it', async (_, fault) => {
    await buy('VARLIPBALM1')
    const first = shop.shelf('VARLIPBALM1')
    shop.fault({ target: 'square', operation: `POST ${CHANGES}`, ...fault, times: TRIES })
    expect(await send()).toEqual({ sent: 0, failed: 1, deferred: 0 })
    await shop.cloud.advance(31 * MINUTE_MS)
    shop.calm()
    shop.fault({ target: 'square', operation: `POST ${CHANGES}`, ...fault, times: TRIES })
    expect(await send()).toEqual({ sent: 0, failed: 1, deferred: 0 })
    await shop.cloud.quiet()
    expect(shop.documents('alerts').find(({ data }) => data['key'] === 'square/adjustments')?.data).toMatchObject({ severity: 'p1' })
    shop.calm()
    expect(await send()).toEqual({ sent: 1, failed: 0, deferred: 0 })
    expectAgreed('VARLIPBALM1', first - 1)
  })

  test.each<[string, unknown, (body: Json) => unknown]>([
    ['a page of some proxy', 1, () => '<html>Welcome</html>'],
    ['nothing', 1, () => undefined],
    ['an error in a good answer', 1, () => ({ errors: [{ category: 'API_ERROR', code: 'INTERNAL_SERVER_ERROR' }] })],
    ['no counts: Square is asked what it did', 0, (body) => ({ ...body, counts: [] })],
    ['a count that is no number: Square is asked', 0, (body) => ({ ...body, counts: body['counts'].map((count: Json) => ({ ...count, quantity: 'many' })) })],
  ])('%s for an answer: taken off once all the same', async (_, failed, change) => {
    await buy('test-product-1')
    const first = shop.shelf('test-product-1')
    const honest = shop.twist('square', CHANGES, change)
    expect(await send().finally(honest)).toMatchObject({ failed })
    await send()
    expectAgreed('test-product-1', first - 1)
  })

  test('Square being away: it stays on the queue, and later sales go along', async () => {
    await buy('VARHEARTS1000')
    shop.fault({ target: 'square', operation: `POST ${CHANGES}`, when: 'before', effect: 'error', status: 503, times: TRIES })
    expect(await send()).toEqual({ sent: 0, failed: 1, deferred: 0 })
    await buy('VARHEARTS1000')
    expect(await send()).toEqual({ sent: 2, failed: 0, deferred: 0 })
    expectAgreed('VARHEARTS1000', 20)
  })

  test('one answer that is lost or an error: tried again in the same run, and applied once', async () => {
    await buy('VARSEEDOIL500', 2)
    const first = shop.shelf('VARSEEDOIL500')
    shop.fault({ target: 'square', operation: `POST ${CHANGES}`, when: 'after', effect: 'drop' })
    shop.fault({ target: 'square', operation: `POST ${CHANGES}`, when: 'before', effect: 'error', status: 503, skip: 1 })
    expect(await send()).toEqual({ sent: 1, failed: 0, deferred: 0 })
    expectAgreed('VARSEEDOIL500', first - 2)
  })

  test('a rate limit at Square: it is left alone for a minute', async () => {
    await buy('VARSEEDOIL250')
    shop.fault({ target: 'square', operation: `POST ${CHANGES}`, when: 'before', effect: 'error', status: 429 })
    expect(await send()).toEqual({ sent: 0, failed: 1, deferred: 0 })
    const before = asked().length
    expect(await send()).toEqual({ sent: 0, failed: 0, deferred: 1 })
    expect(asked().length).toBe(before)
    await shop.cloud.advance(MINUTE_MS)
    expect(await send()).toEqual({ sent: 1, failed: 0, deferred: 0 })
    expectAgreed('VARSEEDOIL250', 44)
  })

  test('Square being away for long: asked once a minute, what is sold meanwhile waits in the queue, checkouts do not wait', async () => {
    shop.fault({ target: 'square', when: 'before', effect: 'error', status: 503, times: 1_000 })
    await buy('VARCALMBALM30')
    for (let run = 0; run < 5; run++) await send()
    expect(shop.document('breakers', 'square')).toMatchObject({ openedAtMs: expect.any(Number) })
    const since = shop.cloud.wire.lastCall
    const { id } = await buy('VARCALMBALM30', 2)
    expect(shop.document('orders', id)).toMatchObject({ state: 'paid', stockUnconfirmed: true })
    expect(await send()).toMatchObject({ sent: 0, failed: 0 })
    expect(await shop.tally('sync-square-catalogue')).toEqual({ deferred: 1 })
    expect(shop.cloud.wire.calls(since).filter(({ target }) => target === 'square')).toEqual([])
    expect(shop.documents('outbox').filter(({ data }) => data['topic'] === 'stock').length).toBe(1)
    shop.calm()
    await shop.cloud.advance(MINUTE_MS)
    expect(await send()).toMatchObject({ failed: 0, deferred: 0 })
    expect(stored('VARCALMBALM30')).toMatchObject({ held: 0, onHand: shop.shelf('VARCALMBALM30') })
    expect(shop.document('breakers', 'square')).toBeUndefined()
  })

  test('two runs at once, on two instances', async () => {
    await Promise.all(Array.from({ length: 6 }, () => buy('VARSELTZER1', 2)))
    const run = () => shop.cloud.instances.request(JOB, { method: 'POST', path: '/', headers: {} }, 30_000)
    const answers = await Promise.all([run(), run(), run()])
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    await send()
    expectAgreed('VARSELTZER1', 208)
  })

  test('a whole day without Square: what was sold before is taken off its count all the same', async () => {
    await Promise.all([buy('VARPROTEINPLAIN', 3), buy('VARPROTEINCOCOA')])
    shop.fault({ target: 'square', operation: `POST ${CHANGES}`, when: 'before', effect: 'error', status: 503, times: TRIES })
    await send()
    await shop.cloud.advance(25 * 3_600_000)
    expect(await send()).toEqual({ sent: 2, failed: 0, deferred: 0 })
    expectAgreed('VARPROTEINPLAIN', 27)
    expectAgreed('VARPROTEINCOCOA', 25)
  })

  test('a whole day after a lost answer, when Square has forgotten the key: what it did is not done again', async () => {
    await signInAgain()
    await Promise.all([buy('VARMANGOCHEWS10', 3), buy('VARDARKBAR1')])
    shop.fault({ target: 'square', operation: `POST ${CHANGES}`, when: 'after', effect: 'drop', times: TRIES })
    await send()
    await shop.cloud.advance(25 * 3_600_000)
    shop.fault({ target: 'square', operation: `POST ${CHANGES}`, when: 'before', effect: 'error', status: 400 })
    await send()
    expectAgreed('VARMANGOCHEWS10', 49)
    expectAgreed('VARDARKBAR1', 27)
  })

  // Every other call of a run is struck by the scenario `stock-push` of the faults.
  test.each([
    ['after Square has done it', 'square', 'changes/batch-create', undefined, 'VARPETDROPSL', 14],
    ['while it stores the answer', 'firestore', 'Commit', '/documents/products/VARNIGHTOIL750', 'VARNIGHTOIL750', 36],
  ] as const)('its instance being killed %s', async (_, target, operation, match, productId, first) => {
    await signInAgain()
    await buy(productId, 2)
    shop.fault({ target, operation, match, when: 'after', effect: 'kill' })
    await shop.cloud.runJob(JOB).catch(() => undefined)
    expect(shop.cloud.wire.faults().map(({ struck }) => struck)).toEqual([1])
    shop.calm()
    await shop.cloud.instances.allReady()
    await send()
    expectAgreed(productId, first - 2)
    expect(shop.documents('stock_batches')).toEqual([])
  })
})
