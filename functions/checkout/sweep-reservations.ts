/**
 * Finishes what nobody finished: orders whose runner died, whose answer was lost, whose customer never authenticated or
 * never came back from the gateway's page, what was decided or cancelled and not carried out, and refunds that are
 * still pending.
 *
 * Safe to run twice: an order's lease lets one runner act, and every outcome is applied on the order's own version.
 * A reservation is never released before the gateway was asked: money that came is kept with its order, not lost.
 */
import { newId } from '#values/ids.ts'
import { chargeRequestOf } from '#domain/checkout.ts'
import { isOverdue } from '#domain/hosted.ts'
import { isOpen, type Order } from '#domain/order.ts'
import { isUndecided, lastCall, REVIEW_CHECK_MS } from '#domain/review.ts'
import { ACTION_MS } from '#domain/settle.ts'
import type { ChargeOutcome } from '#domain/payment.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { guarded } from '#stores/guarded.ts'
import { nudgeMails } from '#stores/mails.ts'
import { changeOrder, checkLater, ordersToCheck, settleOrder, takeLease } from '#stores/orders.ts'
import { finishRefund } from '#stores/refunding.ts'
import { gatewayNamed } from '#vendors/gateways.ts'
import { carryOut } from '#vendors/reviewed.ts'
import { schedule } from '#entry/schedule.ts'
import { sweep } from '#entry/sweep.ts'

const AT_ONCE = 8

export const sweepReservations = schedule({
  name: 'sweep-reservations',
  cron: '* * * * *',
  impact: 'Stock stays reserved for orders that will never be paid, and lost payments stay unknown.',
  run: (run) =>
    sweep({
      name: 'sweep-reservations', run, atOnce: AT_ONCE, take: ordersToCheck, counts: ['settled', 'released', 'unchanged'],
      finish: (order) => (isOpen(order) ? finishPayment(order) : finishRefunds(order)), putOff: ({ id }) => checkLater(id),
    }),
})

type Result = 'settled' | 'released' | 'unchanged'

async function finishPayment(found: Order): Promise<Result> {
  const order = await takeLease(found.id, newId('run'))
  if (order === undefined || !isOpen(order)) {
    await checkLater(found.id)
    return 'unchanged'
  }
  const outcome = await truth(order)
  const { settlement, order: settled } = await settleOrder(order.id, { outcome, cause: 'sweep', shopName: config('shop').SHOP_NAME })
  await nudgeMails(settlement?.mails ?? [])
  if (lastCall(settled, now()) !== undefined) await changeOrder(order.id, (undecided) => lastCall(undecided, now()))
  if (isOpen(settled)) await checkLater(order.id, isUndecided(settled) || isSlow(settled, outcome) ? REVIEW_CHECK_MS : undefined)
  if (settlement === undefined || isOpen(settled)) return 'unchanged'
  return settlement.reopenCart ? 'released' : 'settled'
}

/** A cancelled order whose money is on its way: the bank takes its time, and only then can it be given back. */
function isSlow({ cancellation }: Order, { status }: ChargeOutcome): boolean {
  return cancellation !== undefined && status === 'processing'
}

/** Asks the gateway; what the customer has given up is ended there first, so that it cannot be paid later. */
async function truth(order: Order): Promise<ChargeOutcome> {
  const gateway = guarded(gatewayNamed(order.payment.gateway))
  if (order.review !== null || order.cancellation !== undefined) return carryOut(order, gateway)
  const outcome = await gateway.find(chargeRequestOf(order), order.payment.transactionId)
  const abandoned = outcome.status === 'requires_action' && order.createdAtMs + ACTION_MS <= now()
  const overdue = outcome.status === 'open' && isOverdue(order, now())
  return abandoned || overdue ? gateway.cancel(outcome.transactionId) : outcome
}

async function finishRefunds(order: Order): Promise<Result> {
  const means = { gateway: gatewayNamed(order.payment.gateway), shopName: config('shop').SHOP_NAME }
  let finished = 0
  let waits = true
  for (const refund of order.refunds.filter(({ status }) => status === 'pending')) {
    const { settled, waits: later } = await finishRefund(means, order, refund)
    if (settled) finished += 1
    waits &&= later
  }
  // What the gateway settles once a day need not be asked for every minute.
  await checkLater(order.id, waits ? REVIEW_CHECK_MS : undefined)
  return finished > 0 ? 'settled' : 'unchanged'
}
