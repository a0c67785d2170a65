/** A queued mail goes out: once, in the end, or it says why not. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Mail } from '../../../shared/domain/mail-record.ts'
import { Mails, MINUTE_MS } from '../mails.ts'
import { openShop, type Json, type Shop } from '../shop.ts'

const SECOND_MS = 1000
const HOUR_MS = 3_600_000

let shop: Shop
let mails: Mails
beforeAll(async () => {
  shop = await openShop({ environment: { BREAKER_FAILURES: '5' } })
  mails = new Mails(shop)
})
afterEach(() => shop.calm())
afterAll(() => shop.cloud.stop())

/** A mail in the queue, as an order's commit puts it there. */
const queue = (wanted: Partial<Mail> = {}): Promise<string> => mails.lay(wanted)
const deliver = (...ids: string[]): Promise<void> => mails.deliver(...ids)
const mailOf = (id: string): Json => mails.of(id)
const sent = (id: string): Json[] => mails.sent(id)

/** The next minute by the clock: the limits of all mails begin anew. */
async function freshMinute(): Promise<void> {
  await shop.cloud.jumpTo((Math.floor(shop.cloud.now() / MINUTE_MS) + 1) * MINUTE_MS)
}

describe('does', () => {
  test('send the receipt of an order, as HTML and as plain text, to the one who bought', async () => {
    const buyer = await shop.person()
    const order = await buyer.buy({ productId: 'VARGROWBOOK1', quantity: 2 })
    await shop.cloud.drain()
    const got = shop.at('resend', 'emails').filter(({ to }) => to[0] === buyer.email)
    expect(got.length).toBe(1)
    expect(got[0]).toMatchObject({
      subject: `Your order ${order['number']} at Countinghouse Shop`,
      from: 'Countinghouse Shop <orders@shop.example>',
      reply_to: ['help@shop.example'],
      tags: [{ name: 'template', value: 'receipt' }, { name: 'mail', value: `receipt-${order['id']}` }],
    })
    expect(got[0]?.['headers']).toBeUndefined()
    for (const form of ['html', 'text']) {
      expect(got[0]?.[form]).toContain(order['number'])
      expect(got[0]?.[form]).toContain('43.90 USD')
      expect(got[0]?.[form]).toContain('The Patient Gardener')
    }
    expect(mailOf(`receipt-${order['id']}`)).toMatchObject({ status: 'sent', providerId: got[0]?.['id'], nextAtMs: null, lastError: null, inTime: true })
  })

  test('write no mail for an order that was declined', async () => {
    const buyer = await shop.person()
    await buyer.pay((await buyer.fill({ productId: 'VARTOTE1', quantity: 1 }))['id'], { token: 'pm_card_chargeDeclined' })
    await shop.cloud.drain()
    expect(shop.at('resend', 'emails').filter(({ to }) => to[0] === buyer.email)).toEqual([])
  })

  test('ten mails to one mailbox in a minute, in whatever spelling, copies too, from whichever instance, and the rest in the next', async () => {
    const spellings = ['Keen.Reader+a@gmail.com', 'keenreader@gmail.com', 'KEENREADER+b@googlemail.com']
    const ids = await Promise.all(Array.from({ length: 13 }, (_, n) => {
      const reader = spellings[n % 3] ?? ''
      return queue([{ to: reader }, { to: `x${n}@example.com`, cc: [reader] }, { to: `x${n}@example.com`, bcc: [reader] }][n % 3])
    }))
    await deliver(...ids)
    const deferred = ids.filter((id) => mailOf(id)['status'] === 'deferred')
    expect(ids.filter((id) => mailOf(id)['status'] === 'sent').length).toBe(10)
    expect(deferred.length).toBe(3)
    for (const id of deferred) {
      const { nextAtMs, attempts, deferral } = mailOf(id)
      expect([attempts, deferral]).toEqual([0, { reason: 'recipient_limit', untilMs: nextAtMs }])
      expect(nextAtMs > shop.cloud.now() && nextAtMs <= shop.cloud.now() + MINUTE_MS).toBe(true)
    }
    await shop.cloud.advance(MINUTE_MS)
    await shop.cloud.drain()
    expect(ids.map((id) => [mailOf(id)['status'], sent(id).length])).toEqual(ids.map(() => ['sent', 1]))
  })

  test('at most a hundred mails a minute in all; those over it are deferred and go out later', async () => {
    await freshMinute()
    const ids = await Promise.all(Array.from({ length: 105 }, () => queue()))
    await deliver(...ids)
    const first = ids.filter((id) => mailOf(id)['status'] === 'sent').length
    expect(first).toBeLessThanOrEqual(100)
    expect(first).toBeGreaterThan(80)
    const deferred = ids.filter((id) => mailOf(id)['status'] === 'deferred').map((id) => mailOf(id)['deferral'])
    expect(deferred.length).toBe(105 - first)
    expect(new Set(deferred.map(({ reason }) => reason))).toEqual(new Set(['overall_limit']))
    await shop.cloud.advance(MINUTE_MS)
    await shop.cloud.drain()
    expect(ids.filter((id) => sent(id).length !== 1)).toEqual([])
  })

  test('send a campaign mail with the link by which one click ends campaigns', async () => {
    const id = await queue({ category: 'campaign' })
    mails.nudge(id, { category: 'campaign' })
    await shop.cloud.drain()
    const headers = sent(id)[0]?.['headers'] as Json | undefined
    expect(headers?.['List-Unsubscribe']).toMatch(new RegExp(`^<http://localhost:\\d+/api/unsubscribe/${mails.nameOf(mailOf(id)['to'])}\\.uns_[a-z0-9]{26}>$`))
    expect(headers?.['List-Unsubscribe-Post']).toBe('List-Unsubscribe=One-Click')
  })

  test('send to those who are not held, and answer to whom the mail says', async () => {
    await holdFor('bounced-before@example.com')
    const id = await queue({ to: ['bounced-before@example.com', 'fine@example.com'], cc: ['bounced-before@example.com'], bcc: ['copy@example.com'], replyTo: 'ann@shop.example' })
    await deliver(id)
    expect(sent(id)).toEqual([expect.objectContaining({ to: ['fine@example.com'], cc: null, bcc: ['copy@example.com'], reply_to: ['ann@shop.example'] })])
  })
})

