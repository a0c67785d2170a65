/**
 * Checkout Sessions: a page of the vendor's where the customer pays, open until paid or expired.
 *
 * The payment is made when the customer submits the page, not before; `payment_intent` is null until then.
 */
import type Stripe from 'stripe'
import type { Account } from './account.ts'
import { release } from './confirming.ts'
import { emailOf } from './customers.ts'
import type { Fields } from './fields.ts'
import type { PaymentIntent, Session, SessionOrder } from './kept.ts'
import { lineItems } from './line-items.ts'
import { chargeable } from './money.ts'
import { customerOf } from './payment-intents.ts'
import { invalid, missing, notFound, unexpectedState } from './refusal.ts'

const OPEN_S_MIN = 30 * 60
const OPEN_S_MAX = 24 * 3_600
const INTENT_DATA: ReadonlySet<string> = new Set([
  'application_fee_amount',
  'capture_method',
  'description',
  'metadata',
  'on_behalf_of',
  'receipt_email',
  'setup_future_usage',
  'shipping',
  'statement_descriptor',
  'statement_descriptor_suffix',
  'transfer_data',
  'transfer_group',
])

export function createSession(account: Account, fields: Fields): Session {
  const mode = fields.choice('mode', ['payment', 'setup', 'subscription'])
  if (mode === undefined) throw missing('mode')
  if (mode === 'subscription') throw invalid('Sessions in `subscription` mode are not known here.', { param: 'mode' })
  const page = pageOf(fields)
  const items = lineItems(account, fields)
  if (mode === 'payment' && items.length === 0) throw missing('line_items')
  const currency = items[0]?.currency ?? fields.text('currency') ?? null
  const total = items.reduce((sum, item) => sum + item.amount_total, 0)
  if (mode === 'payment' && currency !== null) chargeable(total, currency, 'line_items')
  const expiresAt = expiryOf(account, fields)
  const customer = customerOf(account, fields) ?? null
  if (customer !== null && fields.has('customer_email')) {
    throw invalid('You may only specify one of these parameters: customer, customer_email.', { param: 'customer_email' })
  }
  const email = emailOf(fields, 'customer_email')
  const creation = fields.choice('customer_creation', ['always', 'if_required'])
  const order: SessionOrder = { items, intent: intentOrder(fields), setup: setupOrder(fields) }
  const id = account.ids.next('cs_test')
  const session = account.sessions.add({
    ...blankSession(id, account.now()),
    ...page,
    amount_subtotal: mode === 'payment' ? total : null,
    amount_total: mode === 'payment' ? total : null,
    client_reference_id: fields.text('client_reference_id') ?? null,
    client_secret: page.ui_mode === 'hosted_page' ? null : `${id}_secret_${account.ids.tail(25)}`,
    currency,
    customer,
    customer_creation: mode === 'payment' && customer === null ? (creation ?? 'if_required') : null,
    customer_email: email,
    expires_at: expiresAt,
    metadata: fields.metadata() ?? {},
    mode,
    payment_status: mode === 'setup' ? 'no_payment_required' : 'unpaid',
    total_details: mode === 'payment' ? { amount_discount: 0, amount_shipping: 0, amount_tax: 0 } : null,
    url: page.ui_mode === 'hosted_page' ? `${account.pagesUrl()}/pay/${id}` : null,
  })
  account.sessionOrders.set(id, order)
  account.agenda.at(expiresAt * 1000, 'session_expires', id)
  return session
}

export function updateSession(account: Account, id: string, fields: Fields): Session {
  const session = knownSession(account, id)
  const metadata = fields.metadata(session.metadata ?? {}) ?? session.metadata
  return account.sessions.change(id, { metadata })
}

export function expireByRequest(account: Account, id: string): Session {
  const session = knownSession(account, id)
  if (session.status !== 'open') {
    const only = 'Only Checkout Sessions with a status in ["open"] can be expired.'
    throw unexpectedState(`${only} This Checkout Session has a status of ${session.status}.`)
  }
  return expireSession(account, session)
}

/** Time is up. */
export function expireByTime(account: Account, id: string): void {
  const session = account.sessions.get(id)
  if (session?.status === 'open') expireSession(account, session)
}

/** Ends an open session unpaid; what it began to pay with is cancelled, so that no money can come late. */
function expireSession(account: Account, session: Session): Session {
  account.agenda.cancel('session_expires', session.id)
  const intent = session.payment_intent === null ? undefined : account.paymentIntents.get(session.payment_intent)
  if (intent !== undefined && intent.status !== 'canceled') release(account, intent, 'automatic')
  const after = account.sessions.change(session.id, { status: 'expired', url: null })
  account.eventLog.happened('checkout.session.expired', after)
  return after
}

