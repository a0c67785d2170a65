/** The tiers of the membership: what a month costs, what it takes off every purchase, what else it brings. */
import { toMajor, toMinor } from '#values/money.ts'
import type { TierShown } from './shown/membership.ts'

interface TierFacts {
  readonly name: string
  /** Of a month, in major units of the shop's currency. No tax is added: the price is what is charged. */
  readonly price: string
  readonly discountPercent: number
  readonly benefits: readonly string[]
}

/** The lowest first. */
const TIERS = {
  BRONZE: {
    name: 'Bronze', price: '47.00', discountPercent: 10,
    benefits: ['10% discount on all products', 'Monthly newsletter', 'Member-only promotions'],
  },
  SILVER: {
    name: 'Silver', price: '97.00', discountPercent: 20,
    benefits: [
      '20% discount on all products', 'Access to exclusive strains', 'Monthly gift with purchase', 'Priority customer support',
      'Early access to new products',
    ],
  },
  GOLD: {
    name: 'Gold', price: '197.00', discountPercent: 30,
    benefits: [
      '30% discount on all products', 'VIP event invitations', 'Monthly raffle entries', 'Exclusive limited edition strains', 'Concierge service',
      'Premium gift box monthly', 'Private consultation sessions',
    ],
  },
} as const satisfies Record<string, TierFacts>

export type Tier = keyof typeof TIERS

export const TIER_NAMES = Object.keys(TIERS) as [Tier, ...Tier[]]

/** How high a tier is; -1 for one that nobody knows. */
export function rankOf(tier: string | null): number {
  return TIER_NAMES.indexOf(tier as Tier)
}

export function tierFacts(tier: Tier): TierFacts {
  return TIERS[tier]
}

/** Price of a month in minor units. */
export function priceOf(tier: Tier, currency: string): number {
  const minor = toMinor(TIERS[tier].price, currency)
  if (minor === undefined) throw new Error(`${tier} has no price in ${currency}`)
  return minor
}

export function tierView(tier: Tier, currency: string): TierShown {
  const { name, discountPercent, benefits } = TIERS[tier]
  return { tier, name, price: toMajor(priceOf(tier, currency), currency), currency, discountPercent, benefits }
}
