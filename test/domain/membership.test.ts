/** What a membership costs, grants and becomes: every charge, every way in which it can end. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hasBenefits, membershipView, standingOf, type Member, type Membership } from '#domain/member.ts'
import { cancel, downgrade, endUnpaid, withCard } from '#domain/membership-change.ts'
import { owedMonth, renewal, subscription, upgrade } from '#domain/membership-orders.ts'
import { withMembership } from '#domain/membership-payment.ts'
import { priceOf, rankOf, tierView, TIER_NAMES, type Tier } from '#domain/membership-tiers.ts'
import { cancel as cancelOrder } from '#domain/cancel.ts'
import { requestRefund, settleRefund } from '#domain/refund.ts'
import { Failure } from '#values/failure.ts'
import { share } from '#values/money.ts'
import { SHOP } from './given.ts'
import { at, blank, DAY_MS, joined, memberIn, placed, settled, START_MS, wish, type Ending } from './membership-given.ts'

function refusal(work: () => unknown): Failure {
  try {
    work()
  } catch (error) {
    return error as Failure
  }
  throw new Error('it was not refused')
}

function mailsOf({ mails }: { mails: ReadonlyArray<{ subject: string }> }): string[] {
  return mails.map(({ subject }) => subject)
}

/** The member after a charge that came to this end. */
function tried(member: Member, ending: Ending, nowMs: number): { member: Member; mails: string[] } {
  const charge = renewal(member, at(nowMs))
  if (charge === undefined) throw new Error('nothing is due')
  const { order, member: busy } = placed(member, charge, nowMs)
  const settlement = settled(order, busy, ending, at(nowMs))
  return { member: memberIn(settlement), mails: mailsOf(settlement) }
}

const DUE_MS = joined().membership.periodEndsAtMs

/** A member whose card was declined so many times on schedule. */
function unpaid(times: number): Member {
  const days = [0, 2, 6]
  return days.slice(0, times).reduce((member, day) => tried(member, 'declined', DUE_MS + day * DAY_MS).member, joined().member)
}

