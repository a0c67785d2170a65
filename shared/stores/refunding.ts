/** Finishes a refund that is on its order: asks the gateway for it under its own id, and settles what that says. */
import type { Order, Refund } from '#domain/order.ts'
import type { Gateway } from '#domain/payment.ts'
import { refundRequestOf } from '#domain/refund.ts'
import { guarded } from './guarded.ts'
import { nudgeMails } from './mails.ts'
import { settleRefundOf } from './orders.ts'

interface Means {
  readonly gateway: Gateway
  readonly shopName: string
}

export interface Finished {
  readonly order: Order
  /** The gateway said yes or no, and it is written. */
  readonly settled: boolean
  /** The gateway can only make it later; whoever asks then makes it. */
  readonly waits: boolean
}

/** Safe to run twice, and at once: the gateway makes it once, and it is settled once. */
export async function finishRefund({ gateway, shopName }: Means, order: Order, refund: Refund): Promise<Finished> {
  const outcome = await guarded(gateway).refund(refundRequestOf(order, refund))
  const { order: after, settlement } = await settleRefundOf(order.id, { refundId: refund.id, outcome, shopName })
  await nudgeMails(settlement?.mails ?? [])
  return { order: after, settled: settlement !== undefined, waits: outcome.status === 'waiting' }
}
