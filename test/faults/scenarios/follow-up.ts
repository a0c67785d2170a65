/** What follows a sale: the receipt, the adjustment at the point of sale, the rows in the warehouse. */
import { PRODUCT } from '../../functions/purchase.ts'
import type { Person, Shop } from '../../functions/shop.ts'
import type { Scenario } from '../scenario.ts'

export const mail = followUp('mail', ['on-mail-queued'], 'sweep-mails', (shop, buyer) => {
  const receipts = shop.at('resend', 'emails').filter(({ to }) => String(to) === buyer.email).length
  return receipts === 1 ? [] : [`${buyer.id} got ${receipts} receipts`]
})

export const stockPush = followUp('stock-push', ['send-stock-adjustments'], 'send-stock-adjustments', () => [])

export const warehouseRows = followUp('warehouse-rows', ['send-warehouse-rows'], 'send-warehouse-rows', (shop, buyer) => {
  const rows = shop.cloud.rows('commerce', 'orders_log') as Array<Record<string, unknown>>
  const states = new Set(rows.filter((row) => row['customer_id'] === buyer.id).map((row) => row['state']))
  return states.has('paid') ? [] : [`the warehouse does not know that ${buyer.id} paid`]
})

function followUp(name: string, functions: string[], job: string, faults: (shop: Shop, buyer: Person) => string[]): Scenario {
  return {
    name,
    functions,
    prepare: async ({ shop }) => {
      const buyer = await shop.person()
      return {
        run: async () => {
          await buyer.buy({ productId: PRODUCT, quantity: 1 })
          await shop.cloud.runJob(job).catch(() => undefined)
        },
        faults: () => faults(shop, buyer),
      }
    },
  }
}