describe('does', () => {
  test.each<[Tier, number, number]>([['BRONZE', 47, 10], ['SILVER', 97, 20], ['GOLD', 197, 30]])('sell %s for %d a month, with %d %% off', (tier, price, discountPercent) => {
    expect(tierView(tier, 'USD')).toMatchObject({ tier, price, discountPercent, currency: 'USD' })
    expect(priceOf(tier, 'JPY')).toBe(price)
    const { member, order } = joined({ tier })
    expect(order).toMatchObject({ state: 'paid', total: price * 100, lines: [{ counted: false, category: 'Membership' }] })
    expect(standingOf(member, START_MS)).toEqual({ tier, discountPercent })
    expect(membershipView(member)).toMatchObject({ tier, price, discountPercent, status: 'active', startDate: '2026-12-31T18:00:00.000Z', nextBillingDate: '2027-01-31T18:00:00.000Z' })
  })

  test('name the month on the order, post it to the income of memberships, and send a welcome and no receipt for goods', () => {
    const { order, member } = placed(blank(), subscription(undefined, wish(), at(START_MS)), START_MS)
    expect(order.lines[0]?.name).toBe('GOLD membership, 2026-12-31 to 2027-01-31')
    const settlement = settled(order, member, 'paid', at(START_MS))
    expect(settlement.entries[0]?.postings).toEqual([{ account: 'gateway:stripe', amount: 19_700 }, { account: 'memberships', amount: -19_700 }])
    expect(mailsOf(settlement)).toEqual(['Welcome: your GOLD membership at Corner Shop'])
    expect(settlement.order.answer?.status).toBe(201)
    expect(JSON.parse(settlement.order.answer?.body ?? '')).toMatchObject({ success: true, membership: { tier: 'GOLD', price: 197 } })
    expect(settlement.rows.map(({ table, json }) => json['what'] ?? table)).toEqual(['orders_log', 'payments_log', 'ledger_log', 'ledger_log', 'order.paid', 'memberships_log', 'membership.started'])
  })

  test('charge an upgrade for what is left of the month, by the second, rounded once; the billing day stays', () => {
    const tiers = fc.constantFrom<[Tier, Tier]>(['BRONZE', 'SILVER'], ['BRONZE', 'GOLD'], ['SILVER', 'GOLD'])
    fc.assert(fc.property(tiers, fc.integer({ min: 0, max: DUE_MS - START_MS - 1 }), ([from, to], passedMs) => {
      const { member, membership } = joined({ tier: from })
      const nowMs = START_MS + passedMs
      const charge = upgrade(member, to, at(nowMs))
      const [whole, left] = [DUE_MS - START_MS, DUE_MS - nowMs].map((ms) => Math.floor(ms / 1000)) as [number, number]
      const exact = share(priceOf(to, 'USD') - priceOf(from, 'USD'), left, whole)
      expect(charge.amount).toBe(exact < 50 ? 0 : exact)
      const { order, member: busy } = placed(member, charge, nowMs)
      const settlement = settled(order, busy, 'paid', at(nowMs))
      expect(memberIn(settlement).membership).toMatchObject({ tier: to, price: priceOf(to, 'USD'), periodEndsAtMs: membership.periodEndsAtMs, orderId: membership.orderId })
      expect([settlement.order.answer?.status, mailsOf(settlement)]).toEqual([200, [`Your membership is now ${to}`]])
    }))
  })

  test('take a lower tier with the next month, and pay the higher one until then', () => {
    const lower = downgrade(joined().member, 'BRONZE', at(START_MS))?.member as Member
    expect(membershipView(lower)).toMatchObject({ tier: 'GOLD', nextTier: 'BRONZE' })
    expect(downgrade(lower, 'BRONZE', at(START_MS))).toBeUndefined()
    expect(renewal(lower, at(DUE_MS))).toMatchObject({ amount: 4_700, purpose: { tier: 'BRONZE', price: 4_700 } })
    expect(tried(lower, 'paid', DUE_MS).member.membership).toMatchObject({ tier: 'BRONZE', price: 4_700, nextTier: null, period: 1 })
    expect(tried(lower, 'declined', DUE_MS).member.membership).toMatchObject({ tier: 'BRONZE', nextTier: null, status: 'payment_failed' })
    expect(downgrade(lower, 'GOLD', at(START_MS))?.member.membership).toMatchObject({ tier: 'GOLD', nextTier: null })
  })

  test('keep benefits until the paid month ends when it is cancelled, and charge nothing more', () => {
    const change = cancel(joined().member, 'moving away', at(START_MS + DAY_MS))
    const member = change?.member as Member
    expect(membershipView(member)).toMatchObject({ status: 'cancelled', cancelReason: 'moving away', nextBillingDate: null, cancelDate: '2027-01-01T18:00:00.000Z' })
    expect([DUE_MS - 1, DUE_MS].map((nowMs) => standingOf(member, nowMs).tier)).toEqual(['GOLD', null])
    expect([member.nextAtMs, renewal(member, at(DUE_MS))]).toEqual([null, undefined])
    expect(change?.mails[0]?.text).toContain('until 2027-01-31')
    expect(JSON.stringify(change?.rows)).not.toContain('moving away')
    expect(cancel(member, 'again', at(START_MS + 2 * DAY_MS))).toBeUndefined()
  })

  test('try on day 1, 3 and 7, say so each time, suspend after the third, and end it on day 14', () => {
    const first = tried(joined().member, 'declined', DUE_MS)
    expect([first.member.membership?.status, first.mails, first.member.nextAtMs]).toEqual(['payment_failed', ['Payment failed, please update card'], DUE_MS + 2 * DAY_MS])
    expect(hasBenefits(first.member.membership as Membership, DUE_MS)).toBe(true)
    expect(membershipView(first.member)).toMatchObject({ nextBillingDate: new Date(DUE_MS + 2 * DAY_MS).toISOString() })
    const second = tried(first.member, 'declined', DUE_MS + 2 * DAY_MS)
    expect([second.member.membership?.status, second.mails, second.member.nextAtMs]).toEqual(['payment_failed', ['2nd attempt failed: please update your card'], DUE_MS + 6 * DAY_MS])
    const third = tried(second.member, 'declined', DUE_MS + 6 * DAY_MS)
    expect([third.member.membership?.status, third.mails, third.member.nextAtMs]).toEqual(['suspended', ['Your GOLD membership is suspended'], DUE_MS + 13 * DAY_MS])
    expect(standingOf(third.member, DUE_MS + 6 * DAY_MS).tier).toBeNull()
    expect(endUnpaid(third.member, at(DUE_MS + 13 * DAY_MS - 1))).toBeUndefined()
    const end = endUnpaid(third.member, at(DUE_MS + 13 * DAY_MS))
    expect([end?.member.membership?.status, end?.member.membership?.cancelReason, mailsOf(end as never), end?.member.nextAtMs]).toEqual([
      'cancelled', 'payment_failed', ['Your GOLD membership is cancelled'], null,
    ])
    expect(standingOf(end?.member, DUE_MS + 13 * DAY_MS).tier).toBeNull()
  })

  test.each([1, 2, 3])('go on with the original billing day when it is paid after %i declined tries', (times) => {
    const member = unpaid(times)
    const charge = owedMonth(member, at(DUE_MS + 8 * DAY_MS))
    expect(charge).toMatchObject({ amount: 19_700, purpose: { period: 1, scheduled: false } })
    const { order, member: busy } = placed(member, charge as never, DUE_MS + 8 * DAY_MS)
    const back = memberIn(settled(order, busy, 'paid', at(DUE_MS + 8 * DAY_MS))).membership
    expect(back).toMatchObject({ status: 'active', period: 1, periodStartsAtMs: DUE_MS, periodEndsAtMs: Date.parse('2027-02-28T18:00:00.000Z') })
    expect(back?.unpaid).toBeUndefined()
  })

  test('bring nobody closer to suspension when it was not his card: the same step is tried again in an hour', () => {
    for (const times of [0, 1, 2]) {
      const [member, day] = [unpaid(times), [0, 2, 6][times] as number]
      const again = tried(member, 'unanswered', DUE_MS + day * DAY_MS)
      expect(again.member.membership?.unpaid).toEqual(member.membership?.unpaid)
      expect([again.mails, again.member.nextAtMs, again.member.charge]).toEqual([[], DUE_MS + day * DAY_MS + 3_600_000, null])
    }
  })

  test('send no mail and take no step when a card that somebody just gave is declined: he has the answer on his screen', () => {
    const member = withCard(unpaid(1), { id: 'card_2', gateway: 'kaja' }, at(DUE_MS + DAY_MS))?.member as Member
    expect(withCard(member, { id: 'card_2', gateway: 'kaja' }, at(DUE_MS + DAY_MS))).toBeUndefined()
    const { order, member: busy } = placed(member, owedMonth(member, at(DUE_MS + DAY_MS)) as never, DUE_MS + DAY_MS)
    expect(order.payment.gateway).toBe('kaja')
    const settlement = settled(order, busy, 'declined', at(DUE_MS + DAY_MS))
    expect([settlement.mails, memberIn(settlement).membership, memberIn(settlement).nextAtMs]).toEqual([[], member.membership, DUE_MS + 2 * DAY_MS])
    expect(settlement.order.answer?.status).toBe(402)
  })

  test('take what is left of a cancelled month off a new subscription', () => {
    const { member: before, membership } = joined()
    const half = START_MS + (membership.periodEndsAtMs - START_MS) / 2
    const member = cancel(before, 'x', at(half))?.member as Member
    const charge = subscription(member, wish({ membershipId: 'mem_2' }), at(half))
    expect(charge.amount).toBe(9_850)
    const { order, member: busy } = placed(member, charge, half)
    const { granted } = settled(order, busy, 'paid', at(half))
    expect(granted).toMatchObject({ past: { id: 'mem_1', status: 'cancelled' }, member: { membership: { id: 'mem_2', status: 'active', period: 0, periodStartsAtMs: half } } })
    expect(subscription(member, wish(), at(membership.periodEndsAtMs)).amount).toBe(19_700)
  })

  test('end a membership whose running month was given back whole, and none for another month or a part', () => {
    const { member, order } = joined()
    const back = (amount: number | undefined, nowMs: number) => {
      const asked = requestRefund(order, { id: 'ref_1', amount, restock: false, reason: 'x', requestedBy: 'admin a', nowMs })
      const settlement = settleRefund(asked, 'ref_1', { status: 'succeeded', gatewayRefundId: 're_1', answer: null }, nowMs, SHOP)
      return withMembership(asked, settlement as never, member, at(nowMs)).granted
    }
    expect(back(undefined, START_MS + DAY_MS)?.member.membership).toMatchObject({ status: 'cancelled', cancelReason: 'refunded', periodEndsAtMs: START_MS + DAY_MS })
    expect(back(19_699, START_MS + DAY_MS)).toBeUndefined()
    expect(back(undefined, DUE_MS)).toBeUndefined()
  })

  test('give an upgrade in the last minutes, which no gateway would charge', () => {
    const charge = upgrade(joined({ tier: 'SILVER' }).member, 'GOLD', at(DUE_MS - 60_000))
    expect([charge.amount, placed(joined({ tier: 'SILVER' }).member, charge, DUE_MS).order.payment.gateway]).toEqual([0, 'none'])
  })
})

