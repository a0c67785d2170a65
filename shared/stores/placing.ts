/**
 * Places orders: decides them on one state of their products, and writes what they reserve in one commit.
 *
 * Who wants the same products while others are being placed waits at one door, and those who wait are placed together:
 * their products are read once and written once, so that a product sells in groups when it is much wanted. They share
 * nothing else; where one of a group cannot be written (his cart changed, his counter is another's too), each is placed
 * alone. Nothing may be decided on a state of a product that is not the one the commit is guarded by.
 *
 * The same holds for a promo code, whose uses are counted on its version: who wants the same one too is placed with him, others
 * who use it wait at its lane before they enter their products', so that nobody else waits for them.
 */
import type { Cart } from '#domain/cart.ts'
import { keeping, needsInFlight, priceMoved, reserveFor, type Reservation, type StockWrite } from '#domain/checkout.ts'
import type { Hour } from '#domain/fraud.ts'
import { destinationOf, type Delivery } from '#domain/delivery.ts'
import type { Draft } from '#domain/new-order.ts'
import type { Order } from '#domain/order.ts'
import { byTill } from '#domain/counter-product.ts'
import type { PosCount, Product, Till } from '#domain/product.ts'
import type { PromoFound } from '#domain/promo.ts'
import type { TaxExemption } from '#domain/tax-exemption.ts'
import { Failure } from '#values/failure.ts'
import { MINUTE_MS } from '#values/time.ts'
import { now } from '#platform/clock.ts'
import { derivedId } from '#platform/derived.ts'
import { commit, type Committed, type Snapshot, type Writer } from '#platform/firestore.ts'
import { doors } from '#platform/groups.ts'
import { inLanes } from '#platform/lanes.ts'
import { entrance, gateOf, ifOpenToAll, type Entrance, type Gate, type Pass } from './breakers.ts'
import type { PayingCard } from './cards.ts'
import { cartData, cartDoc, lockMs, saveRelocked } from './carts.ts'
import { ageIn, membershipIn, relyOnAge } from './eligibility.ts'
import { countedUp } from './limits.ts'
import { orderData, orderDoc } from './orders.ts'
import { productDoc, readProducts } from './products.ts'
import { countingUses, readPromo, readUse, type PromoRead } from './promo-codes.ts'
import { shippingRules } from './shipping.ts'
import { unitsInFlight } from './stock-batches.ts'
import { taxRates } from './tax.ts'
import { judged, keptOf, type Counted, type Judged } from './velocity.ts'

/** How long an inline cart remembers its order: a second click within it is a double. */
export const INLINE_MS = 10 * MINUTE_MS
/** Orders in one commit: each writes about ten documents. */
const TOGETHER_MAX = 8
const PATIENCE_MS = 1_000

export interface PlaceRequest {
  readonly customerId: string | null
  readonly email: string
  /** Lines sent with the request instead of a stored cart; `price` is what the customer saw, in major units. */
  readonly inline: ReadonlyArray<{ readonly productId: string; readonly quantity: number; readonly price?: number | undefined }> | undefined
  /** A stored cart, or the id derived from the inline one. */
  readonly cartId: string
  readonly expectedTotal: number | undefined
  /** Instead of the cart's own. */
  readonly promoCode?: string | undefined
  readonly delivery?: Delivery | undefined
  /** The order that the request's `Idempotency-Key` stands for. */
  readonly keyedOrderId: string | undefined
  readonly draft: Pick<Draft, 'gateway' | 'token' | 'cardId' | 'hosted' | 'requestHash' | 'runner' | 'ip' | 'ipCountry' | 'userAgent' | 'deviceId'>
  /** Asks a point of sale for the real counts of products of its own; rejects when it does not answer in time. */
  readonly askCounts: (till: Till, productIds: readonly string[]) => Promise<readonly PosCount[]>
  /** @throws Failure NOT_FOUND when the caller may not see this cart */
  readonly refuseStranger: (cart: Cart) => void
  /** Present when the card is to be kept: asks for whom, where its gateway must know it before the charge. */
  readonly askHolder?: (() => Promise<string | null>) | undefined
}

/** `fresh`: written by us at that time, nobody else may charge it, and its gateway's breaker let it pass. Else the order this request stands for already. */
export type Placed =
  | { readonly order: Order; readonly fresh: true; readonly at: Extract<Committed, { done: true }>['at']; readonly pass: Pass; readonly reference?: string | undefined }
  | { readonly order: Order; readonly fresh: false; readonly pass?: undefined; readonly reference?: undefined }

