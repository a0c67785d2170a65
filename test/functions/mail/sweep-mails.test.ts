/** Mails whose nudge was lost, whose next try is due, or that were over a limit, are nudged again. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Mails, MINUTE_MS } from '../mails.ts'
import { openShop, type Json, type Person, type Shop } from '../shop.ts'

let shop: Shop
let mails: Mails
beforeAll(async () => {
  // One instance: several may each keep some of a minute's mails for themselves, and a few less go out than are counted here.
  shop = await openShop({ instances: 1, environment: { MAILS_PER_MINUTE: '20' } })
  mails = new Mails(shop)
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
    expect(await sweep()).toMatchObject({ published: 0 })
    expect(mailOf(mailId)['status']).toBe('queued')
    await shop.cloud.advance(MINUTE_MS)
    expect(await sweep()).toMatchObject({ published: 1 })
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
    expect(await sweep()).toMatchObject({ published: 1 })
    expect(await sweep()).toMatchObject({ published: 0 })
    shop.cloud.servers.pubsub.release()
    await quiet()
    expect(received(buyer)).toBe(1)
  })
})

/** Campaign mails that wait, each to a reader of its own. */
function campaign(count: number): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, () => mails.lay({ category: 'campaign', nextAtMs: shop.cloud.now() })))
}

const statuses = (ids: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const id of ids) counts[mailOf(id)['status']] = (counts[mailOf(id)['status']] ?? 0) + 1
  return counts
}

async function freshMinute(): Promise<void> {
  await quiet()
  await shop.cloud.jumpTo((Math.floor(shop.cloud.now() / MINUTE_MS) + 1) * MINUTE_MS)
}

describe('does, with campaigns,', () => {
  test('send what transactional mails leave over of three quarters of a minute, and tell every other mail its minute', async () => {
    await freshMinute()
    const [first, last] = [await campaign(10), await campaign(25)]
    const receipts = await Promise.all(Array.from({ length: 6 }, () => mails.lay({ nextAtMs: shop.cloud.now() })))
    const tally = await sweep()
    expect(tally).toMatchObject({ published: 6 + 9, deferred: 26 })
    await quiet()
    expect(statuses(receipts)).toEqual({ sent: 6 })
    expect(statuses([...first, ...last])).toEqual({ sent: 9, deferred: 26 })
    const turns = [...first, ...last].map(mailOf).filter(({ status }) => status === 'deferred').map(({ deferral }) => deferral)
    const minutes = Map.groupBy(turns, ({ untilMs }) => Math.ceil((untilMs - shop.cloud.now()) / MINUTE_MS))
    expect([...minutes].map(([minute, some]) => [minute, some.length]).sort()).toEqual([[1, 15], [2, 11]])
    expect(new Set(turns.map(({ reason }) => reason))).toEqual(new Set(['overall_limit']))
    for (let minute = 0; minute < 3; minute += 1) {
      await shop.cloud.advance(MINUTE_MS)
      await sweep()
      await quiet()
    }
    expect(statuses([...first, ...last])).toEqual({ sent: 35 })
    expect(shop.at('resend', 'emails').filter(({ headers }) => headers?.['List-Unsubscribe'] !== undefined).length).toBe(35)
  })

  test('send no receipt later for them: who buys while a campaign goes out gets his mail at once', async () => {
    await freshMinute()
    const ids = await campaign(25)
    await sweep()
    await quiet()
    const receipts = await Promise.all(Array.from({ length: 5 }, () => mails.lay()))
    await mails.deliver(...receipts)
    expect([statuses(ids)['sent'], statuses(receipts)]).toEqual([15, { sent: 5 }])
    for (let minute = 0; minute < 2; minute += 1) {
      await shop.cloud.advance(MINUTE_MS)
      await shop.cloud.drain()
    }
    expect(statuses(ids)).toEqual({ sent: 25 })
  })

  test('keep to their share when two sweeps come in one minute', async () => {
    await freshMinute()
    const ids = await campaign(40)
    await Promise.all([sweep(), sweep(), sweep()])
    await quiet()
    expect(statuses(ids)['sent']).toBeLessThanOrEqual(15)
    expect(statuses(ids)['queued'] ?? 0).toBe(0)
    for (let minute = 0; minute < 4; minute += 1) {
      await shop.cloud.advance(MINUTE_MS)
      await shop.cloud.drain()
    }
    expect(statuses(ids)).toEqual({ sent: 40 })
  })
})

describe('does, with what is done,', () => {
  test('take the text out two weeks later, and keep that it was sent', async () => {
    const { mailId } = await unheard()
    await mails.deliver(mailId)
    expect([mailOf(mailId)['status'], mailOf(mailId)['html'] === '']).toEqual(['sent', false])
    await shop.cloud.advance(15 * 24 * 60 * MINUTE_MS)
    expect((await sweep())['deleted']).toBeGreaterThan(0)
    expect(mailOf(mailId)).toMatchObject({ status: 'sent', html: '', text: '', bodyUntilMs: null })
    expect((await sweep())['deleted']).toBe(0)
  })
})

describe('refuses', () => {
  test('to touch what is sent, has failed, or is a dead letter', async () => {
    await quiet()
    await shop.cloud.advance(10 * MINUTE_MS)
    expect(await sweep()).toMatchObject({ published: 0 })
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
