/** An order's payment, whose click has come to several instances. */
import { isOpen, type Order } from '#domain/order.ts'
import { joined } from './joining.ts'
import { readOrder, takeLease } from './orders.ts'

export interface Joining {
  readonly runner: string
  /** Whether there is something to tell although the order is open. */
  readonly isAnswered: (order: Order) => boolean
  /** Goes on with an order whose runner has not answered in its time, under the same key at the gateway. */
  readonly takeOver: (order: Order) => Promise<Order>
}

/** The order when its runner has answered, we have taken over, or nobody answers for long. */
export function joinRunner(found: Order, { runner, isAnswered, takeOver }: Joining): Promise<Order> {
  return joined(found, {
    isOver: (order) => isOver(order, isAnswered), read: () => readOrder(found.id), lease: () => takeLease(found.id, runner), takeOver,
  })
}

/** Nothing is to be paid any more, or there is something to tell: who was cancelled meanwhile must not be charged. */
function isOver(order: Order, isAnswered: Joining['isAnswered']): boolean {
  return !isOpen(order) || order.cancellation !== undefined || isAnswered(order)
}
