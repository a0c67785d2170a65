/** Authorize.Net's webhooks at the door: who is let in, what is stored, and that a known event bothers nobody. */
import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { signature } from '../../../infra/local/vendors/authorize-net/notifications.ts'
import { payByKaja } from '../kaja.ts'
import { expectAllSettles, openGround, PRODUCT, timePasses, type Ground } from '../purchase.ts'
import { ROTATED, type Answer, type Json, type Shop } from '../shop.ts'

const PATH = '/api/webhooks/authorize-net'
const PREVIOUS = ROTATED.AUTHORIZE_NET_SIGNATURE_KEY_PREVIOUS
const HEADER = 'x-anet-signature'

let ground: Ground
let shop: Shop
let events = 0

beforeAll(async () => {
  ground = await openGround()
  shop = ground.shop
}, 30_000)
afterAll(() => shop.cloud.stop())

function key(): string {
  return shop.cloud.servers.keys.AUTHORIZE_NET_SIGNATURE_KEY
}

/** Of a transaction that there is not; the amount is written as no program of ours would write it. */
function newEvent(more: Json = {}): string {
  const payload = { responseCode: 1, authCode: 'LZ6I19', entityName: 'transaction', id: '60020981676' }
  const event = { notificationId: `note-${++events}`, eventType: 'net.authorize.payment.authcapture.created', eventDate: '2026-11-20T09:00:00.0000000Z', webhookId: 'w', payload, ...more }
  return JSON.stringify(event).replace('"responseCode":1', '"responseCode":1,"authAmount":45.00')
}

function recordOf(event: string): Json | undefined {
  return shop.document('inbox', `authorize-net-${(JSON.parse(event) as Json)['notificationId']}`)
}

function send(event: string, signed: string | undefined = signature(event, key())): Promise<Answer> {
  return shop.guest().call('POST', PATH, event, { [HEADER]: signed })
}

describe('does', () => {
  test('store an event by its notification\'s id, acknowledge it, and ignore what is none of ours', async () => {
    const event = newEvent()
    const { status, body } = await send(event)
    expect([status, body['received']]).toEqual([200, true])
    expect(recordOf(event)).toMatchObject({ vendor: 'authorize-net', payload: event, subject: null })
    await shop.cloud.drain()
    expect(recordOf(event)?.['status']).toBe('ignored')
  })

  test('acknowledge the same event as often as it comes, at once and days later, and store it once', async () => {
    const event = newEvent()
    const answers = await Promise.all(Array.from({ length: 8 }, () => send(event)))
    await shop.cloud.advance(9 * 86_400_000)
    answers.push(await send(event))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
    expect(shop.documents('inbox').filter(({ data }) => data['payload'] === event)).toHaveLength(1)
  })

  test('take an event however old or new it says that it is: the vendor signs no time and repeats the same bytes for days', async () => {
    for (const eventDate of ['2020-01-01T00:00:00.0000000Z', '2040-01-01T00:00:00.0000000Z']) expect((await send(newEvent({ eventDate }))).status).toBe(200)
  })

  test('believe the key before the last rotation, a signature in small letters, and one by the key read as hex', async () => {
    const signed = (event: string, by: string | Buffer): string => `sha512=${createHmac('sha512', by).update(event).digest('hex')}`
    for (const by of [PREVIOUS, key(), Buffer.from(key(), 'hex')]) {
      const event = newEvent()
      expect((await send(event, signed(event, by))).status).toBe(200)
    }
  })

  test('take what it has no use for: customers, subscriptions, odd payloads', async () => {
    const odd = [
      newEvent({ eventType: 'net.authorize.customer.created', payload: { entityName: 'customerProfile', id: '1' } }),
      ...[null, {}, { entityName: 'transaction' }, { entityName: 'transaction', id: 7 }, { entityName: 'transaction', id: '0' }, { entityName: 'transaction', id: '../x' }].map((payload) => newEvent({ payload })),
    ]
    for (const event of odd) expect((await send(event)).status).toBe(200)
    await shop.cloud.drain()
    for (const event of odd) expect(recordOf(event)?.['status']).toBe('ignored')
  })

  test('file at once what the order knows already', async () => {
    const buyer = await shop.person()
    const { id } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
    const { body } = await payByKaja(buyer, id)
    const event = newEvent({ payload: { entityName: 'transaction', id: body['payment'].transactionId } })
    const before = shop.requests('authorize-net').length
    expect((await send(event)).status).toBe(200)
    expect(recordOf(event)?.['status']).toBe('applied')
    await shop.cloud.drain()
    expect(shop.requests('authorize-net')).toHaveLength(before)
  })
})

describe('refuses', () => {
  test.each<[string, (event: string) => string]>([
    ['forged: another key', (event) => signature(event, 'C3'.repeat(64))],
    ['forged: an empty key', (event) => signature(event, '')],
    ['changed after it was signed', () => signature('{}', key())],
    ['written anew, with the same meaning', (event) => signature(JSON.stringify(JSON.parse(event)), key())],
    ['unsigned', () => ''],
    ['signed by another method', (event) => signature(event, key()).replace('sha512', 'sha256')],
    ['signed in part', (event) => signature(event, key()).slice(0, 40)],
    ['signed twice', (event) => `${signature(event, key())},${signature(event, key())}`],
    ['signed with rubbish', () => `sha512=${'Z'.repeat(128)}`],
  ])('an event that is %s: 401, nothing stored', async (_what, sign) => {
    const event = newEvent()
    const { status, body } = await send(event, sign(event))
    expect([status, body['error']]).toEqual([401, 'The signature is not valid.'])
    expect(recordOf(event)).toBeUndefined()
  })

  test('a request without the header, without a body; and other methods', async () => {
    const guest = shop.guest()
    expect((await guest.call('POST', PATH, newEvent())).status).toBe(401)
    expect((await guest.call('POST', PATH)).status).toBe(401)
    for (const method of ['GET', 'PUT', 'DELETE']) expect((await guest.call(method, PATH)).status).toBe(404)
  })
})

describe('survives', () => {
  test('its store being away: 5xx, so that the vendor sends the event again, which is then applied', async () => {
    const event = newEvent()
    shop.fault({ target: 'firestore', operation: 'Commit', match: `note-${events}`, when: 'before', effect: 'error', status: 7 })
    expect((await send(event)).status).toBeGreaterThanOrEqual(500)
    expect(recordOf(event)).toBeUndefined()
    expect((await send(event)).status).toBe(200)
  })

  test('a lost answer of its store, and a lost nudge: there once, and applied', async () => {
    const event = newEvent()
    shop.fault({ target: 'firestore', operation: 'Commit', match: `note-${events}`, when: 'after', effect: 'drop' })
    shop.fault({ target: 'pubsub', operation: 'Publish', match: 'inbox-authorize-net', when: 'before', effect: 'error', status: 14 })
    expect((await send(event)).status).toBe(200)
    shop.calm()
    await timePasses(ground, 2)
    await shop.tally('sweep-inbox')
    await expectAllSettles(ground)
    expect(recordOf(event)?.['status']).toBe('ignored')
  })
})
