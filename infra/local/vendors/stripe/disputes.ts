/**
 * Disputes: the cardholder's bank takes the money back, with a fee, until the case is decided.
 *
 * An inquiry (`warning_*`) is only a question: no money may move for it. Silence past the day by which evidence is due
 * loses the case, and lets an inquiry rest.
 */
import type { Account } from './account.ts'
import { move } from './balance.ts'
import { cardOf } from './charging.ts'
import { previous } from './event-log.ts'
import type { Fields } from './fields.ts'
import type { Charge, Dispute } from './kept.ts'
import { notFound, unexpectedState } from './refusal.ts'
import { behaviour } from './test-cards.ts'

const ANSWER_WITHIN_S = 10 * 86_400
const FEE = { amount: 1_500, description: 'Dispute fee' }
const EVIDENCE = [
  'access_activity_log',
  'billing_address',
  'cancellation_policy',
  'cancellation_policy_disclosure',
  'cancellation_rebuttal',
  'customer_communication',
  'customer_email_address',
  'customer_name',
  'customer_purchase_ip',
  'customer_signature',
  'duplicate_charge_documentation',
  'duplicate_charge_explanation',
  'duplicate_charge_id',
  'product_description',
  'receipt',
  'refund_policy',
  'refund_policy_disclosure',
  'refund_refusal_explanation',
  'service_date',
  'service_documentation',
  'shipping_address',
  'shipping_carrier',
  'shipping_date',
  'shipping_documentation',
  'shipping_tracking_number',
  'uncategorized_file',
  'uncategorized_text',
] as const
const NO_EVIDENCE = Object.fromEntries(EVIDENCE.map((name) => [name, null])) as Record<(typeof EVIDENCE)[number], null>
const KNOWN_EVIDENCE: ReadonlySet<string> = new Set([...EVIDENCE, 'enhanced_evidence'])

export interface Complaint {
  readonly reason: string
  readonly inquiry: boolean
  readonly amount?: number | undefined
}

export function openDispute(account: Account, charge: Charge, complaint: Complaint): Dispute {
  const id = account.ids.next('dp')
  const amount = complaint.amount ?? charge.amount_captured
  const taken = complaint.inquiry ? [] : [withdrawal(account, charge, id, amount)]
  const brand = charge.payment_method_details?.card?.brand ?? 'visa'
  const dispute = account.disputes.add({
    id,
    object: 'dispute',
    amount,
    balance_transactions: taken,
    charge: charge.id,
    created: account.now(),
    currency: charge.currency,
    enhanced_eligibility_types: [],
    evidence: { ...NO_EVIDENCE, enhanced_evidence: {} },
    evidence_details: {
      due_by: account.now() + ANSWER_WITHIN_S,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: 'not_submitted',
    },
    intended_submission_method: null,
    is_charge_refundable: complaint.inquiry,
    livemode: false,
    metadata: {},
    network_reason_code: '10.4',
    payment_intent: charge.payment_intent,
    payment_method_details: {
      card: { brand, case_type: complaint.inquiry ? 'inquiry' : 'chargeback', network: brand, network_reason_code: '10.4' },
      type: 'card',
    },
    reason: complaint.reason,
    status: complaint.inquiry ? 'warning_needs_response' : 'needs_response',
  })
  account.charges.change(charge.id, { disputed: true })
  account.agenda.after(ANSWER_WITHIN_S * 1000, 'dispute_due', id)
  account.eventLog.happened('charge.dispute.created', dispute)
  if (!complaint.inquiry) account.eventLog.happened('charge.dispute.funds_withdrawn', dispute)
  return dispute
}

/** The dispute a test card brings by itself. */
export function openPromised(account: Account, chargeId: string): void {
  const charge = account.charges.get(chargeId)
  const complaint = charge === undefined ? undefined : behaviour(cardOf(charge)).dispute
  if (charge !== undefined && complaint !== undefined) openDispute(account, charge, complaint)
}

