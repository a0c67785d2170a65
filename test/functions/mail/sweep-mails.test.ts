/** Mails whose nudge was lost, whose next try is due, or that were over a limit, are nudged again. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Json, type Person, type Shop } from '../shop.ts'

const MINUTE_MS = 60_000

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterEach(() => shop.calm())
afterAll(() => shop.cloud.stop())

const sweep = (): Promise<Record<string, number>> => shop.tally('sweep-mails')

/** An order whose nudge about the receipt never reached anybody. */
async function unheard(): Promise<{ buyer: Person; mailId: string }> {
  const buyer = await shop.person()
  const cart = await buyer.fill({ productId: 'VARTOTE1', quantity: 1 })
  shop.fault({ target: 'pubsub', operation: 'Publish', when: 'before', effect: 'error', status: 14 })
  const { status, body } = await buyer.pay(cart['id'])
  expect(status).toBe(201)
  return { buyer, mailId: `receipt-${body['orderId']}` }
}

const received = (buyer: Person): number => shop.at('resend', 'emails').filter(({ to }) => to[0] === buyer.email).length
const mailOf = (id: string): Json => shop.document('mails', id) as Json

async function quiet(): Promise<void> {
  await shop.cloud.drain()
  await shop.cloud.advance(1000)
}

describe('does', () => {
  test('nudge a mail whose own nudge was lost, a minute after it was queued', async () => {
    const { buyer, mailId } = await unheard()
    await quiet()
    expect(await sweep()).toEqual({ published: 0 })
    expect(mailOf(mailId)['status']).toBe('queued')
    await shop.cloud.advance(MINUTE_MS)
    expect(await sweep()).toEqual({ published: 1 })
    await quiet()
    expect([mailOf(mailId)['status'], received(buyer)]).toEqual(['sent', 1])
  })

  test('fire by itself every minute', async () => {
    const { buyer } = await unheard()
    shop.resumeJobs()
    await shop.cloud.advance(3 * MINUTE_MS)
    shop.pauseJobs()
    await quiet()
    expect(received(buyer)).toBe(1)
  })

  test('leave a mail alone that was nudged just now', async () => {
    const { buyer } = await unheard()
    await shop.cloud.advance(MINUTE_MS)
    shop.cloud.servers.pubsub.hold()
    expect(await sweep()).toEqual({ published: 1 })
    expect(await sweep()).toEqual({ published: 0 })
    shop.cloud.servers.pubsub.release()
    await quiet()
    expect(received(buyer)).toBe(1)
  })
})

describe('refuses', () => {
  test('to touch what is sent, has failed, or is a dead letter', async () => {
    await quiet()
    await shop.cloud.advance(10 * MINUTE_MS)
    expect(await sweep()).toEqual({ published: 0 })
  })
})

describe('survives', () => {
  test('two sweeps at once: one mail', async () => {
    const { buyer } = await unheard()
    await shop.cloud.advance(MINUTE_MS)
    const run = () => shop.cloud.instances.request('sweep-mails', { method: 'POST', path: '/', headers: {} }, 30_000)
    await Promise.all([run(), run(), run()])
    await quiet()
    expect(received(buyer)).toBe(1)
  })

  test('Pub/Sub being away for it, too: it nudges again a minute later', async () => {
    const { buyer } = await unheard()
    await shop.cloud.advance(MINUTE_MS)
    shop.fault({ target: 'pubsub', operation: 'Publish', when: 'before', effect: 'error', status: 14 })
    await sweep()
    await shop.cloud.advance(MINUTE_MS)
    await sweep()
    await quiet()
    expect(received(buyer)).toBe(1)
  })

  test('its instance being killed after it held the mails back: they are nudged a minute later', async () => {
    const { buyer } = await unheard()
    await shop.cloud.advance(MINUTE_MS)
    shop.fault({ target: 'pubsub', operation: 'Publish', when: 'before', effect: 'kill' })
    await shop.cloud.runJob('sweep-mails').catch(() => undefined)
    await shop.cloud.instances.allReady()
    await shop.cloud.advance(MINUTE_MS)
    await sweep()
    await quiet()
    expect(received(buyer)).toBe(1)
  })
})
