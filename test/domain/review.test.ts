/** What staff decide about an order, and what becomes of it with any answer of the gateway, in any order. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DAY_MS } from '#values/time.ts'
import { isOpen, takenFor, type Order, type OrderState } from '#domain/order.ts'
import { concluded, deadlineOf, decide, reviewView, stepOf, timesInReview, type Verdict } from '#domain/review.ts'
import { isLateHold, settle } from '#domain/settle.ts'
import type { Settlement } from '#domain/settlement.ts'
import { suspected } from '#domain/fraud.ts'
import { NOW_MS, SHOP, orderIn, pendingOrder } from './given.ts'
import { outcomeNames, outcomes, type OutcomeName } from './outcomes.ts'

const after = (order: Order, name: OutcomeName): Settlement | undefined => settle({ order, outcome: outcomes[name], cause: 'test', nowMs: NOW_MS + 1000, shopName: SHOP })
const verdict = (decision: Verdict['decision'], wanted: Partial<Verdict> = {}): Verdict => ({
  id: 'rev_1', decision, reason: 'Known to us', decidedBy: 'admin ann', requestHash: 'hash', nowMs: NOW_MS + 2000, ...wanted,
})
const must = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error('nothing was written')
  return value
}
const held = (): Order => must(after(suspected(pendingOrder(), ['many_orders']), 'authorised')).order
const decided = (decision: Verdict['decision'], order = held()): Order => must(decide(order, verdict(decision))).order

/** Where a decided order goes by each outcome; `-` is nowhere. */
const TABLE: Record<OutcomeName, { approve: OrderState | '-'; refuse: OrderState | '-' }> = {
  'succeeded': { approve: 'paid', refuse: 'paid' },
  'other amount': { approve: 'in_review', refuse: 'paid' },
  'other currency': { approve: 'in_review', refuse: 'paid' },
  'risky': { approve: 'paid', refuse: 'paid' },
  'authorised': { approve: '-', refuse: '-' },
  'declined': { approve: 'payment_failed', refuse: 'cancelled' },
  'requires_action': { approve: '-', refuse: '-' },
  'processing': { approve: '-', refuse: '-' },
  'cancelled': { approve: 'expired', refuse: 'cancelled' },
  'absent': { approve: '-', refuse: '-' },
  'unavailable': { approve: '-', refuse: '-' },
  'unknown': { approve: '-', refuse: '-' },
} as Record<OutcomeName, { approve: OrderState | '-'; refuse: OrderState | '-' }>

