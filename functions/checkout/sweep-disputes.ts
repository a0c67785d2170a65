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
import { schedule } from '#entry/schedule.ts'
import { sweep } from '#entry/sweep.ts'

const AT_ONCE = 8

export const sweepDisputes = schedule({
  name: 'sweep-disputes',
  cron: '10 * * * *',
  impact: 'A dispute whose event was lost is lost by silence.',
  run: (run) =>
    sweep({
      name: 'sweep-disputes', run, atOnce: AT_ONCE, take: disputedToCheck, counts: ['settled', 'unchanged', 'sent'],
      finish: checked, putOff: ({ id }) => checkDisputesLater(id),
    }),
})

type Word = 'settled' | 'unchanged' | 'sent' | 'failed'

async function checked(order: Order): Promise<Word[]> {
  const gateway = gatewayNamed(order.payment.gateway)
  const reminders: Word[] = []
  let [learnt, failed] = [false, false]
  for (const { id } of (order.disputes ?? []).filter((dispute) => !isOver(dispute))) {
    try {
      learnt = (await learnDispute({ orderId: order.id, disputeId: id, ask: () => truthOf(gateway, id), cause: 'sweep' })) !== undefined || learnt
    } catch (error) {
      log.error('a dispute could not be asked about', error, { function: 'sweep-disputes', orderId: order.id })
      failed = true
    }
    // Also when the gateway is silent: the deadline does not wait for it.
    if (await remindOfDeadline(order.id, id)) reminders.push('sent')
  }
  await checkDisputesLater(order.id)
  return [failed ? 'failed' : learnt ? 'settled' : 'unchanged', ...reminders]
}
