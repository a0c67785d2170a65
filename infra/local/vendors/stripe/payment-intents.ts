/**
 * PaymentIntents: made, changed, confirmed, captured and cancelled by requests.
 *
 * What happens between the intent and a card is `confirming.ts`; here is what a request may ask in which state.
 */
import type { Account } from './account.ts'
import { shippingOf } from './addresses.ts'
import { captureCharge } from './charging.ts'
import { confirm, release, type Confirmation } from './confirming.ts'
import { emailOf } from './customers.ts'
import type { Fields } from './fields.ts'
import type { PaymentIntent } from './kept.ts'
import { chargeable, currencyOf } from './money.ts'
import { fromData, isCustomer, usable } from './payment-methods.ts'
import { invalid, noSuch, notFound, unexpectedState } from './refusal.ts'
import { followIntent } from './session-outcome.ts'
import * as wrong from './wrong-state.ts'
import { WAITING, WITHOUT_METHOD } from './wrong-state.ts'

/** What must stay as it is once the payment is made. */
const OF_THE_PAYMENT = ['amount', 'currency', 'payment_method', 'payment_method_data', 'capture_method', 'setup_future_usage']
const CAPTURE_METHODS = ['automatic', 'automatic_async', 'manual'] as const

interface Basis {
  readonly amount: number
  readonly currency: string
  readonly fields: Fields
}

export function createPaymentIntent(account: Account, fields: Fields): PaymentIntent {
  const asked = fields.needInteger('amount')
  const currency = currencyOf(fields)
  const amount = chargeable(asked, currency)
  const wants = confirmation(fields)
  const blank = newIntent(account, { amount, currency, fields })
  const confirms = fields.flag('confirm') === true
  if (!confirms && fields.has('return_url')) {
    throw invalid('You can only provide `return_url` when `confirm` is true.', { param: 'return_url' })
  }
  if (confirms) needReturnUrl(blank, wants)
  const method = chosenMethod(account, fields, blank.customer)
  if (confirms && method === null) throw invalid(WITHOUT_METHOD, { code: 'parameter_missing', param: 'payment_method' })
  const status = method === null ? 'requires_payment_method' : 'requires_confirmation'
  const intent = account.paymentIntents.add({ ...blank, payment_method: method, status })
  account.eventLog.happened('payment_intent.created', intent)
  return confirms ? confirm(account, intent, wants) : intent
}

export function updatePaymentIntent(account: Account, id: string, fields: Fields): PaymentIntent {
  const intent = known(account, id)
  const open = WAITING.includes(intent.status)
  const currency = fields.has('currency') ? currencyOf(fields) : intent.currency
  const amount = fields.integer('amount')
  const customer = customerOf(account, fields)
  if (customer !== undefined && intent.customer !== null && customer !== intent.customer) {
    const message =
      'You cannot modify `customer` on a PaymentIntent once it already has been set. To fulfill a payment with a different ' +
      'Customer, cancel this PaymentIntent and create a new one.'
    throw invalid(message, { param: 'customer' })
  }
  const patch: Partial<PaymentIntent> = { ...described(intent, fields), ...(customer === undefined ? {} : { customer }) }
  const fixed = open ? undefined : OF_THE_PAYMENT.find((name) => fields.has(name))
  if (fixed !== undefined) throw wrong.notUpdatable(intent, fixed)
  if (amount !== undefined || currency !== intent.currency) {
    Object.assign(patch, { amount: chargeable(amount ?? intent.amount, currency), currency })
  }
  const method = chosenMethod(account, fields, patch.customer ?? intent.customer)
  if (method !== null) Object.assign(patch, { payment_method: method, status: 'requires_confirmation', next_action: null })
  return account.paymentIntents.change(id, patch)
}

export function confirmPaymentIntent(account: Account, id: string, fields: Fields): PaymentIntent {
  const intent = known(account, id)
  const wants = confirmation(fields)
  if (!WAITING.includes(intent.status)) throw wrong.notConfirmable(intent)
  const expected = fields.integer('amount_to_confirm')
  if (expected !== undefined && expected !== intent.amount) {
    throw invalid('The `amount_to_confirm` is not the amount of this PaymentIntent.', { param: 'amount_to_confirm' })
  }
  const patch = described(intent, fields)
  needReturnUrl(intent, wants)
  const method = chosenMethod(account, fields, intent.customer) ?? intent.payment_method
  if (method === null) throw wrong.withoutMethod(intent)
  return confirm(account, account.paymentIntents.change(id, { ...patch, payment_method: method }), wants)
}

export function capturePaymentIntent(account: Account, id: string, fields: Fields): PaymentIntent {
  const intent = known(account, id)
  const asked = fields.positive('amount_to_capture')
  const metadata = fields.metadata(intent.metadata) ?? intent.metadata
  const charge = intent.latest_charge === null ? undefined : account.charges.get(intent.latest_charge)
  if (intent.status !== 'requires_capture' || charge === undefined) throw wrong.notCapturable(intent)
  const amount = asked ?? intent.amount_capturable
  if (amount > intent.amount_capturable) {
    const message = 'The amount to capture is greater than the amount you can capture for this PaymentIntent.'
    throw unexpectedState(message, { code: 'amount_too_large', param: 'amount_to_capture' })
  }
  account.agenda.cancel('capture_expires', id)
  captureCharge(account, charge, amount)
  const patch = { amount_capturable: 0, amount_received: amount, metadata, status: 'succeeded' as const }
  const after = account.paymentIntents.change(id, patch)
  account.eventLog.happened('payment_intent.succeeded', after)
  followIntent(account, after)
  return after
}

