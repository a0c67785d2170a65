/** SetupIntents: a card is kept for later and its holder agrees to it, without any money moving. */
import type { Account } from './account.ts'
import { authenticationFailure, mustAuthenticate, nextAction } from './confirming.ts'
import { declineBody, declineError } from './declines.ts'
import type { Fields } from './fields.ts'
import type { PaymentMethod, SetupIntent } from './kept.ts'
import { customerOf } from './payment-intents.ts'
import { attach, fromData, usable } from './payment-methods.ts'
import { invalid, missing, noSuch, notFound, type ErrorBody, unexpectedState } from './refusal.ts'
import { followSetup } from './session-outcome.ts'
import { behaviour } from './test-cards.ts'

const OPEN: readonly string[] = ['requires_payment_method', 'requires_confirmation', 'requires_action']

export function createSetupIntent(account: Account, fields: Fields): SetupIntent {
  const customer = customerOf(account, fields) ?? null
  const confirms = fields.flag('confirm') === true
  const returnUrl = fields.text('return_url') ?? null
  const blank = newSetupIntent(account, fields, customer)
  if (confirms) needReturnUrl(blank, returnUrl)
  const method = chosenMethod(account, fields, customer)
  if (confirms && method === null) throw missing('payment_method')
  const setup = account.setupIntents.add({
    ...blank,
    payment_method: method,
    status: method === null ? 'requires_payment_method' : 'requires_confirmation',
  })
  account.eventLog.happened('setup_intent.created', setup)
  return confirms ? confirmSetup(account, setup, returnUrl) : setup
}

