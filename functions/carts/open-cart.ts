/** Opens a cart: a customer's own, or a guest's, which belongs to whoever knows its unguessable id. */
import { z } from 'zod'
import { Failure } from '#values/failure.ts'
import { newId } from '#values/ids.ts'
import { idField } from '#values/schema.ts'
import { newCart } from '#domain/cart.ts'
import { CartShown } from '#domain/shown/cart.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { cartData, cartDoc } from '#stores/carts.ts'
import { shownCart } from '#stores/quotes.ts'
import { isStaff, refuseStranger } from '#entry/bearer.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const openCart = endpoint({
  name: 'open-cart',
  path: '/api/carts',
  impact: 'Nobody can put anything into a cart.',
  resources: { instancesMin: 1 },
  POST: route({
    who: 'public',
    summary: 'Open a cart',
    body: z.strictObject({ customerId: idField.optional() }),
    reply: z.object({ cart: CartShown }),
    status: 201,
    idempotent: true,
    fails: ['NOT_FOUND'],
    run: async ({ body, caller, once }) => {
      if (caller.role === 'guest' && body.customerId !== undefined) throw new Failure('UNAUTHORIZED')
      refuseStranger(caller, body.customerId ?? null)
      const customerId = body.customerId ?? (isStaff(caller) ? null : caller.id)
      const cart = newCart(newId('cart'), customerId, config('shop').CURRENCY, now())
      const place = await cartDoc(cart.id)
      return once(async (unit) => {
        unit.create(place, cartData(cart))
        return { cart: await shownCart(cart) }
      })
    },
  }),
})
