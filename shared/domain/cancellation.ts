/**
 * What it means for an order that it is not wanted any more: nothing of it is sold or handed over from then on, whatever
 * the gateway says later, and what whoever cancelled it is told is kept.
 *
 * An order whose money was never kept ends `cancelled`. One that was paid ends `refunded`: its state says what became of
 * the money, and ledger, warehouse and gateway call it that too; that it was cancelled, its cancellation says.
 */
import { iso } from '#values/time.ts'
import { orderView, type Order } from './order.ts'
import type { CancelledShown } from './shown/order.ts'

/** Cancelled, or refused by staff: it must not be sold, and money that comes goes back. */
export function isWithdrawn(order: Order): boolean {
  return order.cancellation !== undefined || order.review?.decision === 'refuse'
}

/** Why, as records name it. What a customer writes stays with the order: it may tell who he is. */
export function whyWithdrawn({ cancellation }: Order): string {
  if (cancellation === undefined) return 'Refused after review'
  return cancellation.byStaff ? cancellation.reason ?? 'Cancelled by staff' : 'Cancelled by its customer'
}

/** It is carried out: no payment is open, and nothing is kept. */
export function isCancelled({ state, cancellation }: Order): boolean {
  return state === 'cancelled' || (state === 'refunded' && cancellation !== undefined)
}

/** What whoever cancels an order is told. */
export function cancelledView(order: Order): CancelledShown {
  return { orderId: order.id, cancelled: isCancelled(order), order: orderView(order) }
}

/** Keeps, with a cancellation that has been carried out, its answer. */
export function closed(order: Order, nowMs: number): Order {
  const { cancellation } = order
  if (cancellation === undefined || cancellation.answer !== undefined || !isCancelled(order)) return order
  const body = JSON.stringify({ success: true, ...cancelledView(order), timestamp: iso(nowMs) })
  return { ...order, cancellation: { ...cancellation, answer: { status: 200, body } } }
}
