/** A queued mail goes out: once, in the end, or it says why not. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openShop, type Json, type Shop } from '../shop.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS

let shop: Shop
beforeAll(async () => {
  shop = await openShop({ environment: { BREAKER_FAILURES: '5' } })
})
afterEach(() => shop.calm())
afterAll(() => shop.cloud.stop())

let laid = 0

/** A mail in the queue, as an order's commit puts it there. */
async function queue(wanted: Json = {}): Promise<string> {
  const id = `receipt-ord_laid${++laid}`
  const mail = {
    id, to: `reader-${laid}@example.com`, template: 'receipt', subject: `Receipt ${laid}`, html: '<p>Thanks</p>', text: 'Thanks', orderId: `ord_laid${laid}`,
    status: 'queued', attempts: 0, nextAtMs: shop.cloud.now() + MINUTE_MS, createdAtMs: shop.cloud.now(), sentAtMs: null, providerId: null, lastError: null,
  }
  await shop.cloud.servers.firestore.write([{ path: `mails/${id}`, data: { ...mail, ...wanted } }])
  return id
}

function nudge(id: string): void {
  shop.cloud.servers.pubsub.publish('mail-queued', { data: JSON.stringify({ mailId: id }), attributes: { kind: 'mail' } })
}

async function deliver(...ids: string[]): Promise<void> {
  ids.forEach(nudge)
  await shop.cloud.drain()
}

const mailOf = (id: string): Json => shop.document('mails', id) as Json
const sent = (id: string): Json[] => shop.at('resend', 'emails').filter((email) => email['idempotency_key'] === id)

describe('does', () => {
  test('send the receipt of an order, as HTML and as plain text, to the one who bought', async () => {
    const buyer = await shop.person()
    const order = await buyer.buy({ productId: 'VARGROWBOOK1', quantity: 2 })
    await shop.cloud.drain()
    const mails = shop.at('resend', 'emails').filter(({ to }) => to[0] === buyer.email)
    expect(mails.length).toBe(1)
    expect(mails[0]).toMatchObject({
      subject: `Your order ${order['number']} at Countinghouse Shop`,
      from: 'Countinghouse Shop <orders@shop.example>',
      reply_to: ['help@shop.example'],
      tags: [{ name: 'template', value: 'receipt' }],
    })
    for (const form of ['html', 'text']) {
      expect(mails[0]?.[form]).toContain(order['number'])
      expect(mails[0]?.[form]).toContain('43.90 USD')
      expect(mails[0]?.[form]).toContain('The Patient Gardener')
    }
    expect(mailOf(`receipt-${order['id']}`)).toMatchObject({ status: 'sent', providerId: mails[0]?.['id'], nextAtMs: null, lastError: null })
  })

  test('write no mail for an order that was declined', async () => {
    const buyer = await shop.person()
    await buyer.pay((await buyer.fill({ productId: 'VARTOTE1', quantity: 1 }))['id'], { token: 'pm_card_chargeDeclined' })
    await shop.cloud.drain()
    expect(shop.at('resend', 'emails').filter(({ to }) => to[0] === buyer.email)).toEqual([])
  })

  test('ten mails to one address in a minute, from whichever instance, and the rest in the next', async () => {
    const to = 'Keen.Reader@example.com'
    const ids = await Promise.all(Array.from({ length: 13 }, (_, index) => queue({ to: index % 2 === 0 ? to : to.toLowerCase() })))
    await deliver(...ids)
    const deferred = ids.filter((id) => mailOf(id)['status'] === 'deferred')
    expect(ids.filter((id) => mailOf(id)['status'] === 'sent').length).toBe(10)
    expect(deferred.length).toBe(3)
    for (const id of deferred) {
      expect(mailOf(id)['nextAtMs']).toBeGreaterThan(shop.cloud.now())
      expect(mailOf(id)['nextAtMs']).toBeLessThanOrEqual(shop.cloud.now() + MINUTE_MS)
      expect(mailOf(id)['attempts']).toBe(0)
    }
    await shop.cloud.advance(MINUTE_MS)
    await shop.cloud.drain()
    expect(ids.map((id) => [mailOf(id)['status'], sent(id).length])).toEqual(ids.map(() => ['sent', 1]))
  })

  test('at most a hundred mails a minute in all; those over it are deferred and go out later', async () => {
    await shop.cloud.jumpTo((Math.floor(shop.cloud.now() / MINUTE_MS) + 1) * MINUTE_MS)
    const ids = await Promise.all(Array.from({ length: 115 }, () => queue()))
    await deliver(...ids)
    const first = ids.filter((id) => mailOf(id)['status'] === 'sent').length
    expect(first).toBeLessThanOrEqual(100)
    expect(first).toBeGreaterThan(80)
    expect(ids.filter((id) => mailOf(id)['status'] === 'deferred').length).toBe(115 - first)
    await shop.cloud.advance(MINUTE_MS)
    await shop.cloud.drain()
    expect(ids.filter((id) => sent(id).length !== 1)).toEqual([])
  })
})

