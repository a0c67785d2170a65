/**
 * What other systems are told about an order: that something has happened to it, and how it stands now.
 *
 * Nothing personal: whoever wants to know more asks with a token of his own. The id follows from the order and its
 * version, so that what is told twice is one event.
 */
import { toMajor } from '#values/money.ts'
import { iso } from '#values/time.ts'
import type { Order, OrderState } from './order.ts'
import { versionOf } from './rows.ts'

export const EVENT_TYPES = [
  'order.paid', 'order.fulfilled', 'order.cancelled', 'order.expired', 'order.payment_failed', 'order.in_review', 'order.refunded', 'order.refund_failed',
  'order.disputed', 'order.dispute_closed',
] as const
export type EventType = (typeof EVENT_TYPES)[number]

export interface OrderEvent {
  readonly id: string
  readonly type: EventType
  readonly orderId: string
  /** Grows with every fact about the order. */
  readonly version: number
  readonly atMs: number
  readonly number: string
  readonly state: OrderState
  readonly total: number
  readonly currency: string
}

/** States whose beginning is an event; others are on the way, or follow from what was given or handed over. */
const BEGINNINGS: Partial<Record<OrderState, EventType>> = {
  paid: 'order.paid', cancelled: 'order.cancelled', expired: 'order.expired', payment_failed: 'order.payment_failed', in_review: 'order.in_review',
  disputed: 'order.disputed',
}

/** The event that a change of an order is, if it is one. */
export function eventOf(before: Order, after: Order): OrderEvent | undefined {
  const type = typeOf(before, after)
  if (type === undefined) return undefined
  const { id: orderId, number, state, total, currency, updatedAtMs: atMs } = after
  const version = versionOf(after)
  return { id: `evt_${orderId.slice(orderId.indexOf('_') + 1)}_${version}`, type, orderId, version, atMs, number, state, total, currency }
}

function typeOf(before: Order, after: Order): EventType | undefined {
  if (before.fulfilment === null && after.fulfilment !== null) return 'order.fulfilled'
  if (refundsThat('succeeded', after) > refundsThat('succeeded', before)) return 'order.refunded'
  if (refundsThat('failed', after) > refundsThat('failed', before)) return 'order.refund_failed'
  if (after.state === before.state) return undefined
  return before.state === 'disputed' ? 'order.dispute_closed' : BEGINNINGS[after.state]
}

function refundsThat(status: 'succeeded' | 'failed', { refunds }: Order): number {
  return refunds.filter((refund) => refund.status === status).length
}

/** The bytes that are sent and signed: the same for every try. */
export function eventBody({ type, atMs, orderId, number, state, total, currency }: OrderEvent): string {
  return JSON.stringify({ type, timestamp: iso(atMs), data: { orderId, number, state, total: toMajor(total, currency), currency } })
}
