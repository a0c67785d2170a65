/**
 * Tells people of an alert, or that it is over: in the log always, through PagerDuty where the shop has it.
 *
 * Safe to run twice: facts are folded into the alert's record in the transaction that deletes them, one teller at a time
 * tells what the record says is next, and PagerDuty knows the alert by its key.
 */
import { z } from 'zod'
import { newId } from '#values/ids.ts'
import type { AlertRecord, Severity, Telling } from '#domain/alert.ts'
import type { Down } from '#domain/breaker.ts'
import { log, type Level } from '#platform/log.ts'
import { ALERT_TOPIC, claimTelling, foldFacts, noteTelling, type Tale } from '#stores/alerts.ts'
import { through } from '#stores/breakers.ts'
import { page, type PageOutcome } from '#vendors/pagerduty/pager.ts'
import { message } from '#entry/message.ts'

/** Google's names for them are critical, error and warning. */
const LEVELS: Readonly<Record<Severity, Level>> = { p0: 'fatal', p1: 'error', p2: 'warn' }

export const onAlert = message({
  name: 'on-alert',
  topic: ALERT_TOPIC,
  impact: 'Nobody is told of what needs a person at once until the sweep looks.',
  data: z.object({ key: z.string().min(1) }),
  run: async ({ key }) => {
    await foldFacts(key)
    const teller = newId('run')
    for (;;) {
      const alert = await claimTelling(key, teller)
      const telling = alert?.toTell[0]
      if (alert === undefined || telling === undefined) return
      if (alert.attempts === 0) say(alert, telling)
      await noteTelling(key, teller, await tell(alert, telling))
    }
  },
})

function say(alert: AlertRecord, telling: Telling): void {
  const { key, severity, summary, details, orderId, count } = alert
  const facts = { alert: key, alertSeverity: severity, details, orderId, facts: count, metric: 'alerts' }
  if (telling === 'trigger') log.at(LEVELS[severity], summary, facts)
  else log.info(`Over: ${summary}`, facts)
}

/** What PagerDuty refuses for good was at least logged; nothing is gained by asking again. */
async function tell(alert: AlertRecord, telling: Telling): Promise<Tale> {
  const result = await through('pagerduty', () => page(alert, telling), downBy)
  if ('shutUntilMs' in result) return { untilMs: result.shutUntilMs }
  const { done: outcome } = result
  if (outcome.status === 'again') return { done: false, reason: outcome.reason, waitMs: outcome.waitMs ?? 0 }
  if (outcome.status === 'refused') log.error('PagerDuty refuses an alert', new Error(outcome.reason), { function: 'on-alert', alert: alert.key })
  return { done: true }
}

function downBy(outcome: PageOutcome): Down | undefined {
  return outcome.status === 'again' ? { reason: outcome.reason, restMs: outcome.waitMs } : undefined
}