export function sessionItems(account: Account, id: string): readonly Stripe.LineItem[] {
  knownSession(account, id)
  return account.sessionOrders.get(id)?.items ?? []
}

export function knownSession(account: Account, id: string): Session {
  const session = account.sessions.get(id)
  if (session === undefined) throw notFound('checkout.session', id)
  return session
}

function pageOf(fields: Fields): Pick<Session, 'ui_mode' | 'success_url' | 'cancel_url'> & Partial<Session> {
  const mode = fields.choice('ui_mode', ['hosted_page', 'embedded_page', 'form', 'elements']) ?? 'hosted_page'
  const success = fields.text('success_url') ?? null
  const back = fields.text('return_url')
  if (mode === 'hosted_page' && success === null) throw missing('success_url')
  if (mode !== 'hosted_page' && success !== null) {
    throw invalid(`\`success_url\` cannot be used when \`ui_mode\` is \`${mode}\`.`, { param: 'success_url' })
  }
  if (mode === 'hosted_page' && back !== undefined) {
    throw invalid('`return_url` can only be used when `ui_mode` is not `hosted_page`.', { param: 'return_url' })
  }
  return {
    ui_mode: mode,
    success_url: success,
    cancel_url: fields.text('cancel_url') ?? null,
    ...(back === undefined ? {} : { return_url: back }),
  }
}

function expiryOf(account: Account, fields: Fields): number {
  const now = account.now()
  const wanted = fields.integer('expires_at')
  if (wanted === undefined) return now + OPEN_S_MAX
  if (wanted >= now + OPEN_S_MIN && wanted <= now + OPEN_S_MAX) return wanted
  const word = wanted < now + OPEN_S_MIN ? 'at least 30 minutes' : 'less than 24 hours'
  throw invalid(`The \`expires_at\` timestamp must be ${word} from Checkout Session creation.`, { param: 'expires_at' })
}

function intentOrder(fields: Fields): Partial<PaymentIntent> {
  const data = fields.group('payment_intent_data')
  data?.only(INTENT_DATA)
  return {
    capture_method: data?.choice('capture_method', ['automatic', 'automatic_async', 'manual']) ?? 'automatic_async',
    description: data?.text('description') ?? null,
    metadata: data?.metadata() ?? {},
    receipt_email: data === undefined ? null : emailOf(data, 'receipt_email'),
    setup_future_usage: data?.choice('setup_future_usage', ['off_session', 'on_session']) ?? null,
    statement_descriptor: data?.text('statement_descriptor') ?? null,
    statement_descriptor_suffix: data?.text('statement_descriptor_suffix') ?? null,
    transfer_group: data?.text('transfer_group') ?? null,
  }
}

function setupOrder(fields: Fields): SessionOrder['setup'] {
  const data = fields.group('setup_intent_data')
  return { description: data?.text('description') ?? null, metadata: data?.metadata() ?? {} }
}

function blankSession(id: string, now: number): Session {
  return {
    id,
    object: 'checkout.session',
    adaptive_pricing: null,
    after_expiration: null,
    allow_promotion_codes: null,
    allowed_payment_method_types: null,
    amount_subtotal: null,
    amount_total: null,
    automatic_tax: { enabled: false, liability: null, provider: null, status: null },
    billing_address_collection: null,
    cancel_url: null,
    client_reference_id: null,
    client_secret: null,
    collected_information: null,
    consent: null,
    consent_collection: null,
    created: now,
    currency: null,
    currency_conversion: null,
    custom_fields: [],
    custom_text: { after_submit: null, shipping_address: null, submit: null, terms_of_service_acceptance: null },
    customer: null,
    customer_account: null,
    customer_creation: null,
    customer_details: null,
    customer_email: null,
    discounts: [],
    expires_at: now,
    integration_identifier: null,
    invoice: null,
    invoice_creation: null,
    livemode: false,
    locale: null,
    managed_payments: null,
    metadata: {},
    mode: 'payment',
    origin_context: null,
    payment_intent: null,
    payment_link: null,
    payment_method_collection: 'if_required',
    payment_method_configuration_details: null,
    payment_method_options: {},
    payment_method_types: ['card'],
    payment_status: 'unpaid',
    permissions: null,
    recovered_from: null,
    saved_payment_method_options: null,
    setup_intent: null,
    shipping_address_collection: null,
    shipping_cost: null,
    shipping_options: [],
    status: 'open',
    submit_type: null,
    subscription: null,
    success_url: null,
    total_details: null,
    ui_mode: 'hosted_page',
    url: null,
    wallet_options: null,
  }
}
