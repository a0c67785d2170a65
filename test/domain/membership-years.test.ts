/** Years of a membership, with everything that can become of a charge, in any zone: each month paid once, each mail sent once. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anchorAt, dueAt } from '#domain/billing-calendar.ts'
import { wallTime } from '#domain/civil-day.ts'
import { dueStep } from '#domain/dunning.ts'
import { standingOf, type Member } from '#domain/member.ts'
import { endUnpaid } from '#domain/membership-change.ts'
import { owedMonth, renewal } from '#domain/membership-orders.ts'
import { metricsView, survival, type Span } from '#domain/membership-metrics.ts'
import type { Order } from '#domain/order.ts'
import { at, DAY_MS, joined, memberIn, placed, settled, START_MS, type Ending } from './membership-given.ts'

const HOUR_MS = 3_600_000
const zones = fc.constantFrom('America/Chicago', 'UTC', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Kiritimati', 'Europe/Berlin')
const starts = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2028, 11, 31) })
const endings = fc.constantFrom<Ending>('paid', 'paid', 'paid', 'declined', 'declined', 'unanswered', 'expired')
/** How late the calendar's job runs. */
const delays = fc.integer({ min: 0, max: 30 * HOUR_MS })

interface Life {
  readonly member: Member
  readonly orders: readonly Order[]
  readonly mails: readonly string[]
}

interface Step {
  readonly ending: Ending
  readonly delayMs: number
  /** The customer gives another card, which pays, right after the charge. */
  readonly rescued: boolean
}

const steps = fc.array(fc.record({ ending: endings, delayMs: delays, rescued: fc.integer({ min: 0, max: 9 }).map((one) => one === 0) }), { minLength: 20, maxLength: 90 })

/** Does what is due next, as the job would, and notes all that came of it. */
function next({ member, orders, mails }: Life, { ending, delayMs, rescued }: Step, timeZone: string): Life {
  if (member.nextAtMs === null) return { member, orders, mails }
  const nowMs = member.nextAtMs + delayMs
  const scene = at(nowMs, timeZone)
  const over = endUnpaid(member, scene)
  if (over !== undefined) return { member: over.member, orders, mails: [...mails, ...over.mails.map(({ id }) => id)] }
  const charge = renewal(member, scene)
  if (charge === undefined) throw new Error(`nothing is due at ${new Date(nowMs).toISOString()}`)
  const { order, member: busy } = placed(member, charge, nowMs)
  expect(renewal(busy, scene)).toEqual(charge)
  const settlement = settled(order, busy, ending, scene)
  const after: Life = { member: memberIn(settlement), orders: [...orders, settlement.order], mails: [...mails, ...settlement.mails.map(({ id }) => id)] }
  const owed = rescued ? owedMonth(after.member, scene) : undefined
  if (owed === undefined) return after
  const again = placed(after.member, owed, nowMs)
  const paid = settled(again.order, again.member, 'paid', scene)
  return { member: memberIn(paid), orders: [...after.orders, paid.order], mails: [...after.mails, ...paid.mails.map(({ id }) => id)] }
}

