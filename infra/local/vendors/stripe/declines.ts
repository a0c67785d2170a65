/** The 402 a caller sees when a card does not want to, with everything the vendor tells about it. */
import { docUrl, Refusal, type ErrorBody } from './refusal.ts'
import type { Decline } from './test-cards.ts'

/** The decline as intents keep it (`last_payment_error`) and errors carry it. */
export function declineBody(decline: Decline, more: Partial<ErrorBody> = {}): ErrorBody {
  return {
    type: 'card_error',
    code: decline.code,
    ...(decline.declineCode === undefined ? {} : { decline_code: decline.declineCode }),
    message: decline.message,
    ...(decline.code === 'incorrect_cvc' ? { param: 'cvc' } : {}),
    advice_code: decline.advice,
    network_decline_code: decline.networkCode,
    doc_url: docUrl(decline.code),
    ...more,
  }
}

/** A decline is an outcome, not a mistake: it is stored for the idempotency key and said again. */
export function declineError(decline: Decline, more: Partial<ErrorBody> = {}): Refusal {
  return new Refusal(402, declineBody(decline, more), { begun: true })
}
