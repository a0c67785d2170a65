/**
 * Rows for the warehouse: one per fact, appended to `_log` tables, the latest per id shown by the views.
 * Money is NUMERIC as decimal text; no e-mail and no name leaves the shop's own store.
 */
import { toText } from '#values/money.ts'
import { iso } from '#values/time.ts'
import type { JournalEntry } from './ledger.ts'
import type { Order, Refund } from './order.ts'

export const SCHEMA_VERSION = 1

export interface WarehouseRow {
  readonly dataset: 'commerce' | 'audit'
  readonly table: string
  /** Names the fact: a row that arrives twice counts once. */
  readonly insertId: string
  readonly json: Record<string, unknown>
}

/** Grows with every fact about an order: a state, a refund asked for, a refund that failed (one that succeeds is a state). */
function versionOf(order: Order): number {
  return order.history.length + order.refunds.length + order.refunds.filter(({ status }) => status === 'failed').length
}

export function orderRow(order: Order): WarehouseRow {
  const text = (minor: number): string => toText(minor, order.currency)
  return {
    dataset: 'commerce',
    table: 'orders_log',
    insertId: `${order.id}-${versionOf(order)}`,
    json: {
      id: order.id,
      order_number: order.number,
      state: order.state,
      customer_id: order.customerId,
      subtotal: text(order.subtotal),
      discount: text(order.discount),
      tax: text(order.tax),
      total: text(order.total),
      currency: order.currency,
      gateway: order.payment.gateway,
      items: order.lines.map((line) => ({
        product_id: line.productId,
        sku: line.sku,
        category: line.category,
        quantity: line.quantity,
        unit_price: text(line.unitPrice),
        total: text(line.total),
      })),
      created_at: iso(order.createdAtMs),
      updated_at: iso(order.updatedAtMs),
      row_version: versionOf(order),
      schema_version: SCHEMA_VERSION,
    },
  }
}

export function paymentRow(order: Order): WarehouseRow {
  return payment(order, {
    id: order.id, kind: 'charge', status: order.payment.status, amount: order.total, transactionId: order.payment.transactionId, atMs: order.createdAtMs,
  })
}

export function refundRow(order: Order, refund: Refund): WarehouseRow {
  return payment(order, {
    id: refund.id, kind: 'refund', status: refund.status, amount: -refund.amount, transactionId: refund.gatewayRefundId, atMs: refund.atMs,
  })
}

interface PaymentFact {
  readonly id: string
  readonly kind: string
  readonly status: string
  readonly amount: number
  readonly transactionId: string | null
  readonly atMs: number
}

function payment(order: Order, fact: PaymentFact): WarehouseRow {
  return {
    dataset: 'commerce',
    table: 'payments_log',
    insertId: `${fact.id}-${fact.status}-${versionOf(order)}`,
    json: {
      id: fact.id,
      order_id: order.id,
      customer_id: order.customerId,
      kind: fact.kind,
      status: fact.status,
      gateway: order.payment.gateway,
      transaction_id: fact.transactionId,
      amount: toText(fact.amount, order.currency),
      currency: order.currency,
      created_at: iso(fact.atMs),
      updated_at: iso(order.updatedAtMs),
      row_version: versionOf(order),
      schema_version: SCHEMA_VERSION,
    },
  }
}

export function ledgerRows(entry: JournalEntry): WarehouseRow[] {
  return entry.postings.map(({ account, amount }) => ({
    dataset: 'commerce',
    table: 'ledger_log',
    insertId: `${entry.id}-${account}`,
    json: {
      id: `${entry.id}-${account}`,
      entry_id: entry.id,
      kind: entry.kind,
      order_id: entry.orderId,
      account,
      amount: toText(amount, entry.currency),
      currency: entry.currency,
      reference: entry.reference,
      created_at: iso(entry.atMs),
      updated_at: iso(entry.atMs),
      row_version: 1,
      schema_version: SCHEMA_VERSION,
    },
  }))
}

export interface AuditFact {
  readonly id: string
  readonly who: string
  readonly what: string
  readonly subject: string
  readonly before: unknown
  readonly after: unknown
  readonly why: string
  readonly requestId: string | null
  readonly ip: string | null
  readonly atMs: number
}

/** Who changed what, and why. `before` and `after` hold no personal data. */
export function auditEvent(fact: AuditFact): WarehouseRow {
  return {
    dataset: 'audit',
    table: 'events_log',
    insertId: fact.id,
    json: {
      id: fact.id,
      who: fact.who,
      what: fact.what,
      subject: fact.subject,
      before: fact.before === null ? null : JSON.stringify(fact.before),
      after: fact.after === null ? null : JSON.stringify(fact.after),
      why: fact.why,
      request_id: fact.requestId,
      ip: fact.ip,
      created_at: iso(fact.atMs),
      updated_at: iso(fact.atMs),
      row_version: 1,
      schema_version: SCHEMA_VERSION,
    },
  }
}

/** @param staff who did it, when it was not the customer: then the customer's address says nothing about it */
export function auditRow(order: Order, what: string, why: string, staff?: string): WarehouseRow {
  const before = order.history.at(-2)?.state ?? null
  return auditEvent({
    id: `${order.id}-${versionOf(order)}-audit`,
    who: staff ?? order.customerId ?? 'guest',
    what,
    subject: order.id,
    before: before === null ? null : { state: before },
    after: { state: order.state, total: toText(order.total, order.currency), currency: order.currency },
    why,
    requestId: null,
    ip: staff === undefined ? order.ip : null,
    atMs: order.updatedAtMs,
  })
}
