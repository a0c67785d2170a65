/** Mail in figures, for staff. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Mails, MINUTE_MS } from '../mails.ts'
import { openShop, type Json, type Person, type Shop } from '../shop.ts'

let shop: Shop
let mails: Mails
let viewer: Person
beforeAll(async () => {
  shop = await openShop()
  mails = new Mails(shop)
  viewer = await shop.person('viewer')
})
afterAll(() => shop.cloud.stop())

const stats = async (query = ''): Promise<Json> => (await viewer.get(`/api/emails/stats${query}`)).body

describe('does', () => {
  test('say that nothing was written, of a shop that writes nothing', async () => {
    expect(await stats()).toMatchObject({ success: true, slo: { attempted: 0, percent: null, inTimePercent: null }, templates: [], waiting: { queued: 0, oldestSeconds: null }, suppressed: { all: 0, campaigns: 0 } })
  })

  test('count mails by status and template, what arrived in time, and since when the oldest waits', async () => {
    const nowMs = shop.cloud.now()
    for (let n = 0; n < 3; n += 1) await mails.lay({ status: 'delivered', inTime: n > 0, nextAtMs: null, dueSinceMs: null })
    await mails.lay({ status: 'failed', nextAtMs: null, dueSinceMs: null, template: 'refund' })
    await mails.lay({ status: 'sent', inTime: true, createdAtMs: nowMs - 30 * 60 * MINUTE_MS, nextAtMs: null, dueSinceMs: null, template: 'cancelled' })
    await mails.lay({ status: 'deferred', dueSinceMs: nowMs - 90_000, nextAtMs: nowMs + 1000 })
    await mails.lay({ status: 'queued', dueSinceMs: nowMs + 60 * MINUTE_MS, nextAtMs: nowMs + 60 * MINUTE_MS, category: 'campaign' })
    await (await shop.person('admin')).post('/api/admin/suppressions', { address: 'held@example.com' })
    const body = await stats()
    expect(body).toMatchObject({
      statuses: { delivered: 3, failed: 1, sent: 0, deferred: 1, queued: 1, bounced: 0 },
      templates: [{ template: 'receipt', count: 5 }, { template: 'refund', count: 1 }],
      slo: { attempted: 4, taken: 3, percent: 75, inTimePercent: 66.66, promisedPercent: 98 },
      waiting: { queued: 1, deferred: 1, deadLetters: 0 }, suppressed: { all: 1, campaigns: 0 }, limits: { perMinute: 100, perRecipientMinute: 10 },
    })
    expect(body['waiting'].oldestSeconds).toBeGreaterThanOrEqual(90)
    expect((await stats('?hours=48'))['statuses']).toMatchObject({ sent: 1 })
  })

  test('wake somebody when mails that are waited for are due for more than five minutes, until they are out', async () => {
    const id = await mails.lay({ dueSinceMs: shop.cloud.now() - 6 * MINUTE_MS, nextAtMs: shop.cloud.now() + 5 * MINUTE_MS })
    await shop.tally('sweep-alerts')
    await shop.cloud.drain()
    const alert = (): Json | undefined => shop.documents('alerts').map(({ data }) => data).find(({ key }) => key === 'mail/backlog')
    expect(alert()).toMatchObject({ status: 'open', severity: 'p1', details: { mailId: id } })
    await mails.deliver(id)
    await shop.cloud.advance(6 * MINUTE_MS)
    await shop.cloud.drain()
    await shop.tally('sweep-alerts')
    await shop.cloud.drain()
    expect(alert()?.['status']).toBe('resolved')
  })
})

describe('refuses', () => {
  test.each(['?hours=0', '?hours=745', '?days=1'])('%s: 400', async (query) => {
    expect((await viewer.get(`/api/emails/stats${query}`)).status).toBe(400)
  })
})
