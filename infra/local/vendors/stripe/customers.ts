/** Customers: who pays, and the cards they keep. A deleted one stays known as deleted, and gives its cards up. */
import type { Account } from './account.ts'
import { addressOf, shippingOf } from './addresses.ts'
import { previous } from './event-log.ts'
import type { Fields } from './fields.ts'
import type { Customer } from './kept.ts'
import { attach, detach, isCustomer, usable } from './payment-methods.ts'
import { invalid, noSuch, notFound } from './refusal.ts'

export function createCustomer(account: Account, fields: Fields): Customer {
  const id = account.ids.next('cus')
  const blank: Customer = {
    id,
    object: 'customer',
    address: null,
    balance: 0,
    created: account.now(),
    currency: null,
    customer_account: null,
    default_source: null,
    delinquent: false,
    description: null,
    discount: null,
    email: null,
    invoice_prefix: account.ids.tail(8).toUpperCase(),
    invoice_settings: { custom_fields: null, default_payment_method: null, footer: null, rendering_options: null },
    livemode: false,
    metadata: {},
    name: null,
    next_invoice_sequence: 1,
    phone: null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
    test_clock: null,
  }
  const told = said(account, blank, fields)
  const wanted = fields.text('payment_method')
  const method = wanted === undefined ? undefined : usable(account, wanted, null)
  const customer = account.customers.add({ ...blank, ...told })
  account.eventLog.happened('customer.created', customer)
  if (method !== undefined) attach(account, method, id)
  return customer
}

export function retrieveCustomer(account: Account, id: string): Customer | object {
  const customer = account.customers.get(id)
  if (customer === undefined) throw notFound('customer', id)
  return customer.deleted === true ? { id, object: 'customer', deleted: true } : customer
}

export function updateCustomer(account: Account, id: string, fields: Fields): Customer {
  const customer = present(account, id)
  const patch = said(account, customer, fields)
  const after = account.customers.change(id, patch)
  account.eventLog.happened('customer.updated', after, previous(customer, patch))
  return after
}

export function deleteCustomer(account: Account, id: string): object {
  const customer = present(account, id)
  for (const method of account.paymentMethods.by('customer', id)) detach(account, method.id)
  account.customers.change(id, { deleted: true })
  account.eventLog.happened('customer.deleted', customer)
  return { id, object: 'customer', deleted: true }
}

export function present(account: Account, id: string): Customer {
  const customer = account.customers.get(id)
  if (customer === undefined || !isCustomer(account, id)) throw notFound('customer', id)
  return customer
}

export function emailOf(fields: Fields, name = 'email'): string | null {
  const email = fields.clearable(name) ?? null
  if (email === null || /^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(email)) return email
  throw invalid(`Invalid email address: ${email}`, { code: 'email_invalid', param: fields.param(name) })
}

function said(account: Account, customer: Customer, fields: Fields): Partial<Customer> {
  const address = fields.group('address')
  const shipping = fields.group('shipping')
  const settings = fields.group('invoice_settings')
  const standard = settings?.clearable('default_payment_method')
  if (typeof standard === 'string' && account.paymentMethods.get(standard)?.customer !== customer.id) {
    throw noSuch('PaymentMethod', standard, 'invoice_settings[default_payment_method]')
  }
  return {
    ...(fields.has('address') ? { address: address === undefined ? null : addressOf(address) } : {}),
    ...(fields.has('description') ? { description: fields.clearable('description') ?? null } : {}),
    ...(fields.has('email') ? { email: emailOf(fields) } : {}),
    ...(fields.has('metadata') ? { metadata: fields.metadata(customer.metadata) ?? {} } : {}),
    ...(fields.has('name') ? { name: fields.clearable('name') ?? null } : {}),
    ...(fields.has('phone') ? { phone: fields.clearable('phone') ?? null } : {}),
    ...(fields.has('shipping') ? { shipping: shipping === undefined ? null : shippingOf(shipping) } : {}),
    ...(standard === undefined
      ? {}
      : { invoice_settings: { ...customer.invoice_settings, default_payment_method: standard } }),
  }
}
