/**
 * Mends a difference where nothing is to be decided: what the gateway says is settled by the rule that would have settled
 * it had its answer or its event not been lost. Nothing is charged or given back for it, and nothing is settled twice.
 */
import { chargeRequestOf } from '#domain/checkout.ts'
import { isOpen } from '#domain/order.ts'
import type { Gateway, RefundOutcome } from '#domain/payment.ts'
import { sourceOf } from '#domain/gateway-book.ts'
import type { Found } from '#domain/reconciliation.ts'
import { newId } from '#values/ids.ts'
import { learnDispute } from './disputes.ts'
import { nudgeMails } from './mails.ts'
import { readOrder, settleOrder, settleRefundOf, takeLease } from './orders.ts'
import { bookBankPayout } from './payouts.ts'

export interface Means {
  readonly gateway: Gateway
  readonly shopName: string
}

const CAUSE = 'reconciliation'

export function isMendable({ kind, orderId }: Found): boolean {
  if (kind === 'payout_unknown') return true
  return orderId !== null && ['payment_missed', 'payment_stuck', 'refund_missed', 'dispute_unknown'].includes(kind)
}

/** True when something was tried. */
export async function mend(means: Means, found: Found): Promise<boolean> {
  if (found.kind === 'payout_unknown') return mendPayout(means, found)
  if (found.kind === 'refund_missed') return mendRefund(means, found)
  return found.kind === 'dispute_unknown' ? mendDispute(means, found) : mendPayment(means, found)
}

/** As the sweep does it: one at a time acts on an open payment. */
async function mendPayment({ gateway, shopName }: Means, { orderId, transactionId }: Found): Promise<boolean> {
  const order = await readOrder(orderId ?? '')
  if (order === undefined) return false
  const isBusy = isOpen(order) && order.state !== 'in_review' && (await takeLease(order.id, newId('run'))) === undefined
  if (isBusy) return false
  const outcome = await gateway.find(chargeRequestOf(order), transactionId ?? order.payment.transactionId)
  const { settlement } = await settleOrder(order.id, { outcome, cause: CAUSE, shopName })
  await nudgeMails(settlement?.mails ?? [])
  return settlement !== undefined
}

/** What the gateway lists has happened: given, then come back. */
async function mendRefund({ shopName }: Means, { orderId, refundId, movements }: Found): Promise<boolean> {
  for (const movement of movements) {
    const gatewayRefundId = sourceOf(movement)
    const outcome: RefundOutcome =
      movement.kind === 'refund' ? { status: 'succeeded', gatewayRefundId, answer: null } : { status: 'failed', reason: 'came back', gatewayRefundId }
    const { settlement } = await settleRefundOf(orderId ?? '', { refundId: refundId ?? '', outcome, shopName })
    await nudgeMails(settlement?.mails ?? [])
  }
  return true
}

async function mendDispute({ gateway }: Means, { orderId, movements }: Found): Promise<boolean> {
  const disputeId = movements[0]?.sourceId
  const ask = disputeId === undefined ? undefined : gateway.dispute?.bind(gateway, disputeId)
  if (disputeId === undefined || ask === undefined) return false
  return (await learnDispute({ orderId: orderId ?? '', disputeId, ask, cause: CAUSE })) !== undefined
}

/** Payouts to partners are settled by their own sweep; one to our bank is booked as its event would have it. */
async function mendPayout({ gateway }: Means, { movements }: Found): Promise<boolean> {
  const payoutId = movements[0]?.sourceId
  if (gateway.bankPayout === undefined || payoutId === undefined) return false
  await bookBankPayout(await gateway.bankPayout(payoutId))
  return true
}
