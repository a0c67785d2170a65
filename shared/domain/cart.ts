/**
 * Carts: lines with a locked price.
 *
 * A price is locked when the line is added or its quantity changes after the lock ran out, for `PRICE_LOCK_MINUTES`.
 * A cart is frozen from the moment an order takes it until that order fails; then its version moves on, so that the
 * next click is a new attempt and the last one's double is still known.
 */
import { Failure, invalid } from '#values/failure.ts'
import { toMajor } from '#values/money.ts'
import { DAY_MS, iso } from '#values/time.ts'
import { available, isSoldHere, sellable, type Product } from './product.ts'
import type { CartShown } from './shown/cart.ts'
import { totals, type Extras, type Totals, type TaxRates } from './totals.ts'

export const LINES_MAX = 50
export const QUANTITY_MAX = 999
export const CART_DAYS = 30

export interface CartLine {
  readonly productId: string
  readonly name: string
  readonly quantity: number
  /** Minor units, locked until `lockedUntilMs`. */
  readonly unitPrice: number
  readonly lockedUntilMs: number
  readonly category: string
}

export interface Cart {
  readonly id: string
  readonly customerId: string | null
  readonly currency: string
  readonly lines: readonly CartLine[]
  /** To be used when it is paid; null or absent: none. */
  readonly promoCode?: string | null
  readonly version: number
  readonly state: 'open' | 'checked_out'
  /** The order that took this cart. */
  readonly orderId: string | null
  readonly createdAtMs: number
  readonly updatedAtMs: number
  readonly expireAtMs: number
}

export function newCart(id: string, customerId: string | null, currency: string, nowMs: number): Cart {
  return {
    id, customerId, currency, lines: [], version: 0, state: 'open', orderId: null,
    createdAtMs: nowMs, updatedAtMs: nowMs, expireAtMs: nowMs + CART_DAYS * DAY_MS,
  }
}

export interface Change {
  readonly product: Product
  readonly quantity: number
  readonly nowMs: number
  readonly lockMs: number
}

/**
 * Sets one line's quantity; 0 removes it.
 * @throws Failure CONFLICT when an order holds the cart, NOT_FOUND when the product is not for sale, OUT_OF_STOCK
 */
export function setQuantity(cart: Cart, change: Change): Cart {
  refuseFrozen(cart)
  const { product, quantity, nowMs } = change
  const rest = cart.lines.filter((line) => line.productId !== product.id)
  if (quantity === 0) return touched(cart, rest, nowMs)
  if (product.price === null || !isSoldHere(product)) throw unavailable()
  if (quantity > sellable(product)) throw outOfStock([{ product, requested: quantity }])
  if (product.currency !== cart.currency) throw invalid('productId', `is sold in ${product.currency}, the cart is in ${cart.currency}`)
  if (rest.length >= LINES_MAX) throw invalid('productId', `a cart has at most ${LINES_MAX} lines`)
  const before = cart.lines.find((line) => line.productId === product.id)
  const locked = before !== undefined && before.lockedUntilMs > nowMs
  const line: CartLine = {
    productId: product.id,
    name: nameOf(product),
    quantity,
    unitPrice: locked ? before.unitPrice : product.price,
    lockedUntilMs: locked ? before.lockedUntilMs : nowMs + change.lockMs,
    category: product.category,
  }
  const lines = before === undefined ? [...rest, line] : cart.lines.map((old) => (old === before ? line : old))
  return touched(cart, lines, nowMs)
}

/**
 * Sets the promo code that is to be used; null takes it off.
 * @throws Failure CONFLICT when an order holds the cart
 */
export function withPromoCode(cart: Cart, promoCode: string | null, nowMs: number): Cart {
  refuseFrozen(cart)
  return (cart.promoCode ?? null) === promoCode ? cart : touched({ ...cart, promoCode }, cart.lines, nowMs)
}

