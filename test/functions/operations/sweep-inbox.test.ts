/** Vendor events that nobody got to, or that failed, are tried again on their schedule, then given up visibly. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { ABOUT_US_NOT, expectDead, Inbox, sweepAfter, tellStripes } from '../inbox.ts'
import { openShop, type Json, type Shop } from '../shop.ts'

const MINUTE_MS = 60_000
const ONE_DAY = 24 * 60

let shop: Shop
let paid: Json
let inbox: Inbox
beforeAll(async () => {
  shop = await openShop()
  paid = await (await shop.person()).buy({ productId: 'VARTOTE1', quantity: 1 })
  inbox = new Inbox(shop, paid['id'])
  await shop.cloud.drain()
})
afterEach(() => shop.calm())
afterAll(() => shop.cloud.stop())

const sweep = (): Promise<Record<string, number>> => shop.tally('sweep-inbox')

async function one(wanted: Json = {}): Promise<string> {
  return (await inbox.lay(wanted))[0] as string
}

/** Lets a failing event be tried whenever it is due until it is dead; answers the minutes between the tries. */
async function triedUntilDead(id: string): Promise<number[]> {
  const waits: number[] = []
  for (let tries = 1; tries <= 6; tries += 1) {
    await sweepAfter(shop, 0)
    const record = inbox.record(id)
    expect(record).toMatchObject({ attempts: tries, lastError: 'The payload is not JSON.' })
    if (record['nextAtMs'] === null) break
    waits.push(Math.round((record['nextAtMs'] - shop.cloud.now()) / MINUTE_MS))
    await shop.cloud.jumpTo(record['nextAtMs'])
  }
  return waits
}

describe('does', () => {
  test('wait a minute for the event\'s own nudge, then nudge the worker', async () => {
    const id = await one(ABOUT_US_NOT)
    expect(await sweep()).toEqual({ published: 0, failed: 0 })
    expect(await sweepAfter(shop, 1)).toEqual({ published: 1, failed: 0 })
    expect(inbox.record(id)).toMatchObject({ status: 'ignored', nextAtMs: null })
  })

  test('try a failing event again after 1 min, 5 min, 30 min, 2 h and 24 h, then leave it as a dead letter for good', async () => {
    const id = await one()
    await shop.cloud.advance(MINUTE_MS)
    expect(await triedUntilDead(id)).toEqual([1, 5, 30, 120, 1440])
    expectDead(inbox.record(id))
    expect(await sweepAfter(shop, 2 * ONE_DAY)).toEqual({ published: 0, failed: 0 })
    await inbox.remove([id])
  })

  test('the same when every message comes twice: two copies of one nudge are one try', async () => {
    const { settings } = shop.cloud.servers.pubsub
    const before = settings.duplicates
    settings.duplicates = 1
    const id = await one()
    await shop.cloud.advance(MINUTE_MS)
    expect(await triedUntilDead(id)).toEqual([1, 5, 30, 120, 1440])
    settings.duplicates = before
    await inbox.remove([id])
  })

  test('count a worker that never answers as failing: nudged three times for each try, and in the end a dead letter that says so', async () => {
    const id = await one({ vendor: 'nobody' })
    const nudged: number[] = []
    const startedMs = shop.cloud.now()
    for (let looks = 0; inbox.record(id)['nextAtMs'] !== null && looks < 40; looks += 1) {
      await shop.cloud.jumpTo(inbox.record(id)['nextAtMs'])
      const { published = 0 } = await sweep()
      if (published > 0) nudged.push(inbox.record(id)['attempts'])
    }
    expect(nudged).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5])
    expect(inbox.record(id)).toMatchObject({ status: 'dead', attempts: 6, lastError: 'No worker answered.' })
    expect((shop.cloud.now() - startedMs) / MINUTE_MS).toBeCloseTo(1440 + 120 + 30 + 5 + 1 + 6 * 3 + 1, 0)
    await inbox.remove([id])
  })
})

describe('refuses', () => {
  test('to let failing events, a payload that no worker understands, and a vendor without a worker hold up the others on their pages', async () => {
    // All together more than two pages of the sweep's.
    const bad = await inbox.lay({}, 60)
    const orphans = await inbox.lay({ vendor: 'nobody' }, 300)
    const odd = await inbox.lay({ type: 'payment_intent.succeeded', payload: '{"type":"payment_intent.succeeded","data":null}' }, 10)
    const good = await inbox.lay(ABOUT_US_NOT, 50)
    expect(await sweepAfter(shop, 1)).toMatchObject({ published: 420 })
    expect([inbox.statuses(bad), inbox.statuses(orphans), inbox.statuses(good)]).toEqual([{ pending: 60 }, { pending: 300 }, { ignored: 50 }])
    expect(inbox.statuses(odd)).toEqual({ ignored: 10 })
    await inbox.remove([...bad, ...orphans, ...odd])
  })

  test('to stumble over an event without a type, or with one that no message could carry', async () => {
    const ids = ['evt_typeless', 'evt_long_type']
    const events = [{ id: ids[0], object: 'event', data: { object: {} } }, { id: ids[1], object: 'event', type: '😀'.repeat(2_000), data: { object: {} } }]
    for (const event of events) expect(await tellStripes(shop, event)).toBe(200)
    await shop.cloud.drain()
    expect(ids.map((id) => inbox.record(`stripe-${id}`)['status'])).toEqual(['ignored', 'ignored'])
  })

  test('to take in what would fill a document so that its next state no longer fits: it would stop the sweep for all', async () => {
    const event = { id: 'evt_huge', object: 'event', type: 'customer.created', data: { object: {} }, fill: 'x'.repeat(900_000) }
    expect(await tellStripes(shop, event)).toBe(413)
    expect(inbox.record('stripe-evt_huge')).toBeUndefined()
  })

  test('to quote a payload that cannot be read: it may hold anything', async () => {
    const id = await one({ payload: 'maria@example.com {' })
    await sweepAfter(shop, 1)
    expect(inbox.record(id)['lastError']).toBe('The payload is not JSON.')
    await inbox.remove([id])
  })

  test('to count a try that was counted before: a copy that comes late changes nothing', async () => {
    const id = await one({ attempts: 3 })
    const late = { eventId: inbox.record(id)['id'], subject: paid['id'], type: 'payment_intent.succeeded', attempt: 2 }
    shop.cloud.servers.pubsub.publish('inbox-stripe', { data: JSON.stringify(late) })
    await shop.cloud.drain()
    expect(inbox.record(id)).toMatchObject({ attempts: 3, lastError: null })
    await inbox.remove([id])
  })

  test('to forget what is not done, and what is done before 45 days are over', async () => {
    const dead = await one()
    await shop.cloud.advance(MINUTE_MS)
    await triedUntilDead(dead)
    const event = { id: 'evt_kept', object: 'event', type: 'customer.created', data: { object: {} } }
    expect(await tellStripes(shop, event)).toBe(200)
    await shop.cloud.drain()
    await shop.cloud.advance(44 * ONE_DAY * MINUTE_MS)
    expect(inbox.record('stripe-evt_kept')['status']).toBe('ignored')
    expect(await tellStripes(shop, event)).toBe(200)
    expect(inbox.record('stripe-evt_kept')['status']).toBe('ignored')
    await shop.cloud.advance(3 * ONE_DAY * MINUTE_MS)
    expect(inbox.record('stripe-evt_kept')).toBeUndefined()
    expectDead(inbox.record(dead))
    await inbox.remove([dead])
  })
})

