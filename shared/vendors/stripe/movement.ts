/** A line of Stripe's balance in our words. */
import type { Stripe } from 'stripe'
import type { Movement } from '#domain/payment.ts'

const KINDS: Readonly<Record<string, Movement['kind']>> = {
  charge: 'charge',
  payment: 'charge',
  refund: 'refund',
  payment_refund: 'refund',
  refund_failure: 'refund_return',
  payment_failure_refund: 'refund_return',
  payout: 'payout',
  payout_failure: 'payout',
  stripe_fee: 'fee',
}

/** `source` must be expanded: what we wrote on a charge or refund stands there. */
export function movementOf(line: Stripe.BalanceTransaction): Movement {
  const source = typeof line.source === 'object' ? (line.source as unknown as Source | null) : null
  return {
    id: line.id,
    kind: kindOf(line),
    amount: line.amount,
    fee: line.fee,
    currency: line.currency.toUpperCase(),
    transactionId: idOf(source?.payment_intent),
    reference: source?.metadata?.['refund_id'] ?? source?.metadata?.['order_id'] ?? null,
    atMs: line.created * 1000,
  }
}

interface Source {
  readonly object: string
  readonly payment_intent?: string | { id: string } | null
  readonly metadata?: Record<string, string> | null
}

/** Stripe books a dispute and its reversal as adjustments. */
function kindOf(line: Stripe.BalanceTransaction): Movement['kind'] {
  if (line.type !== 'adjustment') return KINDS[line.type] ?? 'other'
  if (!line.reporting_category.startsWith('dispute')) return 'other'
  return line.amount < 0 ? 'dispute' : 'dispute_reversal'
}

function idOf(value: string | { id: string } | null | undefined): string | null {
  return typeof value === 'object' ? (value?.id ?? null) : (value ?? null)
}
