/** Rows for the warehouse: money as exact text, each fact under its own name, and nobody's address. */
import { describe, expect, test } from 'vitest'
import { chargeEntry } from '#domain/ledger.ts'
import { moved, type Order, type Refund } from '#domain/order.ts'
import type { ChargeOutcome } from '#domain/payment.ts'
import { requestRefund, settleRefund } from '#domain/refund.ts'
import { attributed, auditEvent, auditRow, ledgerRows, orderRow, paymentRow, refundRow, type WarehouseRow } from '#domain/rows.ts'
import { settle } from '#domain/settle.ts'
import { NOW_MS, SHOP, draftLine, orderIn, pendingOrder } from './given.ts'

const refund: Refund = {
  id: 'ref_1', amount: 1000, reason: 'damaged', lines: [], restock: false, status: 'succeeded', gatewayRefundId: 're_1',
  requestedBy: 'admin ann', atMs: NOW_MS,
}

/** All rows that a sale, a decline, an authentication and two refunds leave behind. */
function everyRow(email: string): WarehouseRow[] {
  const order = pendingOrder({ draft: { email } })
  const answer = { id: 'pi_1', receipt_email: email, billing_details: { email } }
  const outcomes: ChargeOutcome[] = [
    { status: 'succeeded', transactionId: 'pi_1', amount: order.total, currency: 'USD', answer },
    { status: 'declined', transactionId: 'pi_1', declineCode: 'no', answer },
    { status: 'requires_action', transactionId: 'pi_1', clientSecret: 's', nextAction: null },
    { status: 'succeeded', transactionId: 'pi_1', amount: 1, currency: 'USD', answer },
    { status: 'unknown', reason: email },
  ]
  const settlements = outcomes.map((outcome) => settle({ order, outcome, cause: 'checkout', nowMs: NOW_MS, shopName: SHOP }))
  const paid = settlements[0]?.order as Order
  const asked = requestRefund(paid, { id: 'ref_1', restock: true, reason: 'damaged', requestedBy: 'admin ann', nowMs: NOW_MS })
  settlements.push(settleRefund(asked, 'ref_1', { status: 'succeeded', gatewayRefundId: 're_1', answer }, NOW_MS, SHOP))
  settlements.push(settleRefund(
    asked, 'ref_1', { status: 'failed', gatewayRefundId: null, reason: 'expired_card' }, NOW_MS, SHOP,
  ))
  return settlements.flatMap((settlement) => settlement?.rows ?? [])
}

