/**
 * The refusals for a PaymentIntent that is in no state for what was asked. Each carries the intent, for it may already
 * be as the caller wants it.
 */
import type { PaymentIntent } from './kept.ts'
import { type Refusal, unexpectedState } from './refusal.ts'

/** States in which an intent waits for the customer, and may still be changed. */
export const WAITING: readonly string[] = ['requires_payment_method', 'requires_confirmation', 'requires_action']

export function notUpdatable(intent: PaymentIntent, param: string): Refusal {
  return refused(intent, `This PaymentIntent's ${param} could not be updated because it ${onlyIn(intent, 'updated', WAITING)}`)
}

export function notConfirmable(intent: PaymentIntent): Refusal {
  if (intent.status !== 'succeeded') {
    return refused(intent, `You cannot confirm this PaymentIntent because it ${onlyIn(intent, 'confirmed', WAITING)}`)
  }
  const message = 'You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed.'
  return refused(intent, message)
}

export const WITHOUT_METHOD =
  "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the PaymentIntent " +
  'with a payment method and then confirm it again, or confirm it again directly with a payment method or ConfirmationToken.'

export function withoutMethod(intent: PaymentIntent): Refusal {
  return refused(intent, WITHOUT_METHOD)
}

export function notCapturable(intent: PaymentIntent): Refusal {
  const only = onlyIn(intent, 'captured', ['requires_capture'])
  return refused(intent, `This PaymentIntent could not be captured because it ${only}`)
}

export function notCancelable(intent: PaymentIntent): Refusal {
  const only = onlyIn(intent, 'canceled', [...WAITING, 'requires_capture'])
  return refused(intent, `You cannot cancel this PaymentIntent because it ${only}`)
}

export function ownedBySession(intent: PaymentIntent): Refusal {
  const message = 'You cannot cancel a PaymentIntent that belongs to a Checkout Session. Expire the Checkout Session instead.'
  return refused(intent, message)
}

function onlyIn(intent: PaymentIntent, verb: string, states: readonly string[]): string {
  const only = `Only a PaymentIntent with one of the following statuses may be ${verb}: ${states.join(', ')}.`
  return `has a status of ${intent.status}. ${only}`
}

function refused(intent: PaymentIntent, message: string): Refusal {
  return unexpectedState(message, { code: 'payment_intent_unexpected_state', payment_intent: intent })
}
