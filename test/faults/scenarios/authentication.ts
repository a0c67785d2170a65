/** A customer's bank wants to know that it is him; he proves it, and comes back. */
import { chargesFor, checkOut, PRODUCT } from '../../functions/purchase.ts'
import type { Scenario } from '../scenario.ts'

export const authentication: Scenario = {
  name: 'authentication',
  functions: ['confirm-order'],
  prepare: async ({ shop }) => {
    const buyer = await shop.person()
    const { id } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
    const { body } = await checkOut(buyer, { cartId: id, paymentMethod: { token: 'pm_card_authenticationRequired' } }, 'the-click')
    const comeBack = async (): Promise<void> => void (await buyer.post(`/api/orders/${body['orderId']}/confirm`))
    return {
      run: async () => {
        await shop.act('stripe', `payment_intents/${chargesFor(shop, body['orderId'])[0]?.['id']}/authenticate`, { outcome: 'succeed' })
        await comeBack()
      },
      again: comeBack,
      faults: () => {
        const { state } = shop.document('orders', body['orderId']) ?? {}
        return state === 'paid' ? [] : [`order ${body['orderId']} is ${state} although its customer proved who he is`]
      },
    }
  },
}
