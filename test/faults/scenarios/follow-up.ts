/** What follows a sale: the receipt, the adjustment at the point of sale, the rows in the warehouse. */
import { ordersOf, PRODUCT } from '../../functions/purchase.ts'
import type { Person, Shop } from '../../functions/shop.ts'
import type { Scenario } from '../scenario.ts'

export const mail = followUp('mail', ['on-mail-queued'], 'sweep-mails', (shop, buyer) => {
  const receipts = shop.at('resend', 'emails').filter(({ to }) => String(to) === buyer.email).length
  const orders = ordersOf(shop, buyer).length
  return receipts === orders ? [] : [`${buyer.id} bought ${orders} times and got ${receipts} receipts`]
})

/** Another sale of the same product comes while the first one may have no answer yet. */
export const stockPush: Scenario = {
  name: 'stock-push',
  functions: ['send-stock-adjustments'],
  prepare: async ({ shop }) => {
    const buyer = await shop.person()
    return {
      run: async () => {
        for (const quantity of [1, 2]) {
          await buyer.buy({ productId: PRODUCT, quantity }).catch(() => buyer.buy({ productId: PRODUCT, quantity }))
          await shop.cloud.runJob('send-stock-adjustments').catch(() => undefined)
        }
      },
      faults: () => {
        const { onHand } = shop.document('products', PRODUCT) ?? {}
        return onHand === shop.shelf(PRODUCT) ? [] : [`product ${PRODUCT} has ${onHand} on hand, Square ${shop.shelf(PRODUCT)}`]
      },
    }
  },
}

export const warehouseRows = followUp('warehouse-rows', ['send-warehouse-rows'], 'send-warehouse-rows', async (shop, buyer) => {
  const rows = (await shop.cloud.rows('commerce', 'orders_log')) as Array<Record<string, unknown>>
  const states = new Set(rows.filter((row) => row['customer_id'] === buyer.id).map((row) => row['state']))
  return states.has('paid') || ordersOf(shop, buyer).length === 0 ? [] : [`the warehouse does not know that ${buyer.id} paid`]
})

function followUp(name: string, functions: string[], job: string, faults: (shop: Shop, buyer: Person) => string[] | Promise<string[]>): Scenario {
  return {
    name,
    functions,
    prepare: async ({ shop }) => {
      const buyer = await shop.person()
      return {
        run: async () => {
          // It may meet the instance that died in the run before.
          await buyer.buy({ productId: PRODUCT, quantity: 1 }).catch(() => buyer.buy({ productId: PRODUCT, quantity: 1 }))
          await shop.cloud.runJob(job).catch(() => undefined)
        },
        faults: () => faults(shop, buyer),
      }
    },
  }
}
