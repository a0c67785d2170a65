/** Points of sale by name: what each is asked, and what it is told of what we sell. */
import type { PosCount, Till } from '#domain/product.ts'
import type { TokenKeeper } from '#domain/vendor-tokens.ts'
import { MINUTE_MS } from '#values/time.ts'
import { config } from '#platform/config.ts'
import { within } from '#platform/deadline.ts'
import { lightspeed, type Lightspeed } from './lightspeed/api.ts'
import { isRungUp, readShelves, ringUp } from './lightspeed/stock.ts'
import { adjustCounts, adjustmentsMade, countsNow, type Adjustments, type Made } from './square/inventory.ts'

export interface TillPort {
  /** Whether the same request under the same key changes nothing the second time. Where it does, only one may send it. */
  readonly knowsKeys: boolean
  /**
   * Changes counts by what was sold and put back, all of it or nothing.
   * @param rightUntilMs when the sender's right to send it ends
   * @returns the counts after it
   * @throws VendorDown when it is not known what became of it; Failure with `details.refused` when it will never be taken
   */
  readonly adjust: (key: string, adjustments: Adjustments, rightUntilMs: number) => Promise<readonly PosCount[]>
  /** Which adjustments under this key were made, however long ago. */
  readonly made: (key: string, adjustments: Adjustments) => Promise<Made>
}

/** A sender begins nothing of which the end may come after his right to it: so long a call may be on its way at most. */
const ON_ITS_WAY_MS = MINUTE_MS

/** Points of sale for a job that has something to tell them. */
export function tills(keeper: TokenKeeper): Readonly<Record<Till, TillPort>> {
  const client = lightspeed(keeper)
  return {
    square: { knowsKeys: true, adjust: adjustCounts, made: adjustmentsMade },
    lightspeed: {
      knowsKeys: false,
      adjust: async (key, { changes }, rightUntilMs) => {
        await ringUp(client, key, { changes, notAfterMs: rightUntilMs - ON_ITS_WAY_MS })
        return readShelves(client, changes.map(({ productId }) => productId))
      },
      made: async (key, { changes }) => madeAt(client, key, changes.map(({ productId }) => productId)),
    },
  }
}

/** A sale is rung up whole or not at all. */
async function madeAt(client: Lightspeed, key: string, productIds: readonly string[]): Promise<Made> {
  if (!(await isRungUp(client, key))) return { made: new Set(), counts: [] }
  return { made: new Set(productIds), counts: await readShelves(client, productIds) }
}

type AskCounts = (till: Till, productIds: readonly string[]) => Promise<readonly PosCount[]>

/**
 * Asks for the real counts of products, for a checkout that must not wait long. Questions about the same products that are
 * under way are asked once, and an access token is read once for as long as it is good. Rejects when the till does not
 * answer within `STOCK_DEADLINE_MS`.
 */
export function askCountsBy(keeper: TokenKeeper): AskCounts {
  const client = lightspeed(keeper)
  const asked = new Map<string, Promise<readonly PosCount[]>>()
  return (till, productIds) => {
    const key = [till, ...[...productIds].sort()].join(' ')
    const known = asked.get(key)
    if (known !== undefined) return known
    const deadlineMs = config('square').STOCK_DEADLINE_MS
    const answer = till === 'square' ? countsNow(productIds, deadlineMs) : readShelves(client, productIds, { deadlineMs })
    const fresh = within(deadlineMs, till, answer).finally(() => asked.delete(key))
    asked.set(key, fresh)
    return fresh
  }
}
