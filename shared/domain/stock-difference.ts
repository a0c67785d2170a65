/**
 * Where our stock and the till's differ in a way that only a person can put right: more of a product is promised than
 * there is, because the store sold it meanwhile or it was never there. Which orders wait for it, the last promised first.
 */
import { iso } from '#values/time.ts'
import { isOpen, unrefunded, type Order } from './order.ts'
import type { Product } from './product.ts'
import type { StockDifferenceShown } from './shown/stock.ts'
import { shortage } from './stock.ts'

/** So many orders are named for each product. */
const NAMED_MAX = 20

export function stockDifferenceView(product: Product, orders: readonly Order[]): StockDifferenceShown {
  const { id, name, variationName, sku, source, onHand, held, short } = product
  return {
    productId: id, name, variationName, sku, source, kind: 'oversold', units: shortage(product), onHand, promised: held,
    since: short == null ? null : iso(short.sinceMs),
    orders: orders.filter((order) => owed(order, id) > 0).slice(0, NAMED_MAX).map((order) => waitingView(order, id)),
  }
}

/** Units of a product that an order is promised and has not been handed over. */
function owed(order: Order, productId: string): number {
  const waits = isOpen(order) || (['paid', 'partially_refunded', 'disputed'].includes(order.state) && order.fulfilment === null)
  if (!waits) return 0
  return order.lines.filter((line) => line.productId === productId && line.counted).reduce((sum, line) => sum + unrefunded(line), 0)
}

function waitingView(order: Order, productId: string): StockDifferenceShown['orders'][number] {
  const { id, number, state, stockUnconfirmed, createdAtMs } = order
  return { orderId: id, number, state, quantity: owed(order, productId), stockUnconfirmed, createdAt: iso(createdAtMs) }
}
