/**
 * Sets the quantity of one product in a cart; 0 removes it. The price is locked when the product is added.
 *
 * Safe to run twice: it sets, it does not add. A cart that an order holds is refused, with the order's id.
 */
import { z } from 'zod'
import { Failure } from '#values/failure.ts'
import { idField } from '#values/schema.ts'
import { QUANTITY_MAX, setQuantity, unavailable } from '#domain/cart.ts'
import { CartShown } from '#domain/shown/cart.ts'
import { now } from '#platform/clock.ts'
import { cartData, cartDoc, cartOf, lockMs } from '#stores/carts.ts'
import { readProducts } from '#stores/products.ts'
import { shownCart, termsOf } from '#stores/quotes.ts'
import { isStaff, refuseStranger } from '#entry/bearer.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const setCartItem = endpoint({
  name: 'set-cart-item',
  path: '/api/carts/:cartId/items',
  impact: 'Carts cannot be filled or changed.',
  resources: { instancesMin: 1 },
  PUT: route({
    who: 'public',
    summary: 'Set the quantity of a product in a cart',
    body: z.strictObject({ productId: idField, quantity: z.number().int().min(0).max(QUANTITY_MAX) }),
    reply: z.object({ cart: CartShown }),
    idempotent: true,
    fails: ['OUT_OF_STOCK'],
    run: async ({ body, params, caller, once }) => {
      const cartPlace = await cartDoc(params['cartId'] ?? '')
      // Beside the transaction, not in it: a product that many fill their carts with must not be locked by each of them.
      const asked = Promise.all([readProducts([body.productId]), termsOf(isStaff(caller) ? null : caller.id)])
      // Whether it fails is told where it is awaited, if it comes to that.
      asked.catch(() => undefined)
      return once(async (unit) => {
        const cart = cartOf(await unit.get(cartPlace))
        const [[found], terms] = await asked
        if (cart === undefined) throw new Failure('NOT_FOUND', { message: 'Cart not found.' })
        refuseStranger(caller, cart.customerId, 'Cart not found.')
        if (found?.product === undefined) throw unavailable()
        const changed = setQuantity(cart, { product: found.product, quantity: body.quantity, nowMs: now(), lockMs: lockMs() })
        unit.update(cartPlace, cartData(changed))
        return { cart: await shownCart(changed, { terms }) }
      })
    },
  }),
})
