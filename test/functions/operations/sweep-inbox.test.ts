/** Vendor events that nobody got to, or that failed, are tried again on their schedule, then given up visibly. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Json, type Shop } from '../shop.ts'

const MINUTE_MS = 60_000

let shop: Shop
let paid: Json
beforeAll(async () => {
  shop = await openShop()
  paid = await (await shop.person()).buy({ productId: 'VARTOTE1', quantity: 1 })
  await shop.cloud.drain()
})
afterEach(() => shop.calm())
afterAll(() => shop.cloud.stop())

const sweep = (): Promise<Record<string, number>> => shop.tally('sweep-inbox')
const recordOf = (id: string): Json => shop.document('inbox', `stripe-${id}`) as Json

let laid = 0

/** An event in the inbox as the webhook stores it. Its payload cannot be applied unless another is given. */
async function lay(wanted: Json = {}): Promise<string> {
  const id = `evt_laid${++laid}`
  const record = {
    id, type: 'payment_intent.succeeded', payload: 'not JSON', subject: paid['id'], vendor: 'stripe', status: 'pending', attempts: 0,
    receivedAtMs: shop.cloud.now(), nextAtMs: shop.cloud.now() + MINUTE_MS, lastError: null,
  }
  await shop.cloud.servers.firestore.write([{ path: `inbox/stripe-${id}`, data: { ...record, ...wanted } }])
  return id
}

const ABOUT_US_NOT = { type: 'customer.created', payload: '{"type":"customer.created","data":{"object":{}}}', subject: null }

describe('does', () => {
  test('wait a minute for the event\'s own nudge, then nudge the worker', async () => {
    const id = await lay(ABOUT_US_NOT)
    expect(await sweep()).toEqual({ published: 0 })
    await shop.cloud.advance(MINUTE_MS)
    expect(await sweep()).toEqual({ published: 1 })
    await shop.cloud.drain()
    expect(recordOf(id)).toMatchObject({ status: 'ignored', nextAtMs: null })
  })

  test('nudge more than a page of them', async () => {
    const ids = await Promise.all(Array.from({ length: 230 }, () => lay(ABOUT_US_NOT)))
    await shop.cloud.advance(MINUTE_MS)
    expect(await sweep()).toEqual({ published: 230 })
    await shop.cloud.drain()
    expect(ids.filter((id) => recordOf(id)['status'] !== 'ignored')).toEqual([])
  })

  test('try a failing event again after 1 min, 5 min, 30 min, 2 h and 24 h, then leave it as a dead letter', async () => {
    const id = await lay()
    await shop.cloud.advance(MINUTE_MS)
    const waits: number[] = []
    for (let tries = 1; tries <= 6; tries += 1) {
      await sweep()
      await shop.cloud.drain()
      const record = recordOf(id)
      expect(record).toMatchObject({ attempts: tries, lastError: expect.stringContaining('JSON') })
      if (record['nextAtMs'] === null) break
      waits.push(Math.round((record['nextAtMs'] - shop.cloud.now()) / MINUTE_MS))
      await shop.cloud.jumpTo(record['nextAtMs'])
    }
    expect(waits).toEqual([1, 5, 30, 120, 1440])
    expect(recordOf(id)).toMatchObject({ status: 'dead', attempts: 6, nextAtMs: null })
    await shop.cloud.advance(48 * 60 * MINUTE_MS)
    expect(await sweep()).toEqual({ published: 0 })
  })
})

describe('refuses', () => {
  test('to let a failing event hold up the others', async () => {
    const [bad, good] = [await lay(), await lay(ABOUT_US_NOT)]
    await shop.cloud.advance(MINUTE_MS)
    await sweep()
    await shop.cloud.drain()
    expect([recordOf(bad)['status'], recordOf(good)['status']]).toEqual(['pending', 'ignored'])
    await shop.cloud.servers.firestore.write([{ path: `inbox/stripe-${bad}`, delete: true }])
  })
})

describe('survives', () => {
  test('two sweeps at once', async () => {
    const id = await lay(ABOUT_US_NOT)
    await shop.cloud.advance(MINUTE_MS)
    const run = () => shop.cloud.instances.request('sweep-inbox', { method: 'POST', path: '/', headers: {} }, 30_000)
    const answers = await Promise.all([run(), run()])
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    await shop.cloud.drain()
    expect(recordOf(id)['status']).toBe('ignored')
  })

  test('a payment whose webhook came while Pub/Sub was away: the order is paid a minute later', async () => {
    const buyer = await shop.person()
    const cart = await buyer.fill({ productId: 'VARCAPNAT', quantity: 1 })
    const { status, body } = await buyer.pay(cart['id'], { token: 'pm_card_authenticationRequired' })
    expect(status).toBe(202)
    await shop.cloud.drain()
    shop.fault({ target: 'pubsub', operation: 'Publish', when: 'before', effect: 'error', status: 14, times: 99 })
    await shop.act('stripe', `payment_intents/${body['payment'].transactionId}/authenticate`, { outcome: 'succeed' })
    await expect.poll(() => shop.documents('inbox').some(({ data }) => data['subject'] === body['orderId'] && data['type'] === 'payment_intent.succeeded')).toBe(true)
    shop.calm()
    await shop.cloud.advance(MINUTE_MS)
    await sweep()
    await shop.cloud.drain()
    expect((await buyer.get(`/api/orders/${body['orderId']}`)).body['order']).toMatchObject({ state: 'paid' })
  })

  test('its instance being killed before it could publish: the next sweep nudges again', async () => {
    const id = await lay(ABOUT_US_NOT)
    await shop.cloud.advance(MINUTE_MS)
    shop.fault({ target: 'pubsub', operation: 'Publish', when: 'before', effect: 'kill' })
    await shop.cloud.runJob('sweep-inbox').catch(() => undefined)
    await shop.cloud.instances.allReady()
    await shop.cloud.advance(MINUTE_MS)
    await sweep()
    await shop.cloud.drain()
    expect(recordOf(id)['status']).toBe('ignored')
  })
})
