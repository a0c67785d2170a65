/** Refunds: never more than was paid, to the cent and to the unit, whatever is asked, in whatever order it is answered. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { balanced } from '#domain/ledger.ts'
import { orderView, refundedAmount, type Order, type OrderState } from '#domain/order.ts'
import type { RefundOutcome } from '#domain/payment.ts'
import { goesBack, requestRefund, settleRefund, type RefundWish } from '#domain/refund.ts'
import { settle, settleLate } from '#domain/settle.ts'
import type { Settlement } from '#domain/settlement.ts'
import { Failure } from '#values/failure.ts'
import { NOW_MS, SHOP, TEXAS, draftLine, orderIn, pendingOrder, type WantedOrder } from './given.ts'

const GIVEN: RefundOutcome = { status: 'succeeded', gatewayRefundId: 're_1', answer: null }
const FAILED: RefundOutcome = { status: 'failed', reason: 'expired_or_canceled_card', gatewayRefundId: null }

function paidOrder(wanted: WantedOrder = {}): Order {
  const order = pendingOrder(wanted)
  const outcome = { status: 'succeeded' as const, transactionId: 'pi_1', amount: order.total, currency: 'USD', answer: null }
  const settlement = settle({ order, outcome, cause: 'checkout', nowMs: NOW_MS, shopName: SHOP })
  if (settlement === undefined) throw new Error('not paid')
  return settlement.order
}
const THREE = { lines: [
  draftLine({ quantity: 3, unitPrice: 3333 }), draftLine({ productId: 'tea', quantity: 1, unitPrice: 100, counted: false }),
] }
const wish = (wanted: Partial<RefundWish> = {}): RefundWish => ({
  id: 'ref_1', restock: false, reason: 'damaged', requestedBy: 'admin ann', nowMs: NOW_MS + 1, ...wanted,
})
const line = (productId: string, quantity: number) => ({ productId, quantity })

function refusal(work: () => unknown): Failure {
  try {
    work()
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
  throw new Error('nothing was refused')
}
function answered(order: Order, outcome: RefundOutcome = GIVEN, id = 'ref_1'): Settlement {
  const settlement = settleRefund(order, id, outcome, NOW_MS + 2, SHOP)
  if (settlement === undefined) throw new Error('nothing was written')
  return settlement
}
/** Asks and gives back, one after the other. */
function refunded(order: Order, ...wishes: Array<Partial<RefundWish>>): { order: Order; settlements: Settlement[] } {
  const settlements: Settlement[] = []
  let now = order
  for (const [n, wanted] of wishes.entries()) {
    const id = `ref_next_${n}`
    const settlement = answered(requestRefund(now, wish({ ...wanted, id })), GIVEN, id)
    settlements.push(settlement)
    now = settlement.order
  }
  return { order: now, settlements }
}

/** Paid when it had been given up and its goods were gone: sent back as soon as it came. */
function sentBack(): Order {
  const order = orderIn('expired')
  const outcome = { status: 'succeeded' as const, transactionId: 'pi_1', amount: order.total, currency: 'USD', answer: null }
  return settleLate({ order, outcome, cause: 'webhook', nowMs: NOW_MS, shopName: SHOP }, false).order
}

