/**
 * The first half of a checkout in the store: what it reads, and the one commit before which nothing is charged.
 *
 * The commit reads nothing: it is guarded by the versions that were read (order new, cart, products and counters
 * unchanged). So no lock is held while we think, and two checkouts of one product simply take turns.
 */
import { newCart, type Cart } from '#domain/cart.ts'
import { isStockMoving, needsInFlight, priceMoved, reserveFor, type Reservation } from '#domain/checkout.ts'
import { isOpen, type Draft, type Order } from '#domain/order.ts'
import type { PosCount, Product } from '#domain/product.ts'
import { Failure } from '#values/failure.ts'
import { HOUR_MS, MINUTE_MS } from '#values/time.ts'
import { config } from '#platform/config.ts'
import { now } from '#platform/clock.ts'
import { jitter, pause } from '#platform/deadline.ts'
import { derivedId } from '#platform/derived.ts'
import { commit, readAll, type Committed, type Snapshot } from '#platform/firestore.ts'
import { inLanes } from '#platform/lanes.ts'
import { cartData, cartDoc, cartOf, lockMs, saveRelocked, taxRates } from './carts.ts'
import { eligibilityOf } from './eligibility.ts'
import { counterDoc, counterOf, countedUp, refuseOver, type Counter } from './limits.ts'
import { orderData, orderDoc, orderOf, readOrder } from './orders.ts'
import { productDoc, readProducts } from './products.ts'
import { unitsInFlight } from './stock-batches.ts'

/** How long an inline cart remembers its order: a second click within it is a double. */
const INLINE_MS = 10 * MINUTE_MS

export interface PlaceRequest {
  readonly customerId: string | null
  readonly email: string
  /** Lines sent with the request instead of a stored cart; `price` is what the customer saw, in major units. */
  readonly inline: ReadonlyArray<{ readonly productId: string; readonly quantity: number; readonly price?: number | undefined }> | undefined
  /** A stored cart, or the id derived from the inline one. */
  readonly cartId: string
  readonly expectedTotal: number | undefined
  /** The order that the request's `Idempotency-Key` stands for. */
  readonly keyedOrderId: string | undefined
  readonly draft: Pick<Draft, 'gateway' | 'token' | 'requestHash' | 'runner' | 'ip' | 'userAgent'>
  /** Asks the point of sale for real counts; rejects when it does not answer in time. */
  readonly askCounts: (productIds: readonly string[]) => Promise<readonly PosCount[]>
  /** @throws Failure NOT_FOUND when the caller may not see this cart */
  readonly refuseStranger: (cart: Cart) => void
}

/** `fresh`: written by us at that time, nobody else may charge it. Else the order this request stands for already. */
export type Placed = { readonly order: Order; readonly fresh: true; readonly at: Extract<Committed, { done: true }>['at'] } | { readonly order: Order; readonly fresh: false }

/**
 * Reserves and writes the order, or finds the one that this request stands for.
 * @throws Failure as `reserveFor`, RATE_LIMITED, NOT_FOUND (cart), CONFLICT (another order holds the cart)
 */
export async function placeOrder(wish: PlaceRequest): Promise<Placed> {
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
    const placed = await tryToPlace(request, basis).catch((error: unknown) => againWhenMoved(request, basis, error))
    if (placed !== undefined) return placed
    await pause(jitter(attempt))
  }
  throw new Failure('SERVICE_UNAVAILABLE', { reason: 'contention on the products of a checkout' })
}

/** The gateway was certainly not reached: the same key stands for a new attempt, with an order of its own. */
function mayBeTriedAgain(request: PlaceRequest, found: Order): boolean {
  return request.keyedOrderId === found.id && found.requestHash === request.draft.requestHash && !isOpen(found) && found.payment.status === 'not_charged'
}

/**
 * Reasons to look again instead of failing. The point of sale answers an adjustment in a moment: then it is known whether
 * the last units are there. Out of stock may be the doing of this very click's twin, and an error may hide that our
 * commit took effect: then the order, or another one that has the cart, is there now.
 */
