/**
 * Finds chargebacks at KAJA, which tells of them by no event: each day all transactions of the last half year are looked
 * over, for a bank may take money back that long after it was paid.
 *
 * Safe to run twice: what is known already changes nothing. What is open is asked about by `sweep-disputes`.
 */
import { DAY_MS } from '#values/time.ts'
import { now } from '#platform/clock.ts'
import { log } from '#platform/log.ts'
import { learnDispute, truthOf } from '#stores/disputes.ts'
import { chargebacksSince, orderOfTransaction } from '#vendors/authorize-net/disputes.ts'
import { gatewaysInUse } from '#vendors/gateways.ts'
import type { Gateway } from '#domain/payment.ts'
import { schedule, type Tally } from '#entry/schedule.ts'

const LOOKS_BACK_MS = 180 * DAY_MS

export const syncChargebacks = schedule({
  name: 'sync-chargebacks',
  cron: '40 5 * * *',
  impact: 'Money that banks have taken back through KAJA is missing from the books, and nobody is told.',
  run: async ({ hasTime }) => {
    const tally = { read: 0, saved: 0, unchanged: 0, refused: 0, failed: 0, deferred: 0 } satisfies Tally
    const gateway = gatewaysInUse().find(({ name }) => name === 'kaja')
    if (gateway === undefined) return tally
    for (const transactionId of await chargebacksSince(now() - LOOKS_BACK_MS)) {
      tally.read += 1
      // The next run begins anew: what is known by then takes no time.
      tally[hasTime() ? await learnt(gateway, transactionId) : 'deferred'] += 1
    }
    return tally
  },
})

async function learnt(gateway: Gateway, transactionId: string): Promise<'saved' | 'unchanged' | 'refused' | 'failed'> {
  try {
    const orderId = await orderOfTransaction(transactionId)
    // Somebody else's: others may use this account.
    if (orderId === null) return 'refused'
    const settlement = await learnDispute({ orderId, disputeId: transactionId, ask: () => truthOf(gateway, transactionId), cause: 'sync' })
    return settlement === undefined ? 'unchanged' : 'saved'
  } catch (error) {
    log.error('a chargeback could not be learnt', error, { function: 'sync-chargebacks', transactionId })
    return 'failed'
  }
}