describe('refuses', () => {
  test('a second membership, whatever state the first is in', () => {
    expect(refusal(() => subscription(joined().member, wish(), at(START_MS)))).toMatchObject({ code: 'CONFLICT', message: 'Customer already has an active membership' })
    for (const times of [1, 3]) expect(refusal(() => subscription(unpaid(times), wish(), at(DUE_MS))).message).toMatch('a payment for it is owed')
  })

  test('a cheap month in exchange for a dear one that is still paid', () => {
    const member = cancel(joined().member, 'x', at(START_MS))?.member
    expect(refusal(() => subscription(member, wish({ tier: 'BRONZE' }), at(START_MS)))).toMatchObject({ code: 'CONFLICT', details: { periodEndsAt: '2027-01-31T18:00:00.000Z' } })
  })

  test('an upgrade to what is not higher, a downgrade to what is not lower, and either while nothing runs or a payment is owed', () => {
    for (const from of TIER_NAMES) {
      for (const to of TIER_NAMES) {
        const { member } = joined({ tier: from })
        if (rankOf(to) <= rankOf(from)) expect(refusal(() => upgrade(member, to, at(START_MS))).code).toBe('CONFLICT')
        if (rankOf(to) >= rankOf(from)) expect(refusal(() => downgrade(member, to, at(START_MS))).code).toBe('CONFLICT')
      }
    }
    expect(refusal(() => upgrade(undefined, 'GOLD', at(START_MS))).code).toBe('NOT_FOUND')
    const cancelled = cancel(joined({ tier: 'SILVER' }).member, 'x', at(START_MS))?.member as Member
    for (const member of [unpaid(1), cancelled]) {
      expect(refusal(() => upgrade(member, 'GOLD', at(DUE_MS))).code).toBe('CONFLICT')
      expect(refusal(() => downgrade(member, 'BRONZE', at(DUE_MS))).code).toBe('CONFLICT')
    }
    expect(refusal(() => withCard(cancelled, { id: 'card_2', gateway: 'stripe' }, at(START_MS))).code).toBe('CONFLICT')
  })

  test('to cancel the order of a month: it has been granted, and is refunded by staff or not at all', () => {
    const { order } = joined()
    const wanted = { id: 'can_1', by: 'customer c', byStaff: false, reason: null, requestHash: 'h', refundId: 'ref_1', nowMs: START_MS }
    expect(refusal(() => cancelOrder(order, wanted)).code).toBe('CONFLICT')
  })
})