describe('does', () => {
  test('say whether anything is left to be handed over', () => {
    const asked = (wanted: Partial<RefundWish>): Order => requestRefund(paidOrder(THREE), wish(wanted))
    expect([{ amount: 100 }, { lines: [line('oil', 3)] }].map((wanted) => goesBack(asked(wanted)))).toEqual([false, false])
    expect([{}, { amount: paidOrder(THREE).total }, { lines: [line('oil', 3), line('tea', 1)] }].map((wanted) => goesBack(asked(wanted)))).toEqual([true, true, true])
    expect([goesBack(paidOrder(THREE)), goesBack(answered(asked({}), FAILED).order)]).toEqual([false, false])
    const late = sentBack()
    expect([late.state, goesBack(late), goesBack(answered(late, FAILED, late.refunds[0]?.id).order)]).toEqual(['paid', true, true])
  })

  test('bring nothing back to the shelf that has never left it', () => {
    const late = sentBack()
    const refusedOrder = answered(late, FAILED, late.refunds[0]?.id).order
    const settlement = answered(requestRefund(refusedOrder, wish({ restock: true })))
    expect([settlement.stock, settlement.holds]).toEqual([[], []])
  })

  test('without a wish, all that is left, with all lines that are left', () => {
    const order = requestRefund(paidOrder(THREE), wish())
    expect(order.refunds).toEqual([expect.objectContaining({
      id: 'ref_1', amount: order.total, status: 'pending', lines: [line('oil', 3), line('tea', 1)], requestedBy: 'admin ann',
    })])
    expect(order.lines.map(({ refundedQuantity }) => refundedQuantity)).toEqual([3, 1])
    expect(order).toMatchObject({ state: 'paid', checkAtMs: NOW_MS + 60_001 })
  })

  test('by amount touches no line; the rest can still be had in full', () => {
    const first = refunded(paidOrder(THREE), { amount: 100 }, {})
    expect(first.order.refunds.map(({ amount }) => amount)).toEqual([100, first.order.total - 100])
    expect(first.order.state).toBe('refunded')
  })

  test('by line gives what was paid for it, discount and tax in', () => {
    const order = paidOrder({ ...THREE, discountPercent: 10, rates: TEXAS })
    const oil = order.lines[0]
    expect(refunded(order, { lines: [line('oil', 3)] }).order.refunds[0]?.amount).toBe(oil?.total)
  })

  test('units one by one add up to their line', () => {
    const order = paidOrder(THREE)
    const done = refunded(order, ...[1, 2, 3].map(() => ({ lines: [line('oil', 1)] }))).order
    expect(done.refunds.reduce((sum, { amount }) => sum + amount, 0)).toBe(order.lines[0]?.total)
    expect(done.lines[0]?.refundedQuantity).toBe(3)
  })

  test('a line after a refund by amount gives at most what is left', () => {
    const order = paidOrder(THREE)
    expect(requestRefund(
      refunded(order, { amount: order.total - 5 }).order, wish({ lines: [line('oil', 3)] }),
    ).refunds.at(-1)?.amount).toBe(5)
  })

  test('given: books it, mails it, writes state and time', () => {
    const { order, entries, mails, rows } = answered(requestRefund(paidOrder(), wish({ amount: 1000 })))
    expect(order).toMatchObject({
      state: 'partially_refunded', checkAtMs: null, refunds: [{ status: 'succeeded', gatewayRefundId: 're_1' }],
    })
    expect(order.history.at(-1)).toEqual({ state: 'partially_refunded', atMs: NOW_MS + 2, cause: 'refund ref_1' })
    expect(entries.map(({ id, kind, reference }) => [id, kind, reference])).toEqual([['refund-ref_1', 'refund', 're_1']])
    expect(entries[0]?.postings.map(({ account, amount }) => [account, amount])).toEqual([
      ['gateway:stripe', -1000], ['refunds', 924], ['tax:payable', 76],
    ])
    expect(mails.map(({ id, to, text }) => [id, to, text.includes('10.00 USD')])).toEqual([['refund-ref_1', order.email, true]])
    expect(rows.map(({ table }) => table)).toEqual([
      'orders_log', 'payments_log', 'ledger_log', 'ledger_log', 'ledger_log', 'events_log',
    ])
  })

  test('restock puts counted goods back on the shelf and tells the till; without it nothing moves', () => {
    const order = paidOrder(THREE)
    const back = refunded(order, { lines: [line('oil', 2), line('tea', 1)], restock: true }).settlements[0]
    expect(back).toMatchObject({
      holds: [{ productId: 'oil', delta: -2 }], stock: [{ productId: 'oil', source: 'square', delta: 2 }],
    })
    expect(refunded(order, { lines: [line('oil', 2)] }).settlements[0]).toMatchObject({ holds: [], stock: [] })
  })

  test('refused by the gateway: amount and units are free again, and no money was booked', () => {
    const order = paidOrder(THREE)
    const settlement = answered(requestRefund(order, wish({ lines: [line('oil', 2)], restock: true })), FAILED)
    expect(settlement).toMatchObject({
      entries: [], mails: [], holds: [], stock: [], order: { state: 'paid', checkAtMs: null, refunds: [{ status: 'failed' }] },
    })
    expect(settlement.order.lines[0]?.refundedQuantity).toBe(0)
    expect(refunded(settlement.order, {}).order.state).toBe('refunded')
  })

  test('the tax of refunds in parts adds up to the tax of the order', () => {
    const order = paidOrder({ lines: [draftLine({ quantity: 3, unitPrice: 11 })] })
    const parts = refunded(order, ...Array.from({ length: order.total }, () => ({ amount: 1 }))).settlements
    const postings = parts.flatMap(({ entries }) => entries).flatMap((entry) => entry.postings)
    const tax = postings.filter(({ account }) => account === 'tax:payable')
    expect(tax.reduce((sum, { amount }) => sum + amount, 0)).toBe(order.tax)
  })

  test('the audit names who gave the money back, not the customer who got it', () => {
    const audit = answered(requestRefund(paidOrder(), wish())).rows.find(({ dataset }) => dataset === 'audit')
    expect(audit?.json).toMatchObject({ who: 'admin ann', what: 'order.refunded' })
  })

  test('the view says what was given back, and counts no failed refund', () => {
    const order = answered(requestRefund(paidOrder(), wish()), FAILED).order
    expect(orderView(order)).toMatchObject({
      refunded: 0, refunds: [{ id: 'ref_1', status: 'failed', amount: order.total / 100 }],
    })
  })
})

