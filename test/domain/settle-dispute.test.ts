/**
 * Disputes: whatever is learnt of them, in whatever order and however often, the order and the ledger end as the
 * gateway's books say, and nothing is booked twice.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { amountHeld, type DisputeMovement, type DisputeStatus, type DisputeTruth } from '#domain/dispute.ts'
import { balanced, type JournalEntry } from '#domain/ledger.ts'
import { orderView, type Order, type OrderState } from '#domain/order.ts'
import { requestRefund, settleRefund } from '#domain/refund.ts'
import { remindOf, settleDispute } from '#domain/settle-dispute.ts'
import { settle } from '#domain/settle.ts'
import { Failure } from '#values/failure.ts'
import { NOW_MS, SHOP, orderIn, pendingOrder } from './given.ts'

const DAY = 86_400_000
const TOTAL = pendingOrder().total
const OUT: DisputeMovement = { id: 'txn_out', amount: -TOTAL, fee: 1500, currency: 'USD' }
const BACK: DisputeMovement = { id: 'txn_back', amount: TOTAL, fee: 0, currency: 'USD' }

function truth(status: DisputeStatus, wanted: Partial<DisputeTruth> = {}): DisputeTruth {
  return {
    id: 'dp_1', status, amount: TOTAL, currency: 'USD', reason: 'fraudulent', dueAtMs: NOW_MS + 10 * DAY, answered: false, refundable: false,
    movements: status === 'inquiry' || status === 'closed' ? [] : [OUT], openedAtMs: NOW_MS, ...wanted,
  }
}
const WON = truth('won', { movements: [OUT, BACK], answered: true })

function paidOrder(): Order {
  const order = pendingOrder()
  const outcome = { status: 'succeeded' as const, transactionId: 'pi_1', amount: order.total, currency: 'USD', answer: null }
  const settlement = settle({ order, outcome, cause: 'checkout', nowMs: NOW_MS, shopName: SHOP })
  if (settlement === undefined) throw new Error('not paid')
  return settlement.order
}

function refunded(order: Order, amount: number): Order {
  const asked = requestRefund(order, { id: `ref_${amount}`, amount, restock: false, reason: 'damaged', requestedBy: 'admin', nowMs: NOW_MS })
  const settlement = settleRefund(asked, `ref_${amount}`, { status: 'succeeded', gatewayRefundId: `re_${amount}`, answer: null }, NOW_MS, SHOP)
  if (settlement === undefined) throw new Error('not refunded')
  return settlement.order
}

/** An order to which truths are told one after the other, and everything that was posted for it. */
function told(first: Order, truths: readonly DisputeTruth[]): { order: Order; entries: JournalEntry[]; rowIds: string[] } {
  let order = first
  const entries: JournalEntry[] = []
  const rowIds: string[] = []
  for (const [step, one] of truths.entries()) {
    const settlement = settleDispute({ order, truth: one, cause: 'test', nowMs: NOW_MS + step * 1000 })
    if (settlement === undefined) continue
    order = settlement.order
    entries.push(...settlement.entries)
    rowIds.push(...settlement.rows.map(({ table, insertId }) => `${table} ${insertId}`))
  }
  return { order, entries, rowIds }
}

function balances(entries: readonly JournalEntry[]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const { account, amount } of entries.flatMap(({ postings }) => postings)) sums[account] = (sums[account] ?? 0) + amount
  return Object.fromEntries(Object.entries(sums).filter(([, sum]) => sum !== 0).sort())
}

const HELD = { 'disputes:held': TOTAL, fees: 1500, 'gateway:stripe': -TOTAL - 1500 }
const LOST = { 'disputes:lost': TOTAL, fees: 1500, 'gateway:stripe': -TOTAL - 1500 }
const FEE_ONLY = { fees: 1500, 'gateway:stripe': -1500 }

/** Its gateway names no day. */
const UNDATED: Partial<DisputeTruth> = { dueAtMs: null, answerWithinMs: 5 * DAY }

