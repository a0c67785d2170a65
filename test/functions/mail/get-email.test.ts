/** What became of a mail, as staff see it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Mails, NOTICE, PERMANENT } from '../mails.ts'
import { openShop, type Json, type Shop } from '../shop.ts'

let shop: Shop
let mails: Mails
beforeAll(async () => {
  shop = await openShop()
  mails = new Mails(shop)
})
afterAll(() => shop.cloud.stop())

const shown = async (id: string): Promise<Json> => (await (await shop.person('viewer')).get(`/api/emails/${id}`)).body['email'] as Json

describe('does', () => {
  test('show what a mail says, how far it has come, and what Resend told of it', async () => {
    const id = await mails.ask(await shop.person('support', 'ann'), { to: 'gone@example.com' })
    expect(await shown(id)).toMatchObject({ id, status: 'queued', requestedBy: 'support ann', sentAt: null, template: 'notice', subject: NOTICE.variables.subject, to: ['gone@example.com'], events: [] })
    await shop.cloud.drain()
    await mails.tell(mails.event(id, 'bounced', PERMANENT))
    await shop.cloud.drain()
    const email = await shown(id)
    expect(email).toMatchObject({ status: 'bounced', attempts: 0, providerId: mails.sent(id)[0]?.['id'], lastError: 'Permanent, NoEmail, No such user <[masked]>.' })
    expect(email['events'].map(({ type }: Json) => type)).toEqual(['sent', 'bounced'])
    expect(email['text']).toContain('It is ready.')
  })

  test('say until when a mail is deferred, and why', async () => {
    const untilMs = shop.cloud.now() + 30_000
    const id = await mails.lay({ status: 'deferred', nextAtMs: untilMs, deferral: { reason: 'recipient_limit', untilMs } })
    expect(await shown(id)).toMatchObject({ status: 'deferred', deferredUntil: new Date(untilMs).toISOString(), deferredBecause: 'recipient_limit' })
  })
})

describe('refuses', () => {
  test('a mail that there is not, and a customer', async () => {
    expect((await (await shop.person('admin')).get('/api/emails/eml_none')).status).toBe(404)
    expect((await (await shop.person()).get('/api/emails/eml_none')).status).toBe(403)
  })
})
