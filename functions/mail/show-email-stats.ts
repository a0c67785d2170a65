/**
 * Mail in figures: what became of the mails of the last hours, by status and template, how that compares to what the shop
 * promises itself, what waits now and since when, and how many addresses are held.
 *
 * Costs a read for each status and two for each template, whatever the day was like.
 */
import { z } from 'zod'
import { HOUR_MS, iso } from '#values/time.ts'
import { successOf } from '#domain/mail-stats.ts'
import { MailStatsShown } from '#domain/shown/mail.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { countHeld, countsSince, longestDue, templatesSince } from '#stores/mail-stats.ts'
import { countMails } from '#stores/mails.ts'
import { endpoint, route } from '#entry/endpoint.ts'

const HOURS_MAX = 24 * 31

export const showEmailStats = endpoint({
  name: 'show-email-stats',
  path: '/api/emails/stats',
  impact: 'Staff do not see whether mail arrives and what is piling up.',
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'Mail in figures',
    query: z.strictObject({ hours: z.coerce.number().int().min(1).max(HOURS_MAX).default(24) }),
    reply: MailStatsShown,
    run: async ({ query }) => run(now() - query.hours * HOUR_MS),
  }),
})

async function run(fromMs: number): Promise<MailStatsShown> {
  const [counts, templates, queued, deferred, deadLetters, longest, suppressed] = await Promise.all([
    countsSince(fromMs), templatesSince(fromMs), countMails('queued'), countMails('deferred'), countMails('dead_letter'), longestDue(), countHeld(),
  ])
  const { MAILS_PER_MINUTE: perMinute, MAILS_PER_RECIPIENT_MINUTE: perRecipientMinute } = config('limits')
  const oldestSeconds = longest?.dueSinceMs === undefined || longest.dueSinceMs === null ? null : Math.floor((now() - longest.dueSinceMs) / 1000)
  return {
    from: iso(fromMs), statuses: counts.byStatus, templates, slo: successOf(counts),
    waiting: { queued, deferred, deadLetters, oldestSeconds }, suppressed, limits: { perMinute, perRecipientMinute },
  }
}
