/**
 * What a cart comes to for its customer, as a checkout would decide it now: his discount, the cart's promo code, tax where it is
 * handed over, and, for who asks, what shipping it to a state costs. It is shown, and promises nothing but the locked prices.
 */
import { cartTotals, cartView, type Cart } from '#domain/cart.ts'
import { feesTo } from '#domain/delivery.ts'
import { offerOf, refusalOf, type PromoFound } from '#domain/promo.ts'
import type { CartShown } from '#domain/shown/cart.ts'
import type { TaxExemption } from '#domain/tax-exemption.ts'
import { now } from '#platform/clock.ts'
import { membershipOf } from './eligibility.ts'
import { readPromo, readUse } from './promo-codes.ts'
import { shippingRules } from './shipping.ts'
import { exemptionFor, taxRates } from './tax.ts'

/** What a customer's carts are reckoned with, whatever is in them. */
export interface Terms {
  readonly customerId: string | null
  readonly discountPercent: number
  readonly exemption: TaxExemption | undefined
}

export async function termsOf(customerId: string | null): Promise<Terms> {
  const [{ discountPercent }, exemption] = await Promise.all([membershipOf(customerId), exemptionFor(customerId)])
  return { customerId, discountPercent, exemption }
}

interface Asked {
  /** Of the cart's customer, as far as the caller has read them already. */
  readonly terms?: Terms
  /** The state that it would be shipped to. */
  readonly shipTo?: string | undefined
  /** A promo code that does not count is refused, instead of shown with the reason. */
  readonly promoMustCount?: boolean
}

/** @throws Failure INVALID_INPUT when it is not shipped there, or its promo code is refused */
export async function shownCart(cart: Cart, { terms, shipTo, promoMustCount = false }: Asked = {}): Promise<CartShown> {
  const { customerId, promoCode, lines } = cart
  const [{ discountPercent, exemption }, found] = await Promise.all([
    terms?.customerId === customerId ? terms : termsOf(lines.length === 0 ? null : customerId),
    promoCode == null ? undefined : foundPromo(promoCode, customerId),
  ])
  const subtotal = lines.reduce((sum, { unitPrice, quantity }) => sum + unitPrice * quantity, 0)
  const purchase = { currency: cart.currency, subtotal, nowMs: now() }
  const rule = found === undefined ? undefined : refusalOf(found, purchase)
  const promo = found === undefined || (rule !== undefined && !promoMustCount) ? undefined : offerOf(found, purchase).gives
  const shipping = shipTo === undefined ? [] : feesTo({ state: shipTo, field: 'shipTo' }, lines, shippingRules().rates)
  const sums = cartTotals(cart, discountPercent, taxRates({ shipTo, exemption }), { promo, shipping })
  return cartView(cart, sums, rule)
}

async function foundPromo(code: string, customerId: string | null): Promise<PromoFound> {
  const [read, use] = await Promise.all([readPromo(code), readUse(code, { customerId, email: null })])
  return { ...read, ...use }
}