/** Everything a checkout knows before it looks at products. */
export interface Basis {
  readonly cart: Cart | undefined
  readonly cartSnapshot: Snapshot
  readonly order: Order | undefined
  readonly exemption?: TaxExemption | undefined
  readonly counters: readonly Counted[]
  /** What the buyer is as a member; undefined for a guest. */
  readonly member: Snapshot | undefined
  /** What is known of the buyer's age; undefined for a guest. */
  readonly age: Snapshot | undefined
  /** Whether the gateway, and the till that counts most of what is sold, are there to be asked. */
  readonly gateway: Gate
  readonly till: Gate
  /** The saved card that is to pay, if there is such a one. */
  readonly paying: PayingCard | undefined
}

interface Wish {
  readonly request: PlaceRequest
  readonly basis: Basis
  readonly productIds: readonly string[]
  readonly promoCode: string | undefined
  /** Of the points of sale that answered. */
  readonly counts: Promise<readonly PosCount[]>
  /** Undefined when the card is not kept: nobody wants it, or its gateway does not answer in time. */
  readonly holder: Promise<string | null | undefined>
}

/** What came of one wish: placed, thrown, or `undefined` when something of its own had moved. */
type Result = { readonly placed: Placed | undefined } | { readonly thrown: unknown }

/**
 * Places the order of a request; undefined when what it rests on has changed and is to be read again.
 * @throws Failure as `reserveFor`
 */
export async function place(request: PlaceRequest, basis: Basis): Promise<Placed | undefined> {
  const productIds = (request.inline ?? (basis.cart as Cart).lines).map((line) => line.productId)
  const counts = countsFor(productIds, request, basis)
  const promoCode = request.promoCode ?? basis.cart?.promoCode ?? undefined
  const door = [...productIds].sort().join(' ')
  const { askHolder } = request
  const holder = askHolder === undefined ? Promise.resolve(undefined) : ifOpenToAll(basis.gateway, askHolder).catch(() => undefined)
  const result = await enter(promoCode === undefined ? door : `${door} with ${promoCode}`, { request, basis, productIds, promoCode, counts, holder })
  if ('thrown' in result) throw result.thrown
  return result.placed
}

/** Each product's own till is asked, all of them at the same time. One that does not answer leaves the decision about its products to our own count. */
async function countsFor(productIds: readonly string[], { askCounts }: PlaceRequest, basis: Basis): Promise<readonly PosCount[]> {
  const counts = await Promise.all(byTill(productIds, (id) => id).map(async ([till, ids]) => {
    try {
      return await ifOpenToAll(till === basis.till.vendor ? basis.till : await gateOf(till), () => askCounts(till, ids))
    } catch {
      return undefined
    }
  }))
  return counts.flatMap((found) => found ?? [])
}

const enter = doors(TOGETHER_MAX, async (wishes: readonly Wish[]): Promise<Result[]> => {
  const { productIds = [], promoCode } = wishes[0] ?? {}
  return inLanes(promoCode === undefined ? [] : [`promo ${promoCode}`], () => inLanes(productIds, async () => {
    const results = wishes.length > 1 ? await placeTogether(wishes) : []
    for (const [index, wish] of wishes.entries()) {
      results[index] ??= await placeAlone(wish).then((placed) => ({ placed }), (thrown: unknown) => ({ thrown }))
    }
    return results as Result[]
  }))
})

async function placeAlone(wish: Wish): Promise<Placed | undefined> {
  let before: Shelf | undefined
  for (;;) {
    const [shelf, known] = await Promise.all([readShelf(wish), knownOf(wish)])
    // Refused, and neither a product nor the code has moved: it was the cart or a counter, which are to be read again.
    if (before !== undefined && isSame(before, shelf)) return undefined
    const decided = await decide(wish, known, shelf)
    const written = await reserve([decided], shelf)
    if (written.done) return placedAt(decided, written.at)
    before = shelf
  }
}

