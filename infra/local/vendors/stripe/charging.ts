/**
 * Charges: what a card was asked for, whether it agreed, and the moment its money reaches the balance.
 *
 * A charge has exactly one balance transaction, and none before it is captured. With `automatic_async`, the usual way
 * of capture, that comes a second later with `charge.updated`: nobody may read the fee from the answer to a payment.
 */
import type { Account } from './account.ts'
import { chargeFee, move } from './balance.ts'
import type { Charge, PaymentIntent, PaymentMethod, Review } from './kept.ts'
import { behaviour, type Decline, type TestCard } from './test-cards.ts'

const SETTLES_AFTER_MS = 1_000
const DISPUTE_AFTER_MS = 3_000
const BLOCKED = 'Stripe blocked this payment as too risky.'
const DECLINED = 'The bank did not return any further details with this decline.'
const ELEVATED = 'Stripe evaluated this payment as having elevated risk, and placed it in your manual review queue.'

export function failedCharge(account: Account, intent: PaymentIntent, method: PaymentMethod, decline: Decline): Charge {
  const blocked = behaviour(method.card?.last4).risk === 'blocked'
  const charge = account.charges.add({
    ...blank(account, intent, method),
    failure_code: decline.code,
    failure_message: decline.message,
    outcome: {
      advice_code: decline.advice,
      network_advice_code: null,
      network_decline_code: blocked ? null : decline.networkCode,
      network_status: blocked ? 'not_sent_to_network' : 'declined_by_network',
      reason: blocked ? 'highest_risk_level' : (decline.declineCode ?? decline.code),
      risk_level: blocked ? 'highest' : 'normal',
      risk_score: blocked ? 90 : 21,
      seller_message: blocked ? BLOCKED : DECLINED,
      type: blocked ? 'blocked' : 'issuer_declined',
    },
    status: 'failed',
  })
  account.eventLog.happened('charge.failed', charge)
  return charge
}

/** The card agreed: captured at once, or held when the intent is captured by hand. */
export function authorisedCharge(account: Account, intent: PaymentIntent, method: PaymentMethod): Charge {
  const card = behaviour(method.card?.last4)
  const captured = intent.capture_method !== 'manual'
  const id = account.ids.next('ch')
  const charge = account.charges.add({
    ...blank(account, intent, method),
    id,
    amount_captured: captured ? intent.amount : 0,
    captured,
    outcome: accepted(card),
    paid: true,
    receipt_url: `https://pay.stripe.com/receipts/payment/${id}`,
    review: card.risk === 'elevated' ? review(account, id, intent).id : null,
    status: 'succeeded',
  })
  const settled = captured ? capturedNow(account, charge, intent.capture_method === 'automatic_async') : charge
  account.eventLog.happened('charge.succeeded', settled)
  return settled
}

/** Takes the held money, or a part of it; the rest goes free. */
export function captureCharge(account: Account, charge: Charge, amount: number): Charge {
  const captured = account.charges.change(charge.id, { amount_captured: amount, captured: true })
  const settled = capturedNow(account, captured, false)
  account.eventLog.happened('charge.captured', settled)
  return settled
}

/** The money of a captured charge reaches the balance; when it was late, everyone is told. */
export function settle(account: Account, chargeId: string): void {
  const before = account.charges.get(chargeId)
  if (before === undefined || before.balance_transaction !== null) return
  const after = account.charges.change(chargeId, { balance_transaction: transaction(account, before) })
  account.eventLog.happened('charge.updated', after, { balance_transaction: null })
}

function capturedNow(account: Account, charge: Charge, late: boolean): Charge {
  const card = behaviour(cardOf(charge))
  if (card.dispute !== undefined) account.agenda.after(DISPUTE_AFTER_MS, 'dispute_opens', charge.id)
  if (!late) return account.charges.change(charge.id, { balance_transaction: transaction(account, charge) })
  account.agenda.after(SETTLES_AFTER_MS, 'charge_settles', charge.id)
  return charge
}

function transaction(account: Account, charge: Charge): string {
  return move(account, {
    amount: charge.amount_captured,
    currency: charge.currency,
    type: 'charge',
    reportingCategory: 'charge',
    source: charge.id,
    description: charge.description,
    fee: chargeFee(charge.amount_captured),
    availableAtOnce: behaviour(cardOf(charge)).availableAtOnce === true,
  }).id
}

export function cardOf(charge: Charge): string | undefined {
  return charge.payment_method_details?.card?.last4 ?? undefined
}

function review(account: Account, charge: string, intent: PaymentIntent): Review {
  const opened = account.reviews.add({
    id: account.ids.next('prv'),
    object: 'review',
    billing_zip: null,
    charge,
    closed_reason: null,
    created: account.now(),
    ip_address: null,
    ip_address_location: null,
    livemode: false,
    open: true,
    opened_reason: 'rule',
    payment_intent: intent.id,
    reason: 'rule',
    session: null,
  })
  account.eventLog.happened('review.opened', opened)
  return opened
}

function accepted(card: TestCard): NonNullable<Charge['outcome']> {
  const elevated = card.risk === 'elevated'
  return {
    advice_code: null,
    network_advice_code: null,
    network_decline_code: null,
    network_status: 'approved_by_network',
    reason: elevated ? 'elevated_risk_level' : null,
    risk_level: elevated ? 'elevated' : 'normal',
    risk_score: elevated ? 68 : 21,
    seller_message: elevated ? ELEVATED : 'Payment complete.',
    type: elevated ? 'manual_review' : 'authorized',
  }
}

function blank(account: Account, intent: PaymentIntent, method: PaymentMethod): Charge {
  const card = method.card
  return {
    id: account.ids.next('ch'),
    object: 'charge',
    amount: intent.amount,
    amount_captured: 0,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: null,
    billing_details: method.billing_details,
    calculated_statement_descriptor: intent.statement_descriptor ?? 'COUNTINGHOUSE',
    captured: false,
    created: account.now(),
    currency: intent.currency,
    customer: intent.customer,
    description: intent.description,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: null,
    failure_message: null,
    fraud_details: {},
    livemode: false,
    metadata: intent.metadata,
    on_behalf_of: null,
    outcome: null,
    paid: false,
    payment_intent: intent.id,
    payment_method: method.id,
    payment_method_details: {
      card: {
        amount_authorized: intent.amount,
        authorization_code: null,
        brand: card?.brand ?? null,
        checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
        country: card?.country ?? null,
        electronic_commerce_indicator: null,
        exp_month: card?.exp_month ?? 12,
        exp_year: card?.exp_year ?? 2030,
        fingerprint: card?.fingerprint ?? null,
        funding: card?.funding ?? null,
        installments: null,
        last4: card?.last4 ?? null,
        mandate: null,
        network: card?.brand ?? null,
        network_transaction_id: null,
        regulated_status: 'unregulated',
        three_d_secure: null,
        transaction_link_id: null,
        wallet: null,
      },
      type: 'card',
    },
    receipt_email: intent.receipt_email,
    receipt_number: null,
    receipt_url: null,
    refunded: false,
    review: null,
    shipping: intent.shipping,
    source: null,
    source_transfer: null,
    statement_descriptor: intent.statement_descriptor,
    statement_descriptor_suffix: intent.statement_descriptor_suffix,
    status: 'pending',
    transfer_data: null,
    transfer_group: intent.transfer_group,
  }
}
