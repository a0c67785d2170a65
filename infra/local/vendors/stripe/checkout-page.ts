/**
 * The customer at the hosted page: gives a card and presses pay, perhaps several times.
 *
 * All attempts of one session go through one intent, so a session can be paid only once. A bank transfer completes the
 * session at once and pays it when it arrives; the charge that it then makes looks like a card's, for nobody here looks at more.
 */
import type { Account } from './account.ts'
import { knownSession } from './checkout-sessions.ts'
import { confirm, receive } from './confirming.ts'
import { createCustomer } from './customers.ts'
import { Fields } from './fields.ts'
import type { PaymentIntent, Session, SetupIntent } from './kept.ts'
import { intentForSession } from './payment-intents.ts'
import { usable } from './payment-methods.ts'
import { unexpectedState } from './refusal.ts'
import { followIntent } from './session-outcome.ts'
import { confirmSetup, newSetupIntent } from './setup-intents.ts'

/** The one way to pay whose money comes later. */
export const BANK_TRANSFER = 'pm_usBankAccount'

export interface Payer {
  readonly paymentMethod: string
  readonly email: string
  readonly name: string | null
}

export function payPage(account: Account, id: string, payer: Payer): Session {
  const open = knownSession(account, id)
  if (open.status !== 'open') throw unexpectedState(`This Checkout Session has a status of ${open.status}.`)
  const session = introduce(account, open, payer)
  if (payer.paymentMethod === BANK_TRANSFER) return payLater(account, session)
  const method = usable(account, payer.paymentMethod, session.customer)
  const wants = { offSession: false, errorOnRequiresAction: false, returnUrl: session.success_url }
  if (session.mode === 'setup') {
    const setup = setupOf(account, session)
    confirmSetup(account, account.setupIntents.change(setup.id, { payment_method: method.id }), wants.returnUrl)
  } else {
    const intent = intentOf(account, session)
    confirm(account, account.paymentIntents.change(intent.id, { payment_method: method.id }), wants)
  }
  return knownSession(account, id)
}

function payLater(account: Account, session: Session): Session {
  const method = usable(account, 'pm_card_visa', session.customer).id
  const { id } = intentOf(account, session)
  const intent = account.paymentIntents.change(id, {
    last_payment_error: null,
    next_action: null,
    payment_method: method,
    status: 'processing',
  })
  account.eventLog.happened('payment_intent.processing', intent)
  followIntent(account, intent)
  return knownSession(account, session.id)
}

/** The bank transfer of a completed session has arrived, or it never will. */
export function arrive(account: Account, id: string, succeeds: boolean): Session {
  const { payment_intent } = knownSession(account, id)
  const intent = payment_intent === null ? undefined : account.paymentIntents.get(payment_intent)
  if (intent?.status !== 'processing') throw unexpectedState('No bank transfer is under way for this Checkout Session.')
  receive(account, intent, succeeds)
  const session = knownSession(account, id)
  account.eventLog.happened(`checkout.session.async_payment_${succeeds ? 'succeeded' : 'failed'}`, session)
  return session
}

function introduce(account: Account, session: Session, payer: Payer): Session {
  const asked = session.mode === 'setup' || session.customer_creation === 'always'
  const email = session.customer_email ?? account.customers.get(session.customer ?? '')?.email ?? payer.email
  const customer =
    session.customer === null && asked
      ? createCustomer(account, new Fields({ email, ...(payer.name === null ? {} : { name: payer.name }) })).id
      : session.customer
  return account.sessions.change(session.id, {
    customer,
    customer_details: {
      address: null,
      business_name: null,
      email,
      individual_name: null,
      name: payer.name,
      phone: null,
      tax_exempt: 'none',
      tax_ids: [],
    },
  })
}

function intentOf(account: Account, session: Session): PaymentIntent {
  const known = session.payment_intent === null ? undefined : account.paymentIntents.get(session.payment_intent)
  if (known !== undefined) return known
  const basis = { amount: session.amount_total ?? 0, currency: session.currency ?? 'usd', fields: new Fields({}) }
  const intent = intentForSession(account, basis, {
    ...account.sessionOrders.get(session.id)?.intent,
    automatic_payment_methods: null,
    customer: session.customer,
  })
  account.sessions.change(session.id, { payment_intent: intent.id })
  return intent
}

function setupOf(account: Account, session: Session): SetupIntent {
  const known = session.setup_intent === null ? undefined : account.setupIntents.get(session.setup_intent)
  if (known !== undefined) return known
  const blank = newSetupIntent(account, new Fields({}), session.customer)
  const setup = account.setupIntents.add({ ...blank, ...account.sessionOrders.get(session.id)?.setup })
  account.eventLog.happened('setup_intent.created', setup)
  account.sessions.change(session.id, { setup_intent: setup.id })
  return setup
}
