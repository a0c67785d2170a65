/** What is left of an order when its customer is forgotten. */
import { describe, expect, test } from 'vitest'
import { NOBODY } from '#domain/mail.ts'
import { isNameless, isUnderWay, nameless } from '#domain/nameless.ts'
import { newOrder } from '#domain/new-order.ts'
import { orderView, type Answer, type Order, type OrderState } from '#domain/order.ts'
import { totals } from '#domain/totals.ts'
import { NO_TAX, NOW_MS, orderIn, pendingOrder } from './given.ts'

const REASON = 'I, Jo Doe, want no more'
const answer = (order: Order): Answer => ({ status: 200, body: JSON.stringify({ success: true, order: orderView(order), membership: { email: order.email, cancelReason: REASON }, note: 'jo' }) })

const ADDRESS = { name: 'Jo Doe', line1: '12 Elm Street', line2: 'Apt 4', city: 'Waco', state: 'TX', postalCode: '76701', country: 'US' }

/** With something personal wherever an order can have it. */
function full(): Order {
  const order: Order = {
    ...orderIn('refunded', { draft: { ip: '203.0.113.9', ipCountry: 'US', userAgent: 'Lynx/2.9', deviceId: 'phone-7', hosted: true, delivery: { how: 'ship', address: ADDRESS } } }),
    fulfilment: { how: 'shipped', tracking: '1Z999', by: 'support sam', atMs: NOW_MS },
    cancellation: { id: 'can_1', by: 'customer cust-1', byStaff: false, reason: REASON, atMs: NOW_MS, requestHash: 'hash' },
  }
  const refund = { id: 'ref_1', amount: 1, reason: 'Broken', lines: [], restock: false, status: 'succeeded' as const, gatewayRefundId: 're_1', requestedBy: 'admin ann', atMs: NOW_MS, answer: answer(order) }
  return {
    ...order, answer: answer(order), refunds: [refund], payment: { ...order.payment, token: 'pm_1', clientSecret: 's', session: { id: 'cs_1', url: 'https://pay.example/x', expiresAtMs: NOW_MS, answer: answer(order) } },
    review: { id: 'rev_1', decision: 'approve', reason: 'Looked at', decidedBy: 'admin ann', atMs: NOW_MS, requestHash: 'hash', answer: answer(order) },
    cancellation: { ...order.cancellation as NonNullable<Order['cancellation']>, answer: answer(order) },
  }
}

describe('does', () => {
  test('leave goods, money, dates and ids, and take out whatever names him, in kept answers too', () => {
    const before = full()
    const after = nameless(before)
    expect(after).toMatchObject({ email: NOBODY, canonicalEmail: NOBODY, ip: '', ipCountry: null, userAgent: '', deviceId: null, payment: { token: null, clientSecret: null, session: { id: 'cs_1', url: null } }, cancellation: { reason: null } })
    const { lines, total, history, state, customerId, number } = before
    expect(after).toMatchObject({ lines, total, history, state, customerId, number })
    const text = JSON.stringify(after)
    for (const trace of [before.email, before.canonicalEmail, 'Jo Doe', 'Elm Street', 'Apt 4', 'Waco', '76701', '1Z999', '203.0.113.9', 'Lynx/2.9', 'phone-7', 'pm_1', 'https://pay.example']) expect(text).not.toContain(trace)
    for (const kept of [after.answer, after.refunds[0]?.answer, after.review?.answer, after.cancellation?.answer, after.payment.session?.answer]) {
      const body = JSON.parse(kept?.body ?? '') as { order: Record<string, unknown> }
      const delivery = { how: 'ship', address: { name: '', line1: '', city: '', state: 'TX', postalCode: '', country: 'US' } }
      expect(body).toMatchObject({ success: true, note: 'jo', order: { state: 'refunded', email: NOBODY, delivery, fulfilment: { how: 'shipped', tracking: null }, cancellation: { by: 'customer', reason: null } }, membership: { email: NOBODY, cancelReason: null } })
    }
  })

  test('leave what staff have written, and an order that has nothing more as it is', () => {
    const order = full()
    const byStaff: Order = { ...order, cancellation: { ...order.cancellation as NonNullable<Order['cancellation']>, byStaff: true, reason: 'Fraud' } }
    expect(nameless(byStaff).cancellation?.reason).toBe('Fraud')
    expect(nameless(pendingOrder())).toEqual({ ...pendingOrder(), email: NOBODY, canonicalEmail: NOBODY, ip: '', ipCountry: null, userAgent: '', deviceId: null, payment: { ...pendingOrder().payment, token: null } })
    expect(nameless(nameless(order))).toEqual(nameless(order))
    expect([isNameless(order), isNameless(nameless(order))]).toEqual([false, true])
  })

  test.each<[OrderState, boolean]>([['pending_payment', true], ['requires_action', true], ['payment_unknown', true], ['in_review', true], ['paid', false], ['fulfilled', false], ['refunded', false], ['expired', false]])(
    'wait for what is open: %s, %s', (state, open) => {
      expect(isUnderWay(orderIn(state))).toBe(open)
    },
  )

  test('wait for a refund on its way and for a dispute that is not decided', () => {
    const paid = orderIn('paid')
    expect(isUnderWay({ ...paid, checkAtMs: NOW_MS })).toBe(true)
    expect(isUnderWay({ ...paid, disputed: { sinceMs: NOW_MS, dueAtMs: null, checkAtMs: NOW_MS } })).toBe(true)
    expect(isUnderWay({ ...paid, disputed: { sinceMs: NOW_MS, dueAtMs: null, checkAtMs: null } })).toBe(false)
  })

  test('know every field of an order: one that is added later must be looked at here', () => {
    const fields = Object.keys(newOrder({
      id: 'ord_1', customerId: null, email: '', cartId: null, lines: [], sums: totals([], 0, NO_TAX), discountPercent: 0, currency: 'USD', gateway: 'none', purpose: {} as never, promo: { code: 'X', marks: [] }, delivery: { how: 'pick_up' },
      token: null, stockUnconfirmed: false, requestHash: '', runner: '', ip: '', userAgent: '', nowMs: NOW_MS,
    }))
    expect(fields.sort()).toEqual([
      'answer', 'canonicalEmail', 'cartId', 'checkAtMs', 'createdAtMs', 'currency', 'customerId', 'delivery', 'deviceId', 'discount', 'discountPercent', 'email', 'fulfilment', 'history', 'id', 'ip',
      'ipCountry', 'leaseUntilMs', 'lines', 'number', 'payment', 'promo', 'purpose', 'refunds', 'requestHash', 'review', 'reviewReasons', 'runner', 'shipping', 'shippingTax', 'state',
      'stockUnconfirmed', 'subtotal', 'tax', 'taxed', 'total', 'updatedAtMs', 'userAgent',
    ])
  })
})
