/** Sales and items of the second till come in, with a token that has just ended: none is lost, none shows twice, and nobody is locked out. */
import { freeLease, qoh } from '../../functions/catalogue/syncing.ts'
import type { Json, Shop } from '../../functions/shop.ts'
import type { Scenario } from '../scenario.ts'

const SALES = 'sync-lightspeed-sales'
const ITEMS = 'sync-lightspeed-items'
const PLENTY = 1_000

export const syncSales: Scenario = {
  name: SALES,
  functions: [SALES, ITEMS],
  prepare: async ({ shop }) => {
    await shop.act('lightspeed', 'bucket', { size: 100_000, drip: 1_000, burst: 100_000 })
    for (const job of [SALES, ITEMS]) await freeLease(shop, job)
    await shop.act('lightspeed', 'tokens', { end: 'access' })
    // Each trial sells one in the store, which has enough for all of them.
    await shop.act('lightspeed', 'stock', { itemID: '3', qoh: PLENTY })
    const { sale } = await shop.act('lightspeed', 'sales', { lines: [{ itemID: '3', quantity: 1 }] })
    return {
      run: async () => {
        for (const job of [SALES, ITEMS]) await shop.cloud.runJob(job).catch(() => undefined)
      },
      faults: () => wrong(shop, sale['saleID']),
    }
  },
}

async function wrong(shop: Shop, saleId: string): Promise<string[]> {
  const stuck: string[] = []
  for (const job of [SALES, ITEMS]) {
    await freeLease(shop, job)
    const { status } = await shop.cloud.runJob(job)
    if (status !== 200) stuck.push(`${job} does not run any more`)
  }
  const rows = (await shop.cloud.rows('analytics', 'lightspeed_transactions')) as Json[]
  const times = rows.filter(({ id }) => id === saleId).length
  const counted = qoh(shop, '3')
  const shown = shop.document('products', 'ls_3')?.['onHand']
  return [
    ...stuck,
    ...(times === 1 ? [] : [`sale ${saleId} is ${times} times in the warehouse`]),
    ...(shown === counted ? [] : [`item 3 shows ${shown}, its till has ${counted}`]),
  ]
}
