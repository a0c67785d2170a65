/**
 * Looks at each closed day once more, when nothing of it can be under way any more: what the hourly runs have missed is
 * found here, fees that they should have posted included.
 *
 * Days are days in UTC, as gateways count them; a day is closed two hours after its end. Days that were missed are made
 * up for, in order.
 * Safe to run twice: fees and differences are named after what they are about, orders move by their own rules.
 */
import { DAY_MS, HOUR_MS } from '#values/time.ts'
import { config } from '#platform/config.ts'
import { guarded } from '#stores/guarded.ts'
import { eachOf, walk } from '#stores/reconciliation.ts'
import { gatewaysInUse } from '#vendors/gateways.ts'
import { schedule } from '#entry/schedule.ts'

const CLOSED_AFTER_MS = 2 * HOUR_MS

/** Counted as by the hourly run. */
export const reconcileDay = schedule({
  name: 'reconcile-day',
  cron: '40 2 * * *',
  impact: 'What the hourly reconciliation has missed stays unseen.',
  timeoutSeconds: 1800,
  run: async ({ startedAtMs, hasTime }) => {
    // Up to the beginning of the day that is still open.
    const toMs = Math.floor((startedAtMs - CLOSED_AFTER_MS) / DAY_MS) * DAY_MS
    const span = { fromMs: toMs - DAY_MS, toMs }
    return eachOf(gatewaysInUse().map((gateway) => guarded(gateway)), async (gateway, counts) => {
      const reconciling = { gateway, shopName: config('shop').SHOP_NAME, feesAreDue: true }
      await walk(reconciling, { job: 'reconcile-day', span, overlapMs: 0, hasTime }, counts)
    })
  },
})
