/** From where on a figure is an alert, and when it is over. */
import { describe, expect, test } from 'vitest'
import { changesIn, WATCHED_KEYS, type Signs } from '#domain/watch.ts'
import { NOW_MS } from './given.ts'

const WELL: Signs = { deadLetters: 0, deadMails: 0, lateMails: 0, longestMail: undefined, attempts: 100, timeouts: 0, stuck: 0, longest: undefined, lateSync: undefined }
const THRESHOLDS = { deadLetters: 10, timeoutsPercent: 1, timeoutsMin: 3, stuckMinutes: 60, mailMinutes: 5, syncMinutes: 30 }
const LONGEST = { orderId: 'ord_1', sinceMs: NOW_MS - 3_700_000 }

const LONGEST_MAIL = { mailId: 'receipt-ord_1', sinceMs: NOW_MS - 400_000 }

const changes = (signs: Partial<Signs>, open: readonly string[] = []) => changesIn({ ...WELL, ...signs }, THRESHOLDS, new Set(open))

describe('does', () => {
  test.each<[string, Partial<Signs>, object]>([
    ['more than ten dead letters', { deadLetters: 11 }, { key: 'inbox/dead-letters', severity: 'p1', details: { events: 11, mails: 0 } }],
    ['events and mails together', { deadLetters: 6, deadMails: 5 }, { key: 'inbox/dead-letters', details: { events: 6, mails: 5 } }],
    ['mails that are due for more than five minutes', { lateMails: 3, longestMail: LONGEST_MAIL }, { key: 'mail/backlog', severity: 'p1', details: { mails: 3, mailId: 'receipt-ord_1', since: expect.any(String) } }],
    ['more than one payment of a hundred without an answer', { attempts: 299, timeouts: 3 }, { key: 'payments/timeouts', severity: 'p1', details: { attempts: 299, unanswered: 3 } }],
    ['a sync that is behind for too long', { lateSync: { job: 'sync-square-payments', sinceMs: NOW_MS } }, { key: 'syncs/lag', severity: 'p1', details: { sync: 'sync-square-payments', since: expect.any(String) } }],
    ['a payment that has been unknown for more than an hour', { stuck: 2, longest: LONGEST }, { key: 'payments/stuck', severity: 'p0', orderId: 'ord_1' }],
  ])('raise %s', (_, signs, alert) => {
    expect(changes(signs)).toEqual([{ raise: expect.objectContaining(alert) }])
  })

  test('take back whatever is well again', () => {
    expect(changes({}, WATCHED_KEYS)).toEqual(WATCHED_KEYS.map((key) => ({ resolve: key })))
  })
})

describe('refuses', () => {
  test.each<[string, Partial<Signs>]>([
    ['ten dead letters', { deadLetters: 4, deadMails: 6 }],
    ['a mail that is due just now', { lateMails: 0, longestMail: LONGEST_MAIL }],
    ['two payments without an answer, however few there were', { attempts: 2, timeouts: 2 }],
    ['one of a hundred', { attempts: 300, timeouts: 3 }],
    ['a shop where nothing happens', { attempts: 0 }],
  ])('to raise %s', (_, signs) => {
    expect(changes(signs)).toEqual([])
  })

  test('to raise again what is open, or to take back what is not', () => {
    expect(changes({ deadLetters: 12, stuck: 1, longest: LONGEST }, ['inbox/dead-letters', 'payments/stuck'])).toEqual([])
    expect(changes({}, [])).toEqual([])
  })
})
