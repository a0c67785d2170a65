/** Carts and products, as callers are shown them. */
import { z } from 'zod'
import { amountShown, countShown, currencyShown, listOf, momentShown } from '#values/shown.ts'

export const CartShown = z
  .object({
    id: z.string(),
    customerId: z.string().nullable(),
    state: z.enum(['open', 'checked_out']),
    orderId: z.string().nullable().describe('The order that took it.'),
    version: countShown,
    currency: currencyShown,
    lines: listOf(
      z
        .object({ productId: z.string(), name: z.string(), quantity: countShown, unitPrice: amountShown, lockedUntil: momentShown, lineTotal: amountShown })
        .meta({ id: 'CartLine' }),
    ),
    subtotal: amountShown,
    discount: amountShown,
    promo: z
      .object({ code: z.string(), amount: amountShown, rule: z.string().optional().describe('Why it does not count; absent: it does.') })
      .nullable(),
    shipping: amountShown,
    tax: amountShown,
    total: amountShown,
    createdAt: momentShown,
    updatedAt: momentShown,
  })
  .meta({ id: 'Cart' })
export type CartShown = z.input<typeof CartShown>

export const ProductShown = z
  .object({
    id: z.string(),
    itemId: z.string(),
    variationName: z.string(),
    name: z.string(),
    description: z.string(),
    category: z.string(),
    price: amountShown.nullable().describe('Null: set at the till, not for sale here.'),
    currency: currencyShown,
    sku: z.string().nullable(),
    available: z.boolean(),
    inventory: countShown.nullable().describe('Units that can be sold now; null: not counted.'),
    ageRestricted: z.boolean(),
    minTier: z.string().optional().describe('Sold to members of this tier and higher ones.'),
    earlyAccessUntil: momentShown.optional(),
    attributes: listOf(z.string()),
    source: z.enum(['square', 'lightspeed']),
    updated_at: momentShown,
  })
  .meta({ id: 'Product' })
export type ProductShown = z.input<typeof ProductShown>