describe('refuses', () => {
  test.each<OrderState>([
    'pending_payment', 'requires_action', 'payment_unknown', 'in_review', 'payment_failed', 'expired', 'cancelled', 'refunded',
  ])('an order that is %s', (state) => {
    const failure = refusal(() => requestRefund(orderIn(state), wish()))
    expect([failure.code, failure.details]).toEqual(['CONFLICT', { state }])
  })

  test('a cent more than is left, saying how much that is', () => {
    const order = refunded(paidOrder(), { amount: 825 }).order
    const failure = refusal(() => requestRefund(order, wish({ amount: order.total - 824 })))
    expect([failure.code, failure.message]).toEqual(['INVALID_INPUT', 'amount: at most 100 is left to refund'])
    expect(requestRefund(order, wish({ amount: order.total - 825 })).refunds).toHaveLength(2)
  })

  test('two at once that together are more than was paid: the first takes its amount at once', () => {
    const order = requestRefund(paidOrder(), wish({ amount: 6000 }))
    expect(refusal(() => requestRefund(order, wish({ id: 'ref_2', amount: 6000 }))).code).toBe('INVALID_INPUT')
  })

  test('when nothing is left', () => {
    expect(refusal(() => requestRefund(
      requestRefund(paidOrder(), wish()), wish({ id: 'ref_2' }),
    )).message).toBe('Nothing is left to refund.')
  })

  test.each([
    ['a line that was not bought', [line('car', 1)], 'lines.0.productId: is not in this order'],
    ['more units than were bought', [line('tea', 1), line('oil', 4)], 'lines.1.quantity: at most 3 can be refunded'],
    [
      'one product in two lines, together too many', [line('oil', 2), line('oil', 2)],
      'lines.1.quantity: at most 1 can be refunded',
    ],
  ])('%s', (_what, lines, message) => {
    expect(refusal(() => requestRefund(paidOrder(THREE), wish({ lines }))).message).toBe(message)
  })

  test('an answer to a refund that it does not know, that is settled, or that says nothing', () => {
    const asked = requestRefund(paidOrder(), wish())
    expect(settleRefund(asked, 'ref_9', GIVEN, NOW_MS, SHOP)).toBeUndefined()
    expect(settleRefund(asked, 'ref_1', { status: 'unknown', reason: 'no answer' }, NOW_MS, SHOP)).toBeUndefined()
    expect(settleRefund(asked, 'ref_1', { status: 'waiting', reason: 'not settled' }, NOW_MS, SHOP)).toBeUndefined()
    for (const first of [GIVEN, FAILED]) {
      const { order } = answered(asked, first)
      for (const then of [GIVEN, FAILED]) expect(settleRefund(order, 'ref_1', then, NOW_MS, SHOP)).toBeUndefined()
    }
  })
})