async function againWhenMoved(request: PlaceRequest, basis: Basis, error: unknown): Promise<undefined> {
  if (isStockMoving(error)) return
  const doubtful = error instanceof Failure && ['OUT_OF_STOCK', 'SERVICE_UNAVAILABLE', 'DATABASE_ERROR'].includes(error.code)
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
  if (request.keyedOrderId === undefined) return readOrder(cart.orderId)
  throw new Failure('CONFLICT', { message: 'This cart is being paid or has been paid.', details: { orderId: cart.orderId, cartId: cart.id } })
}

async function tryToPlace(request: PlaceRequest, basis: Basis): Promise<Placed | undefined> {
  const stored = basis.cart as Cart
  const productIds = (request.inline ?? stored.lines).map((line) => line.productId)
  const asked = request.askCounts(productIds).catch(() => undefined)
  return inLanes(productIds, async () => {
    let before: readonly Snapshot[] | undefined
    for (;;) {
      const [read, counts] = await Promise.all([readProducts(productIds), asked])
      const snapshots = read.map(({ snapshot }) => snapshot)
      // Refused, and no product has moved: it was the cart or a counter, which are to be read again.
      if (before?.every((snapshot, index) => sameVersion(snapshot, snapshots[index]))) return undefined
      const products = new Map(read.flatMap(({ product }) => (product === undefined ? [] : [[product.id, product] as const])))
      const placed = await placeAt(request, basis, { snapshots, products, counts })
      if (placed !== undefined) return placed
      before = snapshots
    }
  })
}

interface Shelf {
  readonly snapshots: readonly Snapshot[]
  readonly products: ReadonlyMap<string, Product>
  readonly counts: readonly PosCount[] | undefined
}

/** Decides and writes on one state of the products; undefined when something had moved. */
async function placeAt(request: PlaceRequest, basis: Basis, { snapshots, products, counts }: Shelf): Promise<Placed | undefined> {
  const stored = basis.cart as Cart
  const cart = request.inline === undefined ? stored : filled(stored, request.inline, products)
  const facts = {
    cart, products, counts,
    inFlight: needsInFlight(products, counts) ? await unitsInFlight() : new Map<string, number>(),
    ...(await eligibilityOf(request.customerId)),
    rates: taxRates(), expectedTotal: request.expectedTotal, lockMs: lockMs(),
    seenPrices: new Map((request.inline ?? []).flatMap(({ productId, price }) => (price === undefined ? [] : [[productId, price] as const]))),
  }
  const { customerId, email } = request
  const reservation = await reserving(request, basis, products, () =>
    reserveFor(facts, { ...request.draft, id: orderIdFor(request, cart), customerId, email, cartId: cart.id, nowMs: now() }),
  )
  const written = await reserve({ basis, cart, inline: request.inline !== undefined, reservation, snapshots })
  return written.done ? { order: reservation.order, fresh: true as const, at: written.at } : undefined
}

function sameVersion(one: Snapshot, other: Snapshot | undefined): boolean {
  return one.updateTime === undefined ? other?.updateTime === undefined : other?.updateTime?.isEqual(one.updateTime) === true
}

/** When a price moved because its lock ran out, the stored cart is locked at the new one before the caller is told. */
async function reserving(request: PlaceRequest, basis: Basis, products: ReadonlyMap<string, Product>, rule: () => Reservation): Promise<Reservation> {
  try {
    return rule()
  } catch (error) {
    const { cart } = basis
    const moved = error instanceof Failure && error.code === 'PRICE_CHANGED' && request.inline === undefined
    if (moved && cart !== undefined && priceMoved(cart, products, now())) await saveRelocked(basis.cartSnapshot, cart, products)
    throw error
  }
}

function orderIdFor(request: PlaceRequest, cart: Cart): string {
  return request.keyedOrderId ?? derivedId('ord', ['cart', cart.id, String(cart.version)])
}

/** An inline cart's lines at today's prices; two lines of one product are one. */
function filled(cart: Cart, lines: NonNullable<PlaceRequest['inline']>, products: ReadonlyMap<string, Product>): Cart {
  return {
    ...cart,
    lines: lines.map(({ productId, quantity }) => {
      const product = products.get(productId)
      return {
        productId, quantity, name: product?.name ?? '', category: product?.category ?? '', unitPrice: product?.price ?? 0,
        lockedUntilMs: now() + lockMs(),
      }
    }),
  }
}

