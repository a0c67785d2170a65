/**
 * What a checkout decides from what it read: which order is made, what it reserves, or why there is none. Pure, so that
 * every rule has a table of cases; nothing here knows where the facts came from.
 */
import { Failure, invalid } from '#values/failure.ts'
import { toMajor, toMinor } from '#values/money.ts'
import { hasExpiredLock, nameOf, outOfStock, relock, unavailable, type Cart } from './cart.ts'
import { refuseIneligible, type AgeAnswer, type Membership } from './eligibility.ts'
import { shippingFees, type Delivery, type ShippingRules } from './delivery.ts'
import { newOrder, type Draft } from './new-order.ts'
import { chargeKey, isFirstTry, type Order } from './order.ts'
import type { ChargeRequest } from './payment.ts'
import { isSoldHere, weighCount, type PosCount, type Product } from './product.ts'
import { offerOf, type PromoFound } from './promo.ts'
import { totals, type Extras, type TaxRates, type Totals } from './totals.ts'

export interface CheckoutFacts {
  readonly cart: Cart
  readonly products: ReadonlyMap<string, Product>
  /** The point of sale's counts; undefined when it did not answer in time. Of what it does not name our own count decides. */
  readonly counts: readonly PosCount[] | undefined
  readonly inFlight: ReadonlyMap<string, number>
  readonly age: AgeAnswer
  readonly membership: Membership
  readonly rates: TaxRates
  /** The promo code that is to be used; absent: none. */
  readonly promo?: PromoFound | undefined
  /** Absent: nobody said; then nothing is shipped. */
  readonly delivery?: Delivery | undefined
  readonly shipping: ShippingRules
  /** What the customer saw, in major units: a total, or prices by product. */
  readonly expectedTotal: number | undefined
  readonly seenPrices: ReadonlyMap<string, number>
  readonly lockMs: number
}

/** New stock figures of one product, to be written with the order. */
export interface StockWrite {
  readonly productId: string
  readonly held: number
  readonly count?: { readonly onHand: number; readonly countedAtMs: number }
}

export interface Reservation {
  readonly order: Order
  readonly stock: readonly StockWrite[]
  /** Sold on the strength of the buyer's age. */
  readonly reliesOnAge: boolean
}

/** Whether a count is newer than what we know, so that adjustments in flight matter. */
export function needsInFlight(products: ReadonlyMap<string, Product>, counts: readonly PosCount[] | undefined): boolean {
  return (counts ?? []).some((count) => count.countedAtMs > (products.get(count.productId)?.countedAtMs ?? Infinity))
}

/**
 * @throws Failure INVALID_INPUT (empty, a promo code that does not count, not shipped there), NOT_FOUND (a product is gone), PRICE_CHANGED, AGE_VERIFICATION_REQUIRED,
 *   FORBIDDEN (members first), OUT_OF_STOCK, SERVICE_UNAVAILABLE (the last units are on the move: `isStockMoving`)
 */
export function reserveFor(facts: CheckoutFacts, draft: Omit<Draft, 'lines' | 'sums' | 'currency' | 'discountPercent' | 'promo' | 'delivery' | 'stockUnconfirmed'>): Reservation {
  const { cart, products, membership } = facts
  if (cart.lines.length === 0) throw new Failure('INVALID_INPUT', { message: 'The cart is empty.', details: { fields: [{ field: 'cart', rule: 'must have a line' }] } })
  const bought = cart.lines.map((line) => {
    const product = products.get(line.productId)
    if (product === undefined || !isSoldHere(product)) throw unavailable()
    if (product.currency !== cart.currency) throw invalid('cart', `${nameOf(product)} is sold in ${product.currency}, the cart is in ${cart.currency}`)
    return product
  })
  const priced = relock(cart, products, draft.nowMs, facts.lockMs)
  const subtotal = priced.lines.reduce((sum, { unitPrice, quantity }) => sum + unitPrice * quantity, 0)
  const offer = facts.promo === undefined ? undefined : offerOf(facts.promo, { currency: cart.currency, subtotal, nowMs: draft.nowMs })
  const extras = { promo: offer?.gives, shipping: shippingFees(facts.delivery, bought, facts.shipping) }
  const sums = totals(priced.lines, membership.discountPercent, facts.rates, extras)
  refusePriceChange(facts, priced, { sums, extras })
  refuseIneligible(bought, facts.age, membership, draft.nowMs)
  const stock = reserved(facts, bought, priced)
  const order = newOrder({
    ...draft,
    currency: cart.currency,
    discountPercent: membership.discountPercent,
    promo: offer?.use,
    delivery: facts.delivery,
    stockUnconfirmed: bought.some(({ id, counted }) => counted && facts.counts?.some(({ productId }) => productId === id) !== true),
    sums,
    lines: priced.lines.map((line, index) => lineOf(line, bought[index] as Product)),
  })
  return { order, stock, reliesOnAge: bought.some((product) => product.ageRestricted) }
}