describe('refuses', () => {
  test('to try a mail again that Resend refuses for good', async () => {
    const id = await queue({ to: 'nobody' })
    await deliver(id)
    expect(mailOf(id)).toMatchObject({ status: 'failed', nextAtMs: null, lastError: expect.stringContaining('422') })
    const before = shop.requests('resend').length
    await shop.cloud.advance(2 * 3_600_000)
    await deliver(id)
    expect(shop.requests('resend').length).toBe(before)
  })

  test('to send a second time what was sent, however often it is nudged', async () => {
    const id = await queue()
    await deliver(id, id, id)
    await deliver(id)
    expect(sent(id).length).toBe(1)
    expect(shop.requests('resend').filter(({ idempotencyKey }) => idempotencyKey === id).length).toBeGreaterThanOrEqual(1)
  })

  test('to send what may have been sent more than a day ago: Resend has forgotten its key', async () => {
    const id = await queue({ attempts: 1, createdAtMs: shop.cloud.now() - 25 * 3_600_000 })
    await deliver(id)
    expect(mailOf(id)).toMatchObject({ status: 'failed', lastError: expect.stringContaining('too old') })
    expect(sent(id)).toEqual([])
  })

  test('a nudge about a mail that is not there', async () => {
    await deliver('receipt-ord_never')
    expect(sent('receipt-ord_never')).toEqual([])
  })
})

describe('survives', () => {
  test('a lost answer of Resend: one mail', async () => {
    const id = await queue()
    shop.fault({ target: 'resend', operation: 'POST /emails', match: id, when: 'after', effect: 'drop' })
    await deliver(id)
    expect(mailOf(id)).toMatchObject({ status: 'queued', attempts: 1 })
    await shop.cloud.advance(SECOND_MS)
    await deliver(id)
    expect(mailOf(id)).toMatchObject({ status: 'sent', attempts: 1 })
    expect(sent(id).length).toBe(1)
  })

  test.each(['before', 'after'] as const)('its instance being killed %s Resend took the mail: one mail', async (when) => {
    const id = await queue()
    shop.fault({ target: 'resend', operation: 'POST /emails', match: id, when, effect: 'kill' })
    await deliver(id)
    await shop.cloud.instances.allReady()
    await shop.cloud.advance(2 * MINUTE_MS)
    await shop.cloud.drain()
    expect([mailOf(id)['status'], sent(id).length]).toEqual(['sent', 1])
  })

  test('its instance being killed before it could note that the mail is gone: one mail', async () => {
    const id = await queue()
    shop.fault({ target: 'firestore', operation: 'Commit', match: `/documents/mails/${id}`, when: 'before', effect: 'kill' })
    await deliver(id)
    await shop.cloud.instances.allReady()
    await shop.cloud.advance(2 * MINUTE_MS)
    await shop.cloud.drain()
    expect([mailOf(id)['status'], sent(id).length]).toEqual(['sent', 1])
  })

  test('Resend being away: tried again after 1 s, 5 s, 30 s, 5 min and 30 min, then a dead letter', async () => {
    const id = await queue()
    shop.fault({ target: 'resend', operation: 'POST /emails', match: id, when: 'before', effect: 'error', status: 503, times: 99 })
    const waits: number[] = []
    for (let tries = 1; tries <= 6; tries += 1) {
      const before = shop.cloud.now()
      await deliver(id)
      const mail = mailOf(id)
      expect(mail['attempts']).toBe(tries)
      if (mail['nextAtMs'] === null) break
      const waited = mail['nextAtMs'] - before
      waits.push(Math.floor(waited / SECOND_MS))
      await shop.cloud.jumpTo(mail['nextAtMs'])
    }
    expect(waits).toEqual([1, 5, 30, 300, 1800])
    expect(mailOf(id)).toMatchObject({ status: 'dead_letter', attempts: 6, nextAtMs: null, lastError: expect.stringContaining('503') })
    expect(sent(id)).toEqual([])
  })

  test('Resend being away: after five failures in a row all mails wait a minute, and no try of theirs is used up', async () => {
    await shop.cloud.advance(MINUTE_MS)
    await deliver(await queue())
    shop.fault({ target: 'resend', operation: 'POST /emails', when: 'before', effect: 'error', status: 503, times: 999 })
    const tried = await Promise.all(Array.from({ length: 5 }, () => queue()))
    await deliver(...tried)
    const before = shop.cloud.wire.lastCall
    const id = await queue()
    await deliver(id)
    expect(shop.cloud.wire.calls(before).filter(({ target }) => target === 'resend')).toEqual([])
    expect(mailOf(id)).toMatchObject({ status: 'deferred', attempts: 0, lastError: null })
    expect(mailOf(id)['nextAtMs'] - shop.cloud.now()).toBeLessThanOrEqual(MINUTE_MS)
    shop.calm()
    // One of them tries for all; the others follow when it was answered.
    for (let minute = 0; minute < 2; minute++) {
      await shop.cloud.advance(MINUTE_MS)
      await shop.cloud.drain()
    }
    expect([...tried, id].map((one) => [mailOf(one)['status'], sent(one).length])).toEqual([...tried, id].map(() => ['sent', 1]))
    expect(shop.document('breakers', 'resend')).toBeUndefined()
  })

  test('a rate limit at Resend: it waits as long as Resend says', async () => {
    const id = await queue()
    await shop.act('resend', 'quota', { daily: 0 })
    await deliver(id)
    await shop.act('resend', 'quota', { daily: null })
    expect(mailOf(id)).toMatchObject({ status: 'queued', attempts: 1, lastError: expect.stringContaining('429') })
    expect(mailOf(id)['nextAtMs'] - shop.cloud.now()).toBeGreaterThan(50 * SECOND_MS)
    await shop.cloud.jumpTo(mailOf(id)['nextAtMs'])
    await shop.cloud.drain()
    expect([mailOf(id)['status'], sent(id).length]).toEqual(['sent', 1])
  })
})
