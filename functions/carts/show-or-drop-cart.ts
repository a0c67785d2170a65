/**
 * Shows a cart, its prices locked anew where the lock ran out, with what shipping it to a state would cost; or drops it.
 *
 * Dropping twice leaves nothing behind either time; the second answer is 404. A cart that an order holds cannot be dropped: the order must find it again if it fails.
 */
import { z } from 'zod'
import { Failure } from '#values/failure.ts'
import { stateField } from '#values/schema.ts'
import { hasExpiredLock, refuseFrozen, type Cart } from '#domain/cart.ts'
import { CartShown } from '#domain/shown/cart.ts'
import { now } from '#platform/clock.ts'
import { readOne, transact, type Snapshot } from '#platform/firestore.ts'
import { cartDoc, cartOf, saveRelocked } from '#stores/carts.ts'
import { readProducts } from '#stores/products.ts'
import { shownCart } from '#stores/quotes.ts'
import { refuseStranger, type Caller } from '#entry/bearer.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const showOrDropCart = endpoint({
  name: 'show-or-drop-cart',
  path: '/api/carts/:cartId',
  impact: 'Customers do not see what is in their cart.',
  GET: route({
    who: 'public',
    summary: 'Show a cart',
    query: z.strictObject({ shipTo: stateField.optional() }),
    reply: z.object({ cart: CartShown }),
    run: async ({ params, query, caller }) => {
      const snapshot = await readOne(await cartDoc(params['cartId'] ?? ''))
      const cart = await relocked(snapshot, ownCart(snapshot, caller))
      return { cart: await shownCart(cart, { shipTo: query.shipTo }) }
    },
  }),
  DELETE: route({
    who: 'public',
    summary: 'Drop a cart',
    reply: z.object({ cartId: z.string() }),
    run: async ({ params, caller }) => {
      const place = await cartDoc(params['cartId'] ?? '')
      await transact(async (unit) => {
        const cart = ownCart(await unit.get(place), caller)
        refuseFrozen(cart)
        unit.delete(place)
      })
      return { cartId: place.id }
    },
  }),
})

function ownCart(snapshot: Snapshot, caller: Caller): Cart {
  const cart = cartOf(snapshot)
  if (cart === undefined) throw new Failure('NOT_FOUND', { message: 'Cart not found.' })
  refuseStranger(caller, cart.customerId, 'Cart not found.')
  return cart
}

async function relocked(snapshot: Snapshot, cart: Cart): Promise<Cart> {
  if (cart.state !== 'open' || !hasExpiredLock(cart, now())) return cart
  const found = await readProducts(cart.lines.map(({ productId }) => productId))
  const products = new Map(found.flatMap(({ product }) => (product === undefined ? [] : [[product.id, product] as const])))
  return saveRelocked(snapshot, cart, products)
}
