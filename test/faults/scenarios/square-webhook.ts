/** Somebody buys in the store and a price changes there, while a sale of ours is on its way: Square tells of all three. */
import { PRODUCT } from '../../functions/purchase.ts'
import { Till } from '../../functions/till.ts'
import type { Scenario } from '../scenario.ts'

const REPRICED = 'VARTOTE1'
let prices = 2_500

export const squareWebhook: Scenario = {
  name: 'square-webhook',
  functions: ['receive-square', 'on-square-event'],
  prepare: async ({ shop, stock }) => {
    await new Till(shop).listen()
    const buyer = await shop.person()
    await buyer.buy({ productId: PRODUCT, quantity: 1 })
    const amount = ++prices
    return {
      run: async () => {
        await shop.act('square', 'inventory', { productId: PRODUCT, adjust: -1 })
        stock.set(PRODUCT, (stock.get(PRODUCT) ?? 0) - 1)
        await shop.act('square', `catalog/${REPRICED}/price`, { amount })
        await shop.cloud.runJob('send-stock-adjustments').catch(() => undefined)
        await shop.cloud.drain().catch(() => undefined)
      },
      faults: () => {
        const { onHand, told } = shop.document('products', PRODUCT) ?? {}
        const { price } = shop.document('products', REPRICED) ?? {}
        return [
          ...(onHand === shop.shelf(PRODUCT) && told == null ? [] : [`product ${PRODUCT} has ${onHand} on hand, Square ${shop.shelf(PRODUCT)}, and ${JSON.stringify(told)} waits`]),
          ...(price >= amount ? [] : [`product ${REPRICED} costs ${price}, at Square ${amount}`]),
        ]
      },
    }
  },
}
