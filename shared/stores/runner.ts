/**
 * The same click on several instances: one runs the order's payment, the others wait for its answer and take over when
 * its lease ends.
 */
import { isOpen, type Order } from '#domain/order.ts'
import { now } from '#platform/clock.ts'
import { pause } from '#platform/deadline.ts'
import { readOrder, takeLease } from './orders.ts'

/** A request that waits for another's answer looks this often, in milliseconds. */
const LOOK_MS = { first: 25, most: 250 }
const WAIT_MS = 25_000

export interface Joining {
  readonly runner: string
  /** Whether there is something to tell although the order is open. */
  readonly isAnswered: (order: Order) => boolean
  /** Goes on with an order whose runner has not answered in its time, under the same key at the gateway. */
  readonly takeOver: (order: Order) => Promise<Order>
}

/** The order when its runner has answered, we have taken over, or nobody answers for long. */
export async function joinRunner(found: Order, { runner, isAnswered, takeOver }: Joining): Promise<Order> {
  const giveUpAt = performance.now() + WAIT_MS
  let order = found
  for (let lookMs = LOOK_MS.first; performance.now() < giveUpAt; lookMs = Math.min(lookMs * 2, LOOK_MS.most)) {
    if (isOver(order, isAnswered)) return order
    if (order.leaseUntilMs <= now()) {
      const taken = await takeLease(order.id, runner)
      if (taken !== undefined) return isOver(taken, isAnswered) ? taken : takeOver(taken)
    }
    await pause(lookMs)
    order = (await readOrder(order.id)) ?? order
  }
  return order
}

/** Nothing is to be paid any more, or there is something to tell: who was cancelled meanwhile must not be charged. */
function isOver(order: Order, isAnswered: Joining['isAnswered']): boolean {
  return !isOpen(order) || order.cancellation !== undefined || isAnswered(order)
}
