/**
 * Proves every hour that the warehouse misses nothing: rows that it took are looked for by name, the journal's entries are
 * counted on both sides, and nothing may wait to be handed over for long.
 *
 * A row that is not found is handed over again under its own name and looked for again; staff are called until it is there.
 * Safe to run twice: what is looked for twice is found twice, a row that is sent twice shows once in the views, and a receipt
 * goes once.
 */
import { FAILING_KEY, failingAlert, MISSING_KEY, missingAlert } from '#domain/hand-over.ts'
import { openAmong, sayAlerts } from '#stores/alerts.ts'
import { differingDays, proveReceipts, waitingTooLong } from '#stores/hand-over.ts'
import { countMissed } from '#stores/receipts.ts'
import { schedule } from '#entry/schedule.ts'

/** Counted: settled (rows that were found), failed (rows that were not, and were sent again). */
export const reconcileWarehouse = schedule({
  name: 'reconcile-warehouse',
  cron: '35 * * * *',
  impact: 'Nobody notices when a sale or an audit event is missing in BigQuery.',
  run: async ({ hasTime }) => {
    await sayWhetherItFlows()
    const tally = { settled: 0, failed: 0 }
    while (hasTime()) {
      const { receipts, found, missing } = await proveReceipts()
      tally.settled += found
      tally.failed += missing
      if (receipts === 0 || missing > 0) break
    }
    const days = await differingDays()
    if (tally.failed > 0 || days.length > 0) await sayAlerts([{ raise: missingAlert(tally.failed, days) }])
    else if ((await countMissed()) === 0) await over(MISSING_KEY)
    return tally
  },
})

/** Before anything is asked of BigQuery: it may be away. */
async function sayWhetherItFlows(): Promise<void> {
  const waiting = await waitingTooLong()
  if (waiting !== undefined) await sayAlerts([{ raise: failingAlert(waiting.sinceMs, waiting.entries) }])
  else await over(FAILING_KEY)
}

async function over(key: string): Promise<void> {
  if ((await openAmong([key])).size > 0) await sayAlerts([{ resolve: key }])
}