/** One result for each wish that could be decided with the others; none where it must be tried alone. */
async function placeTogether(wishes: readonly Wish[]): Promise<Array<Result | undefined>> {
  const [read, known] = await Promise.all([readShelf(wishes[0] as Wish), Promise.all(wishes.map(knownOf))])
  const refused: Array<Result | undefined> = []
  const together: Decided[] = []
  const taken = new Set<string>()
  let shelf = read
  for (const [index, wish] of wishes.entries()) {
    try {
      const decided = await decide(wish, known[index] as Known, shelf)
      const own = ownDocuments(decided)
      if (own === undefined || own.some((path) => taken.has(path))) continue
      for (const path of own) taken.add(path)
      together.push(decided)
      shelf = afterwards(shelf, decided.reservation)
    } catch (thrown) {
      refused[index] = { thrown }
    }
  }
  if (together.length < 2) return []
  const startedAt = performance.now()
  const written = await reserve(together, read).catch((thrown: unknown) => ({ thrown }))
  // A store that does not answer is not asked by each of them in turn; any other error is his whose write it was.
  if ('thrown' in written) return performance.now() - startedAt < PATIENCE_MS ? [] : resultsFor(wishes, together, () => written)
  // Nothing of it holds then: who was refused is judged again, since what stood before him was not written.
  if (!written.done) return []
  const placed = resultsFor(wishes, together, (decided) => ({ placed: placedAt(decided, written.at) }))
  return placed.map((result, index) => result ?? refused[index])
}

function resultsFor(wishes: readonly Wish[], together: readonly Decided[], result: (decided: Decided) => Result): Array<Result | undefined> {
  return wishes.map((wish) => {
    const decided = together.find((one) => one.wish === wish)
    return decided === undefined ? undefined : result(decided)
  })
}

/** Documents that only one order of a commit may write; undefined for an order that is to be alone in its commit. */
function ownDocuments({ wish, order, admitted }: Decided): string[] | undefined {
  if (admitted.pass.probe !== undefined) return undefined
  const { basis } = wish
  const age = basis.age === undefined ? [] : [basis.age.ref.path]
  return [order.id, ...(order.promo?.marks ?? []), basis.cartSnapshot.ref.path, ...age, ...basis.counters.map(({ counter }) => counter.doc.path)]
}

/** The shelf when an order has taken from it. */
function afterwards({ products, promo: read, ...shelf }: Shelf, { order, stock }: Reservation): Shelf {
  const left = new Map(products)
  for (const { productId, held, count } of stock) {
    const product = left.get(productId)
    if (product !== undefined) left.set(productId, { ...product, held, ...count })
  }
  const used = read?.promo === undefined || order.promo === undefined ? read : { ...read, promo: { ...read.promo, uses: read.promo.uses + 1 } }
  return { ...shelf, products: left, promo: used }
}

interface Shelf {
  readonly snapshots: readonly Snapshot[]
  readonly products: ReadonlyMap<string, Product>
  /** Undefined where no promo code is used. */
  readonly promo: PromoRead | undefined
}

async function readShelf({ productIds, promoCode }: Wish): Promise<Shelf> {
  const [read, promo] = await Promise.all([readProducts(productIds), promoCode === undefined ? undefined : readPromo(promoCode)])
  return {
    promo,
    snapshots: read.map(({ snapshot }) => snapshot),
    products: new Map(read.flatMap(({ product }) => (product === undefined ? [] : [[product.id, product] as const]))),
  }
}

/** What is known of a wish besides its shelf, read at the same time. */
interface Known {
  readonly counts: readonly PosCount[]
  readonly use: Pick<PromoFound, 'marks' | 'isUsed'>
}

async function knownOf({ request, promoCode, counts: asked }: Wish): Promise<Known> {
  const [counts, use] = await Promise.all([asked, promoCode === undefined ? { marks: [], isUsed: false } : readUse(promoCode, request)])
  return { counts, use }
}

function isSame(before: Shelf, now: Shelf): boolean {
  const versions = ({ snapshots, promo }: Shelf): Snapshot[] => [...snapshots, ...(promo === undefined ? [] : [promo.snapshot])]
  return versions(before).every((snapshot, index) => sameVersion(snapshot, versions(now)[index]))
}

interface Decided {
  readonly wish: Wish
  readonly cart: Cart
  readonly order: Order
  readonly reservation: Reservation
  readonly hours: Judged['hours']
  readonly admitted: Entrance
}

