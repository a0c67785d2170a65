/**
 * Today in figures: orders and money, what waits in the queues, and which vendors are left alone just now.
 *
 * A day is the store's own, by its time zone. Costs some 15 reads, whatever the day was like: counts and sums are made by
 * the store, only refunds and troubled vendors are read one by one.
 */
import { toMajor } from '#values/money.ts'
import { iso } from '#values/time.ts'
import { stateOf, type Breaker } from '#domain/breaker.ts'
import { dayIn } from '#domain/civil-day.ts'
import { StatsShown, type BreakerShown, type SumShown } from '#domain/shown/operations.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { readBreakers } from '#stores/breakers.ts'
import { membershipsBetween, ordersBetween, queueDepths, refundsBetween, type Sum } from '#stores/today.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const showStats = endpoint({
  name: 'show-stats',
  path: '/api/admin/stats',
  impact: 'Staff do not see how the day goes and what is piling up.',
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'Orders, money and queues of today',
    reply: StatsShown,
    run,
  }),
})

async function run(): Promise<StatsShown> {
  const { STORE_TIMEZONE: timeZone, CURRENCY: currency } = config('shop')
  const { day, fromMs, toMs } = dayIn(timeZone, now())
  const [orders, memberships, refunds, queues, breakers] = await Promise.all([
    ordersBetween(fromMs, toMs), membershipsBetween(fromMs, toMs), refundsBetween(fromMs, toMs), queueDepths(), readBreakers(),
  ])
  const sums = Object.entries(orders).map(([name, sum]) => [name, sumView(sum, currency)])
  return {
    day, timeZone, currency, orders: Object.fromEntries(sums), memberships: { paid: sumView(memberships, currency) }, refunds: sumView(refunds, currency),
    queues, breakers: breakers.map(breakerView),
  }
}

function sumView({ count, amount }: Sum, currency: string): SumShown {
  return { count, amount: amount === null ? null : toMajor(amount, currency) }
}

/** A vendor that is not named is well. */
function breakerView(breaker: Breaker): BreakerShown {
  const { vendor, failures, lastFailure, openedAtMs, retryAtMs, restUntilMs } = breaker
  const at = (ms: number | null): string | null => (ms === null ? null : iso(ms))
  return { vendor, state: stateOf(breaker, now()), failures, lastFailure, openedAt: at(openedAtMs), retryAt: at(retryAtMs), restUntil: at(restUntilMs) }
}
