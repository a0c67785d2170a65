/** Products and counts come in from the point of sale, while a sale of ours is on its way there. */
import { PRODUCT } from '../../functions/purchase.ts'
import type { Scenario } from '../scenario.ts'

export const syncCatalogue: Scenario = {
  name: 'sync-square-catalogue',
  functions: ['sync-square-catalogue'],
  prepare: async ({ shop }) => {
    const buyer = await shop.person()
    return {
      run: async () => {
        await buyer.buy({ productId: PRODUCT, quantity: 1 }).catch(() => undefined)
        await shop.cloud.runJob('sync-square-catalogue').catch(() => undefined)
      },
    }
  },
}
