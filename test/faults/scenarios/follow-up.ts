/** What follows a sale: the receipt, the adjustment at each point of sale, the rows in the warehouse. */
import { freeLease, ownSales, qoh } from '../../functions/catalogue/syncing.ts'
import { ordersOf, PRODUCT } from '../../functions/purchase.ts'
import type { Json, Person, Shop } from '../../functions/shop.ts'
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

const ITEMS = 'sync-lightspeed-items'

/** The same at the second till, which knows no request again; a sync looks at its shelves in between. */
export const lightspeedPush: Scenario = {
  name: 'lightspeed-push',
  functions: ['send-stock-adjustments'],
  prepare: async ({ shop }) => {
    await shop.act('lightspeed', 'bucket', { size: 100_000, drip: 1_000, burst: 100_000 })
    const { item } = await shop.act('lightspeed', 'items', { description: 'Trinket', price: 5, tags: ['all_ages'], qoh: 10 })
    const id = item['itemID'] as string
    const line = (quantity: number): { productId: string; quantity: number } => ({ productId: `ls_${id}`, quantity })
    await freeLease(shop, ITEMS)
    await shop.tally(ITEMS)
    const buyer = await shop.person()
    return {
      run: async () => {
        for (const quantity of [1, 2]) {
          await buyer.buy(line(quantity)).catch(() => buyer.buy(line(quantity)))
          await shop.cloud.runJob('send-stock-adjustments').catch(() => undefined)
          await shop.cloud.runJob(ITEMS).catch(() => undefined)
        }
      },
      faults: () => {
        const units = ordersOf(shop, buyer).flatMap(({ lines, state }) => (state === 'paid' ? (lines as Json[]) : [])).reduce((sum, { quantity }) => sum + Number(quantity), 0)
        const { onHand, held } = shop.document('products', `ls_${id}`) ?? {}
        const references = ownSales(shop).map(({ referenceNumber }) => referenceNumber)
        return [
          ...(qoh(shop, id) === 10 - units ? [] : [`item ${id}: ${units} of 10 were sold online, Lightspeed counts ${qoh(shop, id)}`]),
          ...(onHand === qoh(shop, id) && held === 0 ? [] : [`product ls_${id} has ${onHand} on hand and ${held} held, Lightspeed ${qoh(shop, id)}`]),
          ...(new Set(references).size === references.length ? [] : ['a sale was rung up twice under one reference']),
        ]
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