export function updateDispute(account: Account, id: string, fields: Fields): Dispute {
  const dispute = knownDispute(account, id)
  const told = fields.group('evidence')
  told?.only(KNOWN_EVIDENCE)
  const submits = fields.flag('submit') === true
  const metadata = fields.metadata(dispute.metadata)
  if ((told !== undefined || submits) && !dispute.status.endsWith('needs_response')) {
    throw unexpectedState(`Dispute ${id} takes no evidence because it has a status of ${dispute.status}.`)
  }
  const evidence = { ...dispute.evidence, ...fields.plain('evidence') }
  const details = dispute.evidence_details
  const patch: Partial<Dispute> = {
    evidence,
    evidence_details: {
      ...details,
      has_evidence: details.has_evidence || told !== undefined,
      submission_count: details.submission_count + (submits ? 1 : 0),
      submission_method: submits ? 'manual' : details.submission_method,
    },
    ...(metadata === undefined ? {} : { metadata }),
    ...(submits ? { status: dispute.status === 'needs_response' ? 'under_review' : 'warning_under_review' } : {}),
  }
  if (submits) account.agenda.cancel('dispute_due', id)
  const after = account.disputes.change(id, patch)
  account.eventLog.happened('charge.dispute.updated', after, previous(dispute, patch))
  if (!submits) return after
  return decidedByEvidence(account, after)
}

/** Gives the case up. */
export function concede(account: Account, id: string): Dispute {
  const dispute = knownDispute(account, id)
  if (!dispute.status.endsWith('needs_response')) {
    throw unexpectedState(`Dispute ${id} cannot be closed because it has a status of ${dispute.status}.`)
  }
  return decide(account, dispute, 'lost')
}

/** The bank decides. An inquiry only ends: there was no money to win or lose. */
export function decide(account: Account, dispute: Dispute, outcome: 'won' | 'lost'): Dispute {
  account.agenda.cancel('dispute_due', dispute.id)
  const inquiry = dispute.status.startsWith('warning_')
  const returned = outcome === 'won' && !inquiry ? [...dispute.balance_transactions, returnOf(account, dispute)] : undefined
  const patch: Partial<Dispute> = {
    ...(returned === undefined ? {} : { balance_transactions: returned }),
    status: inquiry ? 'warning_closed' : outcome,
  }
  const after = account.disputes.change(dispute.id, patch)
  if (returned !== undefined) account.eventLog.happened('charge.dispute.funds_reinstated', after)
  account.eventLog.happened('charge.dispute.closed', after, { status: dispute.status })
  return after
}

/** Nobody answered in time. */
export function lapse(account: Account, id: string): void {
  const dispute = account.disputes.get(id)
  if (dispute === undefined || !dispute.status.endsWith('needs_response')) return
  const details = { ...dispute.evidence_details, past_due: true }
  decide(account, account.disputes.change(id, { evidence_details: details }), 'lost')
}

export function knownDispute(account: Account, id: string): Dispute {
  const dispute = account.disputes.get(id)
  if (dispute === undefined) throw notFound('dispute', id)
  return dispute
}

/** Two texts decide a test case by themselves, as the vendor documents. */
function decidedByEvidence(account: Account, dispute: Dispute): Dispute {
  const text = dispute.evidence.uncategorized_text
  if (text === 'winning_evidence') return decide(account, dispute, 'won')
  return text === 'losing_evidence' ? decide(account, dispute, 'lost') : dispute
}

function withdrawal(account: Account, charge: Charge, id: string, amount: number): Dispute['balance_transactions'][number] {
  return move(account, {
    amount: -amount,
    currency: charge.currency,
    type: 'adjustment',
    reportingCategory: 'dispute',
    source: id,
    description: `Chargeback withdrawal for ${charge.id}`,
    fee: FEE,
  })
}

function returnOf(account: Account, dispute: Dispute): Dispute['balance_transactions'][number] {
  return move(account, {
    amount: dispute.amount,
    currency: dispute.currency,
    type: 'adjustment',
    reportingCategory: 'dispute_reversal',
    source: dispute.id,
    description: `Chargeback reversal for ${dispute.charge}`,
  })
}
