/**
 * The first half of a checkout in the store: what it reads, and the one commit before which nothing is charged.
 *
 * The commit reads nothing: it is guarded by the versions that were read (order new, cart, products and counters
 * unchanged). So no lock is held while we think, and two checkouts of one product simply take turns.
 */
import { newCart, type Cart } from '#domain/cart.ts'
import { isStockMoving } from '#domain/checkout.ts'
import { cardNotFound } from '#domain/card.ts'
import { endedUncharged, isOpen, type Order } from '#domain/order.ts'
import type { GatewayName } from '#domain/payment.ts'
import type { Till } from '#domain/product.ts'
import { isPromoTaken } from '#domain/promo.ts'
import { Failure } from '#values/failure.ts'
import { HOUR_MS } from '#values/time.ts'
import { config } from '#platform/config.ts'
import { now } from '#platform/clock.ts'
import { jitter, pause } from '#platform/deadline.ts'
import { derivedId } from '#platform/derived.ts'
import { readAll, readNamed, type Snapshot } from '#platform/firestore.ts'
import { ageDoc } from './age-checks.ts'
import { breakerDoc, type Gate } from './breakers.ts'
import { payingCard, payingDocs } from './cards.ts'
import { cartDoc, cartOf } from './carts.ts'
import { refuseOver } from './limits.ts'
import { memberDoc } from './members.ts'
import { orderDoc, orderOf, readOrder } from './orders.ts'
import { exemptionAsked, exemptionOf } from './tax.ts'
import { INLINE_MS, orderIdFor, place, sameVersion, type Basis, type Placed, type PlaceRequest } from './placing.ts'
import { countedIn, countersOf } from './velocity.ts'

export interface CheckoutRequest extends PlaceRequest {
  /** @throws Failure INVALID_INPUT for a gateway that the shop does not have: nothing may be reserved for it */
  readonly refuseGateway: (gateway: GatewayName) => void
}

/**
 * Reserves and writes the order, or finds the one that this request stands for.
 * @throws Failure as `reserveFor`, RATE_LIMITED, NOT_FOUND (cart, card), CONFLICT (another order holds the cart),
 *   SERVICE_UNAVAILABLE (the gateway's breaker is open: nothing is reserved)
 */
export async function placeOrder(wish: CheckoutRequest): Promise<Placed> {
  const giveUpAt = performance.now() + config('deadlines').PLACE_DEADLINE_MS
  let keyedOrderId = wish.keyedOrderId
  for (let attempt = 0; performance.now() < giveUpAt; attempt++) {
    const request = { ...wish, keyedOrderId }
    const basis = await readBasis(request)
    const found = await orderOfRequest(request, basis)
    if (found !== undefined && !mayBeTriedAgain(request, found)) return { order: found, fresh: false }
    if (found !== undefined) {
      keyedOrderId = derivedId('ord', ['again', found.id])
      continue
    }
    refuseTooMany(basis)
    const placed = await place(paidBy(request, basis), basis).catch((error: unknown) => againWhenMoved(request, basis, error))
    if (placed !== undefined) return placed
    await pause(jitter(attempt))
  }
  throw new Failure('SERVICE_UNAVAILABLE', { reason: 'contention on the products of a checkout' })
}

/**
 * A saved card is charged by the gateway that keeps it.
 * @throws Failure NOT_FOUND when the customer has no such card
 */
function paidBy(request: CheckoutRequest, { paying }: Basis): CheckoutRequest {
  if (request.draft.cardId !== undefined && paying === undefined) throw cardNotFound()
  const gateway = paying?.card.gateway ?? request.draft.gateway
  request.refuseGateway(gateway)
  return { ...request, draft: { ...request.draft, gateway } }
}

/** The gateway was certainly not reached: the same key stands for a new attempt, with an order of its own. */
function mayBeTriedAgain(request: PlaceRequest, found: Order): boolean {
  return request.keyedOrderId === found.id && found.requestHash === request.draft.requestHash && endedUncharged(found)
}

/**
 * Reasons to look again instead of failing. The point of sale answers an adjustment in a moment: then it is known whether
 * the last units are there. Out of stock, or a promo code that is taken, may be the doing of this very click's twin, and an error may hide that our
 * commit took effect: then the order, or another one that has the cart, is there now.
 */
async function againWhenMoved(request: PlaceRequest, basis: Basis, error: unknown): Promise<undefined> {
  if (isStockMoving(error)) return
  const doubtful = error instanceof Failure && (['OUT_OF_STOCK', 'SERVICE_UNAVAILABLE', 'DATABASE_ERROR'].includes(error.code) || isPromoTaken(error))
  if (!doubtful || !(await isTaken(request, basis).catch(() => false))) throw error
}

async function isTaken(request: PlaceRequest, basis: Basis): Promise<boolean> {
  const [cart, order] = await readAll([await cartDoc(request.cartId), await orderDoc(orderIdFor(request, basis.cart as Cart))])
  return order?.exists === true || !sameVersion(basis.cartSnapshot, cart)
}