describe('does', () => {
  test('years of months: each is paid once and follows the one before, on the day agreed; each mail is sent once', () => {
    fc.assert(fc.property(zones, starts, steps, (zone, startMs, all) => {
      const first = joined({}, startMs, zone)
      let life: Life = { member: first.member, orders: [first.order], mails: [] }
      for (const step of all) life = next(life, step, zone)
      const { member, orders, mails } = life
      const paid = orders.filter(({ state }) => state === 'paid')
      expect(paid.map(({ purpose }) => purpose?.period)).toEqual(paid.map((_, month) => month))
      expect(member.membership?.period).toBe(paid.length - 1)
      expect(new Set(mails).size).toBe(mails.length)
      expect(member.charge).toBeNull()
      const anchor = anchorAt(zone, startMs)
      const wall = new Date(wallTime(zone, member.membership?.periodEndsAtMs ?? 0))
      const last = new Date(Date.UTC(wall.getUTCFullYear(), wall.getUTCMonth() + 1, 0)).getUTCDate()
      expect(wall.getUTCDate()).toBe(Math.min(anchor.day, last))
      expect(member.membership?.periodEndsAtMs).toBe(dueAt(zone, anchor, paid.length))
    }), { numRuns: 60 })
  })

  test('nobody is suspended before three cards were declined on schedule, or charged while he is', () => {
    fc.assert(fc.property(zones, starts, steps, (zone, startMs, all) => {
      let life: Life = { member: joined({}, startMs, zone).member, orders: [], mails: [] }
      for (const step of all) {
        const before = life.member.membership
        life = next(life, { ...step, rescued: false }, zone)
        const after = life.member.membership
        const inARow = life.orders.toReversed().filter(({ payment }) => payment.status !== 'not_charged').findIndex(({ state }) => state === 'paid')
        const declined = inARow === -1 ? life.orders.filter(({ payment }) => payment.status !== 'not_charged').length : inARow
        if (after?.status === 'suspended') expect(declined).toBe(3)
        if (after?.status === 'payment_failed') expect(declined).toBeLessThan(3)
        if (before?.status === 'suspended') expect(after?.status).toBe('cancelled')
        expect(standingOf(life.member, life.member.updatedAtMs).tier === null).toBe(after?.status === 'suspended' || (after?.status === 'cancelled'))
      }
    }), { numRuns: 40 })
  })

  test('what is due is done when it is due, not before', () => {
    fc.assert(fc.property(zones, starts, fc.integer({ min: 1, max: 27 * 24 }), (zone, startMs, hours) => {
      const { membership } = joined({}, startMs, zone)
      expect(dueStep(membership, zone, membership.periodEndsAtMs - hours * HOUR_MS)).toBeUndefined()
      expect(dueStep(membership, zone, membership.periodEndsAtMs)).toBe('charge')
    }))
  })

  test('the figures: revenue, churn with one decimal, and a year by retention once three months are seen', () => {
    const spans: Span[] = [
      { tier: 'GOLD', startedAtMs: START_MS - 130 * DAY_MS, cancelledAtMs: null },
      { tier: 'GOLD', startedAtMs: START_MS - 130 * DAY_MS, cancelledAtMs: START_MS - 90 * DAY_MS },
      { tier: 'SILVER', startedAtMs: START_MS - 40 * DAY_MS, cancelledAtMs: null },
    ]
    const facts = {
      running: { BRONZE: { count: 2, amount: 9_400 }, SILVER: { count: 1, amount: 9_700 }, GOLD: { count: 1, amount: 19_700 } },
      cancelledIn30Days: 1, active30DaysAgo: 3, spans, currency: 'USD', timeZone: 'America/Chicago', nowMs: START_MS,
    }
    const view = metricsView(facts)
    expect(view).toMatchObject({
      mrr: 388, activeMembers: 4, churnRate: 33.3, averagePrice: 97, tierDistribution: { BRONZE: 2, SILVER: 1, GOLD: 1 }, lifetimeValue: { BRONZE: 564, SILVER: 1164, GOLD: 2364 },
      cohorts: [{ month: '2026-08', members: 2, kept: [2, 2, 1, 1, 1] }, { month: '2026-11', members: 1, kept: [1, 1] }],
    })
    const byRetention = view['lifetimeValueByRetention'] as Record<string, number | null>
    expect([byRetention['BRONZE'], byRetention['SILVER']]).toEqual([null, null])
    expect(byRetention['GOLD']).toBeGreaterThan(197 * 2)
    expect(byRetention['GOLD']).toBeLessThan(2364)
    expect(metricsView({ ...facts, running: { BRONZE: { count: 0, amount: 0 }, SILVER: { count: 0, amount: 0 }, GOLD: { count: 0, amount: 0 } }, active30DaysAgo: 0, spans: undefined })).toMatchObject({
      mrr: 0, activeMembers: 0, churnRate: null, averagePrice: null, cohorts: null, lifetimeValueByRetention: { GOLD: null },
    })
  })

  test('retention never grows, and is whole while nobody leaves', () => {
    const stays = fc.array(fc.record({ months: fc.integer({ min: 0, max: 14 }), left: fc.boolean() }), { maxLength: 40 })
    fc.assert(fc.property(stays, (all) => {
      const parts = survival(all)
      expect(parts).toHaveLength(12)
      for (const [index, part] of parts.entries()) expect(part >= 0 && part <= (parts[index - 1] ?? 1)).toBe(true)
      expect(survival(all.map(({ months }) => ({ months, left: false })))).toEqual(parts.map(() => 1))
    }))
  })
})