export function updateSetupIntent(account: Account, id: string, fields: Fields): SetupIntent {
  const setup = knownSetup(account, id)
  const customer = customerOf(account, fields)
  const metadata = fields.metadata(setup.metadata ?? {})
  const patch: Partial<SetupIntent> = {
    ...(customer === undefined ? {} : { customer }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(fields.has('description') ? { description: fields.clearable('description') ?? null } : {}),
  }
  const method = chosenMethod(account, fields, customer ?? setup.customer)
  if (method !== null && !OPEN.includes(setup.status)) throw wrongState(setup, 'updated')
  if (method !== null) Object.assign(patch, { payment_method: method, status: 'requires_confirmation' })
  return account.setupIntents.change(id, patch)
}

export function confirmSetupIntent(account: Account, id: string, fields: Fields): SetupIntent {
  const setup = knownSetup(account, id)
  const returnUrl = fields.text('return_url') ?? null
  if (!OPEN.includes(setup.status)) throw wrongState(setup, 'confirmed')
  needReturnUrl(setup, returnUrl)
  const method = chosenMethod(account, fields, setup.customer) ?? setup.payment_method
  if (method === null) throw wrongState(setup, "confirmed, for it's missing a payment method, and")
  return confirmSetup(account, account.setupIntents.change(id, { payment_method: method }), returnUrl)
}

export function cancelSetupIntent(account: Account, id: string, fields: Fields): SetupIntent {
  const reason = fields.choice('cancellation_reason', ['abandoned', 'duplicate', 'requested_by_customer']) ?? null
  const setup = knownSetup(account, id)
  if (!OPEN.includes(setup.status)) throw wrongState(setup, 'canceled')
  const after = account.setupIntents.change(id, { cancellation_reason: reason, next_action: null, status: 'canceled' })
  account.eventLog.happened('setup_intent.canceled', after)
  return after
}

export function authenticateSetup(account: Account, setup: SetupIntent, succeeds: boolean): SetupIntent {
  const method = account.paymentMethods.get(setup.payment_method ?? '')
  if (method === undefined) throw notFound('PaymentMethod', setup.payment_method ?? '')
  if (succeeds) return finish(account, setup, method)
  return fail(account, setup, { ...authenticationFailure('setup_intent_authentication_failure'), payment_method: method })
}

export function confirmSetup(account: Account, setup: SetupIntent, returnUrl: string | null): SetupIntent {
  const method = account.paymentMethods.get(setup.payment_method ?? '')
  if (method === undefined) throw noSuch('PaymentMethod', setup.payment_method ?? '', 'payment_method')
  if (!mustAuthenticate(account, method, { offSession: false })) return finish(account, setup, method)
  const after = account.setupIntents.change(setup.id, {
    next_action: nextAction('3d_secure_2', account.ids.tail(24), returnUrl) as SetupIntent['next_action'],
    status: 'requires_action',
  })
  account.eventLog.happened('setup_intent.requires_action', after)
  return after
}

export function knownSetup(account: Account, id: string): SetupIntent {
  const setup = account.setupIntents.get(id)
  if (setup === undefined) throw notFound('setupintent', id)
  return setup
}

export function newSetupIntent(account: Account, fields: Fields, customer: string | null): SetupIntent {
  const id = account.ids.next('seti')
  const allowed = fields.list('allowed_payment_method_types') ?? null
  const automatic = fields.group('automatic_payment_methods')
  const enabled = automatic?.flag('enabled') ?? allowed === null
  return {
    id,
    object: 'setup_intent',
    allowed_payment_method_types: allowed as SetupIntent['allowed_payment_method_types'],
    application: null,
    automatic_payment_methods: enabled
      ? { allow_redirects: automatic?.choice('allow_redirects', ['always', 'never']) ?? 'always', enabled }
      : null,
    cancellation_reason: null,
    client_secret: `${id}_secret_${account.ids.tail(25)}`,
    created: account.now(),
    customer,
    customer_account: null,
    description: fields.text('description') ?? null,
    excluded_payment_method_types: null,
    flow_directions: null,
    last_setup_error: null,
    latest_attempt: null,
    livemode: false,
    mandate: null,
    metadata: fields.metadata() ?? {},
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: { card: { mandate_options: null, network: null, request_three_d_secure: 'automatic' } },
    payment_method_types: allowed ?? ['card'],
    single_use_mandate: null,
    status: 'requires_payment_method',
    usage: fields.choice('usage', ['off_session', 'on_session']) ?? 'off_session',
  }
}

function finish(account: Account, setup: SetupIntent, method: PaymentMethod): SetupIntent {
  const { decline, attaches } = behaviour(method.card?.last4)
  if (decline !== undefined && attaches !== true) {
    const after = fail(account, setup, declineBody(decline, { payment_method: method }))
    throw declineError(decline, { payment_method: method, setup_intent: after })
  }
  const after = account.setupIntents.change(setup.id, {
    last_setup_error: null,
    latest_attempt: account.ids.next('setatt'),
    next_action: null,
    status: 'succeeded',
  })
  if (setup.usage === 'off_session') account.setUp.set(method.id, true)
  if (setup.customer !== null) attach(account, method, setup.customer)
  account.eventLog.happened('setup_intent.succeeded', after)
  followSetup(account, after)
  return after
}

function fail(account: Account, setup: SetupIntent, error: ErrorBody): SetupIntent {
  const after = account.setupIntents.change(setup.id, {
    last_setup_error: error as unknown as SetupIntent['last_setup_error'],
    latest_attempt: account.ids.next('setatt'),
    next_action: null,
    payment_method: null,
    status: 'requires_payment_method',
  })
  account.eventLog.happened('setup_intent.setup_failed', after)
  return after
}

function chosenMethod(account: Account, fields: Fields, customer: string | null): string | null {
  const id = fields.text('payment_method')
  if (id !== undefined) return usable(account, id, customer).id
  const data = fields.group('payment_method_data')
  return data === undefined ? null : fromData(account, data).id
}

function needReturnUrl(setup: SetupIntent, returnUrl: string | null): void {
  const automatic = setup.automatic_payment_methods
  if (returnUrl !== null || automatic === null || automatic.allow_redirects === 'never') return
  const message =
    'A `return_url` must be specified because this Setup Intent is configured to automatically accept the payment methods ' +
    'enabled in the Dashboard, some of which may require a full page redirect to succeed. If you do not want to accept ' +
    'redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and ' +
    '`automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents.'
  throw invalid(message, { param: 'return_url' })
}

function wrongState(setup: SetupIntent, verb: string): Error {
  const message = `This SetupIntent cannot be ${verb} because it has a status of ${setup.status}.`
  return unexpectedState(message, { code: 'setup_intent_unexpected_state', setup_intent: setup })
}
