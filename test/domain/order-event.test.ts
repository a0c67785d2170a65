/** Which changes of an order others are told of, and what they are told. */
import { describe, expect, test } from 'vitest'
import { eventBody, eventOf } from '#domain/order-event.ts'
import { moved, type Order, type OrderState, type Refund } from '#domain/order.ts'
import { orderIn } from './given.ts'

const at = (state: OrderState, more: Partial<Order> = {}): Order => ({ ...orderIn(state), ...more })
const refund = (status: Refund['status']): Refund => ({ id: 'ref_1', amount: 100, reason: 'x', lines: [], restock: false, status, gatewayRefundId: null, requestedBy: 'admin', atMs: 1 })
const handedOver = { how: 'shipped', tracking: null, by: 'ann', atMs: 1 } as const

describe('does', () => {
  test.each<[string, Order, Partial<Order> & { state: OrderState }]>([
    ['order.paid', at('pending_payment'), { state: 'paid' }],
    ['order.paid', at('expired'), { state: 'paid' }],
    ['order.payment_failed', at('requires_action'), { state: 'payment_failed' }],
    ['order.expired', at('requires_action'), { state: 'expired' }],
    ['order.cancelled', at('payment_unknown'), { state: 'cancelled' }],
    ['order.in_review', at('pending_payment'), { state: 'in_review' }],
    ['order.disputed', at('fulfilled', { fulfilment: handedOver }), { state: 'disputed' }],
    ['order.dispute_closed', at('disputed'), { state: 'paid' }],
    ['order.fulfilled', at('paid'), { state: 'fulfilled', fulfilment: handedOver }],
    ['order.fulfilled', at('partially_refunded'), { state: 'partially_refunded', fulfilment: handedOver }],
    ['order.refunded', at('paid', { refunds: [refund('pending')] }), { state: 'partially_refunded', refunds: [refund('succeeded')] }],
    ['order.refunded', at('partially_refunded', { refunds: [refund('succeeded'), refund('pending')] }), { state: 'partially_refunded', refunds: [refund('succeeded'), refund('succeeded')] }],
    ['order.refund_failed', at('paid', { refunds: [refund('pending')] }), { state: 'paid', refunds: [refund('failed')] }],
    ['order.refund_failed', at('refunded', { refunds: [refund('succeeded')] }), { state: 'paid', refunds: [refund('failed')] }],
  ])('tell of %s', (type, before, after) => {
    expect(eventOf(before, moved({ ...before, ...after }, after.state, 'test', 5))?.type).toBe(type)
  })

  test('give each fact about an order an id of its own, the same whenever it is asked', () => {
    const before = at('pending_payment')
    const paid = moved(before, 'paid', 'test', 5)
    const done = moved({ ...paid, fulfilment: handedOver }, 'fulfilled', 'test', 6)
    expect(eventOf(before, paid)).toEqual(eventOf(before, paid))
    expect(eventOf(before, paid)?.id).not.toBe(eventOf(paid, done)?.id)
  })

  test('say nothing of who bought it', () => {
    const before = at('pending_payment')
    const event = eventOf(before, moved(before, 'paid', 'test', 5))
    const said = JSON.parse(event === undefined ? '{}' : eventBody(event)) as Record<string, object>
    expect(Object.keys(said)).toEqual(['type', 'timestamp', 'data'])
    expect(Object.keys(said['data'] ?? {})).toEqual(['orderId', 'number', 'state', 'total', 'currency'])
  })
})

describe('refuses', () => {
  test.each<[OrderState, OrderState]>([['pending_payment', 'payment_unknown'], ['pending_payment', 'requires_action'], ['paid', 'paid'], ['in_review', 'in_review'], ['disputed', 'disputed']])(
    'to tell of what is only on the way: %s to %s',
    (from, to) => {
      const before = at(from)
      expect(eventOf(before, moved(before, to, 'test', 5))).toBeUndefined()
    },
  )
})
