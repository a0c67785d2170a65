/** A customer pays a cart by KAJA, which knows no keys of ours; when the answer is lost, the same click comes again. */
import { kajaChargesFor, payByKaja } from '../../functions/kaja.ts'
import { ordersOf, PRODUCT } from '../../functions/purchase.ts'
import type { Scenario } from '../scenario.ts'

export const checkoutKaja = checkout('checkout-kaja', 'tok_visa_test')
/** Its fraud filter holds the payment: nothing may be sold before somebody has looked. */
export const checkoutKajaHeld = checkout('checkout-kaja-held', 'tok_held')

function checkout(name: string, card: string): Scenario {
  return {
    name,
    functions: ['check-out', 'receive-authorize-net', 'on-authorize-net-event'],
    prepare: async ({ shop }) => {
      const buyer = await shop.person()
      const { id } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
      const click = async (): Promise<void> => void (await payByKaja(buyer, id, { token: `${card}:${buyer.id}`, key: 'the-click' }))
      return {
        run: click,
        again: click,
        faults: () => {
          const charges = ordersOf(shop, buyer).flatMap((order) => kajaChargesFor(shop, order['id']))
          return charges.length > 1 ? [`customer ${buyer.id} was charged ${charges.length} times by KAJA for one click`] : []
        },
      }
    },
  }
}