describe('does', () => {
  test('count the days from when it was first heard of, where the gateway names none; after them the bank decides', () => {
    const after = (days: number, order: Order): Order | undefined =>
      settleDispute({ order, truth: truth('needs_response', UNDATED), cause: 'sweep', nowMs: NOW_MS + days * DAY })?.order
    const first = after(2, paidOrder()) as Order
    expect([first.disputes?.[0], first.disputed]).toMatchObject([{ status: 'needs_response', dueAtMs: NOW_MS + 7 * DAY }, { dueAtMs: NOW_MS + 7 * DAY }])
    expect(after(6, first)).toBeUndefined()
    const late = after(7, first) as Order
    expect([late.disputes?.[0], late.disputed]).toMatchObject([{ status: 'under_review', dueAtMs: NOW_MS + 7 * DAY }, { dueAtMs: null }])
    expect(after(9, late)).toBeUndefined()
  })

  const cases: Array<[string, DisputeTruth[], OrderState, Record<string, number>]> = [
    ['an inquiry', [truth('inquiry')], 'paid', {}],
    ['an inquiry that rests', [truth('inquiry'), truth('closed')], 'paid', {}],
    ['an inquiry that becomes a dispute', [truth('inquiry'), truth('needs_response')], 'disputed', HELD],
    ['money taken', [truth('needs_response')], 'disputed', HELD],
    ['a dispute whose money has not moved yet', [truth('needs_response', { movements: [] })], 'disputed', {}],
    ['evidence handed in', [truth('needs_response'), truth('under_review', { answered: true })], 'disputed', HELD],
    ['won', [truth('needs_response'), WON], 'paid', FEE_ONLY],
    ['won before the money is back', [truth('needs_response'), truth('won')], 'paid', HELD],
    ['won, the money after it', [truth('won'), WON], 'paid', FEE_ONLY],
    ['lost', [truth('needs_response'), truth('lost')], 'disputed', LOST],
    ['only the end of it: lost', [truth('lost')], 'disputed', LOST],
    ['only the end of it: won', [WON], 'paid', FEE_ONLY],
    ['lost, and won on appeal', [truth('lost'), truth('needs_response'), WON], 'paid', FEE_ONLY],
    ['lost, won, lost again', [truth('lost'), WON, truth('lost', { movements: [OUT, BACK, { ...OUT, id: 'txn_again', fee: 0 }] })], 'disputed', LOST],
    ['won with its fee given back', [truth('needs_response'), truth('won', { movements: [OUT, { ...BACK, fee: -1500 }] })], 'paid', {}],
    ['a part of the charge, lost', [truth('lost', { amount: 300, movements: [{ ...OUT, amount: -300 }] })], 'disputed',
      { 'disputes:lost': 300, fees: 1500, 'gateway:stripe': -1800 }],
    ['two disputes, one won', [WON, truth('needs_response', { id: 'dp_2', amount: 300, movements: [{ ...OUT, id: 'txn_2', amount: -300 }] })], 'disputed',
      { 'disputes:held': 300, fees: 3000, 'gateway:stripe': -3300 }],
  ]
  test.each(cases)('%s', (_, truths, state, sums) => {
    const { order, entries } = told(paidOrder(), truths)
    expect([order.state, balances(entries)]).toEqual([state, sums])
    for (const entry of entries) expect(balanced(entry)).toEqual(entry)
  })

  test('an order goes back to what its refunds and its handing over have made of it', () => {
    const fulfilled = { ...paidOrder(), fulfilment: { how: 'picked_up' as const, tracking: null, by: 'support', atMs: NOW_MS } }
    const states = [paidOrder(), fulfilled, refunded(paidOrder(), 100), refunded(paidOrder(), TOTAL)].map((order) => told(order, [truth('needs_response'), WON]).order.state)
    expect(states).toEqual(['paid', 'fulfilled', 'partially_refunded', 'refunded'])
  })

  test('a refund that was under way when the bank took the money leaves the order disputed', () => {
    const asked = requestRefund(paidOrder(), { id: 'ref_1', amount: 100, restock: false, reason: 'damaged', requestedBy: 'admin', nowMs: NOW_MS })
    const { order } = told(asked, [truth('needs_response')])
    const given = settleRefund(order, 'ref_1', { status: 'succeeded', gatewayRefundId: 're_1', answer: null }, NOW_MS, SHOP)?.order
    expect(given?.state).toBe('disputed')
    const back = settleRefund(given as Order, 'ref_1', { status: 'failed', gatewayRefundId: 're_1', reason: 'closed' }, NOW_MS, SHOP)?.order
    expect(back?.state).toBe('disputed')
    expect(told(back as Order, [WON]).order.state).toBe('paid')
  })

  test('a fee that the reconciliation has posted is not posted again', () => {
    const settling = { order: paidOrder(), truth: truth('needs_response'), cause: 'test', nowMs: NOW_MS }
    expect(settleDispute(settling)?.entries.map(({ id }) => id)).toEqual(['dispute-txn_out', 'fee-txn_out'])
    expect(settleDispute({ ...settling, posted: new Set(['fee-txn_out']) })?.entries.map(({ id }) => id)).toEqual(['dispute-txn_out'])
  })

  test('the deadline is known where lists and the sweep look, until the evidence is in', () => {
    const waits = told(paidOrder(), [truth('needs_response')]).order
    expect(waits.disputed).toEqual({ sinceMs: NOW_MS, dueAtMs: NOW_MS + 10 * DAY, checkAtMs: NOW_MS + DAY / 4 })
    const answered = told(waits, [truth('under_review', { answered: true })]).order
    expect(answered.disputed).toMatchObject({ dueAtMs: null, checkAtMs: expect.any(Number) })
    expect(told(answered, [WON]).order.disputed).toMatchObject({ dueAtMs: null, checkAtMs: null })
  })

  test('a reminder within 48 hours of the deadline, once, and none when evidence is in or the case is closed', () => {
    const { order } = told(paidOrder(), [truth('needs_response')])
    const near = NOW_MS + 8 * DAY
    expect(remindOf(order, 'dp_1', near - 1)).toBeUndefined()
    const reminded = remindOf(order, 'dp_1', near)?.order as Order
    expect(reminded.disputes).toMatchObject([{ remindedAtMs: near }])
    expect(remindOf(reminded, 'dp_1', near + 1)).toBeUndefined()
    for (const after of [truth('under_review', { answered: true }), WON, truth('lost')]) {
      expect(remindOf(told(order, [after]).order, 'dp_1', near)).toBeUndefined()
    }
  })

  test('what customers and staff see tells how it stands, in major units', () => {
    const { order } = told(paidOrder(), [truth('needs_response')])
    expect(orderView(order)).toMatchObject({ state: 'disputed', disputes: [{ id: 'dp_1', status: 'needs_response', amount: TOTAL / 100, currency: 'USD', closedAt: null }] })
  })
})

