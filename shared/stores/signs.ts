/** What the stores say about how the shop is: the figures that are looked at every minute. */
import { changesIn, WATCHED_KEYS, type Signs, type Thresholds } from '#domain/watch.ts'
import { HOUR_MS, MINUTE_MS } from '#values/time.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { collection, countOf, readQuery, type Query } from '#platform/firestore.ts'
import { openAmong, sayAlerts } from './alerts.ts'
import { countDead } from './inbox.ts'
import { countDueBefore, longestDue } from './mail-stats.ts'
import { countMails } from './mails.ts'
import { orderOf } from './orders.ts'
import { slowestSync } from './syncs.ts'

/** Raises what is wrong now and was not, and takes back what was and no longer is. @returns how many */
export async function watchSigns(): Promise<number> {
  const settings = config('alerts')
  const thresholds = {
    deadLetters: settings.ALERT_DEAD_LETTERS, timeoutsPercent: settings.ALERT_PAYMENT_TIMEOUTS_PERCENT,
    timeoutsMin: settings.ALERT_PAYMENT_TIMEOUTS, stuckMinutes: settings.ALERT_PAYMENT_UNKNOWN_MINUTES, mailMinutes: settings.ALERT_MAIL_BACKLOG_MINUTES,
    syncMinutes: settings.ALERT_SYNC_LAG_MINUTES,
  }
  const [signs, open] = await Promise.all([readSigns(thresholds), openAmong(WATCHED_KEYS)])
  const changes = changesIn(signs, thresholds, open)
  await sayAlerts(changes)
  return changes.length
}

async function readSigns({ stuckMinutes, mailMinutes, syncMinutes }: Thresholds): Promise<Signs> {
  const mailsBefore = now() - mailMinutes * MINUTE_MS
  const orders = await collection('orders')
  const hourAgo = now() - HOUR_MS
  const unknown: Query = orders.where('state', '==', 'payment_unknown').where('unansweredAtMs', '<=', now() - stuckMinutes * MINUTE_MS)
  const [deadLetters, deadMails, lateMails, mail, attempts, timeouts, stuck, longest, slowest] = await Promise.all([
    countDead(),
    countMails('dead_letter'),
    countDueBefore(mailsBefore),
    longestDue(),
    countOf(orders.where('createdAtMs', '>=', hourAgo)),
    countOf(orders.where('unansweredAtMs', '>=', hourAgo)),
    countOf(unknown),
    readQuery(unknown.orderBy('unansweredAtMs').limit(1)),
    slowestSync(),
  ])
  const order = longest[0] === undefined ? undefined : orderOf(longest[0])
  const waiting = order?.unansweredAtMs === undefined ? undefined : { orderId: order.id, sinceMs: order.unansweredAtMs }
  const longestMail = mail === undefined || mail.dueSinceMs === null ? undefined : { mailId: mail.id, sinceMs: mail.dueSinceMs }
  const isLate = slowest !== undefined && slowest.caughtUpMs < now() - syncMinutes * MINUTE_MS
  const lateSync = isLate ? { job: slowest.job, sinceMs: slowest.caughtUpMs } : undefined
  return { deadLetters, deadMails, lateMails, longestMail, attempts, timeouts, stuck, longest: waiting, lateSync }
}
