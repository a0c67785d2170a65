/**
 * Payment methods: cards, made from the vendor's test names or numbers, kept by customers.
 *
 * A test name (`pm_card_visa`) becomes a payment method of its own with every use. One that was used or detached
 * without a customer may not be used again, as at the vendor.
 */
import { createHash } from 'node:crypto'
import type { Account } from './account.ts'
import { addressOf } from './addresses.ts'
import { previous } from './event-log.ts'
import type { Fields } from './fields.ts'
import type { PaymentMethod } from './kept.ts'
import { invalid, missing, noSuch, notFound } from './refusal.ts'
import { declineError } from './declines.ts'
import { behaviour, cardNamed, cardNumbered, type TestCard } from './test-cards.ts'

export function createPaymentMethod(account: Account, fields: Fields): PaymentMethod {
  if (fields.needText('type') !== 'card') throw invalid('Only payment methods of type `card` are known here.', { param: 'type' })
  return fromData(account, fields, { metadata: fields.metadata() ?? {} })
}

/** From `payment_method_data` or the fields of a payment method. */
export function fromData(account: Account, data: Fields, extra: Partial<PaymentMethod> = {}): PaymentMethod {
  const card = data.group('card')
  if (card === undefined) throw missing(data.param('card'))
  const token = card.text('token')
  const number = card.text('number')
  if (token === undefined && number === undefined) throw missing(card.param('number'))
  const test = token === undefined ? cardNumbered(number ?? '') : cardNamed(token)
  if (test === undefined && token !== undefined) throw noSuch('token', token, card.param('token'))
  if (test === undefined) {
    throw invalid('Your card number is incorrect.', { code: 'incorrect_number', param: card.param('number') })
  }
  const billing = data.group('billing_details')
  return add(account, test, {
    billing_details: {
      address: addressOf(billing?.group('address')),
      email: billing?.clearable('email') ?? null,
      name: billing?.clearable('name') ?? null,
      phone: billing?.clearable('phone') ?? null,
      tax_id: null,
    },
    ...extra,
  })
}

/** The payment method a parameter names, made on the spot when it is a test name. */
export function usable(account: Account, id: string, customer: string | null, param = 'payment_method'): PaymentMethod {
  const known = account.paymentMethods.get(id)
  if (known === undefined) return fromName(account, id, param)
  if (known.customer !== null && known.customer !== customer) {
    const hint = customer === null ? 'Include the Customer in the `customer` parameter.' : 'It belongs to another Customer.'
    throw invalid(`The PaymentMethod ${id} is attached to a Customer. ${hint}`, { param })
  }
  if (known.customer === null && isSpent(account, id)) {
    const message =
      'The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, or was detached from ' +
      'a Customer. It may not be used again. To use a PaymentMethod multiple times, you must attach it to a Customer first.'
    throw invalid(message, { param })
  }
  return known
}

export function fromName(account: Account, id: string, param: string): PaymentMethod {
  const test = cardNamed(id)
  if (test === undefined) throw noSuch('PaymentMethod', id, param)
  return add(account, test)
}

export function retrievePaymentMethod(account: Account, id: string): PaymentMethod {
  const test = cardNamed(id)
  const method = account.paymentMethods.get(id) ?? (test === undefined ? undefined : made(account, test))
  if (method === undefined) throw notFound('PaymentMethod', id)
  return method
}

export function updatePaymentMethod(account: Account, id: string, fields: Fields): PaymentMethod {
  const method = account.paymentMethods.get(id)
  if (method === undefined) throw notFound('PaymentMethod', id)
  const billing = fields.group('billing_details')
  const patch: Partial<PaymentMethod> = {
    metadata: fields.metadata(method.metadata ?? {}) ?? method.metadata,
    billing_details: {
      ...method.billing_details,
      ...(billing?.has('address') ? { address: addressOf(billing.group('address')) } : {}),
      ...(billing?.has('email') ? { email: billing.clearable('email') ?? null } : {}),
      ...(billing?.has('name') ? { name: billing.clearable('name') ?? null } : {}),
      ...(billing?.has('phone') ? { phone: billing.clearable('phone') ?? null } : {}),
    },
  }
  const after = account.paymentMethods.change(id, patch)
  account.eventLog.happened('payment_method.updated', after, previous(method, patch))
  return after
}

export function attachByRequest(account: Account, id: string, fields: Fields): PaymentMethod {
  const customer = fields.needText('customer')
  if (!isCustomer(account, customer)) throw noSuch('customer', customer, 'customer')
  const known = account.paymentMethods.get(id)
  if (known === undefined && cardNamed(id) === undefined) throw notFound('PaymentMethod', id)
  if (known?.customer === customer) return known
  const method = known === undefined ? fromName(account, id, 'id') : usable(account, id, null, 'id')
  const card = behaviour(method.card?.last4)
  if (card.decline !== undefined && card.attaches !== true) throw declineError(card.decline, { payment_method: method })
  return attach(account, method, customer)
}

export function attach(account: Account, method: PaymentMethod, customer: string): PaymentMethod {
  if (method.customer === customer) return method
  const after = account.paymentMethods.change(method.id, { customer })
  account.eventLog.happened('payment_method.attached', after)
  return after
}

export function detach(account: Account, id: string): PaymentMethod {
  const method = account.paymentMethods.get(id)
  if (method === undefined) throw notFound('PaymentMethod', id)
  if (method.customer === null) {
    throw invalid('The payment method you provided is not attached to a customer so detachment is impossible.', { param: 'id' })
  }
  const after = account.paymentMethods.change(id, { customer: null })
  account.detached.set(id, true)
  account.eventLog.happened('payment_method.detached', after, { customer: method.customer })
  return after
}

/** A customer who is there and was not deleted. */
export function isCustomer(account: Account, id: string): boolean {
  const customer = account.customers.get(id)
  return customer !== undefined && customer.deleted !== true
}

function isSpent(account: Account, id: string): boolean {
  return account.detached.has(id) || account.charges.by('payment_method', id).some((charge) => charge.paid)
}

function add(account: Account, test: TestCard, extra: Partial<PaymentMethod> = {}): PaymentMethod {
  return account.paymentMethods.add({ ...made(account, test), ...extra })
}

/** The same for the same card; it tells nothing of the number. */
function fingerprintOf(number: string): string {
  return createHash('sha256').update(number).digest('base64url').replaceAll(/[-_]/g, '').slice(0, 16)
}

function made(account: Account, test: TestCard): PaymentMethod {
  return {
    id: account.ids.next('pm'),
    object: 'payment_method',
    allow_redisplay: 'unspecified',
    billing_details: { address: addressOf(undefined), email: null, name: null, phone: null, tax_id: null },
    card: {
      brand: test.brand,
      checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
      country: 'US',
      display_brand: test.brand === 'amex' ? 'american_express' : test.brand,
      exp_month: 12,
      exp_year: new Date(account.timeline.now()).getUTCFullYear() + 3,
      fingerprint: fingerprintOf(test.number),
      funding: 'credit',
      generated_from: null,
      last4: test.number.slice(-4),
      networks: { available: [test.brand], preferred: null },
      regulated_status: 'unregulated',
      three_d_secure_usage: { supported: true },
      wallet: null,
    },
    created: account.now(),
    customer: null,
    customer_account: null,
    livemode: false,
    metadata: {},
    type: 'card',
  }
}
