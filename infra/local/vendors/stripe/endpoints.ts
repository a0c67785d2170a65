/**
 * Every endpoint: the parameters it knows, what it answers, and the work. One line per endpoint, grouped by object.
 *
 * The work is synchronous. It checks all its parameters before it changes anything.
 */
import type { Account } from './account.ts'
import { balance } from './balance.ts'
import { updateCharge } from './charges.ts'
import * as checkout from './checkout-sessions.ts'
import type { Collection, Item } from './collection.ts'
import * as customers from './customers.ts'
import * as disputes from './disputes.ts'
import { listEvents, retrieveEvent } from './events.ts'
import type { Fields } from './fields.ts'
import { type Filter, page, wholeList } from './listing.ts'
import * as allowed from './parameters.ts'
import * as intents from './payment-intents.ts'
import * as methods from './payment-methods.ts'
import { notFound } from './refusal.ts'
import * as refunds from './refunds.ts'
import { approveReview } from './reviews.ts'
import { search } from './searching.ts'
import * as setups from './setup-intents.ts'
import { createTransfer } from './transfers.ts'

export interface Asked {
  readonly id: string
  readonly fields: Fields
  readonly path: string
}

export interface Endpoint {
  readonly allowed: ReadonlySet<string>
  /** The type of the answer, for `expand`. */
  readonly answers: string
  readonly work: (account: Account, asked: Asked) => object
}

type Work = Endpoint['work']
type From<T extends Item> = (account: Account) => Collection<T>

function endpoint(answers: string, known: ReadonlySet<string>, work: Work): Endpoint {
  return { allowed: known, answers, work }
}

function made(answers: string, known: ReadonlySet<string>, work: (account: Account, fields: Fields) => object): Endpoint {
  return endpoint(answers, known, (account, { fields }) => work(account, fields))
}

function acted(
  answers: string,
  known: ReadonlySet<string>,
  work: (account: Account, id: string, fields: Fields) => object,
): Endpoint {
  return endpoint(answers, known, (account, { id, fields }) => work(account, id, fields))
}

function one<T extends Item>(answers: string, pick: From<T>): Endpoint {
  return endpoint(answers, allowed.ONLY_EXPAND, (account, { id }) => {
    const found = pick(account).get(id)
    if (found === undefined) throw notFound(pick(account).kind, id)
    return found
  })
}

function many<T extends Item>(
  answers: string,
  known: ReadonlySet<string>,
  pick: From<T>,
  filter: Filter<T> = {},
): Endpoint {
  return endpoint(`list of ${answers}`, known, (account, { fields, path }) => page(pick(account), fields, path, filter))
}

function found<T extends Item>(answers: string, pick: From<T>): Endpoint {
  return endpoint(`list of ${answers}`, allowed.SEARCH, (account, { fields, path }) =>
    search(account, pick(account), fields, path),
  )
}

function transactions(account: Account, { fields, path }: Asked): object {
  const payout = fields.text('payout')
  const paidOut = payout === undefined ? undefined : new Set(account.payoutContents.get(payout))
  return page(account.transactions, fields, path, {
    equal: ['currency', 'source', 'type'],
    where: ({ id }) => paidOut === undefined || paidOut.has(id),
  })
}

const INTENT = 'payment_intent'
const SETUP = 'setup_intent'
const METHOD = 'payment_method'
const SESSION = 'checkout.session'