function lineOf(line: Cart['lines'][number], product: Product): Draft['lines'][number] {
  return {
    productId: product.id, name: nameOf(product), sku: product.sku, category: product.category, quantity: line.quantity,
    unitPrice: line.unitPrice, counted: product.counted, source: product.source, ...(product.ageRestricted ? { ageRestricted: true } : {}),
  }
}

/** What the customer saw must be what is charged. */
function refusePriceChange(facts: CheckoutFacts, priced: Cart, { sums, extras }: { sums: Totals; extras: Extras }): void {
  const { cart, expectedTotal, seenPrices, membership, rates } = facts
  const seenLines = cart.lines.map((line) => {
    const seen = seenPrices.get(line.productId)
    return { ...line, unitPrice: seen === undefined ? line.unitPrice : minorOf('cart.price', seen, cart.currency) }
  })
  const seenTotal = totals(seenLines, membership.discountPercent, rates, extras).total
  const expected = expectedTotal === undefined ? undefined : minorOf('expectedTotal', expectedTotal, cart.currency)
  const linesAgree = seenLines.every((line, index) => line.unitPrice === priced.lines[index]?.unitPrice || (expected !== undefined && !seenPrices.has(line.productId)))
  if (linesAgree && (expected === undefined || expected === sums.total)) return
  throw new Failure('PRICE_CHANGED', {
    details: { expectedTotal: expectedTotal ?? toMajor(seenTotal, cart.currency), total: toMajor(sums.total, cart.currency), currency: cart.currency },
  })
}

function minorOf(field: string, major: number, currency: string): number {
  const minor = toMinor(major, currency)
  if (minor === undefined) throw invalid(field, `has more digits than ${currency} has`)
  return minor
}

/** True when a lock ran out and the price has moved: the cart should show the new price before anybody pays it. */
export function priceMoved(cart: Cart, products: ReadonlyMap<string, Product>, nowMs: number): boolean {
  return hasExpiredLock(cart, nowMs) && cart.lines.some((line) => line.lockedUntilMs <= nowMs && products.get(line.productId)?.price !== line.unitPrice)
}

function reserved(facts: CheckoutFacts, bought: readonly Product[], cart: Cart): StockWrite[] {
  const short: Array<{ product: Product; requested: number; left: number; possible: number }> = []
  const writes: StockWrite[] = []
  for (const [index, product] of bought.entries()) {
    if (!product.counted) continue
    const requested = cart.lines[index]?.quantity ?? 0
    const count = facts.counts?.find(({ productId }) => productId === product.id)
    const weighed = count === undefined ? undefined : weighCount(product, count, facts.inFlight.get(product.id) ?? 0)
    const left = weighed?.sellable ?? Math.max(0, product.onHand - product.held)
    if (left < requested) short.push({ product, requested, left, possible: weighed?.possible ?? left })
    const fresh = count !== undefined && weighed?.onHand !== undefined ? { count: { onHand: weighed.onHand, countedAtMs: count.countedAtMs } } : {}
    writes.push({ productId: product.id, held: product.held + requested, ...fresh })
  }
  if (short.some(({ requested, possible }) => possible < requested)) throw outOfStock(short)
  if (short.length > 0) throw new Failure('SERVICE_UNAVAILABLE', { reason: STOCK_IS_MOVING, retryAfterSeconds: 1 })
  return writes
}

const STOCK_IS_MOVING = 'an adjustment of the last units is not answered yet'

/** Whether a refusal may be gone in a moment, when the point of sale has answered our adjustment. */
export function isStockMoving(error: unknown): boolean {
  return error instanceof Failure && error.reason === STOCK_IS_MOVING
}

/** The charge of an order's present attempt; the same for whoever sends it. */
export function chargeRequestOf(order: Order): ChargeRequest {
  return {
    orderId: order.id,
    attempt: order.payment.attempt,
    key: chargeKey(order),
    amount: order.total,
    currency: order.currency,
    token: order.payment.token ?? '',
    description: `Order ${order.number}`,
    capture: order.payment.capture,
    ...(order.payment.session === undefined ? {} : { hosted: true }),
    ...(order.payment.keep?.holder == null ? {} : { holder: order.payment.keep.holder }),
    ...(isFirstTry(order) ? {} : { again: true }),
    createdAtMs: order.createdAtMs,
  }
}

/** The order whose card is kept when it has paid. Nothing is kept of what costs nothing. */
export function keeping(order: Order, keep: NonNullable<Order['payment']['keep']>): Order {
  return order.total === 0 ? order : { ...order, payment: { ...order.payment, keep } }
}
