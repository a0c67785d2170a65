/** A customer pays on Stripe's own page and comes back; whatever answer is lost, he clicks again, pays if he can, and comes back. */
import { openPage, payOn, sessionsFor } from '../../functions/hosted.ts'
import { chargesFor, ordersOf, PRODUCT } from '../../functions/purchase.ts'
import type { Scenario } from '../scenario.ts'

export const hostedSession: Scenario = {
  name: 'hosted-session',
  functions: ['open-checkout-session', 'confirm-order'],
  prepare: async ({ shop }) => {
    const buyer = await shop.person()
    const { id } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
    const buy = async (): Promise<void> => {
      const { body } = await openPage(buyer, { cartId: id }, 'the-click')
      if (typeof body['url'] === 'string') await payOn(body['url'])
      if (typeof body['orderId'] === 'string') await buyer.post(`/api/orders/${body['orderId']}/confirm`)
    }
    return {
      run: buy,
      again: buy,
      faults: () => {
        const orders = ordersOf(shop, buyer)
        const charges = orders.flatMap((order) => chargesFor(shop, order['id'])).filter(({ status }) => status === 'succeeded')
        const open = orders.flatMap((order) => sessionsFor(shop, order['id'])).filter(({ status }) => status === 'open')
        return [
          ...(charges.length > 1 ? [`customer ${buyer.id} was charged ${charges.length} times for one click`] : []),
          ...open.map((session) => `page ${session['id']} of customer ${buyer.id} is still open`),
        ]
      },
    }
  },
}
