/** A customer's bank takes the money of an order back, and the case is lost; Stripe tells it by its events. */
import { PRICE, PRODUCT } from '../../functions/purchase.ts'
import type { Scenario } from '../scenario.ts'

export const dispute: Scenario = {
  name: 'dispute',
  functions: ['receive-stripe', 'on-stripe-dispute'],
  prepare: async ({ shop }) => {
    const buyer = await shop.person()
    const order = await buyer.buy({ productId: PRODUCT, quantity: 1 })
    const followed = (): Promise<unknown> => shop.cloud.drain().catch(() => undefined)
    const eventsOf = (id: string) => shop.at('stripe', 'events').filter(({ type, data }) => type.startsWith('charge.dispute.') && data.object.id === id)
    let disputeId = ''
    return {
      run: async () => {
        const { id } = await shop.act('stripe', 'disputes', { payment_intent: order['payment'].transactionId })
        disputeId = id
        await followed()
        await shop.act('stripe', `disputes/${disputeId}/close`, { status: 'lost' })
        await followed()
      },
      again: async () => {
        for (const { id } of eventsOf(disputeId)) await shop.act('stripe', `events/${id}/resend`)
        await followed()
      },
      faults: () => {
        const entries = shop.documents('ledger').map(({ data }) => data).filter(({ orderId }) => orderId === order['id'])
        const lost = entries.flatMap(({ postings }) => postings).filter(({ account }) => account === 'disputes:lost').reduce((sum, { amount }) => sum + amount, 0)
        const [known] = shop.document('orders', order['id'])?.['disputes'] ?? []
        return [
          ...(known?.status === 'lost' ? [] : [`dispute ${disputeId} is ${known?.status ?? 'not known'}, and it was lost`]),
          ...(lost === PRICE ? [] : [`dispute ${disputeId} over ${PRICE} was written off as ${lost}`]),
        ]
      },
    }
  },
}