describe('does', () => {
  test.each(outcomeNames.flatMap((name) => (['approve', 'refuse'] as const).map((decision) => [decision, name, TABLE[name][decision]] as const)))(
    '%s + %s -> %s', (decision, name, next) => {
      expect(after(decided(decision), name)?.order.state ?? '-').toBe(next)
    })

  test('set aside: goods stay reserved, the customer is told once, the card is forgotten', () => {
    const settlement = must(after(suspected(pendingOrder(), ['many_orders']), 'authorised'))
    expect(settlement).toMatchObject({ entries: [], holds: [], stock: [], reopenCart: false, mails: [{ template: 'under_review' }] })
    expect(settlement.order).toMatchObject({ state: 'in_review', reviewReasons: ['many_orders'], answer: null, payment: { status: 'authorised', token: null, received: null } })
    expect(after(settlement.order, 'authorised')).toBeUndefined()
  })

  test('held by the gateway: the reason is named, the gateway\'s own word is in the audit trail', () => {
    const { order, rows } = must(settle({ order: pendingOrder(), outcome: { ...outcomes.authorised, held: '252' }, cause: 'checkout', nowMs: NOW_MS, shopName: SHOP }))
    expect(order.reviewReasons).toEqual(['gateway_risk'])
    expect(rows.find(({ dataset }) => dataset === 'audit')?.json['why']).toBe('gateway_risk (252)')
  })

  test('taken, but risky: a person looks, and what the gateway lets through is sold without us', () => {
    const risky = must(after(pendingOrder(), 'risky')).order
    expect(risky).toMatchObject({ state: 'in_review', reviewReasons: ['gateway_risk'], payment: { status: 'succeeded' } })
    expect(after(risky, 'risky')).toBeUndefined()
    expect(after(risky, 'succeeded')?.order.state).toBe('paid')
  })

  test('approved: capture; refused: let go; taken already, or undecided: nothing at the gateway', () => {
    expect([stepOf(decided('approve')), stepOf(decided('refuse')), stepOf(held())]).toEqual(['capture', 'cancel', 'none'])
    const taken = must(after(pendingOrder(), 'risky')).order
    expect([stepOf(decided('approve', taken)), stepOf(decided('refuse', taken))]).toEqual(['none', 'none'])
  })

  test('a decision leaves who, what and why in the audit trail, and nothing of it where the customer looks', () => {
    const { order, rows } = must(decide(held(), verdict('approve')))
    expect(rows.find(({ dataset }) => dataset === 'audit')?.json).toMatchObject({ who: 'admin ann', what: 'review.approved', why: 'Known to us', subject: order.id })
    expect(order.history.at(-1)).toMatchObject({ state: 'in_review', cause: 'approved by staff' })
  })

  test('refused, and the money came all the same: booked, and all of it is on its way back; nothing is sold', () => {
    for (const name of ['succeeded', 'other amount', 'other currency'] as const) {
      const settlement = must(after(decided('refuse'), name))
      const taken = takenFor(settlement.order)
      expect(settlement).toMatchObject({ stock: [], holds: [{ productId: 'oil', delta: -2 }], reopenCart: true, mails: [{ template: 'review_ended' }] })
      expect(settlement.order.refunds).toMatchObject([{ amount: outcomes[name].amount, status: 'pending', requestedBy: 'countinghouse' }])
      expect(settlement.entries[0]?.currency).toBe(outcomes[name].currency)
      expect([taken.amount, taken.currency]).toEqual([outcomes[name].amount, outcomes[name].currency])
      expect(JSON.parse(settlement.order.answer?.body ?? '')).toMatchObject({ code: 'CONFLICT', error: 'This order was not accepted. What was charged is given back.' })
    }
  })

  test('refused: stock and cart go back, the customer is told, and the key says so for ever', () => {
    const settlement = must(after(decided('refuse'), 'cancelled'))
    expect(settlement).toMatchObject({ entries: [], holds: [{ productId: 'oil', delta: -2 }], reopenCart: true, mails: [{ template: 'review_ended' }] })
    expect(JSON.parse(settlement.order.answer?.body ?? '')).toMatchObject({ code: 'CONFLICT', error: 'This order was not accepted. Nothing was charged.' })
    expect(settlement.order.review?.answer?.status).toBe(200)
  })

  test('approved, and the payment had ended: whoever approved is told, the customer too', () => {
    const settlement = must(after(decided('approve'), 'cancelled'))
    expect(settlement).toMatchObject({ order: { state: 'expired' }, mails: [{ template: 'review_ended' }], holds: [{ delta: -2 }] })
    expect(settlement.order.review?.answer?.status).toBe(409)
  })

  test('approved, and another amount was taken: the decision is open again, and can only be refused', () => {
    const { order } = must(after(decided('approve'), 'other amount'))
    expect(order).toMatchObject({ state: 'in_review', review: null, reviewReasons: ['many_orders', 'amount_differs'], payment: { received: { amount: outcomes['other amount'].amount, currency: 'USD' } } })
    expect(() => decide(order, verdict('approve'))).toThrow('another amount')
    expect(decided('refuse', order).review?.decision).toBe('refuse')
  })

  test('the deadline is the gateway\'s: 7 days at Stripe, 30 at Authorize.Net, none for what was taken', () => {
    const atMs = NOW_MS + 1000
    expect(deadlineOf(held())).toBe(atMs + 7 * DAY_MS)
    expect(deadlineOf({ ...held(), payment: { ...held().payment, gateway: 'kaja' } })).toBe(atMs + 30 * DAY_MS)
    expect(deadlineOf(must(after(pendingOrder(), 'risky')).order)).toBeNull()
  })

  test('staff see reasons in words, the amount and the deadline', () => {
    expect(reviewView(held())).toMatchObject({
      reasons: [{ code: 'many_orders', about: expect.stringContaining('orders') }], amount: 108.25, currency: 'USD', received: null, taken: false, units: 2, decision: null,
    })
  })

  test('money set aside for an order that was given up is to be let go', () => {
    expect(isLateHold(orderIn('payment_failed'), outcomes.authorised)).toBe(true)
    for (const state of ['in_review', 'pending_payment', 'paid'] as const) expect(isLateHold(orderIn(state), outcomes.authorised)).toBe(false)
    expect(isLateHold(orderIn('expired'), outcomes.succeeded)).toBe(false)
  })
})

