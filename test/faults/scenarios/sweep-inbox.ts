/** An event was taken in and its nudge lost; the sweep gives it, and the order is settled. */
import { chargesFor, checkOut, PRODUCT } from '../../functions/purchase.ts'
import type { Scenario } from '../scenario.ts'

export const sweepInbox: Scenario = {
  name: 'sweep-inbox',
  functions: ['sweep-inbox', 'on-stripe-event'],
  prepare: async ({ shop }) => {
    const buyer = await shop.person()
    const { id } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
    const { body } = await checkOut(buyer, { cartId: id, paymentMethod: { token: 'pm_card_authenticationRequired' } })
    const orderId = body['orderId'] as string
    await shop.cloud.drain()
    shop.fault({ target: 'pubsub', operation: 'Publish', match: 'inbox-stripe', when: 'before', effect: 'error', status: 14, times: 1_000 })
    await shop.act('stripe', `payment_intents/${chargesFor(shop, orderId)[0]?.['id']}/authenticate`, { outcome: 'succeed' })
    await shop.cloud.drain()
    shop.calm()
    return {
      run: async () => {
        await shop.cloud.advance(61_000)
        await shop.cloud.runJob('sweep-inbox').catch(() => undefined)
      },
      faults: () => {
        const { state } = shop.document('orders', orderId) ?? {}
        return state === 'paid' ? [] : [`order ${orderId} is ${state} although its payment was told`]
      },
    }
  },
}
