/** Stripe's webhooks at the door: who is let in, what is stored, and that a known event changes nothing. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { signatureHeader } from '../../../infra/local/vendors/stripe/webhook-signature.ts'
import { expectAllSettles, openGround, timePasses, type Ground } from '../purchase.ts'
import { ROTATED, type Answer, type Json, type Shop } from '../shop.ts'

const PREVIOUS = ROTATED.STRIPE_WEBHOOK_SECRET_PREVIOUS
const PATH = '/api/webhooks/stripe'

let ground: Ground
let shop: Shop
let events = 0

beforeAll(async () => {
  ground = await openGround()
  shop = ground.shop
}, 30_000)
afterAll(() => shop.cloud.stop())

interface Sent {
  readonly secret?: string
  readonly ageSeconds?: number
  readonly headers?: Record<string, string>
  readonly signedBody?: string
}

function newEvent(more: Json = {}): string {
  const about = { status: 'succeeded', amount_received: 100, currency: 'usd', metadata: { order_id: 'ord_unknown' } }
  const object = { id: 'pi_of_nobody', object: 'payment_intent', ...about }
  return JSON.stringify({ id: `evt_${++events}`, object: 'event', type: 'payment_intent.succeeded', created: 1, data: { object }, ...more })
}

function idOf(event: string): string {
  return `stripe-${(JSON.parse(event) as Json)['id']}`
}

/** Sends as Stripe would; every part may be made wrong. */
function send(event: string, { secret, ageSeconds = 0, headers, signedBody }: Sent = {}): Promise<Answer> {
  const at = Math.floor(shop.cloud.now() / 1000) - ageSeconds
  const signature = signatureHeader(signedBody ?? event, [secret ?? shop.cloud.servers.keys.STRIPE_WEBHOOK_SECRET], at)
  return shop.guest().call('POST', PATH, event, { 'stripe-signature': signature, ...headers })
}

describe('does', () => {
  test('store an event, acknowledge it, and apply it afterwards', async () => {
    const event = newEvent()
    const { status, body } = await send(event)
    expect([status, body['received']]).toEqual([200, true])
    const kept = { vendor: 'stripe', type: 'payment_intent.succeeded', payload: event, subject: 'ord_unknown' }
    expect(shop.document('inbox', idOf(event))).toMatchObject(kept)
    await shop.cloud.drain()
    expect(shop.document('inbox', idOf(event))?.['status']).toBe('ignored')
  })

  test('acknowledge the same event as often as it comes, at once and later, and store it once', async () => {
    const event = newEvent()
    const answers = await Promise.all(Array.from({ length: 10 }, () => send(event)))
    await shop.cloud.drain()
    answers.push(await send(event))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
    expect(shop.documents('inbox').filter(({ id }) => id === idOf(event))).toHaveLength(1)
    expect(shop.document('inbox', idOf(event))?.['status']).toBe('ignored')
  })

  test('take what it has no use for: unknown types, objects without metadata', async () => {
    const objects = [{}, { id: 'cus_1', metadata: null }, { metadata: { order_id: 7 } }, { metadata: { order_id: '../carts/x' } }]
    const odd = [newEvent({ type: 'customer.created' }), ...objects.map((object) => newEvent({ data: { object } }))]
    for (const event of odd) expect((await send(event)).status).toBe(200)
    await shop.cloud.drain()
    for (const event of odd) expect(shop.document('inbox', idOf(event))?.['status']).toBe('ignored')
  })

  test('take what is signed and not as it should be for what it is, and for no forgery', async () => {
    for (const event of ['{"id":"evt_bare"}', '{"id":"evt_null","type":"x","data":null}', '{"id":7,"type":{},"data":{"object":null}}', '[]', 'null', '"text"']) {
      expect([event, (await send(event)).status]).toEqual([event, 200])
    }
    await shop.cloud.drain()
    for (const id of ['evt_bare', 'evt_null']) expect([id, shop.document('inbox', `stripe-${id}`)?.['status']]).toEqual([id, 'ignored'])
  })

  test('believe the secret before the last rotation, and a header with signatures of both', async () => {
    expect((await send(newEvent(), { secret: PREVIOUS })).status).toBe(200)
    const event = newEvent()
    const both = signatureHeader(event, ['whsec_wrong', shop.cloud.servers.keys.STRIPE_WEBHOOK_SECRET], Math.floor(shop.cloud.now() / 1000))
    expect((await send(event, { headers: { 'stripe-signature': both } })).status).toBe(200)
  })

  test('accept a signature that is not quite five minutes old or ahead', async () => {
    expect((await send(newEvent(), { ageSeconds: 295 })).status).toBe(200)
    expect((await send(newEvent(), { ageSeconds: -295 })).status).toBe(200)
  })
})

