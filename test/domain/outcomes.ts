/** One outcome of each kind that a gateway can answer for the order that these tests are about. */
import type { ChargeOutcome } from '#domain/payment.ts'
import { pendingOrder } from './given.ts'

export const TOTAL = pendingOrder().total
export const outcomes = {
  'succeeded': {
    status: 'succeeded', transactionId: 'pi_1', amount: TOTAL, currency: 'USD',
    answer: { id: 'pi_1', receipt_email: 'jo@mail.example' },
  },
  'other amount': { status: 'succeeded', transactionId: 'pi_1', amount: TOTAL - 1, currency: 'USD', answer: null },
  'other currency': { status: 'succeeded', transactionId: 'pi_1', amount: TOTAL, currency: 'EUR', answer: null },
  'risky': { status: 'succeeded', transactionId: 'pi_1', amount: TOTAL, currency: 'USD', held: 'stripe_review', answer: null },
  'authorised': { status: 'authorised', transactionId: 'pi_1', amount: TOTAL, currency: 'USD', held: null, answer: { id: 'pi_1' } },
  'declined': { status: 'declined', transactionId: 'pi_1', declineCode: 'insufficient_funds', answer: { code: 'card_declined' } },
  'requires_action': {
    status: 'requires_action', transactionId: 'pi_1', clientSecret: 'pi_1_secret_2', nextAction: { type: 'use_stripe_sdk' },
  },
  'processing': { status: 'processing', transactionId: 'pi_1' },
  'cancelled': { status: 'cancelled', transactionId: 'pi_1' },
  'absent': { status: 'absent' },
  'unavailable': { status: 'unavailable', reason: 'stripe 429' },
  'unknown': { status: 'unknown', reason: 'no answer' },
} satisfies Record<string, ChargeOutcome>

export type OutcomeName = keyof typeof outcomes
export const outcomeNames = Object.keys(outcomes) as OutcomeName[]