export function cancelPaymentIntent(account: Account, id: string, fields: Fields): PaymentIntent {
  const reasons = ['abandoned', 'duplicate', 'fraudulent', 'requested_by_customer'] as const
  const reason = fields.choice('cancellation_reason', reasons) ?? null
  const intent = known(account, id)
  if (!WAITING.includes(intent.status) && intent.status !== 'requires_capture') throw wrong.notCancelable(intent)
  const session = account.sessions.by('payment_intent', id)[0]
  if (session !== undefined && intent.status !== 'requires_capture') throw wrong.ownedBySession(intent)
  return release(account, intent, reason)
}

/** The intent a Checkout Session pays with. */
export function intentForSession(account: Account, basis: Basis, patch: Partial<PaymentIntent>): PaymentIntent {
  const intent = account.paymentIntents.add({ ...newIntent(account, basis), ...patch })
  account.eventLog.happened('payment_intent.created', intent)
  return intent
}

export function known(account: Account, id: string): PaymentIntent {
  const intent = account.paymentIntents.get(id)
  if (intent === undefined) throw notFound('payment_intent', id)
  return intent
}

export function customerOf(account: Account, fields: Fields): string | undefined {
  const customer = fields.text('customer')
  if (customer !== undefined && !isCustomer(account, customer)) throw noSuch('customer', customer, 'customer')
  return customer
}

function confirmation(fields: Fields): Confirmation {
  const token = fields.text('confirmation_token')
  if (token !== undefined) throw noSuch('confirmation_token', token, 'confirmation_token')
  const offSession = fields.text('off_session')
  return {
    offSession: offSession !== undefined && offSession !== 'false',
    errorOnRequiresAction: fields.flag('error_on_requires_action') === true,
    returnUrl: fields.text('return_url') ?? null,
  }
}

/** Methods that redirect need somewhere to come back to, even when this payment is by card. */
function needReturnUrl(intent: PaymentIntent, wants: Confirmation): void {
  const automatic = intent.automatic_payment_methods
  if (wants.returnUrl !== null || wants.offSession || automatic === null || automatic.allow_redirects === 'never') return
  const message =
    'A `return_url` must be specified because this Payment Intent is configured to automatically accept the payment methods ' +
    'enabled in the Dashboard, some of which may require a full page redirect to succeed. If you do not want to accept ' +
    'redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and ' +
    '`automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents.'
  throw invalid(message, { param: 'return_url' })
}

function chosenMethod(account: Account, fields: Fields, customer: string | null): string | null {
  const id = fields.text('payment_method')
  if (id !== undefined) return usable(account, id, customer).id
  const data = fields.group('payment_method_data')
  return data === undefined ? null : fromData(account, data).id
}

/** What may be said about an intent in any state. */
function described(intent: PaymentIntent, fields: Fields): Partial<PaymentIntent> {
  const shipping = fields.has('shipping') ? fields.group('shipping') : undefined
  return {
    ...(fields.has('metadata') ? { metadata: fields.metadata(intent.metadata) ?? {} } : {}),
    ...(fields.has('description') ? { description: fields.clearable('description') ?? null } : {}),
    ...(fields.has('receipt_email') ? { receipt_email: emailOf(fields, 'receipt_email') } : {}),
    ...(fields.has('shipping') ? { shipping: shipping === undefined ? null : shippingOf(shipping) } : {}),
    ...(fields.has('statement_descriptor') ? { statement_descriptor: fields.text('statement_descriptor') ?? null } : {}),
    ...(fields.has('statement_descriptor_suffix')
      ? { statement_descriptor_suffix: fields.text('statement_descriptor_suffix') ?? null }
      : {}),
    ...(fields.has('capture_method')
      ? { capture_method: fields.choice('capture_method', CAPTURE_METHODS) ?? 'automatic_async' }
      : {}),
    ...(fields.has('setup_future_usage') ? { setup_future_usage: futureUsage(fields) } : {}),
  }
}

function futureUsage(fields: Fields): PaymentIntent['setup_future_usage'] {
  if (fields.clearable('setup_future_usage') === null) return null
  return fields.choice('setup_future_usage', ['off_session', 'on_session']) ?? null
}

function newIntent(account: Account, basis: Basis): PaymentIntent {
  const { fields } = basis
  const id = account.ids.next('pi')
  const allowed = fields.list('allowed_payment_method_types') ?? null
  const automatic = fields.group('automatic_payment_methods')
  const enabled = automatic?.flag('enabled') ?? allowed === null
  const intent: PaymentIntent = {
    id,
    object: 'payment_intent',
    allowed_payment_method_types: allowed as PaymentIntent['allowed_payment_method_types'],
    amount: basis.amount,
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: enabled
      ? { allow_redirects: automatic?.choice('allow_redirects', ['always', 'never']) ?? 'always', enabled }
      : null,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: 'automatic_async',
    client_secret: `${id}_secret_${account.ids.tail(25)}`,
    confirmation_method: fields.choice('confirmation_method', ['automatic', 'manual']) ?? 'automatic',
    created: account.now(),
    currency: basis.currency,
    customer: customerOf(account, fields) ?? null,
    customer_account: null,
    description: null,
    excluded_payment_method_types: (fields.list('excluded_payment_method_types') ??
      null) as PaymentIntent['excluded_payment_method_types'],
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    managed_payments: null,
    metadata: {},
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: {
      card: { installments: null, mandate_options: null, network: null, request_three_d_secure: 'automatic' },
    },
    payment_method_types: allowed ?? ['card'],
    payment_record: null,
    processing: null,
    receipt_email: null,
    review: null,
    setup_future_usage: null,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: 'requires_payment_method',
    transfer_data: null,
    transfer_group: fields.text('transfer_group') ?? null,
  }
  return { ...intent, ...described(intent, fields) }
}
