/**
 * Compares each gateway's own books with our ledger and orders, every hour: posts the fees, mends what needs no decision,
 * puts on record what is left, and closes what is over.
 *
 * It looks at what is older than 15 minutes, from two hours before the last run's end: what was under way then, or was
 * listed late, is looked at again. A gateway that does not answer stops none of the others, and its next run goes on
 * where this one stopped.
 * Safe to run twice: fees and differences are named after what they are about, orders move by their own rules.
 */
import { HOUR_MS, MINUTE_MS } from '#values/time.ts'
import { config } from '#platform/config.ts'
import { guarded } from '#stores/guarded.ts'
import { eachOf, lookAtOpen, lookAtStuck, walk } from '#stores/reconciliation.ts'
import { gatewaysInUse } from '#vendors/gateways.ts'
import { schedule } from '#entry/schedule.ts'

/** Younger than this, a payment may still be under way. */
const SETTLED_AFTER_MS = 15 * MINUTE_MS
const FIRST_LOOK_MS = 24 * HOUR_MS
const OVERLAP_MS = 2 * HOUR_MS

/** Counted: movements read, fees saved, differences refused (open), settled (mended) and released (gone by themselves). */
export const reconcilePayments = schedule({
  name: 'reconcile-payments',
  cron: '20 * * * *',
  impact: 'Money that came or went without us knowing stays unseen, and fees are missing from the books.',
  timeoutSeconds: 900,
  run: async ({ startedAtMs, hasTime }) => {
    const toMs = startedAtMs - SETTLED_AFTER_MS
    const span = { fromMs: toMs - FIRST_LOOK_MS, toMs }
    return eachOf(gatewaysInUse().map((gateway) => guarded(gateway)), async (gateway, counts) => {
      const reconciling = { gateway, shopName: config('shop').SHOP_NAME, feesAreDue: false }
      await lookAtOpen(reconciling, hasTime, counts)
      await walk(reconciling, { job: 'reconcile-payments', span, overlapMs: OVERLAP_MS, hasTime }, counts)
      await lookAtStuck(reconciling, hasTime, counts)
    })
  },
})
