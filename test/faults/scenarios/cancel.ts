/**
 * A customer cancels: while his bank waits for him, and after he has paid by either gateway. When the answer is lost, the
 * same click comes again.
 */
import { payByKaja } from '../../functions/kaja.ts'
import { checkOut, chargesFor, PRODUCT } from '../../functions/purchase.ts'
import type { Answer, Person } from '../../functions/shop.ts'
import type { Scenario } from '../scenario.ts'

export const cancelOpen = cancel('cancel-open', {
  buy: (buyer, cartId) => checkOut(buyer, { cartId, paymentMethod: { token: 'pm_card_authenticationRequired' } }, 'the-click'),
  status: 202,
  end: 'cancelled',
})
export const cancelPaid = cancel('cancel-paid', {
  buy: (buyer, cartId) => checkOut(buyer, { cartId }, 'the-click'),
  status: 201,
  end: 'refunded',
})
export const cancelKaja = cancel('cancel-kaja', {
  buy: (buyer, cartId) => payByKaja(buyer, cartId),
  status: 201,
  end: 'refunded',
})

interface Bought {
  readonly buy: (buyer: Person, cartId: string) => Promise<Answer>
  /** Of the purchase. */
  readonly status: number
  /** Where the order ends. */
  readonly end: string
}

function cancel(name: string, { buy, status, end }: Bought): Scenario {
  return {
    name,
    functions: ['cancel-order', 'on-stripe-event', 'on-authorize-net-event'],
    prepare: async ({ shop }) => {
      const buyer = await shop.person()
      const { id } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
      const sold = await buy(buyer, id)
      if (sold.status !== status) throw new Error(`The order is not as it should be: ${sold.status} ${sold.text}`)
      const { orderId } = sold.body
      const click = async (): Promise<void> => void (await buyer.post(`/api/orders/${orderId}/cancel`, {}, 'the-click'))
      return {
        run: click,
        again: click,
        faults: () => {
          const { state, cancellation } = shop.document('orders', orderId) ?? {}
          // A click that never reached us cancels nothing; a customer who then never proves himself has bought nothing.
          const right = cancellation === undefined ? (status === 202 ? 'expired' : 'paid') : end
          const waiting = chargesFor(shop, orderId).filter((intent) => intent['status'] === 'requires_action')
          return [
            ...(state === right ? [] : [`order ${orderId} is ${state}, it should be ${right}`]),
            ...waiting.map((intent) => `${intent['id']} of order ${orderId} can still be paid`),
          ]
        },
      }
    },
  }
}