describe('refuses', () => {
  test('a refund of what the bank has taken; not while the bank only asks, nor when the case is won', () => {
    const wish = { id: 'ref_1', restock: false, reason: 'sorry', requestedBy: 'admin', nowMs: NOW_MS }
    for (const taken of [truth('needs_response'), truth('under_review'), truth('lost')]) {
      expect(() => requestRefund(told(paidOrder(), [taken]).order, wish)).toThrow(expect.objectContaining({ code: 'CONFLICT' }))
    }
    for (const free of [truth('inquiry', { refundable: true }), truth('closed'), WON, truth('needs_response', { refundable: true })]) {
      expect(requestRefund(told(paidOrder(), [free]).order, wish).refunds).toHaveLength(1)
    }
  })

  test('to book a dispute of an order that is not paid in our books', () => {
    for (const state of ['pending_payment', 'payment_unknown', 'in_review', 'expired', 'payment_failed', 'cancelled'] as const) {
      expect(() => settleDispute({ order: orderIn(state), truth: truth('lost'), cause: 'test', nowMs: NOW_MS })).toThrow(Failure)
    }
  })
})

/** Lives of a dispute as gateways let them happen: what it was at each moment. */
const lives = fc.record({
  amount: fc.integer({ min: 1, max: TOTAL }),
  inquiry: fc.boolean(),
  answered: fc.boolean(),
  /** Money moves with the status or some time after it. */
  slow: fc.boolean(),
  ends: fc.array(fc.constantFrom('won' as const, 'lost' as const), { maxLength: 3 }),
}).map(({ amount, inquiry, answered, slow, ends }, ) => (id: string): DisputeTruth[] => {
  const life: DisputeTruth[] = []
  let movements: DisputeMovement[] = []
  const move = (sign: number): void => {
    if (amountHeld({ movements }) === (sign < 0 ? amount : 0)) return
    movements = [...movements, { id: `${id}_${movements.length}`, amount: sign * amount, fee: sign < 0 && movements.length === 0 ? 1500 : 0, currency: 'USD' }]
  }
  const add = (status: DisputeStatus, sign: number): void => {
    if (slow) life.push({ ...truth(status, { id, amount, movements }), answered })
    if (sign !== 0) move(sign)
    life.push({ ...truth(status, { id, amount, movements }), answered })
  }
  if (inquiry) add('inquiry', 0)
  add('needs_response', -1)
  if (answered) add('under_review', 0)
  for (const end of ends) add(end, end === 'won' ? 1 : -1)
  return life
})

