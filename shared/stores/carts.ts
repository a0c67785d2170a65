/** Carts. A cart's document is its aggregate's only one. */
import { relock, type Cart } from '#domain/cart.ts'
import type { Product } from '#domain/product.ts'
import { MINUTE_MS } from '#values/time.ts'
import { config } from '#platform/config.ts'
import { now } from '#platform/clock.ts'
import { collection, commit, countOf, doc, fieldValue, readQuery, type Data, type Doc, type Snapshot, type Writer } from '#platform/firestore.ts'

export function cartDoc(cartId: string): Promise<Doc> {
  return doc('carts', cartId)
}

export function cartOf(snapshot: Snapshot): Cart | undefined {
  return snapshot.data() as Cart | undefined
}

/** `filled` is for counting only. */
export function cartData(cart: Cart): Data {
  return { ...cart, filled: cart.lines.length > 0, lines: cart.lines.map((line) => ({ ...line })) }
}

/** Gives a cart back after its order failed: the version moves on, so that the next click is a new attempt. */
export async function reopening(): Promise<(writer: Writer, place: Doc) => void> {
  const { increment } = await fieldValue()
  return (writer, place) => writer.update(place, { state: 'open', orderId: null, version: increment(1) })
}

/** Carts with items that were changed since a moment, and those of them that an order has taken. */
export async function countFilled(sinceMs: number): Promise<{ readonly filled: number; readonly bought: number }> {
  const touched = (await collection('carts')).where('filled', '==', true).where('updatedAtMs', '>=', sinceMs)
  const [filled, bought] = await Promise.all([countOf(touched), countOf(touched.where('state', '==', 'checked_out'))])
  return { filled, bought }
}

/** Carts that nobody has changed for their whole life. */
export async function expiredCarts(nowMs: number, limit: number): Promise<Snapshot[]> {
  return readQuery((await collection('carts')).where('expireAtMs', '<=', nowMs).orderBy('expireAtMs').limit(limit))
}

/** How long a price is locked, in milliseconds. */
export function lockMs(): number {
  return config('shop').PRICE_LOCK_MINUTES * MINUTE_MS
}

/**
 * Saves a cart whose locks ran out at today's prices, unless somebody changed it meanwhile.
 * @returns the cart as it is to be shown
 */
export async function saveRelocked(snapshot: Snapshot, cart: Cart, products: ReadonlyMap<string, Product>): Promise<Cart> {
  const locked = relock(cart, products, now(), lockMs())
  const lastUpdateTime = snapshot.updateTime
  if (locked === cart || lastUpdateTime === undefined) return cart
  await commit((writer) => writer.update(snapshot.ref, cartData(locked), { lastUpdateTime }))
  return locked
}
