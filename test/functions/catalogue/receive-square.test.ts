/** Square's webhooks at the door: who is let in, what is kept, and that what is known bothers nobody. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { signature } from '../../../infra/local/vendors/square/notifications.ts'
import { timePasses, type Ground } from '../purchase.ts'
import { openShop, ROTATED, type Json, type Shop } from '../shop.ts'
import { Till, type Told } from '../till.ts'

const PATH = '/api/webhooks/square'
const PREVIOUS = ROTATED.SQUARE_WEBHOOK_SIGNATURE_KEY_PREVIOUS
const DAY_MS = 86_400_000

let shop: Shop
let till: Till
beforeAll(async () => {
  shop = await openShop()
  till = new Till(shop)
})
afterEach(() => shop.calm())
afterAll(() => shop.cloud.stop())

const madeAt = (ms: number): Json => ({ created_at: new Date(shop.cloud.now() + ms).toISOString() })
const sale = (): string => till.counted([{ productId: 'VARTOTE1', quantity: '37' }])

describe('does', () => {
  test('store an event by its id, acknowledge it, and apply it afterwards', async () => {
    const event = sale()
    const { status, body } = await till.send(event)
    expect([status, body['received']]).toEqual([200, true])
    await shop.cloud.drain()
    expect(till.record(event)).toMatchObject({ vendor: 'square', type: 'inventory.count.updated', subject: null, status: 'applied' })
    expect(shop.document('products', 'VARTOTE1')).toMatchObject({ onHand: 37 })
  })

  test('acknowledge the same event as often as it comes, at once and a day later, and store it once', async () => {
    const event = till.changed()
    const answers = await Promise.all(Array.from({ length: 8 }, () => till.send(event)))
    await shop.cloud.advance(DAY_MS)
    answers.push(await till.send(event))
    await shop.cloud.drain()
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
    expect(shop.documents('inbox').filter(({ id }) => id.endsWith(JSON.parse(event)['event_id']))).toHaveLength(1)
  })

  test('believe the key before the last rotation', async () => {
    expect((await till.send(sale(), { key: PREVIOUS })).status).toBe(200)
  })

  test('take an event that is as old as Square makes it at most, and one of a clock that runs ahead a little', async () => {
    for (const ms of [-2 * DAY_MS, 4 * 60_000]) expect((await till.send(till.event('order.updated', {}, madeAt(ms)))).status).toBe(200)
  })

  test('file at once what says nothing to us, without keeping a word of whom it names', async () => {
    const odd = [
      till.event('payment.updated', { payment: { id: 'p1', buyer_email_address: 'maria@example.com', status: 'COMPLETED' } }),
      till.event('some.thing.new', null), till.event('inventory.count.updated', null), till.event('inventory.count.updated', { inventory_counts: [null, 7, {}] }),
      till.event('inventory.count.updated', { inventory_counts: 'many' }, { data: null }),
      till.counted([{ productId: 'VARTOTE1', quantity: '1', more: { location_id: 'LMARKETSTAND1' } }]),
      till.counted([{ productId: 'VARTOTE1', quantity: '1', more: { state: 'WASTE' } }]),
      till.counted([{ productId: '../orders/x', quantity: '1' }]),
      till.event('oauth.authorization.revoked', {}, { merchant_id: 'ANOTHERSHOP' }),
    ]
    for (const event of odd) expect((await till.send(event)).status).toBe(200)
    for (const event of odd) expect(till.record(event)).toMatchObject({ status: 'applied', payload: 'null', nextAtMs: null })
    expect(JSON.stringify(shop.documents('inbox'))).not.toContain('maria')
  })

  test('file at once a count that its own answer brought: our adjustments bother no worker', async () => {
    await (await shop.person()).buy({ productId: 'VARCAPNAT', quantity: 2 })
    await shop.tally('send-stock-adjustments')
    const { onHand, countedAtMs } = shop.document('products', 'VARCAPNAT') ?? {}
    const event = till.counted([{ productId: 'VARCAPNAT', quantity: String(onHand), atMs: countedAtMs }])
    expect((await till.send(event)).status).toBe(200)
    expect(till.record(event)?.['status']).toBe('applied')
  })
})

describe('refuses', () => {
  test.each<[string, (event: string) => Told]>([
    ['forged: another key', () => ({ key: 'guessed' })],
    ['forged: an empty key', () => ({ key: '' })],
    ['signed for another address', () => ({ url: `http://localhost${PATH}` })],
    ['signed for the same address with a slash at its end', () => ({ url: `${till.url}/` })],
    ['signed without an address', () => ({ url: '' })],
    ['signed with nothing', () => ({ signed: '' })],
    ['signed with rubbish', () => ({ signed: 'rubbish' })],
    ['signed in part', () => ({ signed: 'AAAA' })],
  ])('an event that is %s: 401, nothing stored', async (_what, how) => {
    const event = sale()
    const { status, body } = await till.send(event, how(event))
    expect([status, body['code'], body['error']]).toEqual([401, 'UNAUTHORIZED', 'The signature is not valid.'])
    expect(till.record(event)).toBeUndefined()
  })

  test.each([['older than Square sends any', -3 * DAY_MS - 60_000], ['from the future', 6 * 60_000], ['from a far future', 365 * DAY_MS]])('an event %s', async (_what, ms) => {
    const event = till.event('catalog.version.updated', {}, madeAt(ms))
    expect((await till.send(event)).status).toBe(401)
    expect(till.record(event)).toBeUndefined()
  })

  test('a body that was written anew with the same meaning, one without a signature, none at all; and other methods', async () => {
    const event = sale()
    const guest = shop.guest()
    const signed = signature(shop.cloud.servers.keys.SQUARE_WEBHOOK_SIGNATURE_KEY, till.url, event)
    expect((await till.send(event.replace(':', ': '), { signed })).status).toBe(401)
    expect((await guest.call('POST', PATH, event)).status).toBe(401)
    expect((await guest.call('POST', PATH)).status).toBe(401)
    for (const method of ['GET', 'PUT', 'DELETE']) expect((await guest.call(method, PATH)).status).toBe(404)
  })

  test('rubbish, and counts it: more than five in five minutes are an alert', async () => {
    await shop.cloud.drain()
    const keys = shop.documents('alerts').map(({ data }) => data['key'])
    expect(keys).toContain('signatures/square')
  })
})

describe('survives', () => {
  test('a body that is no event, signed all the same', async () => {
    for (const body of ['[]', 'null', '7', '"text"', '{}']) expect([400, 200]).toContain((await till.send(body)).status)
  })

  test('its store being away: 5xx, so that Square sends the event again, which is then applied', async () => {
    const event = till.changed()
    shop.fault({ target: 'firestore', operation: 'Commit', match: JSON.parse(event)['event_id'], when: 'before', effect: 'error', status: 7 })
    expect((await till.send(event)).status).toBeGreaterThanOrEqual(500)
    expect(till.record(event)).toBeUndefined()
    expect((await till.send(event)).status).toBe(200)
  })

  test('a lost answer of its store, and a lost nudge: there once, and applied', async () => {
    const event = till.counted([{ productId: 'VARCAPOLV', quantity: '5' }])
    shop.fault({ target: 'firestore', operation: 'Commit', match: JSON.parse(event)['event_id'], when: 'after', effect: 'drop' })
    shop.fault({ target: 'pubsub', operation: 'Publish', match: 'inbox-square', when: 'before', effect: 'error', status: 14 })
    expect((await till.send(event)).status).toBe(200)
    shop.calm()
    await timePasses({ shop, stock: new Map() } satisfies Ground, 2)
    await shop.tally('sweep-inbox')
    await shop.cloud.drain()
    expect(till.record(event)?.['status']).toBe('applied')
    expect(shop.document('products', 'VARCAPOLV')).toMatchObject({ onHand: 5 })
  })
})
