/** Resend's webhooks at the door: what is signed is stored before it is acknowledged, and nothing else is. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Mails, PERMANENT } from '../mails.ts'
import { openShop, ROTATED, type Json, type Shop } from '../shop.ts'

const PREVIOUS = ROTATED.RESEND_WEBHOOK_SECRET_PREVIOUS

let shop: Shop
let mails: Mails
let mailId: string
beforeAll(async () => {
  shop = await openShop()
  mails = new Mails(shop)
  mailId = await mails.lay({ to: 'Reader@example.com' })
  await mails.deliver(mailId)
})
afterEach(() => shop.calm())
afterAll(() => shop.cloud.stop())

const stored = (id: string): Json | undefined => shop.document('inbox', `resend-${id}`)

describe('does', () => {
  test('store an event and answer 200; its worker applies it', async () => {
    expect((await mails.tell(mails.event(mailId, 'delivered'), { id: 'msg_first' })).status).toBe(200)
    await shop.cloud.drain()
    expect(stored('msg_first')).toMatchObject({ vendor: 'resend', type: 'email.delivered', subject: mailId, status: 'applied' })
    expect(mails.of(mailId)['status']).toBe('delivered')
  })

  test('keep no address of what is told, only the name of its record', async () => {
    await mails.tell(mails.event(mailId, 'bounced', { ...PERMANENT, to: ['Reader <reader@example.com>'], from: 'Shop <s@shop.example>', subject: 'Secret' }), { id: 'msg_masked' })
    const text = JSON.stringify(stored('msg_masked'))
    expect(text).not.toMatch(/@|Secret/)
    expect(text).toContain(mails.nameOf('reader@example.com'))
  })

  test('take what the secret before the last rotation has signed', async () => {
    expect((await mails.tell(mails.event(mailId, 'opened'), { secret: PREVIOUS })).status).toBe(200)
  })

  test('file at once what its own call was told before', async () => {
    await mails.tell(mails.event(mailId, 'sent'), { id: 'msg_known' })
    expect(stored('msg_known')).toMatchObject({ status: 'applied', nextAtMs: null })
  })

  test('take what it does not know, and let it change nothing', async () => {
    for (const [n, event] of [{ type: 'domain.created', data: {} }, { type: 'email.opened', data: { email_id: 'x' } }, { type: 'email.sent', data: { email_id: 7 } }, { type: 'email.sent', data: null }, {}, []].entries()) {
      expect((await mails.tell(event as Json, { id: `msg_odd${n}` })).status).toBe(200)
    }
    await shop.cloud.drain()
    for (let n = 0; n < 5; n += 1) expect(stored(`msg_odd${n}`)?.['status']).toBe('ignored')
  })
})

describe('refuses', () => {
  test.each<[string, Parameters<Mails['tell']>[1]]>([
    ['another secret', { secret: `whsec_${Buffer.alloc(24, 9).toString('base64')}` }],
    ['a signature that is too old', { atMs: -301_000 }],
    ['a signature from the future', { atMs: 301_000 }],
  ])('%s: 401, and nothing is stored', async (_, options) => {
    const before = shop.documents('inbox').length
    const { status } = await mails.tell(mails.event(mailId, 'complained'), options?.atMs === undefined ? options : { atMs: shop.cloud.now() + options.atMs })
    expect([status, shop.documents('inbox').length]).toEqual([401, before])
  })

  test('what is not signed at all', async () => {
    expect((await shop.guest().post('/api/webhooks/resend', mails.event(mailId, 'complained'))).status).toBe(401)
    expect(mails.of(mailId)['status']).not.toBe('complained')
  })
})

describe('survives', () => {
  test('the same event many times: one record', async () => {
    for (let times = 0; times < 3; times += 1) expect((await mails.tell(mails.event(mailId, 'delivered'), { id: 'msg_again' })).status).toBe(200)
    await shop.cloud.drain()
    expect(shop.documents('inbox').filter(({ id }) => id === 'resend-msg_again')).toHaveLength(1)
  })

  test('a store that does not take it: 5xx, so that Resend sends it again', async () => {
    shop.fault({ target: 'firestore', operation: 'Commit', match: 'msg_unstored', when: 'before', effect: 'error', status: 7, times: 9 })
    expect((await mails.tell(mails.event(mailId, 'delivered'), { id: 'msg_unstored' })).status).toBeGreaterThanOrEqual(500)
  })
})
