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
  transfer: 'payout',
  transfer_refund: 'payout',
  transfer_cancel: 'payout',
  transfer_failure: 'payout',
  stripe_fee: 'fee',
}

/** `source` must be expanded: what we wrote on a charge or refund stands there. */
export function movementOf(line: Stripe.BalanceTransaction): Movement {
  const source = typeof line.source === 'object' ? (line.source as unknown as Source | null) : null
  const sourceId = idOf(line.source)
  return {
    id: line.id,
    kind: kindOf(line),
    amount: line.amount,
    fee: line.fee,
    currency: line.currency.toUpperCase(),
    transactionId: chargeOf(source),
    reference: referenceIn(source),
    ...(sourceId === null ? {} : { sourceId }),
    atMs: line.created * 1000,
  }
}

interface Source {
  readonly id: string
  readonly object: string
  readonly charge?: string | { id: string } | null
  readonly payment_intent?: string | { id: string } | null
  readonly metadata?: Record<string, string> | null
}

/** Our charges are payment intents; what others make on this account may be a charge without one. */
function chargeOf(source: Source | null): string | null {
  return idOf(source?.payment_intent) ?? (source?.object === 'charge' ? source.id : idOf(source?.charge))
}

const WRITTEN: Readonly<Record<string, string>> = { refund: 'refund_id', transfer: 'payout_id' }

/** A refund is named by its own id only: one that was made elsewhere may carry words about the order. */
function referenceIn(source: Source | null): string | null {
  return source?.metadata?.[WRITTEN[source.object] ?? 'order_id'] ?? null
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
