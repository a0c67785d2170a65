/**
 * Rows for the warehouse: one per fact, appended to `_log` tables, the latest per id shown by the views.
 * Money is NUMERIC as decimal text; no e-mail and no name leaves the shop's own store.
 */
import type { Actor } from '#values/actor.ts'
import { toText } from '#values/money.ts'
import { iso } from '#values/time.ts'
import type { KeptSeal } from './audit-seal.ts'
import { amountHeld, type Dispute } from './dispute.ts'
import type { JournalEntry } from './ledger.ts'
import type { Payout } from './payout.ts'
import { refundedAmount, takenFor, type Order, type Refund } from './order.ts'
import { factRow, type WarehouseRow } from './warehouse-rows.ts'

export type { WarehouseRow }

export const SCHEMA_VERSION = 1

/** Grows with every fact about an order: a state, a refund asked for, a refund that failed (one that succeeds is a state), a change of a dispute. */
export function versionOf(order: Order): number {
  const disputed = (order.disputes ?? []).reduce((sum, { version }) => sum + version, 0)
  return order.history.length + order.refunds.length + order.refunds.filter(({ status }) => status === 'failed').length + disputed
}

export function orderRow(order: Order): WarehouseRow {
  const text = (minor: number): string => toText(minor, order.currency)
  return factRow('commerce.orders_log', `${order.id}-${versionOf(order)}`, {
    id: order.id,
    order_number: order.number,
    state: order.state,
    purpose: order.purpose?.what ?? null,
    customer_id: order.customerId,
    subtotal: text(order.subtotal),
    discount: text(order.discount),
    promo_code: order.promo?.code ?? null,
    promo_discount: text(order.promo?.amount ?? 0),
    shipping: text(order.shipping),
    tax: text(order.tax),
    tax_state: order.taxed.state,
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
  })
}

export function paymentRow(order: Order): WarehouseRow {
  return payment(order, {
    id: order.id, kind: 'charge', status: order.payment.status, amount: takenFor(order).amount, transactionId: order.payment.transactionId, atMs: order.createdAtMs,
  })
}

export function refundRow(order: Order, refund: Refund): WarehouseRow {
  return payment(order, {
    id: refund.id, kind: 'refund', status: refund.status, amount: -refund.amount, transactionId: refund.gatewayRefundId, atMs: refund.atMs,
  })
}

/** Money that went to a partner and did not come back: out is negative. */
export function payoutRow(payout: Payout): WarehouseRow {
  const out = payout.state === 'failed' ? 0 : payout.returns.reduce((left, { amount }) => left - amount, payout.amount)
  return factRow('commerce.payments_log', `payout-${payout.id}-${payout.history.length}`, {
    id: payout.id,
    order_id: null,
    customer_id: null,
    kind: 'payout',
    status: payout.state,
    gateway: payout.gateway,
    transaction_id: payout.transferId,
    amount: toText(0 - out, payout.currency),
    currency: payout.currency,
    created_at: iso(payout.createdAtMs),
    updated_at: iso(payout.updatedAtMs),
    row_version: payout.history.length,
    schema_version: SCHEMA_VERSION,
  })
}

/** What a dispute has taken and not given back. */
export function disputeRow(order: Order, dispute: Dispute): WarehouseRow {
  return payment(order, {
    id: dispute.id, kind: 'dispute', status: dispute.status, amount: 0 - amountHeld(dispute), transactionId: order.payment.transactionId, atMs: dispute.openedAtMs,
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
  return factRow('commerce.payments_log', `${fact.id}-${fact.status}-${versionOf(order)}`, {
    id: fact.id,
    order_id: order.id,
    customer_id: order.customerId,
    kind: fact.kind,
    status: fact.status,
    gateway: order.payment.gateway,
    transaction_id: fact.transactionId,
    amount: toText(fact.amount, takenFor(order).currency),
    currency: takenFor(order).currency,
    created_at: iso(fact.atMs),
    updated_at: iso(order.updatedAtMs),
    row_version: versionOf(order),
    schema_version: SCHEMA_VERSION,
  })
}

export function ledgerRows(entry: JournalEntry): WarehouseRow[] {
  return entry.postings.map(({ account, amount }) => factRow('commerce.ledger_log', `${entry.id}-${account}`, {
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
  }))
}

export interface AuditFact {
  readonly id: string
  /** Who decided it; null: whoever calls, which the outbox writes in (`attributed`). */
  readonly who: string | null
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
  return factRow('audit.events_log', fact.id, {
    id: fact.id,
    who: fact.who,
    via: null,
    what: fact.what,
    subject: fact.subject,
    before: fact.before === null ? null : JSON.stringify(fact.before),
    after: fact.after === null ? null : JSON.stringify(fact.after),
    // A vendor's reason may be a number, half a character would be stored as another one: the event would not be what is sealed.
    why: String(fact.why).toWellFormed(),
    request_id: fact.requestId,
    ip: fact.ip,
    created_at: iso(fact.atMs),
    updated_at: iso(fact.atMs),
    row_version: 1,
    schema_version: SCHEMA_VERSION,
  })
}

/** @param decidedBy who decided it, when that may be somebody else than who carries it out now: the admin whose refund a sweep finishes */
export function auditRow(order: Order, what: string, why: string, decidedBy?: string): WarehouseRow {
  const latest = order.history.at(-1)
  const moved = latest?.atMs === order.updatedAtMs
  const before = (moved ? order.history.at(-2) : latest)?.state ?? null
  const text = (minor: number): string => toText(minor, order.currency)
  return auditEvent({
    id: `${order.id}-${versionOf(order)}-audit`,
    who: decidedBy ?? null,
    what,
    subject: order.id,
    before: before === null ? null : { state: before },
    after: { state: order.state, total: text(order.total), refunded: toText(refundedAmount(order), takenFor(order).currency), currency: order.currency },
    why,
    requestId: null,
    ip: null,
    atMs: order.updatedAtMs,
  })
}

/** An audit event with who acts, through which function and by which request, where it does not say so itself. Other rows as they are. */
export function attributed(row: WarehouseRow, actor: Actor): WarehouseRow {
  if (row.dataset !== 'audit' || row.table !== 'events_log') return row
  const { who, via, request_id: requestId, ip } = row.json
  return {
    ...row,
    json: { ...row.json, who: who ?? actor.who, via: via ?? actor.via, request_id: requestId ?? actor.requestId, ip: ip ?? actor.ip },
  }
}

/** A day's seal, for those who read the warehouse only. */
export function sealRow(seal: KeptSeal): WarehouseRow {
  return factRow('audit.seals_log', `${seal.day}-${seal.hash}`, {
    id: seal.day,
    events: seal.events,
    late: seal.late,
    root: seal.root,
    previous_seal_hash: seal.previous,
    seal_hash: seal.hash,
    key_id: seal.keyId ?? null,
    signature: seal.signature ?? null,
    created_at: iso(seal.sealedAtMs),
    updated_at: iso(seal.sealedAtMs),
    row_version: 1,
    schema_version: SCHEMA_VERSION,
  })
}
