/**
 * A dispute: a customer's bank asks about a charge, or takes its money back until the case is decided.
 *
 * An inquiry is only a question and moves no money. What moved is known by the gateway's own movements, never by the
 * status: money is booked when the gateway's books say so, and each of their movements once.
 */
import { toMajor } from '#values/money.ts'
import { HOUR_MS, iso } from '#values/time.ts'
import type { DisputeShown } from './shown/order.ts'

export type DisputeStatus = 'inquiry' | 'closed' | 'needs_response' | 'under_review' | 'won' | 'lost'

/** One movement of a dispute at the gateway: what came in is positive, what the gateway kept of it is the fee. */
export interface DisputeMovement {
  readonly id: string
  readonly amount: number
  readonly fee: number
  readonly currency: string
}

/** What the gateway says of a dispute when it is asked. */
export interface DisputeTruth {
  readonly id: string
  readonly status: DisputeStatus
  readonly amount: number
  readonly currency: string
  readonly reason: string
  /** The day by which evidence is due; null where the gateway names none. */
  readonly dueAtMs: number | null
  /** Where it names none: so long after it was first heard of. */
  readonly answerWithinMs?: number
  /** Evidence was handed in. */
  readonly answered: boolean
  /** The gateway would still let us give the money back ourselves. */
  readonly refundable: boolean
  readonly movements: readonly DisputeMovement[]
  readonly openedAtMs: number
}

export interface Dispute extends Omit<DisputeTruth, 'answerWithinMs'> {
  /** What has been written off of it, and in how many entries: a lost case may be won on appeal. */
  readonly writtenOff: number
  readonly writeOffs: number
  readonly closedAtMs: number | null
  /** When staff were told that its deadline is near. */
  readonly remindedAtMs: number | null
  /** Grows with every change: whoever asked the gateway on an older version asks again. */
  readonly version: number
}

const HOLDING: readonly DisputeStatus[] = ['needs_response', 'under_review', 'lost']
const CLOSED: readonly DisputeStatus[] = ['closed', 'won', 'lost']
/** Staff are reminded so long before evidence is due. */
export const REMIND_MS = 48 * HOUR_MS

/** The bank has the money, or the case may still take it. */
export function holdsMoney(dispute: Dispute): boolean {
  return HOLDING.includes(dispute.status)
}

export function isClosed(dispute: Pick<Dispute, 'status'>): boolean {
  return CLOSED.includes(dispute.status)
}

/** Money of the dispute that is with the bank now, by the movements that were booked. */
export function amountHeld(dispute: Pick<Dispute, 'movements'>): number {
  return 0 - dispute.movements.reduce((sum, { amount }) => sum + amount, 0)
}

/** Nothing is to come: decided, and money that was won is back. */
export function isOver(dispute: Dispute): boolean {
  return isClosed(dispute) && (dispute.status === 'lost' || amountHeld(dispute) === 0)
}

/** Somebody must hand in evidence, or the case is lost by silence. */
export function awaitsEvidence(dispute: Dispute): boolean {
  return !dispute.answered && (dispute.status === 'needs_response' || dispute.status === 'inquiry')
}

/** The deadline is near and nobody has answered, and nobody was told yet. */
export function isToRemind(dispute: Dispute, nowMs: number): boolean {
  return awaitsEvidence(dispute) && dispute.remindedAtMs === null && dispute.dueAtMs !== null && dispute.dueAtMs - nowMs <= REMIND_MS
}

/** As the order's customer and staff see it: what it is about and how it stands, never the evidence. */
export function disputeView(dispute: Dispute): DisputeShown {
  return {
    id: dispute.id,
    status: dispute.status,
    amount: toMajor(dispute.amount, dispute.currency),
    currency: dispute.currency,
    reason: dispute.reason,
    evidenceDueAt: dispute.dueAtMs === null || isClosed(dispute) ? null : iso(dispute.dueAtMs),
    answered: dispute.answered,
    openedAt: iso(dispute.openedAtMs),
    closedAt: dispute.closedAtMs === null ? null : iso(dispute.closedAtMs),
  }
}
