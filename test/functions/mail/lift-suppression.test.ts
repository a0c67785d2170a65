/** Mail goes again to who was held: with us and at Resend, once, on record. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Mails, PERMANENT } from '../mails.ts'
import { openShop, type Answer, type Json, type Person, type Shop } from '../shop.ts'

let shop: Shop
let mails: Mails
let admin: Person
beforeAll(async () => {
  shop = await openShop()
  mails = new Mails(shop)
  admin = await shop.person('admin')
})
afterEach(() => shop.calm())
afterAll(() => shop.cloud.stop())

/** An address that has bounced, here and at Resend. */
async function bounced(to: string): Promise<void> {
  const id = await mails.lay({ to })
  await mails.deliver(id)
  await shop.act('resend', `emails/${mails.sent(id)[0]?.['id']}/event`, { type: 'bounced' })
  await mails.tell(mails.event(id, 'bounced', PERMANENT))
  await shop.cloud.drain()
  await shop.cloud.advance(1000)
}

const lift = (address: string, body: Json = {}, key?: string): Promise<Answer> => admin.post(`/api/admin/suppressions/${mails.nameOf(address)}/lift`, { reason: 'They called', ...body }, key)
const atResend = (): string[] => shop.at('resend', 'suppressions').map(({ email }) => String(email))

describe('does', () => {
  test('lift what bounced, here and at Resend, in the spelling that Resend knows; mail goes again', async () => {
    await bounced('Mended+x@gmail.com')
    expect(atResend()).toContain('mended+x@gmail.com')
    const { status, body } = await lift('mended@gmail.com')
    expect([status, body['suppression']]).toEqual([200, expect.objectContaining({ scope: 'all', reason: null, liftedAt: expect.any(String) })])
    expect(atResend()).not.toContain('mended+x@gmail.com')
    const id = await mails.lay({ to: 'mended@gmail.com' })
    await mails.deliver(id)
    expect(mails.of(id)['status']).toBe('sent')
  })

  test('say who lifted it and why, and not whom it is about', async () => {
    await bounced('told@example.com')
    await lift('told@example.com', { reason: 'New mailbox' })
    await shop.cloud.drain()
    const rows = (await shop.cloud.rows('audit', 'events_log')) as Json[]
    const [event] = rows.filter(({ subject, what }) => subject === mails.nameOf('told@example.com') && what === 'mail_address.suppression_lifted')
    expect(event).toMatchObject({ who: `admin ${admin.id}`, why: 'New mailbox' })
  })

  test('let campaigns through again, and nothing else, when that is what is lifted', async () => {
    await bounced('both@example.com')
    await admin.post('/api/admin/suppressions', { address: 'both@example.com', scope: 'campaigns' })
    await lift('both@example.com', { scope: 'campaigns' })
    expect(mails.address('both@example.com')?.['held']).toEqual(['all'])
  })

  test('answer the same key with the same answer, and lift once', async () => {
    await bounced('twice@example.com')
    const [first, second] = await Promise.all([lift('twice@example.com', {}, 'key-1'), lift('twice@example.com', {}, 'key-1')])
    expect(second?.text).toBe(first?.text)
    expect(mails.address('twice@example.com')?.['version']).toBe(2)
  })
})

describe('refuses', () => {
  test('what is not held, what there is not, and whoever may not', async () => {
    expect((await lift('nobody@example.com')).status).toBe(404)
    expect((await (await shop.person('support')).post('/api/admin/suppressions/adr_x/lift', { reason: 'x' })).status).toBe(403)
    expect((await admin.post('/api/admin/suppressions/adr_x/lift', {})).status).toBe(400)
  })
})

describe('survives', () => {
  test('Resend being away: nothing is lifted, and the same call may be made again', async () => {
    await bounced('away@example.com')
    shop.fault({ target: 'resend', operation: 'DELETE /suppressions/:id', when: 'before', effect: 'drop' })
    expect((await lift('away@example.com')).status).toBe(503)
    expect(mails.address('away@example.com')?.['held']).toEqual(['all'])
    expect((await lift('away@example.com')).status).toBe(200)
    expect(mails.address('away@example.com')?.['held']).toEqual([])
  })
})