/** As a bounce leaves it. */
async function holdFor(address: string, scope: 'all' | 'campaigns' = 'all'): Promise<void> {
  const staff = await shop.person('admin')
  const { status } = await staff.post('/api/admin/suppressions', { address, scope })
  expect(status).toBe(201)
}

describe('refuses', () => {
  test('to send anything, a receipt neither, to an address that is held: also in another spelling', async () => {
    await holdFor('Gone+shop@gmail.com')
    const id = await queue({ to: 'g.one@gmail.com' })
    await deliver(id)
    expect(mailOf(id)).toMatchObject({ status: 'suppressed', nextAtMs: null, lastError: 'held: manual', attempts: 0 })
    expect(sent(id)).toEqual([])
  })

  test('a campaign mail to who unsubscribed; his receipts come', async () => {
    await holdFor('quiet@example.com', 'campaigns')
    const [campaign, receipt] = [await queue({ to: 'quiet@example.com', category: 'campaign' }), await queue({ to: 'quiet@example.com' })]
    mails.nudge(campaign, { category: 'campaign' })
    await deliver(receipt)
    expect([mailOf(campaign)['status'], mailOf(receipt)['status']]).toEqual(['suppressed', 'sent'])
  })

  test('to send a mail before its moment, whoever nudges', async () => {
    const sendAtMs = shop.cloud.now() + HOUR_MS
    const id = await queue({ sendAtMs, nextAtMs: sendAtMs })
    await deliver(id)
    expect([mailOf(id)['status'], sent(id).length]).toEqual(['queued', 0])
    await shop.cloud.jumpTo(sendAtMs)
    await shop.cloud.drain()
    expect([mailOf(id)['status'], sent(id).length]).toEqual(['sent', 1])
  })

  test('to hurry: a copy of the nudge whose try failed already makes no further one', async () => {
    const id = await queue()
    shop.fault({ target: 'resend', operation: 'POST /emails', match: id, when: 'before', effect: 'error', status: 503 })
    mails.nudge(id, { attempt: 0 })
    await shop.cloud.drain()
    mails.nudge(id, { attempt: 0 })
    await shop.cloud.drain()
    expect([mailOf(id)['attempts'], mailOf(id)['status'], sent(id).length]).toEqual([1, 'queued', 0])
  })

  test('to try a mail again that Resend refuses for good', async () => {
    const id = await queue({ to: 'nobody' })
    await deliver(id)
    expect(mailOf(id)).toMatchObject({ status: 'failed', nextAtMs: null, lastError: expect.stringContaining('422') })
    await shop.cloud.advance(2 * HOUR_MS)
    await deliver(id)
    expect(shop.requests('resend').filter(({ idempotencyKey }) => idempotencyKey === id)).toHaveLength(1)
  })

  test('to send a second time what was sent, however often it is nudged', async () => {
    const id = await queue()
    await deliver(id, id, id)
    await deliver(id)
    expect(sent(id).length).toBe(1)
    expect(shop.requests('resend').filter(({ idempotencyKey }) => idempotencyKey === id).length).toBeGreaterThanOrEqual(1)
  })

  test('to try again when Resend does not let us in: a dead letter at once, right again when we are', async () => {
    const id = await queue()
    shop.fault({ target: 'resend', operation: 'POST /emails', match: id, when: 'before', effect: 'error', status: 403 })
    await deliver(id)
    expect(mailOf(id)).toMatchObject({ status: 'dead_letter', attempts: 1, lastError: expect.stringContaining('403') })
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

  test('a rate limit at Resend: tried again when Resend says so', async () => {
    await shop.cloud.advance(MINUTE_MS)
    await shop.act('resend', 'rate_limit', { perSecond: 1 })
    const ids = await Promise.all([queue(), queue(), queue()])
    await deliver(...ids)
    await shop.act('resend', 'rate_limit', { perSecond: 100 })
    const again = ids.map(mailOf).filter(({ status }) => status === 'queued')
    expect(again.length).toBeGreaterThan(0)
    for (const mail of again) expect(mail).toMatchObject({ attempts: 1, lastError: expect.stringContaining('429') })
    await shop.cloud.advance(MINUTE_MS)
    await shop.cloud.drain()
    expect(ids.map((id) => [mailOf(id)['status'], sent(id).length])).toEqual(ids.map(() => ['sent', 1]))
  })

  test('the quota of the day being used up: it waits by the hour, visibly, and no try is used up', async () => {
    const id = await queue()
    await shop.act('resend', 'quota', { daily: 0 })
    await deliver(id)
    await shop.act('resend', 'quota', { daily: null })
    const untilMs = mailOf(id)['nextAtMs']
    expect(mailOf(id)).toMatchObject({ status: 'deferred', attempts: 0, deferral: { reason: 'provider_quota', untilMs } })
    expect(Math.abs(untilMs - shop.cloud.now() - HOUR_MS)).toBeLessThan(SECOND_MS * 10)
    await shop.cloud.jumpTo(untilMs)
    await shop.cloud.drain()
    expect([mailOf(id)['status'], sent(id).length]).toEqual(['sent', 1])
  })

  describe('a day after a try whose answer was lost, when Resend has forgotten its key:', () => {
    /** Tried once, with an answer that nobody heard; a day later it is tried again. */
    async function tried({ took }: { took: boolean }): Promise<string> {
      await shop.cloud.advance(MINUTE_MS)
      const id = await queue()
      shop.fault({ target: 'resend', operation: 'POST /emails', match: id, when: took ? 'after' : 'before', effect: 'drop' })
      await deliver(id)
      expect(mailOf(id)).toMatchObject({ status: 'queued', attempts: 1 })
      return id
    }

    async function aDayLater(id: string): Promise<void> {
      await shop.cloud.servers.firestore.write([{ path: `mails/${id}`, data: { ...mailOf(id), nextAtMs: shop.cloud.now() + 26 * HOUR_MS } }])
      await shop.cloud.advance(25 * HOUR_MS)
      await deliver(id)
    }

    test('Resend has it: it is not sent again', async () => {
      const id = await tried({ took: true })
      await aDayLater(id)
      expect([mailOf(id)['status'], sent(id).length, mailOf(id)['providerId']]).toEqual(['sent', 1, sent(id)[0]?.['id']])
    })

    test('Resend does not have it: it is sent now, once', async () => {
      const id = await tried({ took: false })
      await aDayLater(id)
      await deliver(id)
      expect([mailOf(id)['status'], sent(id).length]).toEqual(['sent', 1])
    })

    test('Resend does not say: nothing is sent before it does', async () => {
      const id = await tried({ took: true })
      shop.fault({ target: 'resend', operation: 'GET /emails', when: 'before', effect: 'error', status: 500, times: 4 })
      await aDayLater(id)
      expect(mailOf(id)).toMatchObject({ status: 'queued', attempts: 2, lastError: expect.stringContaining('not known') })
      await deliver(id)
      expect([mailOf(id)['status'], sent(id).length]).toEqual(['sent', 1])
    })

    test('Resend has one that reads alike and is another mail of ours: this one is sent', async () => {
      const alike = { subject: 'The same words', text: 'The same words', to: 'twin@example.com' }
      const id = await tried({ took: false })
      await shop.cloud.servers.firestore.write([{ path: `mails/${id}`, data: { ...mailOf(id), ...alike, envelope: { ...mailOf(id)['envelope'], to: ['twin@example.com'] } } }])
      const other = await queue(alike)
      await deliver(other)
      await aDayLater(id)
      expect([mailOf(id)['status'], sent(id).length, sent(other).length]).toEqual(['sent', 1, 1])
    })
  })

  // Every other call of the worker is struck by the scenario `mail` of the faults.
  test('its instance being killed after Resend took the mail: one mail', async () => {
    const id = await queue()
    shop.fault({ target: 'resend', operation: 'POST /emails', match: id, when: 'after', effect: 'kill' })
    await deliver(id)
    expect(shop.cloud.wire.faults().map(({ struck }) => struck)).toEqual([1])
    await shop.cloud.instances.allReady()
    await shop.cloud.advance(2 * MINUTE_MS)
    await shop.cloud.drain()
    expect([mailOf(id)['status'], sent(id).length]).toEqual(['sent', 1])
  })
})
