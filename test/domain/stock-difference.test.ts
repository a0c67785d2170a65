/** Goods that are sold and not there, as staff see them: how many, since when, and who waits for them. */
import { describe, expect, test } from 'vitest'
import type { Order } from '#domain/order.ts'
import { stockDifferenceView } from '#domain/stock-difference.ts'
import { NOW_MS, orderIn, product } from './given.ts'

const SHORT = product({ onHand: -1, held: 1, short: { units: 2, sinceMs: NOW_MS } })
const order = (wanted: Partial<Order> = {}): Order => ({ ...orderIn('paid'), ...wanted })
const named = (...orders: Order[]): unknown[] => stockDifferenceView(SHORT, orders)['orders'] as unknown[]

describe('does', () => {
  test('shows the figures', () => {
    expect(stockDifferenceView(SHORT, [])).toMatchObject({ productId: 'oil', sku: 'OIL-1', kind: 'oversold', units: 2, onHand: -1, promised: 1, since: '2026-11-02T12:00:00.000Z', orders: [] })
  })

  test('names whoever waits for the goods: open or paid, not handed over, not given back', () => {
    const lines = order().lines
    const waiting = [order({ state: 'pending_payment' }), order({ state: 'paid' }), order({ state: 'partially_refunded' })]
    expect(named(...waiting)).toHaveLength(3)
    expect(named(...waiting)[1]).toMatchObject({ orderId: waiting[1]?.id, state: 'paid', quantity: lines[0]?.quantity, stockUnconfirmed: false })
    const handedOver = order({ state: 'paid', fulfilment: { how: 'picked_up', tracking: null, by: 'staff', atMs: NOW_MS } })
    const givenBack = order({ state: 'partially_refunded', lines: lines.map((line) => ({ ...line, refundedQuantity: line.quantity })) })
    const other = order({ state: 'paid', lines: lines.map((line) => ({ ...line, productId: 'tea' })) })
    const uncounted = order({ state: 'paid', lines: lines.map((line) => ({ ...line, counted: false })) })
    expect(named(handedOver, givenBack, other, uncounted, order({ state: 'expired' }), order({ state: 'refunded' }))).toEqual([])
  })

  test('names not more than can be read', () => {
    expect(named(...Array.from({ length: 50 }, () => order({ state: 'paid' })))).toHaveLength(20)
  })
})
