/**
 * What every way to buy asks for and checks alike: whose purchase it is, what is bought, and which order its key stands for.
 */
import { z } from 'zod'
import { Failure, invalid, type FailureCode } from '#values/failure.ts'
import { toMinor, wireAmount } from '#values/money.ts'
import { emailField, idField, promoCodeField, stateField } from '#values/schema.ts'
import { LINES_MAX, QUANTITY_MAX } from '#domain/cart.ts'
import type { Delivery } from '#domain/delivery.ts'
import { config } from '#platform/config.ts'
import { derivedId } from '#platform/derived.ts'
import { refuseStranger, type Caller } from './bearer.ts'

const line = z.strictObject({
  productId: idField,
  quantity: z.number().int().min(1).max(QUANTITY_MAX),
  /** What the customer saw, in major units. */
  price: wireAmount.optional(),
})

const written = (most: number) => z.string().trim().min(1).max(most)
const address = z.strictObject({
  name: written(200),
  line1: written(200),
  line2: written(200).optional(),
  city: written(100),
  state: stateField,
  postalCode: z.string().trim().regex(/^[A-Za-z0-9][A-Za-z0-9 -]{1,10}$/, 'must be a postal code').toUpperCase(),
  country: z.string().trim().regex(/^[A-Za-z]{2}$/, 'must be a country in two letters').toUpperCase(),
})
/** How the goods come to the customer. */
const fulfilment = z.discriminatedUnion('how', [z.strictObject({ how: z.literal('pick_up') }), z.strictObject({ how: z.literal('ship'), address })])

export const purchaseFields = {
  customerId: idField.optional(),
  email: emailField,
  cartId: idField.optional(),
  cart: z.array(line).min(1).max(LINES_MAX).optional(),
  expectedTotal: wireAmount.optional(),
  /** Instead of the cart's own. */
  promoCode: promoCodeField.optional(),
  fulfilment: fulfilment.optional(),
  /** By which the customer's browser or app tells itself from others. */
  deviceId: z.string().min(1).max(100).optional(),
}

const purchase = z.object(purchaseFields)
type Purchase = z.output<typeof purchase>

/** What a purchase may be refused for, beside what is sent. */
export const PURCHASE_FAILS: readonly FailureCode[] = [
  'AGE_VERIFICATION_REQUIRED', 'FORBIDDEN', 'NOT_FOUND', 'OUT_OF_STOCK', 'PAYMENT_DECLINED', 'PRICE_CHANGED',
]

export const ONE_CART = { path: ['cart'], message: 'send either cartId or cart' }

export function hasOneCart({ cartId, cart }: Pick<Purchase, 'cartId' | 'cart'>): boolean {
  return (cartId === undefined) !== (cart === undefined)
}

/** A guest buys without a customer id; a customer only for himself; staff for anybody. */
export function customerOf(caller: Caller, wanted: string | undefined): string | null {
  if (caller.role === 'guest') {
    if (wanted !== undefined) throw new Failure('UNAUTHORIZED')
    return null
  }
  if (caller.role !== 'customer' && caller.role !== 'admin') throw new Failure('FORBIDDEN')
  if (caller.role === 'customer') refuseStranger(caller, wanted ?? caller.id)
  return wanted ?? (caller.role === 'customer' ? caller.id : null)
}

interface Keyed {
  readonly key: string | undefined
  readonly caller: Caller
  readonly body: Purchase
}

/**
 * Two lines of one product count together. The id of an inline cart follows from what is bought, by whom, and how it is paid;
 * whoever sends a key of his own says himself which purchase it is.
 * @param paidBy the card's token, or the name of another way to pay
 */
export function linesOf({ body, key }: Keyed, customerId: string | null, paidBy: string) {
  if (body.cartId !== undefined) return { cartId: body.cartId, inline: undefined }
  const { CURRENCY } = config('shop')
  const byProduct = new Map<string, NonNullable<Purchase['cart']>[number]>()
  for (const [index, line] of (body.cart ?? []).entries()) {
    if (line.price !== undefined && toMinor(line.price, CURRENCY) === undefined) throw invalid(`cart.${index}.price`, `has more digits than ${CURRENCY} has`)
    const before = byProduct.get(line.productId)
    if (before !== undefined && before.price !== line.price) throw invalid(`cart.${index}.price`, 'differs from another line of the same product')
    byProduct.set(line.productId, { ...line, quantity: line.quantity + (before?.quantity ?? 0) })
  }
  const inline = [...byProduct.values()].sort((a, b) => (a.productId < b.productId ? -1 : 1))
  const lines = inline.map(({ productId, quantity, price }) => `${quantity} ${price ?? ''} ${productId}`)
  const terms = body.promoCode === undefined && body.fulfilment === undefined ? [] : [JSON.stringify([body.promoCode, body.fulfilment])]
  const own = key === undefined ? [] : ['key', key]
  return { cartId: derivedId('inl', [customerId ?? body.email.toLowerCase(), paidBy, ...lines, ...terms, ...own]), inline }
}

/** What is agreed besides the lines. */
export function termsOf({ promoCode, fulfilment: delivery, expectedTotal }: Purchase): { promoCode: string | undefined; delivery: Delivery | undefined; expectedTotal: number | undefined } {
  return { promoCode, delivery, expectedTotal }
}

/** The order that a caller's key stands for at one endpoint; undefined without a key: then the cart and its version say it. */
export function keyedOrderId(endpoint: string, { key, caller, body }: Keyed): string | undefined {
  return key === undefined ? undefined : derivedId('ord', [endpoint, caller.role, caller.id ?? body.cartId ?? body.email, key])
}