describe('does', () => {
  test('an order with its money as text, its lines and its version', () => {
    expect(orderRow(pendingOrder())).toMatchObject({
      dataset: 'commerce', table: 'orders_log',
      json: {
        state: 'pending_payment', subtotal: '100.00', discount: '0.00', tax: '8.25', total: '108.25', currency: 'USD',
        gateway: 'stripe', customer_id: 'cust-1', row_version: 1, schema_version: 1,
        items: [{ product_id: 'oil', sku: 'OIL-1', category: 'Hemp Product', quantity: 2, unit_price: '50.00', total: '108.25' }],
        created_at: '2026-11-02T12:00:00.000Z',
      },
    })
  })

  test('money in the digits of its currency', () => {
    const order = pendingOrder({ draft: { currency: 'JPY' }, lines: [draftLine({ unitPrice: 500 })] })
    expect(orderRow(order).json).toMatchObject({ subtotal: '1000', total: '1083' })
  })

  test('a charge counts for the order, a refund against it', () => {
    const order = orderIn('paid')
    expect(paymentRow(order)).toMatchObject({
      table: 'payments_log', json: { id: order.id, kind: 'charge', amount: '108.25', transaction_id: 'pi_1' },
    })
    expect(refundRow(order, refund)).toMatchObject({
      table: 'payments_log',
      json: { id: 'ref_1', order_id: order.id, kind: 'refund', amount: '-10.00', transaction_id: 're_1', status: 'succeeded' },
    })
  })

  test('one row a posting, which add up to zero', () => {
    const rows = ledgerRows(chargeEntry({
      orderId: 'ord_1', gateway: 'stripe', currency: 'USD', amount: 10_825, tax: 825, shipping: 0, reference: 'pi_1',
      atMs: NOW_MS,
    }))
    expect(rows.map(({ json }) => [json['id'], json['amount']])).toEqual([
      ['charge-ord_1-gateway:stripe', '108.25'], ['charge-ord_1-sales', '-100.00'], ['charge-ord_1-tax:payable', '-8.25'],
    ])
  })

  test('an audit event says who, what, from what to what, and why', () => {
    const order = moved(pendingOrder(), 'paid', 'checkout', NOW_MS)
    const { json, dataset } = auditRow(order, 'order.paid', 'checkout')
    expect([dataset, json]).toEqual([
      'audit', expect.objectContaining({ who: null, what: 'order.paid', subject: order.id, why: 'checkout' }),
    ])
    expect([JSON.parse(String(json['before'])), JSON.parse(String(json['after']))]).toEqual([
      { state: 'pending_payment' }, { state: 'paid', total: '108.25', refunded: '0.00', currency: 'USD' },
    ])
    expect(auditRow(pendingOrder(), 'x', 'y').json).toMatchObject({ before: null })
  })

  test('an audit event that names nobody gets whoever acts, one that names somebody keeps him; each says by which request', () => {
    const actor = { who: 'sweep-reservations', via: 'sweep-reservations', requestId: 'r-1', ip: null }
    const call = { via: actor.via, request_id: 'r-1', ip: null }
    expect(attributed(auditRow(pendingOrder(), 'order.paid', 'sweep'), actor).json).toMatchObject({ who: actor.who, ...call })
    expect(attributed(auditRow(pendingOrder(), 'order.refunded', 'damaged', 'admin ann'), actor).json).toMatchObject({ who: 'admin ann', ...call })
    const row = orderRow(pendingOrder())
    expect(attributed(row, actor)).toBe(row)
  })

  test('what did not move an order shows it as it was before and after', () => {
    const order = { ...moved(pendingOrder(), 'paid', 'checkout', NOW_MS), updatedAtMs: NOW_MS + 1 }
    expect(auditRow(order, 'order.refund_failed', 'expired_card').json['before']).toBe('{"state":"paid"}')
  })

  test('half a character is written as what the warehouse would make of it', () => {
    const fact = { id: 'a', who: 'x', what: 'y', subject: 'z', before: null, after: null, requestId: null, ip: null, atMs: NOW_MS }
    expect(auditEvent({ ...fact, why: 'cut\ud83d' }).json['why']).toBe('cut\ufffd')
  })

  test('an event without a before or after has null, not the word', () => {
    expect(auditEvent({
      id: 'a', who: 'x', what: 'y', subject: 'z', before: null, after: null, why: '', requestId: null, ip: null, atMs: NOW_MS,
    }).json).toMatchObject({ before: null, after: null })
  })

  test('each fact its own version, so that the latest is known', () => {
    const paid = moved(pendingOrder(), 'paid', 'x', NOW_MS)
    const asked = { ...paid, refunds: [{ ...refund, status: 'pending' as const }] }
    const failed = { ...paid, refunds: [{ ...refund, status: 'failed' as const }] }
    const versions = [pendingOrder(), paid, asked, failed].map((order) => orderRow(order).json['row_version'] as number)
    expect(versions).toEqual([1, 2, 3, 4])
  })
})

describe('refuses', () => {
  test.each([
    'jo.doe+shop@mail.example', 'Ünïcode@mail.example',
  ])('to carry the address %s out of the shop, in any row of any outcome', (email) => {
    const rows = everyRow(email)
    expect(new Set(rows.map(({ table }) => table))).toEqual(new Set(['orders_log', 'payments_log', 'ledger_log', 'events_log']))
    const text = JSON.stringify(rows)
    expect(text).not.toContain(email)
    expect(text).not.toMatch(/@|mail\.example|pi_1_secret|pm_card/)
  })
})