export const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  'POST /v1/payment_intents': made(INTENT, allowed.INTENT.create, intents.createPaymentIntent),
  'GET /v1/payment_intents': many(INTENT, allowed.INTENT.list, (account) => account.paymentIntents, { equal: ['customer'] }),
  'GET /v1/payment_intents/search': found(INTENT, (account) => account.paymentIntents),
  'GET /v1/payment_intents/:id': one(INTENT, (account) => account.paymentIntents),
  'POST /v1/payment_intents/:id': acted(INTENT, allowed.INTENT.update, intents.updatePaymentIntent),
  'POST /v1/payment_intents/:id/confirm': acted(INTENT, allowed.INTENT.confirm, intents.confirmPaymentIntent),
  'POST /v1/payment_intents/:id/capture': acted(INTENT, allowed.INTENT.capture, intents.capturePaymentIntent),
  'POST /v1/payment_intents/:id/cancel': acted(INTENT, allowed.INTENT.cancel, intents.cancelPaymentIntent),

  'GET /v1/charges': many('charge', allowed.CHARGE.list, (account) => account.charges, {
    equal: ['payment_intent', 'customer', 'transfer_group'],
  }),
  'GET /v1/charges/search': found('charge', (account) => account.charges),
  'GET /v1/charges/:id': one('charge', (account) => account.charges),
  'POST /v1/charges/:id': acted('charge', allowed.CHARGE.update, updateCharge),
  'GET /v1/charges/:id/refunds': endpoint('list of refund', allowed.PAGED, (account, { id, fields, path }) =>
    page(account.refunds, fields, path, { fixed: { charge: id } }),
  ),

  'POST /v1/refunds': made('refund', allowed.REFUND.create, refunds.createRefund),
  'GET /v1/refunds': many('refund', allowed.REFUND.list, (account) => account.refunds, { equal: ['charge', 'payment_intent'] }),
  'GET /v1/refunds/:id': one('refund', (account) => account.refunds),
  'POST /v1/refunds/:id': acted('refund', allowed.REFUND.update, refunds.updateRefund),
  'POST /v1/refunds/:id/cancel': acted('refund', allowed.ONLY_EXPAND, refunds.cancelRefund),

  'POST /v1/customers': made('customer', allowed.CUSTOMER.create, customers.createCustomer),
  'GET /v1/customers': many('customer', allowed.CUSTOMER.list, (account) => account.customers, {
    equal: ['email'],
    where: (customer) => customer.deleted !== true,
  }),
  'GET /v1/customers/search': found('customer', (account) => account.customers),
  'GET /v1/customers/:id': acted('customer', allowed.ONLY_EXPAND, customers.retrieveCustomer),
  'POST /v1/customers/:id': acted('customer', allowed.CUSTOMER.update, customers.updateCustomer),
  'DELETE /v1/customers/:id': acted('customer', allowed.ONLY_EXPAND, customers.deleteCustomer),
  'GET /v1/customers/:id/payment_methods': endpoint(`list of ${METHOD}`, allowed.CUSTOMER.methods, (account, asked) => {
    customers.present(account, asked.id)
    return page(account.paymentMethods, asked.fields, asked.path, { equal: ['type'], fixed: { customer: asked.id } })
  }),

  'POST /v1/payment_methods': made(METHOD, allowed.METHOD.create, methods.createPaymentMethod),
  'GET /v1/payment_methods': many(METHOD, allowed.METHOD.list, (account) => account.paymentMethods, {
    equal: ['customer', 'type'],
    where: (method) => method.customer !== null,
  }),
  'GET /v1/payment_methods/:id': acted(METHOD, allowed.ONLY_EXPAND, methods.retrievePaymentMethod),
  'POST /v1/payment_methods/:id': acted(METHOD, allowed.METHOD.update, methods.updatePaymentMethod),
  'POST /v1/payment_methods/:id/attach': acted(METHOD, allowed.METHOD.attach, methods.attachByRequest),
  'POST /v1/payment_methods/:id/detach': acted(METHOD, allowed.ONLY_EXPAND, methods.detach),

  'POST /v1/setup_intents': made(SETUP, allowed.SETUP.create, setups.createSetupIntent),
  'GET /v1/setup_intents': many(SETUP, allowed.SETUP.list, (account) => account.setupIntents, {
    equal: ['customer', 'payment_method'],
  }),
  'GET /v1/setup_intents/:id': one(SETUP, (account) => account.setupIntents),
  'POST /v1/setup_intents/:id': acted(SETUP, allowed.SETUP.update, setups.updateSetupIntent),
  'POST /v1/setup_intents/:id/confirm': acted(SETUP, allowed.SETUP.confirm, setups.confirmSetupIntent),
  'POST /v1/setup_intents/:id/cancel': acted(SETUP, allowed.INTENT.cancel, setups.cancelSetupIntent),

  'POST /v1/checkout/sessions': made(SESSION, allowed.SESSION.create, checkout.createSession),
  'GET /v1/checkout/sessions': many(SESSION, allowed.SESSION.list, (account) => account.sessions, {
    equal: ['customer', 'payment_intent', 'status'],
  }),
  'GET /v1/checkout/sessions/:id': one(SESSION, (account) => account.sessions),
  'POST /v1/checkout/sessions/:id': acted(SESSION, allowed.SESSION.update, checkout.updateSession),
  'POST /v1/checkout/sessions/:id/expire': acted(SESSION, allowed.ONLY_EXPAND, checkout.expireByRequest),
  'GET /v1/checkout/sessions/:id/line_items': endpoint('list of item', allowed.PAGED, (account, { id, fields, path }) =>
    wholeList(checkout.sessionItems(account, id), path, fields),
  ),

  'GET /v1/events': endpoint('list of event', allowed.EVENT_LIST, (account, { fields, path }) =>
    listEvents(account, fields, path),
  ),
  'GET /v1/events/:id': acted('event', allowed.ONLY_EXPAND, retrieveEvent),

  'GET /v1/balance': made('balance', allowed.ONLY_EXPAND, balance),
  'GET /v1/balance_transactions': endpoint('list of balance_transaction', allowed.TRANSACTION_LIST, transactions),
  'GET /v1/balance_transactions/:id': one('balance_transaction', (account) => account.transactions),

  'GET /v1/disputes': many('dispute', allowed.DISPUTE.list, (account) => account.disputes, {
    equal: ['charge', 'payment_intent'],
  }),
  'GET /v1/disputes/:id': one('dispute', (account) => account.disputes),
  'POST /v1/disputes/:id': acted('dispute', allowed.DISPUTE.update, disputes.updateDispute),
  'POST /v1/disputes/:id/close': acted('dispute', allowed.ONLY_EXPAND, disputes.concede),

  'GET /v1/payouts': many('payout', allowed.PAYOUT_LIST, (account) => account.payouts, { equal: ['status'] }),
  'GET /v1/payouts/:id': one('payout', (account) => account.payouts),
  'POST /v1/transfers': made('transfer', allowed.TRANSFER.create, createTransfer),
  'GET /v1/transfers': many('transfer', allowed.TRANSFER.list, (account) => account.transfers, { equal: ['destination', 'transfer_group'] }),
  'GET /v1/transfers/:id': one('transfer', (account) => account.transfers),
  'GET /v1/reviews': many('review', allowed.REVIEW_LIST, (account) => account.reviews, { where: (review) => review.open }),
  'GET /v1/reviews/:id': one('review', (account) => account.reviews),
  'POST /v1/reviews/:id/approve': acted('review', allowed.ONLY_EXPAND, approveReview),
}
