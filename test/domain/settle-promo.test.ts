/** The use of a promo code: held while an order may be paid, given back by every way in which it comes to nothing, kept by every other. */
import { describe, expect, test } from 'vitest'
import type { Order, OrderState } from '#domain/order.ts'
import { requestRefund, settleRefund } from '#domain/refund.ts'
import { settle, settleLate } from '#domain/settle.ts'
import { NOW_MS, SHOP, orderIn, pendingOrder, type WantedOrder } from './given.ts'
import { outcomes, type OutcomeName } from './outcomes.ts'

/** What it takes off is of no importance here. */
const WITH_CODE: WantedOrder = { draft: { promo: { code: 'SPRING', marks: ['use_1'] } } }
const CANCELLED = { id: 'can_1', by: 'customer jo', byStaff: false, reason: null, atMs: NOW_MS, requestHash: 'h' }

const settling = (order: Order, name: OutcomeName) => ({ order, outcome: outcomes[name], cause: 'test', nowMs: NOW_MS + 10, shopName: SHOP })

function held(order: Order, name: OutcomeName): boolean | undefined {
  return (settle(settling(order, name))?.order ?? order).promo?.held
}

describe('does', () => {
  test('hold it from the beginning, and once paid for ever', () => {
    expect(pendingOrder(WITH_CODE).promo).toEqual({ code: 'SPRING', marks: ['use_1'], amount: 0, held: true })
    const paid = settle(settling(pendingOrder(WITH_CODE), 'succeeded'))?.order as Order
    expect([paid.state, paid.promo?.held]).toEqual(['paid', true])
    const asked = requestRefund(paid, { id: 'ref_1', restock: true, reason: 'broken', requestedBy: 'admin ann', nowMs: NOW_MS })
    const refunded = settleRefund(asked, 'ref_1', { status: 'succeeded', gatewayRefundId: 're_1', answer: null }, NOW_MS, SHOP)?.order
    expect([refunded?.state, refunded?.promo?.held]).toEqual(['refunded', true])
  })

  test.each<[OrderState, OutcomeName]>([
    ['pending_payment', 'declined'], ['pending_payment', 'cancelled'], ['pending_payment', 'absent'], ['requires_action', 'declined'], ['requires_action', 'absent'],
    ['payment_unknown', 'absent'], ['in_review', 'declined'], ['in_review', 'cancelled'],
  ])('give it back when an order that is %s is %s', (state, outcome) => {
    expect(held(orderIn(state, WITH_CODE), outcome)).toBe(false)
  })

  test.each<OutcomeName>(['unknown', 'processing', 'requires_action', 'authorised', 'other amount'])('hold it while a payment is %s', (outcome) => {
    expect(held(orderIn('pending_payment', WITH_CODE), outcome)).toBe(true)
  })

  test('give it back when a cancelled order is charged all the same: nothing is sold', () => {
    const settlement = settle(settling({ ...orderIn('payment_unknown', WITH_CODE), cancellation: CANCELLED }, 'succeeded'))
    expect([settlement?.order.promo?.held, settlement?.order.refunds.length]).toEqual([false, 1])
  })

  test('take it again with late money for what can be had again; else the money goes back without it', () => {
    const given = { ...orderIn('expired', WITH_CODE) }
    const over: Order = { ...given, promo: { ...(given.promo as NonNullable<Order['promo']>), held: false } }
    expect(settleLate(settling(over, 'succeeded'), true).order).toMatchObject({ state: 'paid', promo: { held: true } })
    expect(settleLate(settling(over, 'succeeded'), false).order).toMatchObject({ promo: { held: false }, refunds: [{ status: 'pending' }] })
  })
})