describe('survives', () => {
  /** Asked at these moments of its life, which only go forward: some are never seen, some are seen again and again. */
  const moments = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 10 })
  const seen = (life: readonly DisputeTruth[], at: readonly number[]): DisputeTruth[] => {
    const places = at.map((share) => Math.min(life.length - 1, Math.floor(share * life.length))).sort((a, b) => a - b)
    return [...places, life.length - 1].flatMap((place) => life[place] ?? [])
  }
  const facts = (order: Order): unknown => [order.state, order.disputes?.map(({ status, movements, writtenOff }) => [status, movements, writtenOff])]

  test('events in any order, repeated, or only the last one: the same order, the same ledger, equal to the movements at the gateway', () => {
    fc.assert(fc.property(lives, moments, fc.boolean(), (life, at, partly) => {
      const first = partly ? refunded(paidOrder(), 100) : paidOrder()
      const truths = life('dp_1')
      const many = told(first, seen(truths, at))
      const last = told(first, truths.slice(-1))
      expect(facts(many.order)).toEqual(facts(last.order))
      expect(balances(many.entries)).toEqual(balances(last.entries))
      const atGateway = truths.at(-1)?.movements.reduce((sum, { amount, fee }) => sum + amount - fee, 0) ?? 0
      expect(balances(many.entries)['gateway:stripe'] ?? 0).toBe(atGateway)
      expect(new Set(many.entries.map(({ id }) => id)).size).toBe(many.entries.length)
      expect(new Set(many.rowIds).size).toBe(many.rowIds.length)
      for (const entry of many.entries) expect(balanced(entry)).toEqual(entry)
    }), { numRuns: 1000 })
  })

  test('the same truth twice writes nothing the second time', () => {
    fc.assert(fc.property(lives, moments, (life, at) => {
      const truths = seen(life('dp_1'), at)
      const { order } = told(paidOrder(), truths)
      expect(settleDispute({ order, truth: truths.at(-1) as DisputeTruth, cause: 'again', nowMs: NOW_MS + DAY })).toBeUndefined()
    }), { numRuns: 300 })
  })

  test('several disputes of one charge, mixed: each is booked as if it were alone', () => {
    fc.assert(fc.property(lives, lives, fc.array(fc.boolean(), { maxLength: 12 }), (one, other, mix) => {
      const queues = [one('dp_1'), other('dp_2')]
      const truths: DisputeTruth[] = []
      for (const second of mix) truths.push(...queues[second ? 1 : 0]!.splice(0, 1))
      const both = told(paidOrder(), [...truths, ...queues.flat()])
      const apart = [one('dp_1'), other('dp_2')].map((life) => told(paidOrder(), life))
      const expected = balances(apart.flatMap(({ entries }) => entries))
      expect(balances(both.entries)).toEqual(expected)
      expect(both.order.state === 'disputed').toBe(apart.some(({ order }) => order.state === 'disputed'))
    }), { numRuns: 300 })
  })
})
