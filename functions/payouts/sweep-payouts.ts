/**
 * Finishes payouts whose answer was lost or whose runner died.
 *
 * Safe to run twice: the gateway is asked under the payout's own key, and what is settled is left as it is.
 */
import type { Payout } from '#domain/payout.ts'
import { log } from '#platform/log.ts'
import { MINUTE_MS } from '#values/time.ts'
import { behindBreaker, checkPayoutLater, payoutsToCheck, settlePayoutOf } from '#stores/payouts.ts'
import { payOut } from '#vendors/stripe/payouts.ts'
import { schedule, type Tally } from '#entry/schedule.ts'

const AT_ONCE = 4
const AGAIN_MS = 5 * MINUTE_MS

export const sweepPayouts = schedule({
  name: 'sweep-payouts',
  cron: '* * * * *',
  impact: 'Payouts whose answer was lost stay open, and their money is missing from what can be paid out.',
  run: async ({ hasTime }) => {
    const tally = { read: 0, settled: 0, unchanged: 0, failed: 0 } satisfies Tally
    while (hasTime()) {
      const payouts = await payoutsToCheck(AT_ONCE)
      if (payouts.length === 0) break
      tally.read += payouts.length
      for (const result of await Promise.all(payouts.map(checked))) tally[result] += 1
    }
    return tally
  },
})

async function checked(payout: Payout): Promise<'settled' | 'unchanged' | 'failed'> {
  try {
    const outcome = await behindBreaker(payout, () => payOut(payout))
    const settled = await settlePayoutOf(payout.id, { outcome, cause: 'sweep' })
    await checkPayoutLater(payout.id, AGAIN_MS)
    return settled?.checkAtMs === null ? 'settled' : 'unchanged'
  } catch (error) {
    log.error('a payout could not be checked', error, { function: 'sweep-payouts', payoutId: payout.id })
    await checkPayoutLater(payout.id, AGAIN_MS)
    return 'failed'
  }
}
