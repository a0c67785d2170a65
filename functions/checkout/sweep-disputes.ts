/**
 * Asks about open disputes again, and reminds staff when evidence is due within 48 hours and none was handed in.
 *
 * An event may be lost, a deadline may not: so each open dispute is asked about every six hours, and its reminder does not
 * depend on any event.
 * Safe to run twice: what is known already changes nothing, and a reminder is written once, on the dispute itself.
 */
import { isOver } from '#domain/dispute.ts'
import type { Order } from '#domain/order.ts'
import { log } from '#platform/log.ts'
import { checkDisputesLater, disputedToCheck, learnDispute, remindOfDeadline, truthOf } from '#stores/disputes.ts'
import { gatewayNamed } from '#vendors/gateways.ts'
import { schedule, type Tally } from '#entry/schedule.ts'

const AT_ONCE = 8

export const sweepDisputes = schedule({
  name: 'sweep-disputes',
  cron: '10 * * * *',
  impact: 'A dispute whose event was lost is lost by silence.',
  run: async ({ hasTime }) => {
    const tally = { read: 0, settled: 0, unchanged: 0, sent: 0, failed: 0 } satisfies Tally
    while (hasTime()) {
      const orders = await disputedToCheck(AT_ONCE)
      if (orders.length === 0) break
      tally.read += orders.length
      for (const { result, reminders } of await Promise.all(orders.map(checked))) {
        tally[result] += 1
        tally.sent += reminders
      }
    }
    return tally
  },
})

interface Checked {
  readonly result: 'settled' | 'unchanged' | 'failed'
  readonly reminders: number
}

async function checked(order: Order): Promise<Checked> {
  const gateway = gatewayNamed(order.payment.gateway)
  let [learnt, reminders, failed] = [false, 0, false]
  for (const { id } of (order.disputes ?? []).filter((dispute) => !isOver(dispute))) {
    try {
      learnt = (await learnDispute({ orderId: order.id, disputeId: id, ask: () => truthOf(gateway, id), cause: 'sweep' })) !== undefined || learnt
    } catch (error) {
      log.error('a dispute could not be asked about', error, { function: 'sweep-disputes', orderId: order.id })
      failed = true
    }
    // Also when the gateway is silent: the deadline does not wait for it.
    if (await remindOfDeadline(order.id, id)) reminders += 1
  }
  await checkDisputesLater(order.id)
  return { result: failed ? 'failed' : learnt ? 'settled' : 'unchanged', reminders }
}