describe('survives', () => {
  test('two sweeps at once: each due event is nudged by one of them', async () => {
    const ids = await inbox.lay(ABOUT_US_NOT, 20)
    await shop.cloud.advance(MINUTE_MS)
    const run = async (): Promise<Json> => {
      const { status, body } = await shop.cloud.instances.request('sweep-inbox', { method: 'POST', path: '/', headers: {} }, 30_000)
      return { status, ...JSON.parse(body.toString('utf8'))['tally'] }
    }
    const tallies = await Promise.all([run(), run()])
    expect(tallies.map(({ status }) => status)).toEqual([200, 200])
    expect(tallies.reduce((sum, { published }) => sum + published, 0)).toBe(20)
    await shop.cloud.drain()
    expect(inbox.statuses(ids)).toEqual({ ignored: 20 })
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
    await sweepAfter(shop, 1)
    expect((await buyer.get(`/api/orders/${body['orderId']}`)).body['order']).toMatchObject({ state: 'paid' })
  })

  test('its instance being killed before it could publish: the next sweep nudges again', async () => {
    const id = await one(ABOUT_US_NOT)
    await shop.cloud.advance(MINUTE_MS)
    shop.fault({ target: 'pubsub', operation: 'Publish', when: 'before', effect: 'kill' })
    await shop.cloud.runJob('sweep-inbox').catch(() => undefined)
    await shop.cloud.instances.allReady()
    await sweepAfter(shop, 1)
    expect(inbox.record(id)['status']).toBe('ignored')
  })

  test('a message that Pub/Sub gave up after five deliveries: its event stays pending, and the sweep nudges anew', async () => {
    const id = await one(ABOUT_US_NOT)
    shop.fault({ target: 'firestore', operation: 'Commit', function: 'on-stripe-event', match: id, when: 'before', effect: 'error', status: 7, times: 500 })
    const given = shop.cloud.servers.pubsub.dead().length
    await sweepAfter(shop, 1)
    for (let minutes = 0; minutes < 30 && shop.cloud.servers.pubsub.dead().length === given; minutes += 1) {
      await shop.cloud.advance(MINUTE_MS)
      await shop.cloud.drain()
    }
    const [letter] = shop.cloud.servers.pubsub.dead().slice(given)
    expect(letter).toMatchObject({ attempts: 5, reason: 'attempts', deadLetterTopic: expect.stringContaining('on-stripe-event') })
    expect(JSON.parse(Buffer.from(letter?.data ?? '', 'base64').toString('utf8'))['eventId']).toBe(inbox.record(id)['id'])
    expect(inbox.record(id)['status']).toBe('pending')
    shop.calm()
    for (let minutes = 0; minutes < 6 && inbox.record(id)['status'] === 'pending'; minutes += 1) await sweepAfter(shop, 1)
    expect(inbox.record(id)['status']).toBe('ignored')
  })

  test('an event that kills whoever touches it: others are applied meanwhile, and it becomes a dead letter', async () => {
    // Its last try, whose last nudge is left.
    const [id, good] = [await one({ attempts: 5, nudges: 2 }), await one(ABOUT_US_NOT)]
    shop.fault({ target: 'firestore', operation: 'Commit', function: 'on-stripe-event', match: id, when: 'before', effect: 'kill', times: 500 })
    // The other one, or a sweep, may have been with an instance that died of this one: then the next try does it.
    const sweepsOn = () => sweepAfter(shop, 1).catch(() => undefined)
    for (let minutes = 0; minutes < 5 && inbox.record(good)['status'] === 'pending'; minutes += 1) await sweepsOn()
    expect(inbox.record(good)['status']).toBe('ignored')
    for (let minutes = 0; minutes < 10 && inbox.record(id)['status'] === 'pending'; minutes += 1) await sweepsOn()
    expect(inbox.record(id)).toMatchObject({ status: 'dead', attempts: 6, lastError: 'No worker answered.' })
    await inbox.remove([id])
  })
})
