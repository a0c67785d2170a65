/** The things that tests of the domain begin with: a product, a cart, an order, each with what a test wants changed. */
import { newCart, type Cart, type CartLine } from '#domain/cart.ts'
import type { ShippingRules } from '#domain/delivery.ts'
import { newOrder, type Draft } from '#domain/new-order.ts'
import type { Order, OrderState } from '#domain/order.ts'
import type { Product } from '#domain/product.ts'
import { totals, type Extras, type TaxRates } from '#domain/totals.ts'

export const NOW_MS = Date.UTC(2026, 10, 2, 12)
export const LOCK_MS = 30 * 60_000
export const SHOP = 'Corner Shop'
export const NO_SHIPPING: ShippingRules = { country: 'US', rates: [], adultStates: [] }
export const NO_TAX: TaxRates = { state: 'TX', inclusive: false, exempt: false, table: [] }
export const TEXAS: TaxRates = { ...NO_TAX, table: [{ state: 'TX', category: '*', ppm: 82_500 }] }

export function product(wanted: Partial<Product> = {}): Product {
  return {
    id: 'oil', itemId: 'item-oil', variationName: '', name: 'Hemp Oil', description: '', category: 'Hemp Product', price: 5000,
    currency: 'USD',
    sku: 'OIL-1', ageRestricted: false, attributes: [], source: 'square', listed: true, counted: true, onHand: 10, held: 0,
    countedAtMs: NOW_MS - 60_000, updatedAtMs: NOW_MS - 60_000, ...wanted,
  }
}

export function shelf(...products: Product[]): ReadonlyMap<string, Product> {
  return new Map(products.map((one) => [one.id, one]))
}

export function cartLine(wanted: Partial<CartLine> = {}): CartLine {
  return {
    productId: 'oil', name: 'Hemp Oil', quantity: 1, unitPrice: 5000, lockedUntilMs: NOW_MS + LOCK_MS, category: 'Hemp Product',
    ...wanted,
  }
}

export function cart(lines: readonly CartLine[] = [cartLine()], wanted: Partial<Cart> = {}): Cart {
  return { ...newCart('crt_1', 'cust-1', 'USD', NOW_MS - 3_600_000), version: 3, lines, ...wanted }
}

type DraftLine = Draft['lines'][number]

export function draftLine(wanted: Partial<DraftLine> = {}): DraftLine {
  return {
    productId: 'oil', name: 'Hemp Oil', sku: 'OIL-1', category: 'Hemp Product', quantity: 2, unitPrice: 5000, counted: true,
    source: 'square', ...wanted,
  }
}

export interface WantedOrder {
  readonly lines?: readonly DraftLine[]
  readonly discountPercent?: number
  readonly rates?: TaxRates
  readonly extras?: Extras
  readonly draft?: Partial<Draft>
}

/** An order as a checkout writes it. */
export function pendingOrder({ lines = [draftLine()], discountPercent = 0, rates = TEXAS, extras = {}, draft = {} }: WantedOrder = {}): Order {
  return newOrder({
    id: 'ord_0123456789abcdefghjkmnpqrs', customerId: 'cust-1', email: 'jo.doe+shop@mail.example', cartId: 'crt_1', lines,
    sums: totals(lines, discountPercent, rates, extras), discountPercent, currency: 'USD', gateway: 'stripe', token: 'pm_card_visa',
    stockUnconfirmed: false, requestHash: 'hash', runner: 'run_1', ip: '10.1.2.3', userAgent: 'test', nowMs: NOW_MS, ...draft,
  })
}

/** The same order in another state, as if it had got there. */
export function orderIn(state: OrderState, wanted: WantedOrder = {}): Order {
  const order = pendingOrder(wanted)
  if (state === 'pending_payment') return order
  const open = state === 'requires_action' || state === 'payment_unknown' || state === 'in_review'
  return {
    ...order, state, history: [...order.history, { state, atMs: NOW_MS + 1, cause: 'test' }],
    answer: open ? null : { status: 200, body: `{"orderId":"${order.id}","state":"${state}"}` },
    checkAtMs: open ? NOW_MS + 60_000 : null,
    payment: { ...order.payment, transactionId: 'pi_1', token: open ? order.payment.token : null },
  }
}
