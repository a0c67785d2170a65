/**
 * Finishes what nobody finished: orders whose runner died, whose answer was lost, whose customer never authenticated,
 * and refunds that are still pending.
 *
 * Safe to run twice: an order's lease lets one runner act, and every outcome is applied on the order's own version.
 * A reservation is never released before the gateway was asked: money that came is kept with its order, not lost.
 */
import { newId } from '#values/ids.ts'
import { chargeRequestOf } from '#domain/checkout.ts'
import { isOpen, type Order } from '#domain/order.ts'
import { refundRequestOf } from '#domain/refund.ts'
import { ACTION_MS } from '#domain/settle.ts'
import type { ChargeOutcome } from '#domain/payment.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { log } from '#platform/log.ts'
import { nudgeMails } from '#stores/mails.ts'
import { checkLater, ordersToCheck, settleOrder, settleRefundOf, takeLease } from '#stores/orders.ts'
import { gatewayNamed } from '#vendors/gateways.ts'
import { schedule, type Tally } from '#entry/schedule.ts'

const AT_ONCE = 8

export const sweepReservations = schedule({
  name: 'sweep-reservations',
  cron: '* * * * *',
  impact: 'Stock stays reserved for orders that will never be paid, and lost payments stay unknown.',
  run: async ({ hasTime }) => {
    const tally = { read: 0, settled: 0, released: 0, unchanged: 0, failed: 0 } satisfies Tally
    while (hasTime()) {
      const orders = await ordersToCheck(AT_ONCE)
      if (orders.length === 0) break
      tally.read += orders.length
      for (const result of await Promise.all(orders.map(checked))) tally[result] += 1
    }
    return tally
  },
})

type Result = 'settled' | 'released' | 'unchanged' | 'failed'

async function checked(order: Order): Promise<Result> {
  try {
    return isOpen(order) ? await finishPayment(order) : await finishRefunds(order)
  } catch (error) {
    log.error('an order could not be checked', error, { function: 'sweep-reservations', orderId: order.id })
    await checkLater(order.id)
    return 'failed'
  }
}

async function finishPayment(found: Order): Promise<Result> {
  const order = await takeLease(found.id, newId('run'))
  if (order === undefined || !isOpen(order)) {
    await checkLater(found.id)
    return 'unchanged'
  }
  const outcome = await truth(order)
  const { settlement, order: settled } = await settleOrder(order.id, { outcome, cause: 'sweep', shopName: config('shop').SHOP_NAME })
  await nudgeMails(settlement?.mails ?? [])
  if (isOpen(settled)) await checkLater(order.id)
  if (settlement === undefined || isOpen(settled)) return 'unchanged'
  return settlement.reopenCart ? 'released' : 'settled'
}

/** Asks the gateway; an authentication that was given up is ended there first, so that it cannot be paid later. */
async function truth(order: Order): Promise<ChargeOutcome> {
  const gateway = gatewayNamed(order.payment.gateway)
  const outcome = await gateway.find(chargeRequestOf(order), order.payment.transactionId)
  const abandoned = outcome.status === 'requires_action' && order.createdAtMs + ACTION_MS <= now()
  return abandoned ? gateway.cancel(outcome.transactionId) : outcome
}

async function finishRefunds(order: Order): Promise<Result> {
  const gateway = gatewayNamed(order.payment.gateway)
  let finished = 0
  for (const refund of order.refunds.filter(({ status }) => status === 'pending')) {
    const outcome = await gateway.refund(refundRequestOf(order, refund))
    const { settlement } = await settleRefundOf(order.id, { refundId: refund.id, outcome, shopName: config('shop').SHOP_NAME })
    await nudgeMails(settlement?.mails ?? [])
    if (settlement !== undefined) finished += 1
  }
  await checkLater(order.id)
  return finished > 0 ? 'settled' : 'unchanged'
}
