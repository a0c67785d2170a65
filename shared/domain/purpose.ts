/**
 * What an order's payment grants, where it buys no goods. Whoever settles the order, for whatever reason and however
 * late, grants it in the same commit, or sends the money back (`stores/grants.ts`).
 */
import type { Tier } from './membership-tiers.ts'
import type { GatewayName } from './payment.ts'

export type Purpose = MembershipPurpose

/** A month of a membership, or a higher tier for what is left of one. */
export interface MembershipPurpose {
  readonly kind: 'membership'
  readonly what: 'subscribe' | 'upgrade' | 'renew'
  readonly membershipId: string
  readonly tier: Tier
  /** Of a month of that tier, as agreed. */
  readonly price: number
  /** The month that is paid, or upgraded, counted from zero. */
  readonly period: number
  /** What it is charged to from now on. */
  readonly card: KeptCard
  /** Tried by our calendar: if it fails, that is a step towards suspension. */
  readonly scheduled: boolean
  /** Agreed to with a subscription. */
  readonly newsletter?: boolean
}

/** A stored card, by our id of it, and the gateway that keeps it. */
export interface KeptCard {
  readonly id: string
  readonly gateway: Exclude<GatewayName, 'none'>
}
