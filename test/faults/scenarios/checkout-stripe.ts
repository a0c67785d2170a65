/** A customer pays a cart by Stripe; when the answer is lost, the same click comes again. */
import { chargesFor, checkOut, ordersOf, PRODUCT } from '../../functions/purchase.ts'
import type { Scenario } from '../scenario.ts'

export const checkoutStripe: Scenario = {
  name: 'checkout-stripe',
  functions: ['check-out'],
  prepare: async ({ shop }) => {
    const buyer = await shop.person()
    const { id } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
    const click = async (): Promise<void> => void (await checkOut(buyer, { cartId: id }, 'the-click'))
    return {
      run: click,
      again: click,
      faults: () => {
        const orders = ordersOf(shop, buyer)
        const charges = orders.flatMap((order) => chargesFor(shop, order['id'])).filter(({ status }) => status === 'succeeded')
        return charges.length > 1 ? [`customer ${buyer.id} was charged ${charges.length} times for one click`] : []
      },
    }
  },
}
