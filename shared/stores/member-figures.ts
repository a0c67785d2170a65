/**
 * The memberships in figures: counted and added up by the store, whatever their number. Only how long members stay is
 * looked at one by one, up to a number beyond which it is not told.
 */
import type { Member, Membership } from '#domain/member.ts'
import type { MetricsFacts, Span, TierCount } from '#domain/membership-metrics.ts'
import { TIER_NAMES, type Tier } from '#domain/membership-tiers.ts'
import { DAY_MS } from '#values/time.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { collection, countOf, readQuery, totalOf, type Query } from '#platform/firestore.ts'

const MONTH_MS = 30 * DAY_MS
const PAGE = 500
const PAGES_MAX = 20
/** Benefits are kept, and the month is expected to be paid. */
const COUNTED: readonly Membership['status'][] = ['active', 'payment_failed']
/** Those of today, and those that another followed. */
const COLLECTIONS = ['memberships', 'past_memberships'] as const

export async function membershipFigures(): Promise<MetricsFacts> {
  const since = now() - MONTH_MS
  const [running, cancelledIn30Days, begunBefore, cancelledBefore, spans] = await Promise.all([
    runningByTier(), counted('membership.cancelledAtMs', '>', since), counted('membership.startedAtMs', '<=', since),
    counted('membership.cancelledAtMs', '<=', since), allSpans(),
  ])
  const { CURRENCY: currency, STORE_TIMEZONE: timeZone } = config('shop')
  return { running, cancelledIn30Days, active30DaysAgo: begunBefore - cancelledBefore, spans, currency, timeZone, nowMs: now() }
}

async function runningByTier(): Promise<Record<Tier, TierCount>> {
  const memberships = await collection('memberships')
  const sums = TIER_NAMES.map(async (tier) => {
    const query = memberships.where('membership.tier', '==', tier).where('membership.status', 'in', [...COUNTED])
    return [tier, await totalOf(query, 'membership.price')] as const
  })
  return Object.fromEntries(await Promise.all(sums)) as Record<Tier, TierCount>
}

async function counted(field: string, operator: '>' | '<=', moment: number): Promise<number> {
  const counts = await Promise.all(COLLECTIONS.map(async (name) => countOf((await collection(name)).where(field, operator, moment))))
  return counts.reduce((sum, count) => sum + count, 0)
}

/** Undefined when there are too many. */
async function allSpans(): Promise<Span[] | undefined> {
  const spans: Span[] = []
  for (const name of COLLECTIONS) {
    let after: string | undefined
    for (let pages = 0; ; pages += 1) {
      if (pages === PAGES_MAX) return undefined
      let query: Query = (await collection(name)).orderBy('__name__')
      if (after !== undefined) query = query.startAfter(after)
      const page = await readQuery(query.limit(PAGE))
      spans.push(...page.flatMap((snapshot) => spanOf(snapshot.data() as Pick<Member, 'membership'> | undefined)))
      if (page.length < PAGE) break
      after = page.at(-1)?.id
    }
  }
  return spans
}

function spanOf(member: Pick<Member, 'membership'> | undefined): Span[] {
  const membership = member?.membership ?? null
  return membership === null ? [] : [{ tier: membership.tier, startedAtMs: membership.startedAtMs, cancelledAtMs: membership.cancelledAtMs }]
}