interface Basis {
  readonly cart: Cart | undefined
  readonly cartSnapshot: Snapshot
  readonly order: Order | undefined
  readonly counters: ReadonlyArray<{ readonly counter: Counter; readonly limit: number }>
}

/** Everything a checkout knows before it looks at products, in one read. */
async function readBasis(query: PlaceRequest): Promise<Basis> {
  const { CHECKOUTS_PER_CUSTOMER_HOUR, CHECKOUTS_PER_IP_HOUR } = config('limits')
  const buyer = await counterDoc(`checkout customer ${query.customerId ?? query.email.toLowerCase()}`)
  const address = await counterDoc(`checkout ip ${query.draft.ip}`)
  const docs = [await cartDoc(query.cartId), buyer, address, ...(query.keyedOrderId === undefined ? [] : [await orderDoc(query.keyedOrderId)])]
  const [cart, byBuyer, byIp, order] = (await readAll(docs)) as [Snapshot, Snapshot, Snapshot, Snapshot | undefined]
  return {
    cart: query.inline !== undefined ? inlineCart(query, cartOf(cart)) : cartOf(cart),
    cartSnapshot: cart,
    order: order === undefined ? undefined : orderOf(order),
    counters: [
      { counter: counterOf(buyer, byBuyer, HOUR_MS), limit: CHECKOUTS_PER_CUSTOMER_HOUR },
      { counter: counterOf(address, byIp, HOUR_MS), limit: CHECKOUTS_PER_IP_HOUR },
    ],
  }
}

/** An inline cart exists from its first order on; after ten minutes the same lines are a new purchase. */
function inlineCart(query: PlaceRequest, stored: Cart | undefined): Cart {
  if (stored === undefined) return newCart(query.cartId, query.customerId, config('shop').CURRENCY, now())
  if (stored.state === 'open' || stored.expireAtMs > now()) return stored
  return { ...stored, state: 'open', orderId: null, version: stored.version + 1 }
}

/** @throws Failure RATE_LIMITED */
function refuseTooMany(basis: Basis): void {
  for (const { counter, limit } of basis.counters) refuseOver(counter, limit, HOUR_MS)
}

interface ReserveWrites {
  readonly basis: Basis
  readonly cart: Cart
  readonly inline: boolean
  readonly reservation: Reservation
  readonly snapshots: readonly Snapshot[]
}

/** Reserves: order, cart, stock and counters, all or nothing. Not done: something had changed, or this very commit took effect unseen. */
async function reserve(writes: ReserveWrites): Promise<Committed> {
  const { basis, inline, snapshots } = writes
  const { order, stock } = writes.reservation
  const frozen: Cart = {
    ...writes.cart, state: 'checked_out', orderId: order.id, updatedAtMs: now(),
    ...(inline ? { expireAtMs: now() + INLINE_MS } : {}),
  }
  const orderPlace = await orderDoc(order.id)
  const cartPlace = await cartDoc(frozen.id)
  const stocked = await Promise.all(stock.map(async (write) => ({ write, place: await productDoc(write.productId) })))
  return commit((writer) => {
    writer.create(orderPlace, orderData(order))
    const cartAt = basis.cartSnapshot.updateTime
    if (cartAt === undefined) writer.create(cartPlace, cartData(frozen))
    else writer.update(cartPlace, cartData(frozen), { lastUpdateTime: cartAt })
    for (const { counter } of basis.counters) {
      const at = counter.snapshot?.updateTime
      if (at === undefined) writer.create(counter.doc, countedUp(counter))
      else writer.update(counter.doc, countedUp(counter), { lastUpdateTime: at })
    }
    for (const { write, place } of stocked) {
      const at = snapshots.find(({ id }) => id === write.productId)?.updateTime
      if (at !== undefined) writer.update(place, { held: write.held, ...write.count }, { lastUpdateTime: at })
    }
  })
}
