/**
 * Deletes carts that nobody has changed for 30 days.
 *
 * Safe to run twice: each cart is looked at again in the transaction that deletes it, so a cart that was touched
 * meanwhile, or that an open order holds, stays.
 */
import { isOpen } from '#domain/order.ts'
import { now } from '#platform/clock.ts'
import { transact, type Snapshot } from '#platform/firestore.ts'
import { cartOf, expiredCarts } from '#stores/carts.ts'
import { orderDoc, orderOf } from '#stores/orders.ts'
import { schedule } from '#entry/schedule.ts'
import { sweep } from '#entry/sweep.ts'

const AT_ONCE = 100

export const sweepCarts = schedule({
  name: 'sweep-carts',
  cron: '17 4 * * *',
  impact: 'Abandoned carts, with what they say about customers, are kept for ever.',
  run: (run) =>
    sweep({
      name: 'sweep-carts', run, atOnce: AT_ONCE, take: (limit) => expiredCarts(now(), limit), counts: ['deleted', 'unchanged'], finish: drop,
    }),
})

async function drop({ ref }: Snapshot): Promise<'deleted' | 'unchanged'> {
  return transact(async (unit) => {
    const cart = cartOf(await unit.get(ref))
    if (cart === undefined || cart.expireAtMs > now()) return 'unchanged'
    const order = cart.orderId === null ? undefined : orderOf(await unit.get(await orderDoc(cart.orderId)))
    if (order !== undefined && isOpen(order)) return 'unchanged'
    unit.delete(ref)
    return 'deleted'
  })
}
