/** The seam of a vendor's webhook: verified on the raw bytes, stored, acknowledged; nothing else counts. */
import { createHmac } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openShop, ROTATED, type Answer, type Json, type Shop } from '../functions/shop.ts'

const PATH = '/api/webhooks/stripe'
const PREVIOUS = ROTATED.STRIPE_WEBHOOK_SECRET_PREVIOUS

let shop: Shop
beforeAll(async () => {
  shop = await openShop({ furnish: async () => undefined })
})
afterEach(() => shop.calm())
afterAll(() => shop.cloud.stop())

let told = 0

function event(wanted: Json = {}): string {
  return JSON.stringify({ id: `evt_told${++told}`, object: 'event', type: 'payment_intent.processing', data: { object: { id: 'pi_1', metadata: { order_id: 'ord_x' } } }, ...wanted })
}

interface Signing {
  readonly secret?: string
  readonly ageSeconds?: number
}

function signature(body: string, { secret = shop.cloud.servers.keys.STRIPE_WEBHOOK_SECRET, ageSeconds = 0 }: Signing = {}): string {
  const at = Math.floor(shop.cloud.now() / 1000) - ageSeconds
  return `t=${at},v1=${createHmac('sha256', secret).update(`${at}.${body}`).digest('hex')}`
}

function tell(body: string, header: string | undefined = signature(body)): Promise<Answer> {
  return shop.guest().call('POST', PATH, body, header === '' ? {} : { 'stripe-signature': header })
}

const idIn = (body: string): string => (JSON.parse(body) as { id: string }).id
const stored = (body: string): Json[] => shop.documents('inbox').filter(({ data }) => data['id'] === idIn(body)).map(({ data }) => data)

describe('does', () => {
  test('store an event as it came, then say so', async () => {
    const body = event()
    const answer = await tell(body)
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({ success: true, received: true })
    expect(stored(body)).toMatchObject([{ vendor: 'stripe', type: 'payment_intent.processing', subject: 'ord_x', payload: body }])
  })

  test('take the same event as often as the vendor likes, and store it once', async () => {
    const body = event()
    const answers = await Promise.all([tell(body), tell(body), tell(body), tell(body)])
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(stored(body).length).toBe(1)
  })

  test('take a signature of the secret before the last rotation', async () => {
    const body = event()
    expect((await tell(body, signature(body, { secret: PREVIOUS }))).status).toBe(200)
  })

  test('take what is not quite five minutes old', async () => {
    const body = event()
    expect((await tell(body, signature(body, { ageSeconds: 295 }))).status).toBe(200)
  })

  test('verify the very bytes, spaces and all', async () => {
    const body = event().replace('{', '{  ').replaceAll(',', ' ,\n')
    expect((await tell(body)).status).toBe(200)
  })

  test('take events of a kind that moves nothing here, and leave them be', async () => {
    const body = event({ type: 'customer.created', data: { object: { id: 'cus_1' } } })
    expect((await tell(body)).status).toBe(200)
    await shop.cloud.drain()
    expect(stored(body)).toMatchObject([{ status: 'ignored', nextAtMs: null }])
  })

  test('know no limit: a vendor may tell as much as happens', async () => {
    const vendor = shop.guest()
    const answers = await Promise.all(Array.from({ length: 130 }, () => vendor.call('POST', PATH, '{}', {})))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]))
  })
})

describe('refuses', () => {
  test.each<[string, (body: string) => string]>([
    ['no signature', () => ''],
    ['a signature of another secret', (body) => signature(body, { secret: 'whsec_guessed' })],
    ['a signature of another body', (body) => signature(`${body} `)],
    ['a signature that is 301 seconds old', (body) => signature(body, { ageSeconds: 301 })],
    ['a signature from more than five minutes ahead', (body) => signature(body, { ageSeconds: -310 })],
    ['a signature without a time', (body) => signature(body).replace(/^t=\d+,/, '')],
    ['a signature of another scheme', (body) => signature(body).replace('v1=', 'v0=')],
    ['a changed time', (body) => signature(body).replace(/^t=(\d+)/, (_, at: string) => `t=${Number(at) + 1}`)],
    ['rubbish', () => 'rubbish'],
  ])('%s: 401, and nothing is stored', async (_, sign) => {
    const body = event()
    const answer = await tell(body, sign(body))
    expect({ status: answer.status, code: answer.body['code'] }).toEqual({ status: 401, code: 'UNAUTHORIZED' })
    expect(stored(body)).toEqual([])
  })

  test('an empty body, and other methods', async () => {
    expect((await shop.guest().call('POST', PATH)).status).toBe(401)
    expect((await shop.guest().get(PATH)).status).toBe(404)
  })
})

describe('survives', () => {
  test('a store that does not take the event: 5xx, so that the vendor tells it again', async () => {
    const body = event()
    shop.fault({ target: 'firestore', operation: 'Commit', match: '/documents/inbox/', when: 'before', effect: 'error', status: 7 })
    expect((await tell(body)).status).toBeGreaterThanOrEqual(500)
    expect(stored(body)).toEqual([])
    expect((await tell(body)).status).toBe(200)
    expect(stored(body).length).toBe(1)
  })

  test.each(['before', 'after'] as const)('its instance being killed %s the event is stored: told again, it is there once', async (when) => {
    const body = event()
    shop.fault({ target: 'firestore', operation: 'Commit', match: idIn(body), when, effect: 'kill' })
    expect((await tell(body)).status).toBe(503)
    await shop.cloud.instances.allReady()
    expect((await tell(body)).status).toBe(200)
    expect(stored(body).length).toBe(1)
  })

  test('Pub/Sub being away: the event is stored and acknowledged all the same', async () => {
    const body = event()
    shop.fault({ target: 'pubsub', operation: 'Publish', when: 'before', effect: 'error', status: 14 })
    expect((await tell(body)).status).toBe(200)
    expect(stored(body)).toMatchObject([{ status: 'pending' }])
  })
})
