/**
 * Refunds: money goes back, whole or in parts, never more than was captured.
 *
 * Some fail later, at the bank: then the money returns to the balance by a movement of its own and may be refunded again.
 */
import type { Account } from './account.ts'
import { move } from './balance.ts'
import { cardOf } from './charging.ts'
import { previous } from './event-log.ts'
import type { Fields } from './fields.ts'
import type { Charge, Refund } from './kept.ts'
import { written } from './money.ts'
import { invalid, missing, noSuch, notFound, unexpectedState } from './refusal.ts'
import { behaviour } from './test-cards.ts'

/** How long the bank takes over the refunds that do not end at once. */
const BANK_MS = 60_000
const REASONS = ['duplicate', 'fraudulent', 'requested_by_customer'] as const

export function createRefund(account: Account, fields: Fields): Refund {
  const asked = fields.positive('amount')
  const reason = fields.choice('reason', REASONS) ?? null
  const metadata = fields.metadata() ?? {}
  const charge = chargeOf(account, fields)
  const left = charge.amount_captured - charge.amount_refunded
  if (left === 0) {
    const message = `Charge ${charge.id} has already been refunded.`
    throw unexpectedState(message, { code: 'charge_already_refunded', charge: charge.id })
  }
  if (isTaken(account, charge)) {
    throw unexpectedState(`Charge ${charge.id} has been charged back; cannot issue a refund.`, {
      code: 'charge_disputed',
      charge: charge.id,
    })
  }
  const amount = asked ?? left
  if (amount > left) {
    const [much, most] = [written(amount, charge.currency), written(left, charge.currency)]
    const message = `Refund amount (${much}) is greater than unrefunded amount on charge (${most})`
    throw unexpectedState(message, { param: 'amount' })
  }
  return give(account, charge, { amount, reason, metadata })
}

export function updateRefund(account: Account, id: string, fields: Fields): Refund {
  const refund = known(account, id)
  const metadata = fields.metadata(refund.metadata ?? {}) ?? refund.metadata
  const after = account.refunds.change(id, { metadata })
  tellUpdated(account, after, previous(refund, { metadata }))
  return after
}

export function cancelRefund(account: Account, id: string): Refund {
  const refund = known(account, id)
  if (refund.status !== 'pending' && refund.status !== 'requires_action') {
    throw unexpectedState(`Refund ${id} cannot be canceled because it has a status of ${refund.status}.`)
  }
  account.agenda.cancel('refund_succeeds', id)
  return undo(account, refund, 'canceled')
}

/** The bank gives the money back to us. */
export function failRefund(account: Account, id: string, reason = 'expired_or_canceled_card'): Refund {
  const refund = known(account, id)
  if (refund.status === 'failed' || refund.status === 'canceled') return refund
  account.agenda.cancel('refund_fails', id)
  account.agenda.cancel('refund_succeeds', id)
  const after = undo(account, refund, 'failed', reason)
  account.eventLog.happened('refund.failed', after)
  return after
}

/** The bank took its time over a pending refund, and said yes. */
export function finishRefund(account: Account, id: string): void {
  const refund = account.refunds.get(id)
  if (refund?.status !== 'pending') return
  tellUpdated(account, account.refunds.change(id, { status: 'succeeded' }), { status: 'pending' })
}

function give(account: Account, charge: Charge, wanted: Pick<Refund, 'amount' | 'reason' | 'metadata'>): Refund {
  const { amount } = wanted
  const how = behaviour(cardOf(charge)).refund
  const id = account.ids.next('re')
  const { currency, description } = charge
  const taken = { amount: -amount, currency, description, type: 'refund', reportingCategory: 'refund', source: id } as const
  const refund = account.refunds.add({
    id,
    object: 'refund',
    ...wanted,
    balance_transaction: move(account, taken).id,
    charge: charge.id,
    created: account.now(),
    currency,
    customer: charge.customer,
    customer_account: null,
    destination_details: {
      card: { reference_status: 'pending', reference_type: 'acquirer_reference_number', type: 'refund' },
      type: 'card',
    },
    payment_intent: charge.payment_intent,
    payment_method: charge.payment_method,
    receipt_number: null,
    source_transfer_reversal: null,
    status: how === 'pends' ? 'pending' : 'succeeded',
    transfer_reversal: null,
  })
  if (how === 'pends') account.agenda.after(BANK_MS, 'refund_succeeds', id)
  if (how === 'fails') account.agenda.after(BANK_MS, 'refund_fails', id)
  account.eventLog.happened('refund.created', refund)
  const patch = refunded(charge, amount)
  const after = account.charges.change(charge.id, patch)
  account.eventLog.happened('charge.refunded', after, previous(charge, patch))
  return refund
}

function undo(account: Account, refund: Refund, status: 'failed' | 'canceled', reason?: string): Refund {
  const movement = move(account, {
    amount: refund.amount,
    currency: refund.currency,
    type: 'refund_failure',
    reportingCategory: 'refund_failure',
    source: refund.id,
  })
  const patch: Partial<Refund> = {
    failure_balance_transaction: movement.id,
    ...(reason === undefined ? {} : { failure_reason: reason }),
    status,
  }
  const charge = account.charges.get(refund.charge ?? '')
  if (charge !== undefined) account.charges.change(charge.id, refunded(charge, -refund.amount))
  const after = account.refunds.change(refund.id, patch)
  tellUpdated(account, after, { status: refund.status })
  return after
}

function refunded(charge: Charge, amount: number): Pick<Charge, 'amount_refunded' | 'refunded'> {
  const total = charge.amount_refunded + amount
  return { amount_refunded: total, refunded: total === charge.amount_captured }
}

/** One change, told under two names, as the vendor does. */
function tellUpdated(account: Account, refund: Refund, before: object): void {
  account.eventLog.happened('refund.updated', refund, before)
  account.eventLog.happened('charge.refund.updated', refund, before)
}

function chargeOf(account: Account, fields: Fields): Charge {
  const intentId = fields.text('payment_intent')
  const chargeId = fields.text('charge')
  if (intentId !== undefined && chargeId !== undefined) {
    throw invalid('You may only specify one of these parameters: charge, payment_intent.', { param: 'charge' })
  }
  if (chargeId !== undefined) return captured(account.charges.get(chargeId), noSuch('charge', chargeId, 'charge'))
  if (intentId === undefined) throw missing('payment_intent')
  const intent = account.paymentIntents.get(intentId)
  if (intent === undefined) throw noSuch('payment_intent', intentId, 'payment_intent')
  const message = `This PaymentIntent (${intentId}) does not have a successful charge to refund.`
  const none = unexpectedState(message, { code: 'payment_intent_unexpected_state', payment_intent: intent })
  return captured(account.charges.get(intent.latest_charge ?? ''), none)
}

function captured(charge: Charge | undefined, otherwise: Error): Charge {
  if (charge === undefined) throw otherwise
  if (charge.status === 'succeeded' && charge.captured) return charge
  throw unexpectedState(`Charge ${charge.id} has not been captured; cancel its PaymentIntent instead.`, { charge: charge.id })
}

/** The bank has the money of this charge, by a dispute that is open or lost. */
function isTaken(account: Account, charge: Charge): boolean {
  return account.disputes.by('charge', charge.id).some(({ status }) => status !== 'won' && !status.startsWith('warning_'))
}

function known(account: Account, id: string): Refund {
  const refund = account.refunds.get(id)
  if (refund === undefined) throw notFound('refund', id)
  return refund
}
