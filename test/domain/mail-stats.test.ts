/** Mail in figures, and what the shop promises itself. */
import { describe, expect, test } from 'vitest'
import { MAIL_STATUSES, type MailStatus } from '#domain/mail-record.ts'
import { successOf } from '#domain/mail-stats.ts'

const counts = (some: Partial<Record<MailStatus, number>>, inTime = 0, late = 0) => ({
  byStatus: Object.fromEntries(MAIL_STATUSES.map((status) => [status, some[status] ?? 0])) as Record<MailStatus, number>, inTime, late,
})

describe('does', () => {
  test('count as taken whatever reached the provider, and as lost what did not', () => {
    expect(successOf(counts({ sent: 10, delivered: 70, delayed: 5, bounced: 4, complained: 1, failed: 4, dead_letter: 6, queued: 50, deferred: 50, suppressed: 9 }, 89, 1))).toEqual({
      attempted: 100, taken: 90, percent: 90, inTimePercent: 98.88, promisedPercent: 98,
    })
  })

  test('say nothing of a time without mails', () => {
    expect(successOf(counts({ queued: 3 }))).toMatchObject({ attempted: 0, percent: null, inTimePercent: null })
  })
})

describe('refuses', () => {
  test('to reach what is promised by rounding', () => {
    expect(successOf(counts({ sent: 97_999, failed: 2_001 })).percent).toBe(97.99)
  })
})
