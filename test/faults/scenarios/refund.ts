/** An admin gives money back, all of it or a line with its goods; when the answer is lost, the same click comes again. */
import { ordersOf, PRODUCT } from '../../functions/purchase.ts'
import type { Json } from '../../functions/shop.ts'
import type { Scenario } from '../scenario.ts'

export const refundFull = refund('refund-full', { reason: 'Changed their mind', restock: true })
export const refundPartial = refund('refund-partial', { lines: [{ productId: PRODUCT, quantity: 1 }], reason: 'One was broken', restock: false })

function refund(name: string, wish: Json): Scenario {
  return {
    name,
    functions: ['refund-order'],
    prepare: async ({ shop }) => {
      const [buyer, admin] = [await shop.person(), await shop.person('admin')]
      const order = await buyer.buy({ productId: PRODUCT, quantity: 2 })
      const click = async (): Promise<void> => void (await admin.post(`/api/orders/${order['id']}/refunds`, wish, 'the-click'))
      return {
        run: click,
        again: click,
        faults: () => {
          const intent = ordersOf(shop, buyer)[0]?.['payment'].transactionId
          const given = shop.at('stripe', 'refunds').filter((one) => one['payment_intent'] === intent).length
          return given > 1 ? [`order ${order['id']} was refunded ${given} times for one click`] : []
        },
      }
    },
  }
}
