/**
 * Rows for the warehouse of what the points of sale tell. Named after the thing and its version, which for Lightspeed is when it
 * was read, since its own moments say too little: a row that is sent again is the same row, and one of the same name never
 * has another version, or the one that BigQuery leaves out would be looked for in vain. Money is NUMERIC as decimal text.
 */
import { toText } from '#values/money.ts'
import { iso } from '#values/time.ts'
import type { CounterItem, CounterSale, TillItem, TillPayment } from './pos.ts'
import { SCHEMA_VERSION } from './rows.ts'
import { factRow, type WarehouseRow } from './warehouse-rows.ts'

export function tillPaymentRow(payment: TillPayment): WarehouseRow {
  const text = (minor: number): string => toText(minor, payment.currency)
  return factRow('commerce.square_payments_log', `${payment.id}-${payment.updatedAtMs}`, {
    id: payment.id,
    location_id: payment.locationId,
    order_id: payment.orderId,
    customer_id: payment.customerId,
    status: payment.status,
    source_type: payment.sourceType,
    card_brand: payment.cardBrand,
    amount: text(payment.amount),
    tip: text(payment.tip),
    total: text(payment.total),
    refunded: text(payment.refunded),
    fees: payment.fees === null ? null : text(payment.fees),
    currency: payment.currency,
    created_at: iso(payment.createdAtMs),
    updated_at: iso(payment.updatedAtMs),
    row_version: payment.updatedAtMs,
    schema_version: SCHEMA_VERSION,
  })
}

/** @param readAtMs when this state was read: Square tells of an item when it changed, not when it was made */
export function tillItemRow(item: TillItem, readAtMs: number): WarehouseRow {
  return factRow('commerce.square_items_log', `${item.id}-${item.version}`, {
    id: item.id,
    item_id: item.itemId,
    name: item.name,
    variation_name: item.variationName,
    category: item.category,
    sku: item.sku,
    price: item.price === null ? null : toText(item.price, item.currency),
    currency: item.currency,
    available: item.available,
    created_at: iso(readAtMs),
    updated_at: iso(item.updatedAtMs),
    row_version: item.version,
    schema_version: SCHEMA_VERSION,
  })
}

export function counterSaleRow(sale: CounterSale): WarehouseRow {
  return factRow('analytics.lightspeed_transactions_log', `${sale.id}-${sale.readAtMs}-${sale.fingerprint}`, {
    id: sale.id,
    mode: sale.mode,
    status: sale.status,
    archived: sale.archived,
    shop_id: sale.shopId,
    register_id: sale.registerId,
    customer_id: sale.customerId,
    ticket_number: sale.ticketNumber,
    amount: sale.amount,
    discount: sale.discount,
    tax: sale.tax,
    total: sale.total,
    currency: sale.currency,
    completed_at: sale.completedAtMs === null ? null : iso(sale.completedAtMs),
    items: sale.lines.map((line) => ({
      line_id: line.id, item_id: line.itemId, quantity: line.quantity, unit_price: line.unitPrice, discount: line.discount, tax: line.tax, total: line.total,
    })),
    created_at: iso(sale.createdAtMs),
    updated_at: iso(sale.updatedAtMs),
    row_version: sale.readAtMs,
    schema_version: SCHEMA_VERSION,
  })
}

/** Stock that moves moves no item's own moment: the row is as new as the newest of both. */
export function counterItemRow(item: CounterItem): WarehouseRow {
  return factRow('analytics.lightspeed_products_log', `${item.id}-${item.readAtMs}-${item.fingerprint}`, {
    id: item.id,
    mode: item.mode,
    name: item.name,
    description: item.description,
    category: item.category,
    sku: item.sku,
    price: item.price,
    cost: item.cost,
    currency: item.currency,
    quantity: String(item.quantity),
    archived: item.archived,
    added_at: item.addedAtMs === null ? null : iso(item.addedAtMs),
    shops: item.shops.map(({ shopId, quantity }) => ({ shop_id: shopId, quantity: String(quantity) })),
    created_at: iso(item.readAtMs),
    updated_at: iso(item.updatedAtMs),
    row_version: item.readAtMs,
    schema_version: SCHEMA_VERSION,
  })
}
