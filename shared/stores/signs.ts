/** What the stores say about how the shop is: the figures that are looked at every minute. */
import { changesIn, WATCHED_KEYS, type Signs } from '#domain/watch.ts'
import { HOUR_MS, MINUTE_MS } from '#values/time.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { collection, countOf, readQuery, type Query } from '#platform/firestore.ts'
import { openAmong, sayAlerts } from './alerts.ts'
import { countDead } from './inbox.ts'
import { countMails } from './mails.ts'
import { orderOf } from './orders.ts'

/** Raises what is wrong now and was not, and takes back what was and no longer is. @returns how many */
export async function watchSigns(): Promise<number> {
  const settings = config('alerts')
  const thresholds = {
    deadLetters: settings.ALERT_DEAD_LETTERS, timeoutsPercent: settings.ALERT_PAYMENT_TIMEOUTS_PERCENT,
    timeoutsMin: settings.ALERT_PAYMENT_TIMEOUTS, stuckMinutes: settings.ALERT_PAYMENT_UNKNOWN_MINUTES,
  }
  const [signs, open] = await Promise.all([readSigns(thresholds.stuckMinutes * MINUTE_MS), openAmong(WATCHED_KEYS)])
  const changes = changesIn(signs, thresholds, open)
  await sayAlerts(changes)
  return changes.length
}

async function readSigns(stuckAfterMs: number): Promise<Signs> {
  const orders = await collection('orders')
  const hourAgo = now() - HOUR_MS
  const unknown: Query = orders.where('state', '==', 'payment_unknown').where('unansweredAtMs', '<=', now() - stuckAfterMs)
  const [deadLetters, deadMails, attempts, timeouts, stuck, longest] = await Promise.all([
    countDead(),
    countMails('dead_letter'),
    countOf(orders.where('createdAtMs', '>=', hourAgo)),
    countOf(orders.where('unansweredAtMs', '>=', hourAgo)),
    countOf(unknown),
    readQuery(unknown.orderBy('unansweredAtMs').limit(1)),
  ])
  const order = longest[0] === undefined ? undefined : orderOf(longest[0])
  const waiting = order?.unansweredAtMs === undefined ? undefined : { orderId: order.id, sinceMs: order.unansweredAtMs }
  return { deadLetters, deadMails, attempts, timeouts, stuck, longest: waiting }
}
