/** The answer to a charge was lost; Stripe's event comes, and settles the order. */
import { successOf, unheard } from '../../functions/inbox.ts'
import { chargesFor, checkOut, ordersOf, PRODUCT } from '../../functions/purchase.ts'
import type { Scenario } from '../scenario.ts'

export const webhookWorker: Scenario = {
  name: 'webhook-worker',
  functions: ['receive-stripe', 'on-stripe-event'],
  // Stripe's own second try of an event that the door refused.
  settlesAfterMinutes: 24 * 60,
  prepare: async ({ shop }) => {
    const buyer = await shop.person()
    const { id: cartId } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
    await unheard(shop, async () => {
      shop.fault({ target: 'stripe', operation: 'POST /v1/payment_intents', when: 'after', effect: 'drop', times: 9 })
      await checkOut(buyer, { cartId })
    })
    // Stripe answers others: it is not taken to be away.
    await (await shop.person()).buy({ productId: PRODUCT, quantity: 1 })
    const orderId = String(ordersOf(shop, buyer)[0]?.['id'])
    const event = successOf(shop, orderId)
    const tell = async (): Promise<void> => {
      await shop.act('stripe', `events/${event['id']}/resend`)
      await shop.cloud.drain().catch(() => undefined)
    }
    return {
      run: tell,
      again: tell,
      faults: () => {
        const { state } = shop.document('orders', orderId) ?? {}
        const charges = chargesFor(shop, orderId).length
        const { status } = shop.document('inbox', `stripe-${event['id']}`) ?? {}
        return [
          ...(state === 'paid' && charges === 1 ? [] : [`order ${orderId} is ${state}, charged ${charges} times`]),
          ...(status === 'applied' ? [] : [`event ${event['id']} is ${status}`]),
        ]
      },
    }
  },
}
