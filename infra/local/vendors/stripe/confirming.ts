/**
 * What passes between an intent and a card: authentication, the charge, the decline, the release.
 *
 * A decline leaves the intent open for another card and is thrown as the 402 it is, after everything about it is kept.
 * An intent is charged at most once: only here does one become `succeeded`, and never from there.
 */
import type { Account } from './account.ts'
import { authorisedCharge, failedCharge } from './charging.ts'
import { declineBody, declineError } from './declines.ts'
import { previous } from './event-log.ts'
import type { PaymentIntent, PaymentMethod } from './kept.ts'
import { attach } from './payment-methods.ts'
import { docUrl, type ErrorBody } from './refusal.ts'
import { followIntent } from './session-outcome.ts'
import { AUTHENTICATION_REQUIRED, behaviour, type Decline } from './test-cards.ts'

export interface Confirmation {
  readonly offSession: boolean
  readonly errorOnRequiresAction: boolean
  readonly returnUrl: string | null
}

const CAPTURE_WITHIN_MS = 7 * 86_400_000

export function confirm(account: Account, intent: PaymentIntent, wants: Confirmation): PaymentIntent {
  const method = methodOf(account, intent)
  if (!mustAuthenticate(account, method, wants)) return charge(account, intent, method)
  if (wants.offSession) return refuse(account, intent, method, AUTHENTICATION_REQUIRED)
  if (wants.errorOnRequiresAction) return refuse(account, intent, method, AUTHENTICATION_REQUIRED, { withCharge: false })
  const after = account.paymentIntents.change(intent.id, {
    last_payment_error: null,
    next_action: nextAction('3d_secure_2', account.ids.tail(24), wants.returnUrl) as PaymentIntent['next_action'],
    status: 'requires_action',
  })
  account.eventLog.happened('payment_intent.requires_action', after)
  return after
}

/** The holder has answered the issuer's question. */
export function authenticate(account: Account, intent: PaymentIntent, succeeds: boolean): PaymentIntent {
  const method = methodOf(account, intent)
  if (succeeds) return charge(account, intent, method)
  return failed(account, intent, { ...authenticationFailure(), payment_method: method }, {})
}

/** Money that was under way has come, or the bank has said no. */
export function receive(account: Account, intent: PaymentIntent, succeeds: boolean): PaymentIntent {
  const method = methodOf(account, intent)
  if (succeeds) return charge(account, intent, method)
  const code = 'payment_method_provider_decline'
  return failed(account, intent, { type: 'invalid_request_error', code, doc_url: docUrl(code), message: 'The bank has declined the payment.', payment_method: method }, {})
}

/** Cancels: what was held goes free, without a refund, for nothing was taken. */
export function release(account: Account, intent: PaymentIntent, reason: PaymentIntent['cancellation_reason']): PaymentIntent {
  account.agenda.cancel('capture_expires', intent.id)
  const after = account.paymentIntents.change(intent.id, {
    amount_capturable: 0,
    canceled_at: account.now(),
    cancellation_reason: reason,
    next_action: null,
    status: 'canceled',
  })
  account.eventLog.happened('payment_intent.canceled', after)
  return after
}

/** Seven days have passed and nobody has taken the held money. */
export function expireCapture(account: Account, id: string): void {
  const intent = account.paymentIntents.get(id)
  if (intent === undefined || intent.status !== 'requires_capture') return
  const charge = intent.latest_charge === null ? undefined : account.charges.get(intent.latest_charge)
  if (charge !== undefined) account.eventLog.happened('charge.expired', charge)
  release(account, intent, 'expired')
}

export function authenticationFailure(code = 'payment_intent_authentication_failure'): ErrorBody {
  return {
    type: 'invalid_request_error',
    code,
    doc_url: docUrl(code),
    message:
      'The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new PaymentMethod to ' +
      'attempt to fulfill this intent again.',
  }
}

export function nextAction(kind: string, token: string, returnUrl: string | null): object {
  const url = `https://hooks.stripe.com/${kind}/hosted?merchant=acct_local&source=src_${token}`
  if (returnUrl !== null) return { type: 'redirect_to_url', redirect_to_url: { return_url: returnUrl, url } }
  return { type: 'use_stripe_sdk', use_stripe_sdk: { type: 'three_d_secure_redirect', source: `src_${token}`, stripe_js: url } }
}

/** A card that asks once is content with what its holder agreed to when it was set up. */
export function mustAuthenticate(account: Account, method: PaymentMethod, wants: { offSession: boolean }): boolean {
  const { authentication } = behaviour(method.card?.last4)
  if (authentication === undefined) return false
  return authentication === 'always' || !wants.offSession || !account.setUp.has(method.id)
}

function charge(account: Account, intent: PaymentIntent, method: PaymentMethod): PaymentIntent {
  const { decline } = behaviour(method.card?.last4)
  if (decline !== undefined) return refuse(account, intent, method, decline)
  const made = authorisedCharge(account, intent, method)
  const patch: Partial<PaymentIntent> = {
    amount_capturable: made.captured ? 0 : intent.amount,
    amount_received: made.captured ? intent.amount : 0,
    last_payment_error: null,
    latest_charge: made.id,
    next_action: null,
    review: made.review,
    status: made.captured ? 'succeeded' : 'requires_capture',
  }
  const after = account.paymentIntents.change(intent.id, patch)
  account.eventLog.happened(
    made.captured ? 'payment_intent.succeeded' : 'payment_intent.amount_capturable_updated',
    after,
    made.captured ? undefined : previous(intent, { amount_capturable: after.amount_capturable }),
  )
  if (!made.captured) account.agenda.after(CAPTURE_WITHIN_MS, 'capture_expires', intent.id)
  keepForLater(account, after, method)
  followIntent(account, after)
  return after
}

function refuse(
  account: Account,
  intent: PaymentIntent,
  method: PaymentMethod,
  decline: Decline,
  options: { withCharge: boolean } = { withCharge: true },
): never {
  const made = options.withCharge ? failedCharge(account, intent, method, decline) : undefined
  const more = { ...(made === undefined ? {} : { charge: made.id }), payment_method: method }
  const after = failed(account, intent, declineBody(decline, more), made === undefined ? {} : { latest_charge: made.id })
  throw declineError(decline, { ...more, payment_intent: after })
}

function failed(
  account: Account,
  intent: PaymentIntent,
  error: ErrorBody,
  patch: Partial<PaymentIntent>,
): PaymentIntent {
  const after = account.paymentIntents.change(intent.id, {
    last_payment_error: error as unknown as PaymentIntent['last_payment_error'],
    next_action: null,
    payment_method: null,
    status: 'requires_payment_method',
    ...patch,
  })
  account.eventLog.happened('payment_intent.payment_failed', after)
  return after
}

/** `setup_future_usage` keeps the card with the customer, and remembers what its holder agreed to. */
function keepForLater(account: Account, intent: PaymentIntent, method: PaymentMethod): void {
  if (intent.setup_future_usage === null) return
  if (intent.setup_future_usage === 'off_session') account.setUp.set(method.id, true)
  if (intent.customer !== null) attach(account, method, intent.customer)
}

function methodOf(account: Account, intent: PaymentIntent): PaymentMethod {
  const method = intent.payment_method === null ? undefined : account.paymentMethods.get(intent.payment_method)
  if (method === undefined) throw new Error(`${intent.id} is to be confirmed without a payment method`)
  return method
}