describe('refuses', () => {
  test.each<[string, Sent]>([
    ['forged: another secret', { secret: 'whsec_guessed' }],
    ['forged: an empty secret', { secret: '' }],
    ['changed after it was signed', { signedBody: '{"id":"evt_other"}' }],
    ['stale', { ageSeconds: 305 }],
    ['from the future', { ageSeconds: -305 }],
    ['from a far future', { ageSeconds: -86_400 * 365 }],
    ['unsigned', { headers: { 'stripe-signature': '' } }],
    ['signed with nothing', { headers: { 'stripe-signature': 't=,v1=' } }],
    ['signed with rubbish', { headers: { 'stripe-signature': 'rubbish' } }],
    ['signed without a time', { headers: { 'stripe-signature': 'v1=abcdef' } }],
    ['signed by the wrong scheme', { headers: { 'stripe-signature': `t=${Math.floor(Date.now() / 1000)},v0=abcdef` } }],
  ])('an event that is %s: 401, nothing stored', async (_what, sent) => {
    const event = newEvent()
    const { status, body } = await send(event, sent)
    expect([status, body['code'], body['error']]).toEqual([401, 'UNAUTHORIZED', 'The signature is not valid.'])
    expect(shop.document('inbox', idOf(event))).toBeUndefined()
  })

  test('a request without a signature header, without a body, without a type; and other methods', async () => {
    const guest = shop.guest()
    expect((await guest.call('POST', PATH, newEvent())).status).toBe(401)
    expect((await guest.call('POST', PATH)).status).toBe(401)
    const bare = await fetch(`${shop.cloud.url}${PATH}`, { method: 'POST', body: Buffer.from(newEvent()) })
    expect(bare.status).toBe(401)
    for (const method of ['GET', 'PUT', 'DELETE']) expect((await guest.call(method, PATH)).status).toBe(404)
  })

  test('a megabyte of rubbish, and counts every refusal without repeating what it said', async () => {
    const rubbish = JSON.stringify({ id: 'evt_big', secret: 'purple-elephant', fill: 'x'.repeat(1_000_000) })
    expect((await send(rubbish, { secret: 'whsec_wrong' })).status).toBe(401)
    const refusals = shop.cloud.log().filter((line) => line.includes('signature_failures'))
    expect(refusals.length).toBeGreaterThan(10)
    expect(shop.cloud.log().join('\n')).not.toContain('purple-elephant')
  })
})

describe('survives', () => {
  test('its store being away: 5xx, so that Stripe sends the event again, which is then applied', async () => {
    const event = newEvent()
    const record = idOf(event)
    shop.fault({ target: 'firestore', operation: 'Commit', match: record, when: 'before', effect: 'error', status: 7 })
    const refused = await send(event)
    expect([refused.status >= 500, shop.document('inbox', record)]).toEqual([true, undefined])
    expect((await send(event)).status).toBe(200)
  })

  test('a lost answer of its store: the event is there once, and acknowledged', async () => {
    const event = newEvent()
    shop.fault({ target: 'firestore', operation: 'Commit', match: idOf(event), when: 'after', effect: 'drop' })
    expect((await send(event)).status).toBe(200)
    await timePasses(ground, 2)
    expect(shop.document('inbox', idOf(event))?.['status']).toBe('ignored')
  })

  test('a lost nudge: the sweep gives it after a minute', async () => {
    const event = newEvent()
    shop.fault({ target: 'pubsub', operation: 'Publish', match: 'inbox-stripe', when: 'before', effect: 'error', status: 14 })
    expect((await send(event)).status).toBe(200)
    await shop.cloud.drain()
    expect(shop.document('inbox', idOf(event))?.['status']).toBe('pending')
    await shop.cloud.advance(61_000)
    expect((await shop.tally('sweep-inbox'))['published']).toBe(1)
    await expectAllSettles(ground)
  })
})