/** Decides an order on one state of its products and of its promo code. */
async function decide(wish: Wish, { counts, use }: Known, { products, promo }: Shelf): Promise<Decided> {
  const { request, basis } = wish
  const stored = basis.cart as Cart
  const cart = request.inline === undefined ? stored : filled(stored, request.inline, products)
  const facts = {
    cart, products, counts,
    inFlight: needsInFlight(products, counts) ? await unitsInFlight() : new Map<string, number>(),
    age: ageIn(basis.age),
    membership: membershipIn(basis.member),
    promo: promo === undefined ? undefined : { ...promo, ...use },
    delivery: request.delivery, shipping: shippingRules(), rates: taxRates({ shipTo: destinationOf(request.delivery), exemption: basis.exemption }),
    expectedTotal: request.expectedTotal, lockMs: lockMs(),
    seenPrices: new Map((request.inline ?? []).flatMap(({ productId, price }) => (price === undefined ? [] : [[productId, price] as const]))),
  }
  const { customerId, email } = request
  const reservation = await reserving(request, basis, products, () =>
    reserveFor(facts, { ...request.draft, id: orderIdFor(request, cart), customerId, email, cartId: cart.id, nowMs: now() }),
  )
  const { order, hours } = judged(withCardKept(reservation.order, await wish.holder), basis.counters)
  return { wish, cart, order, reservation, hours, admitted: entranceFor(order, basis.gateway) }
}

function withCardKept(order: Order, holder: string | null | undefined): Order {
  return holder === undefined ? order : keeping(order, { cardId: derivedId('card', ['order', order.id]), holder })
}

function placedAt({ wish, order, admitted }: Decided, at: Extract<Committed, { done: true }>['at']): Placed {
  return { order, fresh: true, at, pass: admitted.pass, reference: wish.basis.paying?.reference }
}

/** What costs nothing asks no gateway. */
function entranceFor({ payment }: Order, gateway: Gate): Entrance {
  return payment.gateway === 'none' ? { pass: { vendor: 'none', seen: undefined, probe: undefined }, write: () => undefined } : entrance(gateway)
}

export function sameVersion(one: Snapshot, other: Snapshot | undefined): boolean {
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

/** The order that a request stands for. */
export function orderIdFor(request: PlaceRequest, cart: Cart): string {
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

/** Reserves: orders, carts, counters and stock, all or nothing. Not done: something had changed, or this very commit took effect unseen. */
async function reserve(orders: readonly Decided[], { snapshots, promo }: Shelf): Promise<Committed> {
  const writes = await Promise.all(orders.map(orderWrites))
  const countUses = await countingUses(promo, orders.map(({ order }) => order))
  // Each was decided on what the one before him left: the last one's figures count, and the last count of the till.
  const stock = new Map<string, StockWrite>()
  for (const write of orders.flatMap(({ reservation }) => reservation.stock)) stock.set(write.productId, { ...stock.get(write.productId), ...write })
  const stocked = await Promise.all([...stock.values()].map(async (write) => ({ write, place: await productDoc(write.productId) })))
  return commit((writer) => {
    for (const write of writes) write(writer)
    countUses(writer)
    for (const { write, place: shelf } of stocked) {
      const at = snapshots.find(({ id }) => id === write.productId)?.updateTime
      if (at !== undefined) writer.update(shelf, { held: write.held, ...write.count }, { lastUpdateTime: at })
    }
  })
}

/** What one order writes of its own. */
async function orderWrites({ wish, cart, order, reservation, hours, admitted }: Decided): Promise<(writer: Writer) => void> {
  const { basis, request } = wish
  const inline = request.inline !== undefined
  const frozen: Cart = { ...cart, state: 'checked_out', orderId: order.id, updatedAtMs: now(), ...(inline ? { expireAtMs: now() + INLINE_MS } : {}) }
  const orderPlace = await orderDoc(order.id)
  const cartPlace = await cartDoc(frozen.id)
  return (writer) => {
    writer.create(orderPlace, orderData(order))
    admitted.write(writer)
    if (reservation.reliesOnAge) relyOnAge(writer, basis.age)
    const cartAt = basis.cartSnapshot.updateTime
    if (cartAt === undefined) writer.create(cartPlace, cartData(frozen))
    else writer.update(cartPlace, cartData(frozen), { lastUpdateTime: cartAt })
    for (const [index, { counter }] of basis.counters.entries()) {
      const at = counter.snapshot?.updateTime
      const counted = countedUp(counter, keptOf(hours[index] as Hour))
      if (at === undefined) writer.create(counter.doc, counted)
      else writer.update(counter.doc, counted, { lastUpdateTime: at })
    }
  }
}
