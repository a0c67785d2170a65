/**
 * A customer as a member: the membership, the charge that is under way for it, and when something is due.
 *
 * One document decides: whoever charges, changes or ends a membership does it on the version he read. There is at most
 * one charge under way, and a month is paid by the one order that moved `period` to it: so no month is paid twice.
 */
import { toMajor } from '#values/money.ts'
import { iso } from '#values/time.ts'
import type { Anchor } from './billing-calendar.ts'
import { NO_MEMBERSHIP, type Membership as Standing } from './eligibility.ts'
import { tierFacts, type Tier } from './membership-tiers.ts'
import type { KeptCard } from './purpose.ts'
import type { MembershipShown } from './shown/membership.ts'

export type MembershipStatus = 'active' | 'payment_failed' | 'suspended' | 'cancelled'

export interface Membership {
  readonly id: string
  readonly tier: Tier
  /** Of a month, in minor units, as agreed when this tier was taken. */
  readonly price: number
  readonly currency: string
  readonly status: MembershipStatus
  readonly anchor: Anchor
  /** The last month that was paid, counted from zero. */
  readonly period: number
  readonly periodStartsAtMs: number
  readonly periodEndsAtMs: number
  /** The order that paid it. */
  readonly orderId: string
  readonly card: KeptCard
  /** What it becomes with the next month. */
  readonly nextTier: Tier | null
  /** Absent while nothing is owed. */
  readonly unpaid?: Unpaid
  readonly startedAtMs: number
  readonly cancelledAtMs: number | null
  readonly cancelReason: string | null
}

/** The month after the last one is owed. */
export interface Unpaid {
  readonly sinceMs: number
  /** Charges on schedule that were declined. */
  readonly declined: number
}

export interface Member {
  readonly customerId: string
  readonly email: string
  readonly membership: Membership | null
  /** The order that is being paid for it. */
  readonly charge: { readonly orderId: string } | null
  /** Charges that were begun: names the next one. */
  readonly charges: number
  /** Agreed to get the newsletter. */
  readonly newsletter: boolean
  /** When the calendar looks next; null when nothing will be due. */
  readonly nextAtMs: number | null
  /** When a month brings its benefits next; null when none will. */
  readonly benefitsAtMs: number | null
  /** Grows with every change. */
  readonly version: number
  readonly createdAtMs: number
  readonly updatedAtMs: number
}

/** Paying, or still trusted to: the states in which a second membership is refused. */
export const RUNNING: readonly MembershipStatus[] = ['active', 'payment_failed', 'suspended']

/** While a payment is owed benefits are kept until suspension; what was cancelled keeps them until its month ends. */
export function hasBenefits(membership: Membership, nowMs: number): boolean {
  switch (membership.status) {
    case 'active':
    case 'payment_failed':
      return true
    case 'suspended':
      return false
    case 'cancelled':
      return nowMs < membership.periodEndsAtMs
  }
}

/** What a membership means for a purchase at this moment. */
export function standingOf(member: Member | undefined, nowMs: number): Standing {
  const membership = member?.membership ?? null
  if (membership === null || !hasBenefits(membership, nowMs)) return NO_MEMBERSHIP
  return { tier: membership.tier, discountPercent: tierFacts(membership.tier).discountPercent }
}

/** A membership as callers see it; null where there is none. */
export function membershipView({ customerId, email, newsletter, nextAtMs, membership }: Member): MembershipShown | null {
  if (membership === null) return null
  const { id, tier, price, currency, status, startedAtMs, periodEndsAtMs, nextTier, cancelledAtMs, cancelReason } = membership
  const { discountPercent, benefits } = tierFacts(tier)
  const billedAtMs = status === 'active' ? periodEndsAtMs : status === 'payment_failed' ? nextAtMs : null
  return {
    id, customerId, email, tier, price: toMajor(price, currency), currency, discountPercent, status,
    startDate: iso(startedAtMs),
    nextBillingDate: billedAtMs === null ? null : iso(billedAtMs),
    periodEndsAt: iso(periodEndsAtMs),
    ...(nextTier === null ? {} : { nextTier }),
    ...(cancelledAtMs === null ? {} : { cancelDate: iso(cancelledAtMs) }),
    ...(cancelReason === null ? {} : { cancelReason }),
    newsletter,
    benefits,
  }
}
