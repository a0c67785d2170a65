/** Memberships, as members and staff are shown them. */
import { z } from 'zod'
import { amountShown, countShown, currencyShown, listOf, momentShown, percentShown } from '#values/shown.ts'
import { TIER_NAMES } from '../membership-tiers.ts'

export const TierNameShown = z.enum(TIER_NAMES).meta({ id: 'TierName' })

export const MembershipShown = z
  .object({
    id: z.string(),
    customerId: z.string(),
    email: z.string(),
    tier: TierNameShown,
    price: amountShown,
    currency: currencyShown,
    discountPercent: percentShown,
    status: z.enum(['active', 'payment_failed', 'suspended', 'cancelled']),
    startDate: momentShown,
    nextBillingDate: momentShown.nullable(),
    periodEndsAt: momentShown,
    nextTier: TierNameShown.optional().describe('What it becomes with the next month.'),
    cancelDate: momentShown.optional(),
    cancelReason: z.string().optional(),
    newsletter: z.boolean(),
    benefits: listOf(z.string()),
  })
  .meta({ id: 'Membership' })
export type MembershipShown = z.input<typeof MembershipShown>

/** What a payment has granted. */
export const GrantedShown = z.object({ membership: MembershipShown, orderId: z.string() }).meta({ id: 'Granted' })

export const TierShown = z
  .object({ tier: TierNameShown, name: z.string(), price: amountShown, currency: currencyShown, discountPercent: percentShown, benefits: listOf(z.string()) })
  .meta({ id: 'Tier' })
export type TierShown = z.input<typeof TierShown>

export const BenefitShown = z
  .object({
    id: z.string(),
    membershipId: z.string(),
    customerId: z.string(),
    tier: TierNameShown,
    month: z.string().describe('Such as 2026-12.'),
    kind: z.enum(['gift', 'gift_box', 'raffle_entry']),
    status: z.enum(['due', 'given']),
    givenBy: z.string().nullable(),
    givenAt: momentShown.nullable(),
    createdAt: momentShown,
  })
  .meta({ id: 'Benefit' })
export type BenefitShown = z.input<typeof BenefitShown>

const byTier = <Value extends z.ZodType>(value: Value) => z.record(TierNameShown, value)

export const MembershipMetricsShown = z.object({
  mrr: amountShown,
  currency: currencyShown,
  activeMembers: countShown,
  churnRate: z.number().nullable().describe('Percent, one decimal: cancelled in 30 days of those who were active 30 days ago.'),
  tierDistribution: byTier(countShown),
  averagePrice: amountShown.nullable(),
  lifetimeValue: byTier(amountShown),
  lifetimeValueByRetention: byTier(amountShown.nullable()),
  cohorts: listOf(z.object({ month: z.string(), members: countShown, kept: listOf(countShown) })).nullable(),
})
export type MembershipMetricsShown = z.input<typeof MembershipMetricsShown>
