/**
 * Carries out at the gateway what was decided about an order whose payment is open: by staff in review, or by whoever
 * cancelled it. Safe to call again: each step happens there once.
 */
import { chargeRequestOf } from '#domain/checkout.ts'
import type { Order } from '#domain/order.ts'
import type { ChargeOutcome, Gateway } from '#domain/payment.ts'
import { stepOf } from '#domain/review.ts'

/** @returns what the payment is now; a refused or cancelled one may have been taken meanwhile, and an approved one may have ended */
export async function carryOut(order: Order, gateway: Gateway): Promise<ChargeOutcome> {
  if (order.cancellation !== undefined) return ended(order, gateway)
  const { transactionId } = order.payment
  const step = stepOf(order)
  if (transactionId === null || step === 'none') return gateway.find(chargeRequestOf(order), transactionId)
  return step === 'capture' ? gateway.capture(chargeRequestOf(order), transactionId) : gateway.cancel(transactionId)
}

/** What can still be paid. A declined one too: its customer may try another card. */
const PAYABLE: readonly ChargeOutcome['status'][] = ['requires_action', 'open', 'authorised', 'declined']

async function ended(order: Order, gateway: Gateway): Promise<ChargeOutcome> {
  const found = await gateway.find(chargeRequestOf(order), order.payment.transactionId)
  const transactionId = 'transactionId' in found ? found.transactionId : null
  return PAYABLE.includes(found.status) && transactionId !== null ? gateway.cancel(transactionId) : found
}
