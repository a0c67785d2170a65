/** What Resend tells of mails: the same mail in the end, in whatever order, and nobody is written to who bounces or complains. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Mails, MINUTE_MS, PERMANENT } from '../mails.ts'
import { sweepAfter } from '../inbox.ts'
import { openShop, type Json, type Shop } from '../shop.ts'

let shop: Shop
let mails: Mails
beforeAll(async () => {
  shop = await openShop()
  mails = new Mails(shop)
})
afterEach(async () => {
  shop.calm()
  await shop.act('resend', 'webhooks', { enabled: false, duplicates: 0.02, late: 0.02 })
})
afterAll(() => shop.cloud.stop())

let read = 0

/** A mail that Resend has. */
async function sent(to = `r${++read}@example.com`): Promise<string> {
  const id = await mails.lay({ to })
  await mails.deliver(id)
  return id
}

async function tell(...events: Json[]): Promise<void> {
  for (const event of events) expect((await mails.tell(event)).status).toBe(200)
  await shop.cloud.drain()
}

const auditOf = async (address: string): Promise<Json[]> => ((await shop.cloud.rows('audit', 'events_log')) as Json[]).filter(({ subject }) => subject === mails.nameOf(address))

describe('does', () => {
  test.each<[string[], string]>([
    [['delivered'], 'delivered'], [['delivery_delayed'], 'delayed'], [['delivered', 'delivery_delayed', 'sent'], 'delivered'],
    [['complained', 'delivered', 'delivered'], 'complained'], [['failed'], 'failed'],
  ])('make of %j: %s', async (types, status) => {
    const id = await sent()
    await tell(...types.map((type) => mails.event(id, type)))
    expect(mails.of(id)).toMatchObject({ status, nextAtMs: null })
  })

  test('learn from Resend itself, twice and in disorder, that a mail arrived', async () => {
    await shop.act('resend', 'webhooks', { enabled: true, duplicates: 1, late: 0.5 })
    const ids = await Promise.all(Array.from({ length: 6 }, () => mails.lay()))
    await mails.deliver(...ids)
    expect(ids.map((id) => [mails.of(id)['status'], mails.sent(id).length])).toEqual(ids.map(() => ['delivered', 1]))
  })

  test.each<[string, Json, string]>([['bounced', PERMANENT, 'bounce'], ['complained', {}, 'complaint']])('hold the address after it %s, once, on record, and send it nothing more', async (type, more, reason) => {
    const to = `Held-by-${reason}+x@gmail.com`
    const id = await sent(to)
    const told = mails.event(id, type, more)
    await tell(told, told, { ...told, created_at: new Date(shop.cloud.now() + 5).toISOString() })
    expect(mails.address(to)).toMatchObject({ address: `held-by-${reason}@gmail.com`, spellings: [to], held: ['all'], holds: { all: { reason, mailId: id } }, version: 1 })
    const receipt = await mails.lay({ to: to.replace('+x', '+receipts') })
    await mails.deliver(receipt)
    expect([mails.of(receipt)['status'], mails.sent(receipt).length]).toEqual(['suppressed', 0])
    const [event, ...others] = await auditOf(to)
    expect([event?.['what'], event?.['why'], event?.['who'], others]).toEqual(['mail_address.suppressed', reason, 'on-resend-event', []])
  })

  test('hold who is on the list of Resend itself, from a mail that we know nothing of', async () => {
    const id = await sent('listed@example.com')
    await tell(mails.event(id, 'suppressed', { suppressed: { reason: 'previous_complaint' } }))
    expect([mails.of(id)['status'], mails.address('listed@example.com')?.['holds'].all.reason]).toEqual(['suppressed', 'complaint'])
  })

  test('learn from an event that a mail went out whose answer was lost, and try it no more', async () => {
    const id = await mails.lay()
    shop.fault({ target: 'resend', operation: 'POST /emails', match: id, when: 'after', effect: 'drop' })
    await mails.deliver(id)
    expect(mails.of(id)).toMatchObject({ status: 'queued', attempts: 1, providerId: null })
    await tell({ ...mails.event(id, 'delivered'), data: { email_id: mails.sent(id)[0]?.['id'], to: mails.sent(id)[0]?.['to'], tags: { mail: id } } })
    expect(mails.of(id)).toMatchObject({ status: 'delivered', providerId: mails.sent(id)[0]?.['id'], nextAtMs: null, lastError: null })
    await shop.cloud.advance(60 * MINUTE_MS)
    await shop.cloud.drain()
    expect(mails.sent(id)).toHaveLength(1)
  })

  test('find a mail by the id that Resend gave it, where its own did not come back', async () => {
    const id = await sent()
    await tell(mails.event(id, 'delivered', { tags: { mail: 'odd id' } }))
    expect(mails.of(id)['status']).toBe('delivered')
  })
})

describe('refuses', () => {
  test('a mail that is not ours: nothing changes, nobody is held', async () => {
    const event = { type: 'email.bounced', created_at: new Date(shop.cloud.now()).toISOString(), data: { email_id: 're_others', to: ['stranger@example.com'], tags: { mail: 'eml_others' }, ...PERMANENT } }
    const before = shop.documents('mails').length
    await tell(event)
    expect([shop.documents('mails').length, mails.address('stranger@example.com')]).toEqual([before, undefined])
  })

  test('an event about another mail that came back under the id of ours', async () => {
    const id = await sent()
    await tell(mails.event(id, 'bounced', { ...PERMANENT, email_id: 're_another' }))
    expect(mails.of(id)['status']).toBe('sent')
  })

  test('to hold a mailbox that is only full today', async () => {
    const id = await sent('full@example.com')
    await tell(mails.event(id, 'bounced', { bounce: { type: 'Transient', subType: 'MailboxFull', message: 'Try later.' } }))
    expect([mails.of(id)['status'], mails.address('full@example.com')]).toEqual(['bounced', undefined])
  })

  test('a bounce from before somebody lifted it', async () => {
    const id = await sent('back@example.com')
    const late = mails.event(id, 'complained')
    await tell(mails.event(id, 'bounced', PERMANENT))
    await shop.cloud.advance(1000)
    const admin = await shop.person('admin')
    expect((await admin.post(`/api/admin/suppressions/${mails.nameOf('back@example.com')}/lift`, { reason: 'They called' })).status).toBe(200)
    await tell(late)
    expect([mails.of(id)['status'], mails.address('back@example.com')?.['held']]).toEqual(['complained', []])
  })
})

describe('survives', () => {
  test('its own failure: the event goes back on its schedule, and is applied', async () => {
    const id = await sent()
    shop.fault({ target: 'firestore', operation: 'Commit', match: `/documents/mails/${id}`, when: 'before', effect: 'error', status: 7 })
    await tell(mails.event(id, 'delivered'))
    expect(mails.of(id)['status']).toBe('sent')
    await sweepAfter(shop, 2)
    expect(mails.of(id)['status']).toBe('delivered')
  })

  test('its instance being killed before its commit: applied a minute later, once', async () => {
    const id = await sent('killed@example.com')
    shop.fault({ target: 'firestore', operation: 'Commit', match: `/documents/mails/${id}`, when: 'before', effect: 'kill' })
    await mails.tell(mails.event(id, 'bounced', PERMANENT))
    await shop.cloud.drain()
    await shop.cloud.instances.allReady()
    await sweepAfter(shop, 2)
    expect([mails.of(id)['status'], mails.address('killed@example.com')?.['version']]).toEqual(['bounced', 1])
  })
})
