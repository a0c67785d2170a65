/**
 * A customer pays with a promo code: once it is paid, once his card is declined and its use goes back. When the answer is lost, the
 * same click comes again. That a code counts exactly the orders that hold a use of it, the books say.
 */
import { promoCode, usesOf } from '../../functions/promotion.ts'
import { checkOut, ordersOf, PRODUCT } from '../../functions/purchase.ts'
import type { Scenario } from '../scenario.ts'

export const checkoutPromo = checkout('checkout-promo', 'pm_card_visa')
export const checkoutPromoDeclined = checkout('checkout-promo-declined', 'pm_card_visa_chargeDeclined')

function checkout(name: string, token: string): Scenario {
  return {
    name,
    functions: ['check-out'],
    prepare: async ({ shop }) => {
      const buyer = await shop.person()
      const code = await promoCode(shop, { code: `C-${buyer.id.toUpperCase()}`, usesMax: 1 })
      const { id } = await buyer.fill({ productId: PRODUCT, quantity: 1 })
      const click = async (): Promise<void> => void (await checkOut(buyer, { cartId: id, promoCode: code, paymentMethod: { token } }, 'the-click'))
      return {
        run: click,
        again: click,
        faults: () => {
          const paid = ordersOf(shop, buyer).filter(({ state }) => state === 'paid').length
          return usesOf(shop, code) === paid ? [] : [`promo code ${code} counts ${usesOf(shop, code)} uses, ${buyer.id} has paid with it ${paid} times`]
        },
      }
    },
  }
}
