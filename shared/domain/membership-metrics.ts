/**
 * What the memberships come to: monthly revenue, churn, and what a member is worth over a year.
 *
 * The value of a year is the price of twelve months; where there are three months of data, also what of these twelve is
 * really kept: how many stay is taken from those who have been there long enough to tell (Kaplan and Meier), and beyond
 * what anybody has been seen to stay, from their average. An undefined ratio is null.
 */
import { share, toMajor } from '#values/money.ts'
import { dueAt, anchorAt } from './billing-calendar.ts'
import { wallTime } from './civil-day.ts'
import { priceOf, TIER_NAMES, type Tier } from './membership-tiers.ts'
import type { MembershipMetricsShown } from './shown/membership.ts'

const MONTHS = 12
/** So many months must have been seen before retention tells anything. */
const MONTHS_SEEN_MIN = 3

export interface TierCount {
  readonly count: number
  /** Of a month, in minor units. */
  readonly amount: number
}

/** When a membership began, and when it was cancelled, if it was. */
export interface Span {
  readonly tier: Tier
  readonly startedAtMs: number
  readonly cancelledAtMs: number | null
}

export interface MetricsFacts {
  readonly running: Readonly<Record<Tier, TierCount>>
  readonly cancelledIn30Days: number
  readonly active30DaysAgo: number
  /** All that there ever were; undefined when there are too many to look at. */
  readonly spans: readonly Span[] | undefined
  readonly currency: string
  readonly timeZone: string
  readonly nowMs: number
}

export function metricsView(facts: MetricsFacts): MembershipMetricsShown {
  const { running, cancelledIn30Days, active30DaysAgo, spans, currency, timeZone, nowMs } = facts
  const members = sum(TIER_NAMES.map((tier) => running[tier].count))
  const mrr = sum(TIER_NAMES.map((tier) => running[tier].amount))
  return {
    mrr: toMajor(mrr, currency),
    currency,
    activeMembers: members,
    churnRate: active30DaysAgo === 0 ? null : share(cancelledIn30Days, 1000, active30DaysAgo) / 10,
    tierDistribution: byTier((tier) => running[tier].count),
    averagePrice: members === 0 ? null : toMajor(share(mrr, 1, members), currency),
    lifetimeValue: byTier((tier) => toMajor(priceOf(tier, currency) * MONTHS, currency)),
    lifetimeValueByRetention: byTier((tier) => valueKept(spans?.filter((one) => one.tier === tier), { tier, currency, timeZone, nowMs })),
    cohorts: spans === undefined ? null : cohorts(spans, timeZone, nowMs),
  }
}

function byTier<T>(value: (tier: Tier) => T): Record<string, T> {
  return Object.fromEntries(TIER_NAMES.map((tier) => [tier, value(tier)]))
}

interface Worth {
  readonly tier: Tier
  readonly currency: string
  readonly timeZone: string
  readonly nowMs: number
}

function valueKept(spans: readonly Span[] | undefined, { tier, currency, timeZone, nowMs }: Worth): number | null {
  const stays = spans?.map((span) => stayOf(span, timeZone, nowMs)) ?? []
  const seen = Math.max(0, ...stays.map(({ months }) => months))
  if (seen < MONTHS_SEEN_MIN) return null
  // In parts per million, so that money stays whole.
  const kept = Math.round(sum(survival(stays)) * 1_000_000)
  return toMajor(share(priceOf(tier, currency), kept, 1_000_000), currency)
}

/** How long somebody stayed: whole months that were begun, and whether he has left after them. */
interface Stay {
  readonly months: number
  readonly left: boolean
}

function stayOf({ startedAtMs, cancelledAtMs }: Span, timeZone: string, nowMs: number): Stay {
  const anchor = anchorAt(timeZone, startedAtMs)
  const untilMs = Math.min(cancelledAtMs ?? nowMs, nowMs)
  let months = 0
  while (dueAt(timeZone, anchor, months + 1) <= untilMs) months += 1
  return { months, left: cancelledAtMs !== null && cancelledAtMs <= nowMs }
}

/** Which part of all members is in its first, second, ... twelfth month. */
export function survival(stays: readonly Stay[]): number[] {
  const parts = [1]
  const seen: number[] = []
  for (let month = 1; month < MONTHS; month += 1) {
    const there = stays.filter(({ months, left }) => months >= month || (left && months === month - 1))
    const stayed = there.filter(({ months }) => months >= month)
    const average = seen.length === 0 ? 1 : sum(seen) / seen.length
    const rate = there.length === 0 ? average : stayed.length / there.length
    if (there.length > 0) seen.push(rate)
    parts.push((parts.at(-1) ?? 1) * rate)
  }
  return parts
}

/** Who began in which month, and how many of them were there in each month after it. */
function cohorts(spans: readonly Span[], timeZone: string, nowMs: number): NonNullable<MembershipMetricsShown['cohorts']> {
  const groups = Map.groupBy(spans, ({ startedAtMs }) => new Date(wallTime(timeZone, startedAtMs)).toISOString().slice(0, 7))
  return [...groups].sort(([one], [other]) => (one < other ? -1 : 1)).slice(-MONTHS).map(([month, group]) => {
    const stays = group.map((span) => stayOf(span, timeZone, nowMs))
    const seen = Math.max(...stays.map(({ months }) => months))
    const kept = Array.from({ length: seen + 1 }, (_, index) => stays.filter(({ months }) => months >= index).length)
    return { month, members: group.length, kept }
  })
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0)
}
