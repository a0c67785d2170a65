/** What the warehouse is told of campaign mails: each change that a figure is made of, once, in its order. */
import { describe, expect, test } from 'vitest'
import { CLICKS_MAX, campaigns, engaged, firstReport, nextReport } from '#domain/campaign.ts'
import { newMail } from '#domain/mail-record.ts'
import { faultOf } from '#domain/warehouse-faults.ts'
import { NOW_MS } from './given.ts'

const INTENT = { id: 'eml_1', to: 'a@x.org', template: 'newsletter', subject: 'News', html: '<p>', text: 'News', category: 'campaign' as const }
const mailOf = (wanted: object = {}) => firstReport(newMail({ ...INTENT, ...wanted }, ['adr_1'], NOW_MS)).mail
const figures = (change: object) => ({
  campaign_name: 'spring', creative_name: 'a', sent_count: 4, delivered_count: 3, opened_count: 2, clicked_count: 1, named_count: 4, order_count: 1, revenue: '12.5', ...change,
})

describe('does', () => {
  test('tell of a mail when it is queued, under its template or the names it was given', () => {
    const { mail, rows } = firstReport(newMail(INTENT, ['adr_1'], NOW_MS))
    expect(mail.report).toEqual({ version: 1, atMs: NOW_MS })
    expect(rows).toMatchObject([{ dataset: 'engagement', table: 'mails_log', insertId: 'eml_1-1', json: { campaign: 'newsletter', creative: 'newsletter', status: 'queued', clicks: [], customer_id: null } }])
    const named = firstReport(newMail({ ...INTENT, campaign: 'spring', creative: 'green', customerId: 'ann' }, ['adr_1'], NOW_MS))
    expect(named.rows[0]?.json).toMatchObject({ campaign: 'spring', creative: 'green', customer_id: 'ann' })
    expect(faultOf(rows[0] as never)).toBeUndefined()
  })

  test('tell of every change of a figure under a version of its own, never with an earlier moment', () => {
    const sent = nextReport(mailOf(), { status: 'sent', sentAtMs: NOW_MS + 5 }, NOW_MS + 5)
    expect(sent.rows).toMatchObject([{ insertId: 'eml_1-2', json: { status: 'sent', row_version: 2 } }])
    const clicked = nextReport({ ...mailOf(), ...sent.change }, { openedAtMs: NOW_MS + 7, clicksMs: [NOW_MS + 8, NOW_MS + 9] }, NOW_MS)
    const at = (ms: number) => new Date(NOW_MS + ms).toISOString()
    expect(clicked.rows[0]?.json).toMatchObject({ opened_at: at(7), clicked_at: at(8), clicks: [{ clicked_at: at(8) }, { clicked_at: at(9) }], updated_at: at(5), row_version: 3 })
    expect(faultOf(clicked.rows[0] as never)).toBeUndefined()
  })

  test('keep the latest clicks of one who clicks by the hundred', () => {
    const many = Array.from({ length: CLICKS_MAX }, (_, n) => NOW_MS + n)
    expect(engaged({ ...mailOf(), clicksMs: many }, { clicked: true, atMs: NOW_MS + 500 }).clicksMs).toEqual([...many.slice(1), NOW_MS + 500])
  })

  test('show a campaign in whole figures, and null where nobody knows who bought', () => {
    const [known, unknown] = campaigns([figures({}), figures({ creative_name: 'b', named_count: 0, sent_count: 0, delivered_count: 0 })], 'USD')
    expect(known).toMatchObject({ campaign: 'spring', creative: 'a', sent: 4, delivered: 3, deliveryRate: 0.75, opened: 2, clicked: 1, orders: 1, revenue: 12.5 })
    expect(unknown).toMatchObject({ creative: 'b', deliveryRate: null, orders: null, revenue: null })
  })
})

describe('refuses', () => {
  test('to tell of a mail that somebody waits for, and of what is no figure', () => {
    expect(firstReport(newMail({ ...INTENT, category: 'transactional' }, ['adr_1'], NOW_MS)).rows).toEqual([])
    expect(nextReport(mailOf(), { status: 'deferred', nextAtMs: NOW_MS + 1 }, NOW_MS)).toEqual({ change: { status: 'deferred', nextAtMs: NOW_MS + 1 }, rows: [] })
    expect(nextReport({ ...mailOf(), category: 'transactional' }, { status: 'sent' }, NOW_MS).rows).toEqual([])
  })
})
