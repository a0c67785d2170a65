/**
 * A product: one sellable variation, and its stock.
 *
 * `onHand` is the point of sale's count at `countedAt`. `held` is ours: units promised to orders, reserved or sold, that
 * the point of sale has not taken off its count yet. What can be sold is the difference. One number for both keeps a
 * sale at one write of a hot document: turning a reservation into a sale changes nothing here.
 */
import { toMajor } from '#values/money.ts'
import { iso } from '#values/time.ts'
import type { ProductShown } from './shown/cart.ts'

export const DEFAULT_CATEGORY = 'Hemp Product'

/** A point of sale that counts products. */
export type Till = 'square' | 'lightspeed'

export interface Product {
  readonly id: string
  readonly itemId: string
  readonly variationName: string
  readonly name: string
  readonly description: string
  readonly category: string
  /** Minor units; null: the price is set at the till, so it is not for sale here. */
  readonly price: number | null
  readonly currency: string
  readonly sku: string | null
  readonly ageRestricted: boolean
  readonly minTier?: string | undefined
  readonly earlyAccessUntilMs?: number | undefined
  readonly attributes: readonly string[]
  readonly source: Till
  /** Rises with every change at the point of sale; absent: it numbers none. */
  readonly version?: number | undefined
  /** Offered by the point of sale; false when archived or gone. */
  readonly listed: boolean
  /** Whether the point of sale counts it; uncounted products are never out of stock. */
  readonly counted: boolean
  readonly onHand: number
  readonly held: number
  readonly countedAtMs: number
  /** A newer count that came while units of ours were on their way (`stock.ts`); only as long as they are. */
  readonly told?: ToldCount | null | undefined
  /** More was promised than the till counts, since then; absent: never. */
  readonly short?: { readonly units: number; readonly sinceMs: number } | null | undefined
  readonly updatedAtMs: number
}

/** A count that may or may not have the units that were on their way when it came. */
export interface ToldCount {
  readonly quantity: number
  readonly countedAtMs: number
  readonly inFlight: number
}

/** Units that are sure to be there to be sold now; never negative. */
export function sellable({ counted, onHand, held, told }: Pick<Product, 'counted' | 'onHand' | 'held' | 'told'>): number {
  if (!counted) return Number.MAX_SAFE_INTEGER
  const known = told == null ? onHand : Math.min(onHand, told.quantity + Math.min(0, told.inFlight))
  return Math.max(0, known - held)
}

/** Whether it may be sold here, if there are units of it. */
export function isSoldHere({ listed, price }: Pick<Product, 'listed' | 'price'>): boolean {
  return listed && price !== null
}

export function available(product: Product): boolean {
  return isSoldHere(product) && sellable(product) > 0
}

/** A product as callers see it. */
export function productView(product: Product): ProductShown {
  return {
    id: product.id,
    itemId: product.itemId,
    variationName: product.variationName,
    name: product.name,
    description: product.description,
    category: product.category,
    price: product.price === null ? null : toMajor(product.price, product.currency),
    currency: product.currency,
    sku: product.sku,
    available: available(product),
    inventory: product.counted ? sellable(product) : null,
    ageRestricted: product.ageRestricted,
    ...(product.minTier === undefined ? {} : { minTier: product.minTier }),
    ...(product.earlyAccessUntilMs === undefined ? {} : { earlyAccessUntil: iso(product.earlyAccessUntilMs) }),
    attributes: product.attributes,
    source: product.source,
    updated_at: iso(product.updatedAtMs),
  }
}

/** A count read at the point of sale. */
export interface PosCount {
  readonly productId: string
  readonly quantity: number
  readonly countedAtMs: number
}

/**
 * What a count says about a product, given how many of its held units are on their way to the point of sale just now
 * (`inFlight`, negative for goods put back: the count may or may not include them).
 *
 * - older than what we know, or the same: nothing.
 * - nothing in flight: the count replaces `onHand`.
 * - else nobody can tell whether the count moved by our adjustment or by a sale at the till, even when the figures match.
 *   Until the adjustment is answered `sellable` are sure to be there, and up to `possible` may be.
 */
export function weighCount(product: Product, count: PosCount, inFlight: number): { onHand?: number; sellable: number; possible?: number } {
  if (!product.counted || count.countedAtMs <= product.countedAtMs) return { sellable: sellable(product) }
  const free = count.quantity - product.held
  if (inFlight === 0) return { onHand: count.quantity, sellable: Math.max(0, free) }
  const sure = Math.max(0, Math.min(sellable(product), free + Math.min(0, inFlight)))
  return { sellable: sure, possible: Math.max(sure, free + Math.max(0, inFlight)) }
}
