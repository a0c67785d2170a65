/**
 * Finishes payouts whose answer was lost or whose runner died.
 *
 * Safe to run twice: the gateway is asked under the payout's own key, and what is settled is left as it is.
 */
import type { Payout } from '#domain/payout.ts'
import { MINUTE_MS } from '#values/time.ts'
import { behindBreaker, checkPayoutLater, payoutsToCheck, settlePayoutOf } from '#stores/payouts.ts'
import { payOut } from '#vendors/stripe/payouts.ts'
import { schedule } from '#entry/schedule.ts'
import { sweep } from '#entry/sweep.ts'

const AT_ONCE = 4
const AGAIN_MS = 5 * MINUTE_MS

export const sweepPayouts = schedule({
  name: 'sweep-payouts',
  cron: '* * * * *',
  impact: 'Payouts whose answer was lost stay open, and their money is missing from what can be paid out.',
  run: (run) =>
    sweep({
      name: 'sweep-payouts', run, atOnce: AT_ONCE, take: payoutsToCheck, counts: ['settled', 'unchanged'],
      finish: finishPayout, putOff: ({ id }) => checkPayoutLater(id, AGAIN_MS),
    }),
})

async function finishPayout(payout: Payout): Promise<'settled' | 'unchanged'> {
  const outcome = await behindBreaker(payout, () => payOut(payout))
  const settled = await settlePayoutOf(payout.id, { outcome, cause: 'sweep' })
  await checkPayoutLater(payout.id, AGAIN_MS)
  return settled?.checkAtMs === null ? 'settled' : 'unchanged'
}