describe('survives', () => {
  test('a second subscription that was paid at the same time: the money goes back, the first one stays', () => {
    const other = placed(blank(), subscription(undefined, wish({ membershipId: 'mem_2' }), at(START_MS)), START_MS)
    const { member } = joined()
    const settlement = settled(other.order, member, 'paid', at(START_MS))
    expect(settlement.granted).toBeUndefined()
    expect(settlement).toMatchObject({ mails: [], order: { state: 'paid', refunds: [{ amount: 19_700, status: 'pending', requestedBy: 'countinghouse' }], checkAtMs: START_MS } })
    expect(settlement.order.answer?.status).toBe(409)
  })

  test('money for a month that another order has paid, that was cancelled meanwhile, or for an upgrade that came too late', () => {
    const { member } = joined({ tier: 'SILVER' })
    const [one, other] = [placed(member, renewal(member, at(DUE_MS)) as never, DUE_MS), placed(member, renewal(member, at(DUE_MS)) as never, DUE_MS)]
    const paid = memberIn(settled(one.order, one.member, 'paid', at(DUE_MS)))
    const higher = placed(member, upgrade(member, 'GOLD', at(START_MS)), START_MS)
    const cancelled = cancel({ ...one.member }, 'x', at(DUE_MS))?.member as Member
    for (const [order, now] of [[other.order, paid], [one.order, cancelled], [higher.order, paid]] as const) {
      expect(settled(order, now, 'paid', at(DUE_MS)).order.refunds).toMatchObject([{ amount: order.total, status: 'pending' }])
    }
    expect(memberIn(settled(one.order, cancelled, 'paid', at(DUE_MS)))).toMatchObject({ charge: null, nextAtMs: null, membership: { status: 'cancelled', period: 0 } })
  })

  test('money that comes for a try that had been given up: it pays the month, unless a later try has', () => {
    const { member } = joined()
    const lost = placed(member, renewal(member, at(DUE_MS)) as never, DUE_MS)
    const given = settled(lost.order, lost.member, 'unanswered', at(DUE_MS))
    expect(memberIn(settled(given.order, memberIn(given), 'paid', at(DUE_MS + 60_000))).membership).toMatchObject({ period: 1, status: 'active' })
    const later = placed(memberIn(given), renewal(memberIn(given), at(DUE_MS + 3_600_000)) as never, DUE_MS + 3_600_000)
    const paid = memberIn(settled(later.order, later.member, 'paid', at(DUE_MS + 3_600_000)))
    const late = settled(given.order, paid, 'paid', at(DUE_MS + 3_700_000))
    expect([late.granted, late.order.refunds.length]).toEqual([undefined, 1])
  })

  test('an outcome that says nothing yet: the charge stays under way, and nothing else is begun', () => {
    const { member } = joined()
    const { order, member: busy } = placed(member, renewal(member, at(DUE_MS)) as never, DUE_MS)
    expect(settled(order, busy, 'unknown', at(DUE_MS)).granted).toBeUndefined()
    expect([busy.charge?.orderId, busy.nextAtMs]).toEqual([order.id, DUE_MS + 3_600_000])
  })
})
