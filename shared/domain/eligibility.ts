/**
 * Who may buy: the two questions that a checkout asks of other areas of the shop, in the commit that reserves. Each area
 * answers through its port.
 */
import { Failure } from '#values/failure.ts'
import { iso } from '#values/time.ts'
import { rankOf } from './membership-tiers.ts'
import type { Product } from './product.ts'

export interface AgeAnswer {
  /** Old enough, and that is known: of a guest it never is. */
  readonly verified: boolean
}

export interface Membership {
  readonly tier: string | null
  readonly discountPercent: number
}

export const UNVERIFIED: AgeAnswer = { verified: false }
export const NO_MEMBERSHIP: Membership = { tier: null, discountPercent: 0 }

/** @throws Failure AGE_VERIFICATION_REQUIRED or FORBIDDEN, naming what is missing */
export function refuseIneligible(products: readonly Product[], age: AgeAnswer, membership: Membership, nowMs: number): void {
  const restricted = products.find((product) => product.ageRestricted)
  if (restricted !== undefined && !age.verified) throw new Failure('AGE_VERIFICATION_REQUIRED', { details: { productId: restricted.id } })
  const early = products.find((product) => isEarly(product, membership.tier, nowMs))
  if (early === undefined) return
  throw new Failure('FORBIDDEN', {
    message: `${early.name} is for ${early.minTier} members${early.earlyAccessUntilMs === undefined ? '' : ` until ${iso(early.earlyAccessUntilMs)}`}.`,
    details: { productId: early.id, minTier: early.minTier },
  })
}

function isEarly(product: Product, tier: string | null, nowMs: number): boolean {
  if (product.minTier === undefined) return false
  if (product.earlyAccessUntilMs !== undefined && product.earlyAccessUntilMs <= nowMs) return false
  const wanted = rankOf(product.minTier.toUpperCase())
  // A tier that nobody knows is a typing error at the till: it must not open the goods to everybody.
  return wanted === -1 || rankOf(tier) < wanted
}
