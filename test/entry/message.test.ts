/** The seam of everything that runs on a message: a nudge may come twice, late, unreadable, or to a dying instance. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Mails } from '../functions/mails.ts'
import { openShop, type Json, type Shop } from '../functions/shop.ts'

const TOPIC = 'mail-queued'
const MINUTE_MS = 60_000

let shop: Shop
beforeAll(async () => {
  shop = await openShop({ furnish: async () => undefined })
})
afterEach(() => shop.calm())
afterAll(() => shop.cloud.stop())

let laid = 0

function mail(): Promise<string> {
  const id = `message-${++laid}`
  return new Mails(shop).lay({ id, to: `${id}@example.com`, subject: id, nextAtMs: shop.cloud.now() + 10 * MINUTE_MS })
}

function nudge(data: string): void {
  shop.cloud.servers.pubsub.publish(TOPIC, { data, attributes: { kind: 'mail' } })
}

const about = (mailId: string): string => JSON.stringify({ mailId })
const sent = (id: string): number => shop.at('resend', 'emails').filter(({ subject }) => subject === id).length
const dead = (): number => shop.cloud.servers.pubsub.dead().length
const statusOf = (id: string): Json => shop.document('mails', id)?.['status']

describe('does', () => {
  test('what the record asks for', async () => {
    const id = await mail()
    nudge(about(id))
    await shop.cloud.drain()
    expect([statusOf(id), sent(id)]).toEqual(['sent', 1])
  })

  test('it once when the nudge comes many times, at once and again later', async () => {
    const id = await mail()
    for (let times = 0; times < 8; times += 1) nudge(about(id))
    await shop.cloud.drain()
    nudge(about(id))
    await shop.cloud.drain()
    expect(sent(id)).toBe(1)
  })
})

describe('refuses', () => {
  test.each(['', 'not JSON', '[]', '"text"', '{}', '{"mailId":7}', 'null'])(
    'a message that reads %j: it is dropped with a line in the log, and blocks nothing',
    async (data) => {
      const [before, id] = [dead(), await mail()]
      nudge(data)
      nudge(about(id))
      await shop.cloud.drain()
      expect(sent(id)).toBe(1)
      expect(dead()).toBe(before)
      expect(shop.cloud.log().join('')).toContain('cannot read a message')
    },
  )
})

describe('survives', () => {
  test('its own failure: Pub/Sub brings the message again, later each time', async () => {
    const id = await mail()
    shop.fault({ target: 'firestore', operation: 'Commit', match: `/documents/mails/${id}`, when: 'before', effect: 'error', status: 7, times: 2 })
    nudge(about(id))
    await shop.cloud.drain()
    expect(statusOf(id)).toBe('queued')
    await shop.cloud.advance(2 * MINUTE_MS)
    await shop.cloud.drain()
    expect([statusOf(id), sent(id)]).toEqual(['sent', 1])
  })

  test('failing five times: a dead letter; the record stays, and the next nudge does the work', async () => {
    const [before, id] = [dead(), await mail()]
    shop.fault({ target: 'firestore', operation: 'Commit', match: `/documents/mails/${id}`, when: 'before', effect: 'error', status: 7, times: 99 })
    nudge(about(id))
    for (let tries = 0; tries < 6 && dead() === before; tries += 1) {
      await shop.cloud.drain()
      await shop.cloud.advance(11 * MINUTE_MS)
    }
    shop.calm()
    expect(dead()).toBe(before + 1)
    expect(statusOf(id)).toBe('queued')
    await shop.tally('sweep-mails')
    await shop.cloud.drain()
    expect([statusOf(id), sent(id)]).toEqual(['sent', 1])
  })

  test('its instance being killed at work: the message comes again', async () => {
    const id = await mail()
    shop.fault({ target: 'resend', operation: 'POST /emails', match: id, when: 'after', effect: 'kill' })
    nudge(about(id))
    await shop.cloud.drain()
    await shop.cloud.instances.allReady()
    await shop.cloud.advance(2 * MINUTE_MS)
    await shop.cloud.drain()
    expect([statusOf(id), sent(id)]).toEqual(['sent', 1])
  })
})
