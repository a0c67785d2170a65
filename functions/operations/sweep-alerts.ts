/**
 * Looks every minute at how the shop is, raises what is wrong and takes back what no longer is; and nudges the teller of
 * alerts again: those whose nudge was lost, whose next try is due, or that had to wait because they were told just now.
 *
 * Safe to run twice: a fact that says nothing new changes nothing, and a nudge only names a record; the record decides.
 */
import { dueRecords, holdBack } from '#stores/due.ts'
import { nudgeKeys, quietAlerts, sayAlerts } from '#stores/alerts.ts'
import { watchSigns } from '#stores/signs.ts'
import { schedule } from '#entry/schedule.ts'

const PAGE = 200

export const sweepAlerts = schedule({
  name: 'sweep-alerts',
  cron: '* * * * *',
  impact: 'Staff are told late, or not at all, of what needs a person.',
  run: async () => {
    const quiet = await quietAlerts(PAGE)
    await sayAlerts(quiet.map((key) => ({ resolve: key })))
    const changes = await watchSigns()
    const facts = await dueRecords('alert_facts', PAGE)
    await holdBack(facts)
    const untold = await dueRecords('alerts', PAGE)
    const keys = new Set([...facts, ...untold].map((snapshot) => snapshot.get('key') as string))
    await nudgeKeys([...keys])
    return { saved: quiet.length + changes, published: keys.size }
  },
})
