/**
 * Orders to the supplier: what the forecast suggests and staff approve. The orders of a product are numbered without gaps, and
 * whoever approves names the number that he saw: what two people, or one click and its double, approve at once is one order.
 */
import { Failure } from '#values/failure.ts'
import { DAY_MS, iso } from '#values/time.ts'
import type { MailIntent } from './mail.ts'
import { written } from './mail-templates.ts'
import type { Product } from './product.ts'
import { auditEvent, type WarehouseRow } from './rows.ts'
import type { PurchaseOrderShown } from './shown/dashboard.ts'

export interface PurchaseOrder {
  readonly id: string
  readonly productId: string
  readonly name: string
  readonly sku: string | null
  readonly quantity: number
  /** Among those of its product: the first one is 1. */
  readonly number: number
  readonly supplierEmail: string
  readonly mailId: string
  readonly approvedBy: string
  readonly reason: string
  readonly approvedAtMs: number
  /** From then on it counts as arrived: the till counts what is there. */
  readonly expectedAtMs: number
}

export interface PurchaseWish {
  readonly id: string
  readonly product: Pick<Product, 'id' | 'name' | 'variationName' | 'sku'>
  readonly quantity: number
  /** As the suggestion named it. */
  readonly number: number
  readonly supplierEmail: string
  readonly approvedBy: string
  readonly reason: string
  readonly leadDays: number
  readonly nowMs: number
  readonly shopName: string
}

export interface Purchase {
  readonly order: PurchaseOrder
  readonly mail: MailIntent
  readonly row: WarehouseRow
}

/**
 * @param lastNumber of the product's orders so far; 0: there is none
 * @throws Failure CONFLICT when it was ordered since the suggestion was made
 */
export function purchased(wish: PurchaseWish, lastNumber: number): Purchase {
  const { id, product, quantity, number, supplierEmail, approvedBy, reason, leadDays, nowMs, shopName } = wish
  if (number !== lastNumber + 1) {
    throw new Failure('CONFLICT', { message: `${product.name} was ordered meanwhile. Look at the forecast again.`, details: { productId: product.id, orderNumber: lastNumber + 1 } })
  }
  const order: PurchaseOrder = {
    id, productId: product.id, name: nameOf(product), sku: product.sku, quantity, number, supplierEmail, mailId: `${id}-mail`, approvedBy, reason, approvedAtMs: nowMs,
    expectedAtMs: nowMs + leadDays * DAY_MS,
  }
  const variables = { orderId: id, lines: [[`${quantity} x ${order.name}`, product.sku ?? 'no SKU'] as [string, string]], expectedOn: iso(order.expectedAtMs).slice(0, 10) }
  const mail: MailIntent = { id: order.mailId, to: supplierEmail, ...written('purchase_order', variables, { shopName }) }
  const row = auditEvent({
    id: `${id}-audit`, who: null, what: 'purchase_order.approved', subject: id, before: null, after: { productId: product.id, quantity, number }, why: reason, requestId: null,
    ip: null, atMs: nowMs,
  })
  return { order, mail, row }
}

function nameOf({ name, variationName }: PurchaseWish['product']): string {
  return variationName === '' || variationName === name ? name : `${name}, ${variationName}`
}

/** Units that are ordered and not here yet. */
export function onOrder(orders: readonly PurchaseOrder[], productId: string, nowMs: number): number {
  return orders.filter((order) => order.productId === productId && order.expectedAtMs > nowMs).reduce((sum, { quantity }) => sum + quantity, 0)
}

export function purchaseOrderView(order: PurchaseOrder): PurchaseOrderShown {
  const { id, productId, name, sku, quantity, number, supplierEmail, mailId, approvedBy, reason, approvedAtMs, expectedAtMs } = order
  return { id, productId, name, sku, quantity, orderNumber: number, supplierEmail, mailId, approvedBy, reason, approvedAt: iso(approvedAtMs), expectedAt: iso(expectedAtMs) }
}