/** The order that runs or ran for this request; undefined when it is to be made. */
async function orderOfRequest(request: PlaceRequest, basis: Basis): Promise<Order | undefined> {
  const { cart, order } = basis
  if (order !== undefined) return order
  if (cart === undefined) throw new Failure('NOT_FOUND', { message: 'Cart not found.' })
  request.refuseStranger(cart)
  if (cart.orderId === null) return undefined
  const holder = request.keyedOrderId === undefined ? await readOrder(cart.orderId) : undefined
  if (request.keyedOrderId === undefined && (holder === undefined || (isOwn(request, holder) && isPaidAlike(request, holder)))) return holder
  throw new Failure('CONFLICT', { message: 'This cart is being paid or has been paid.', details: { orderId: cart.orderId, cartId: cart.id } })
}

/** Who only has the cart's id must never be told of the order of somebody else who paid it. */
function isOwn({ customerId, email }: PlaceRequest, order: Order): boolean {
  return customerId === order.customerId && (customerId !== null || email.toLowerCase() === order.email.toLowerCase())
}

/** A click on the other way to pay is no double of this one. What costs nothing is paid in no way. */
function isPaidAlike(request: PlaceRequest, { payment }: Order): boolean {
  return payment.gateway === 'none' || (payment.session !== undefined) === (request.draft.hosted === true)
}

/** It counts most of what is sold; another's breaker is read when one of its products is bought. */
const TILL: Till = 'square'
/** Those that keep cards: which one it is says the card, which is read with their breakers. */
const KEEPERS: readonly GatewayName[] = ['stripe', 'kaja']

/** Everything a checkout knows before it looks at products, in one read. */
async function readBasis(query: PlaceRequest): Promise<Basis> {
  const { customerId, email, draft } = query
  const places = await countersOf({ customerId, email, ip: draft.ip, deviceId: draft.deviceId ?? null })
  const vendors = [TILL, ...(draft.cardId === undefined ? [draft.gateway] : KEEPERS)]
  const breakers = await Promise.all(vendors.map(async (vendor) => ({ vendor, doc: await breakerDoc(vendor) })))
  const exemption = await exemptionAsked(customerId)
  const read = await readNamed({
    cart: [await cartDoc(query.cartId)],
    order: query.keyedOrderId === undefined ? [] : [await orderDoc(query.keyedOrderId)],
    breakers: breakers.map(({ doc }) => doc),
    counters: places.map(({ doc }) => doc),
    member: customerId === null ? [] : [await memberDoc(customerId)],
    age: customerId === null ? [] : [await ageDoc(customerId)],
    saved: draft.cardId === undefined ? [] : await payingDocs(draft.cardId, customerId),
    exemption: exemption === undefined ? [] : [exemption],
  })
  const [cart] = read.cart as [Snapshot]
  const [order] = read.order
  const [till, ...gates] = breakers.map((breaker, index) => ({ ...breaker, snapshot: read.breakers[index] as Snapshot })) as [Gate, Gate, ...Gate[]]
  const [card, key] = read.saved
  const paying = card === undefined || key === undefined ? undefined : payingCard(card, key, customerId)
  return {
    cart: query.inline !== undefined ? await inlineCart(query, cartOf(cart)) : cartOf(cart),
    cartSnapshot: cart,
    order: order === undefined ? undefined : orderOf(order),
    exemption: exemptionOf(read.exemption[0]),
    counters: places.map((place, index) => countedIn(place, read.counters[index] as Snapshot)),
    member: read.member[0],
    age: read.age[0],
    gateway: gates.find(({ vendor }) => vendor === paying?.card.gateway) ?? (gates[0] as Gate),
    till,
    paying,
  }
}

/** An inline cart exists from its first order on; after ten minutes the same lines are a new purchase, unless its page can still be paid or a person looks at it. */
async function inlineCart(query: PlaceRequest, stored: Cart | undefined): Promise<Cart> {
  // Its first version grows with time: what was swept or erased must not be taken for a purchase of the same lines later.
  if (stored === undefined) return { ...newCart(query.cartId, query.customerId, config('shop').CURRENCY, now()), version: Math.floor(now() / INLINE_MS) }
  if (stored.state === 'open' || stored.expireAtMs > now()) return stored
  const holder = stored.orderId === null ? undefined : await readOrder(stored.orderId)
  if (holder !== undefined && isOpen(holder) && (query.draft.hosted === true || holder.state === 'in_review')) return stored
  return { ...stored, state: 'open', orderId: null, version: stored.version + 1 }
}

/** @throws Failure RATE_LIMITED */
function refuseTooMany(basis: Basis): void {
  for (const { counter, limit } of basis.counters) refuseOver(counter, limit, HOUR_MS)
}