describe('survives', () => {
  const goods = fc.array(
    fc.record({ quantity: fc.integer({ min: 1, max: 5 }), unitPrice: fc.integer({ min: 1, max: 9_999 }), counted: fc.boolean() }),
    { minLength: 1, maxLength: 3 },
  )
  const step = fc.oneof(
    fc.record({ do: fc.constant('amount' as const), part: fc.integer({ min: 1, max: 100 }), restock: fc.boolean() }),
    fc.record({
      do: fc.constant('lines' as const), units: fc.array(fc.nat(3), { minLength: 3, maxLength: 3 }), restock: fc.boolean(),
    }),
    fc.record({ do: fc.constant('all' as const), restock: fc.boolean() }),
    fc.record({ do: fc.constant('answer' as const), which: fc.nat(9), given: fc.boolean() }),
    fc.record({ do: fc.constant('answer' as const), which: fc.nat(9), given: fc.boolean() }),
  )
  type Step = typeof step extends fc.Arbitrary<infer One> ? One : never

  function wanted(order: Order, one: Exclude<Step, { do: 'answer' }>): Partial<RefundWish> {
    if (one.do === 'amount') return { amount: Math.max(1, Math.floor((order.total * one.part) / 100)), restock: one.restock }
    if (one.do === 'all') return { restock: one.restock }
    const lines = order.lines.map(({ productId }, n) => line(productId, one.units[n] ?? 0)).filter(({ quantity }) => quantity > 0)
    return lines.length === 0 ? { restock: one.restock } : { lines, restock: one.restock }
  }

  /** Plays the steps; a refused wish is simply not granted. */
  function live(first: Order, steps: readonly Step[]) {
    const life = { order: first, settlements: [] as Settlement[] }
    for (const [n, one] of steps.entries()) {
      if (one.do === 'answer') {
        const pending = life.order.refunds.filter(({ status }) => status === 'pending')
        const id = pending[one.which % Math.max(1, pending.length)]?.id
        const settlement = id === undefined ? undefined : settleRefund(
          life.order, id, one.given ? GIVEN : FAILED, NOW_MS + n, SHOP,
        )
        if (settlement === undefined) continue
        life.settlements.push(settlement)
        life.order = settlement.order
        continue
      }
      try {
        life.order = requestRefund(life.order, wish({ id: `ref_${n}`, ...wanted(life.order, one) }))
      } catch (error) {
        if (!(error instanceof Failure)) throw error
      }
    }
    return life
  }

  const bought = (rows: ReadonlyArray<{ quantity: number; unitPrice: number; counted: boolean }>): Order =>
    paidOrder({ lines: rows.map((row, n) => draftLine({ ...row, productId: `p${n}` })), discountPercent: 10 })
  const sum = (amounts: readonly number[]): number => amounts.reduce((all, amount) => all + amount, 0)

  test('any wishes and answers: never more than was paid, the books equal what was given, no unit comes back twice', () => {
    fc.assert(fc.property(goods, fc.array(step, { maxLength: 16 }), (rows, steps) => {
      const { order, settlements } = live(bought(rows), steps)
      const given = sum(order.refunds.map(({ status, amount }) => (status === 'succeeded' ? amount : 0)))
      expect(refundedAmount(order)).toBeLessThanOrEqual(order.total)
      const entries = settlements.flatMap((settlement) => settlement.entries)
      for (const entry of entries) expect(balanced(entry)).toEqual(entry)
      const postings = entries.flatMap((entry) => entry.postings)
      const booked = (account: string) => sum(postings.filter((one) => one.account === account).map(({ amount }) => amount))
      expect(booked('gateway:stripe')).toBe(0 - given)
      expect(booked('tax:payable')).toBeLessThanOrEqual(order.tax)
      if (given === order.total) expect([booked('tax:payable'), order.state]).toEqual([order.tax, 'refunded'])
      else expect(order.state).toBe(given === 0 && !entries.length ? 'paid' : 'partially_refunded')
      for (const each of order.lines) {
        expect(each.refundedQuantity).toBeGreaterThanOrEqual(0)
        expect(each.refundedQuantity).toBeLessThanOrEqual(each.quantity)
        const moved = (moves: ReadonlyArray<{ productId: string; delta: number }>) =>
          sum(moves.filter(({ productId }) => productId === each.productId).map(({ delta }) => delta))
        const back = moved(settlements.flatMap(({ stock }) => stock))
        expect(back).toBeLessThanOrEqual(each.counted ? each.quantity : 0)
        expect(moved(settlements.flatMap(({ holds }) => holds))).toBe(0 - back)
      }
    }), { numRuns: 500 })
  })

  test('every settlement leaves its own trace: no two facts share a name, and each has its audit event', () => {
    fc.assert(fc.property(goods, fc.array(step, { maxLength: 16 }), (rows, steps) => {
      const { settlements } = live(bought(rows), steps)
      const ids = settlements.flatMap((settlement) => settlement.rows.map(({ table, insertId }) => `${table} ${insertId}`))
      expect(new Set(ids).size).toBe(ids.length)
      for (const settlement of settlements) expect(settlement.rows.filter(({ dataset }) => dataset === 'audit')).toHaveLength(1)
    }), { numRuns: 500 })
  })

  test('unit by unit, in any order, lines give back exactly what was paid for them', () => {
    fc.assert(fc.property(goods.chain((rows) => fc.tuple(
      fc.constant(rows),
      fc.shuffledSubarray(rows.flatMap(({ quantity }, n) => Array.from(
        { length: quantity }, () => `p${n}`,
      )), { minLength: sum(rows.map(({ quantity }) => quantity)) }),
    )), ([rows, order]) => {
      let now = bought(rows)
      for (const [n, productId] of order.entries()) {
        try {
          now = answered(requestRefund(now, wish({ id: `ref_${n}`, lines: [line(productId, 1)] })), GIVEN, `ref_${n}`).order
        } catch (error) {
          // A unit of a line of a few cents may be worth nothing: there is nothing to give back for it.
          if (!(error instanceof Failure) || error.code !== 'CONFLICT') throw error
          now = {
            ...now,
            lines: now.lines.map((each) => (each.productId === productId ? {
              ...each, refundedQuantity: each.refundedQuantity + 1,
            } : each)),
          }
        }
      }
      expect(refundedAmount(now)).toBe(now.total)
    }), { numRuns: 200 })
  })
})