describe('refuses', () => {
  test('the other decision, telling which was made; the same again changes nothing', () => {
    for (const [first, second, word] of [['approve', 'refuse', 'approved'], ['refuse', 'approve', 'refused']] as const) {
      const order = decided(first)
      expect(decide(order, verdict(first, { id: 'rev_2', decidedBy: 'admin bob' }))).toBeUndefined()
      expect(() => decide(order, verdict(second))).toThrow(`This order has been ${word} already.`)
    }
  })

  test.each(['pending_payment', 'requires_action', 'payment_unknown', 'paid', 'expired', 'cancelled', 'refunded'] as const)('to decide an order that is %s', (state) => {
    expect(() => decide(orderIn(state), verdict('approve'))).toThrow(`An order that is ${state} is not in review.`)
  })

  test('to conclude what nobody decided', () => {
    const order = held()
    expect(concluded(order, NOW_MS)).toBe(order)
  })
})

describe('survives', () => {
  type Step = { readonly outcome: OutcomeName } | { readonly decision: Verdict['decision'] }
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.constantFrom(...outcomeNames).map((outcome) => ({ outcome })),
    fc.constantFrom('approve' as const, 'refuse' as const).map((decision) => ({ decision })),
  )

  test('outcomes and decisions in any order: goods are held, sold or free, money booked once, each mail once, each decision kept', () => {
    fc.assert(fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      let order = suspected(pendingOrder(), ['many_cards'])
      const seen = { held: 2, sold: 0, entries: 0, mails: [] as string[], rows: [] as string[] }
      for (const [index, one] of steps.entries()) {
        const change = 'outcome' in one ? after(order, one.outcome) : tried(order, one.decision, index)
        if (change === undefined) continue
        if (order.review?.decision === 'approve') expect(change.order.review?.decision).not.toBe('refuse')
        order = change.order
        seen.held += change.holds.reduce((sum, { delta }) => sum + delta, 0)
        seen.sold -= change.stock.reduce((sum, { delta }) => sum + delta, 0)
        seen.entries += change.entries.length
        seen.mails.push(...change.mails.map(({ id }) => id))
        seen.rows.push(...change.rows.map(({ table, insertId }) => `${table} ${insertId}`))
      }
      expect(new Set(seen.mails).size).toBe(seen.mails.length)
      expect(new Set(seen.rows).size).toBe(seen.rows.length)
      const given = order.refunds.length > 0
      if (isOpen(order)) expect([seen.held, seen.sold, seen.entries]).toEqual([2, 0, 0])
      else if (order.state === 'paid') expect([seen.held, seen.sold, seen.entries]).toEqual(given ? [0, 0, 1] : [2, 2, 1])
      else expect([seen.held, seen.sold, seen.entries]).toEqual([0, 0, 0])
      if (order.review?.decision === 'refuse' && order.state === 'paid') expect(given).toBe(true)
      expect(timesInReview(order)).toBeLessThanOrEqual(1)
    }), { numRuns: 2000 })
  })

  function tried(order: Order, decision: Verdict['decision'], index: number): Settlement | undefined {
    try {
      return decide(order, verdict(decision, { id: `rev_${index}` }))
    } catch {
      return undefined
    }
  }
})
