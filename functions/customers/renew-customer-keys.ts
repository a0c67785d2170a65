/**
 * Wraps customers' keys anew under the present master key after it was rotated; when none is left, the one before may go. While
 * the pepper before the present one is mounted, it counts whose birth dates wait for their customer to be hashed anew.
 *
 * Safe to run twice: each key is wrapped in a transaction of its own, and one that is wrapped under the present master key,
 * or was destroyed, is left as it is. What is sealed under a customer's key is not touched.
 */
import { unreadableKeysAlert } from '#domain/customer-key.ts'
import { log } from '#platform/log.ts'
import { sayAlerts } from '#stores/alerts.ts'
import { countUnderOldPepper } from '#stores/age-checks.ts'
import { countUnreadableKeys, outdatedKeys, rewrapKey } from '#stores/customer-keys.ts'
import { schedule, type Tally } from '#entry/schedule.ts'

const NAME = 'renew-customer-keys'
const PAGE = 100
const AT_ONCE = 10

export const renewCustomerKeys = schedule({
  name: NAME,
  cron: '23 * * * *',
  impact: 'A master key that must go, because it may be known to others, cannot go.',
  run: async ({ hasTime }) => {
    const tally = { saved: 0, unchanged: 0, failed: 0, refused: 0 } satisfies Tally
    while (hasTime() && tally.failed === 0) {
      const customerIds = await outdatedKeys(PAGE)
      if (customerIds.length === 0) break
      for (let from = 0; from < customerIds.length; from += AT_ONCE) {
        for (const result of await Promise.all(customerIds.slice(from, from + AT_ONCE).map(renewed))) tally[result] += 1
      }
    }
    tally.refused = await countUnreadableKeys()
    const waiting = await countUnderOldPepper()
    if (tally.refused > 0) await sayAlerts([{ raise: unreadableKeysAlert(tally.refused) }])
    return waiting === undefined ? tally : { ...tally, deferred: waiting }
  },
})

async function renewed(customerId: string): Promise<'saved' | 'unchanged' | 'failed'> {
  try {
    return (await rewrapKey(customerId)) ? 'saved' : 'unchanged'
  } catch (error) {
    log.error('a key could not be wrapped anew', error, { function: NAME, customerId })
    return 'failed'
  }
}