/** Locks every line whose lock ran out again, at today's price. A line whose product is gone keeps its price; it cannot be bought. */
export function relock(cart: Cart, products: ReadonlyMap<string, Product>, nowMs: number, lockMs: number): Cart {
  if (cart.state !== 'open' || !hasExpiredLock(cart, nowMs)) return cart
  const lines = cart.lines.map((line) => {
    const product = products.get(line.productId)
    if (line.lockedUntilMs > nowMs || product === undefined || product.price === null) return line
    return { ...line, unitPrice: product.price, lockedUntilMs: nowMs + lockMs }
  })
  if (lines.every((line, index) => line === cart.lines[index])) return cart
  return { ...cart, lines, version: cart.version + 1, updatedAtMs: nowMs }
}

export function hasExpiredLock(cart: Cart, nowMs: number): boolean {
  return cart.lines.some((line) => line.lockedUntilMs <= nowMs)
}

/** Gives the cart back after its order failed. */
export function reopened(cart: Cart, orderId: string, nowMs: number): Cart {
  if (cart.orderId !== orderId) return cart
  return { ...cart, state: 'open', orderId: null, version: cart.version + 1, updatedAtMs: nowMs }
}

export function refuseFrozen(cart: Cart): void {
  if (cart.state === 'open') return
  throw new Failure('CONFLICT', {
    message: 'This cart is being paid or has been paid.',
    details: { orderId: cart.orderId, cartId: cart.id },
  })
}

export function unavailable(): Failure {
  return new Failure('NOT_FOUND', { message: 'Product unavailable' })
}

export function nameOf(product: Product): string {
  return product.variationName === '' || product.variationName === 'Regular' ? product.name : `${product.name}, ${product.variationName}`
}

/** OUT_OF_STOCK, naming the first line that is short and listing all. */
export function outOfStock(short: ReadonlyArray<{ product: Product; requested: number; left?: number }>): Failure {
  const lines = short.map(({ product, requested, left }) => ({
    productId: product.id,
    requested,
    available: left ?? (available(product) ? sellable(product) : 0),
  }))
  const name = short[0] === undefined ? '' : nameOf(short[0].product)
  return new Failure('OUT_OF_STOCK', {
    message: `Insufficient inventory for ${name}. Only ${lines[0]?.available ?? 0} available.`,
    details: { lines },
  })
}

function touched(cart: Cart, lines: readonly CartLine[], nowMs: number): Cart {
  return { ...cart, lines, version: cart.version + 1, updatedAtMs: nowMs, expireAtMs: nowMs + CART_DAYS * DAY_MS }
}

export function cartTotals(cart: Cart, discountPercent: number, rates: TaxRates, extras: Extras = {}): Totals {
  return totals(cart.lines, discountPercent, rates, extras)
}

/**
 * A cart as callers see it.
 * @param promoRule why its promo code does not count; undefined when it does
 */
export function cartView(cart: Cart, sums: Totals, promoRule?: string): CartShown {
  const major = (minor: number): number => toMajor(minor, cart.currency)
  return {
    id: cart.id,
    customerId: cart.customerId,
    state: cart.state,
    orderId: cart.orderId,
    version: cart.version,
    currency: cart.currency,
    lines: cart.lines.map((line, index) => ({
      productId: line.productId,
      name: line.name,
      quantity: line.quantity,
      unitPrice: major(line.unitPrice),
      lockedUntil: iso(line.lockedUntilMs),
      lineTotal: major(sums.lines[index]?.gross ?? 0),
    })),
    subtotal: major(sums.subtotal),
    discount: major(sums.discount),
    promo: cart.promoCode == null ? null : { code: cart.promoCode, amount: major(sums.promo), ...(promoRule === undefined ? {} : { rule: promoRule }) },
    shipping: major(sums.shipping),
    tax: major(sums.tax),
    total: major(sums.total),
    createdAt: iso(cart.createdAtMs),
    updatedAt: iso(cart.updatedAtMs),
  }
}
