/**
 * Sets the promo code that a cart is to be paid with; null takes it off. One that does not count for this cart is refused, with
 * the rule.
 *
 * Nothing is used up by it: what is left of a code is given out when a cart is paid. Safe to run twice: it sets.
 */
import { z } from 'zod'
import { Failure } from '#values/failure.ts'
import { promoCodeField } from '#values/schema.ts'
import { withPromoCode } from '#domain/cart.ts'
import { CartShown } from '#domain/shown/cart.ts'
import { now } from '#platform/clock.ts'
import { cartData, cartDoc, cartOf } from '#stores/carts.ts'
import { shownCart } from '#stores/quotes.ts'
import { refuseStranger } from '#entry/bearer.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const setCartPromoCode = endpoint({
  name: 'set-cart-promo-code',
  path: '/api/carts/:cartId/promo-code',
  impact: 'Customers cannot use what they were promised by a promo code.',
  PUT: route({
    who: 'public',
    summary: 'Set or take off the promo code of a cart',
    body: z.strictObject({ promoCode: promoCodeField.nullable() }),
    reply: z.object({ cart: CartShown }),
    idempotent: true,
    run: async ({ body, params, caller, once }) => {
      const place = await cartDoc(params['cartId'] ?? '')
      return once(async (unit) => {
        const cart = cartOf(await unit.get(place))
        if (cart === undefined) throw new Failure('NOT_FOUND', { message: 'Cart not found.' })
        refuseStranger(caller, cart.customerId, 'Cart not found.')
        const changed = withPromoCode(cart, body.promoCode, now())
        const shown = await shownCart(changed, { promoMustCount: true })
        unit.update(place, cartData(changed))
        return { cart: shown }
      })
    },
  }),
})
