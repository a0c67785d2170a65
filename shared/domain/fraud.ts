/**
 * Fraud: which purchases a person looks at before their money is taken, and why, each reason by name.
 *
 * What is unusual follows from what one customer, one address and one device have tried within an hour, declined
 * attempts included, and from the country that the address lies in. A reason never refuses a sale by itself, and an
 * order that costs nothing has none: there is nothing to steal.
 */
import type { Order } from './order.ts'

/** Why an order is looked at, in words for staff. Customers are not told: it would teach the wrong ones. */
export const REASONS = {
  many_cards: 'More cards were tried within an hour than one buyer needs.',
  many_orders: 'More orders were placed within an hour than is usual.',
  high_amount: 'The orders of one hour add up to more than is usual.',
  many_customers: 'One device bought for several customers within an hour.',
  country_differs: 'The order comes from a country that this shop does not sell to.',
  gateway_risk: 'The payment service holds the payment as risky.',
  amount_differs: 'The payment service took or set aside another amount than the order\'s.',
} as const

export type ReviewReason = keyof typeof REASONS

/** What one customer, address or device has tried within its hour. Cards and buyers are hashes, never the thing itself. */
export interface Hour {
  readonly orders: number
  /** Minor units; a shop sells in one currency. */
  readonly amount: number
  readonly cards: readonly string[]
  readonly buyers: readonly string[]
}

export interface Attempt {
  readonly amount: number
  /** Null where the card is typed at the gateway: only it knows which. */
  readonly card: string | null
  readonly buyer: string
}

export const NOTHING_YET: Hour = { orders: 0, amount: 0, cards: [], buyers: [] }
/** So many cards or buyers are told apart within an hour; a threshold is always below. */
export const TOLD_APART_MAX = 50

export function withAttempt(hour: Hour, attempt: Attempt): Hour {
  return {
    orders: hour.orders + 1,
    amount: hour.amount + attempt.amount,
    cards: attempt.card === null ? hour.cards : including(hour.cards, attempt.card),
    buyers: including(hour.buyers, attempt.buyer),
  }
}

function including(known: readonly string[], one: string): readonly string[] {
  return known.includes(one) || known.length >= TOLD_APART_MAX ? known : [...known, one]
}

/** The most that is usual within an hour; minor units. */
export interface Usual {
  readonly orders: number
  readonly cards: number
  readonly amount: number
  readonly buyers: number
}

/** An hour with this attempt in it, and what is usual for whom it belongs to. */
export interface Watched {
  readonly hour: Hour
  readonly usual: Usual
}

export interface Surroundings {
  /** Country of the buyer's address (ISO 3166, two letters); null when nobody knows, which speaks against nobody. */
  readonly country: string | null
  /** Countries that the shop sells to; empty: all. */
  readonly soldTo: readonly string[]
}

export function reasonsFor(watched: readonly Watched[], { country, soldTo }: Surroundings): ReviewReason[] {
  const exceeds = (measure: (hour: Hour) => number, most: (usual: Usual) => number): boolean =>
    watched.some(({ hour, usual }) => measure(hour) > most(usual))
  const found: Record<Exclude<ReviewReason, 'gateway_risk' | 'amount_differs'>, boolean> = {
    many_cards: exceeds(({ cards }) => cards.length, ({ cards }) => cards),
    many_orders: exceeds(({ orders }) => orders, ({ orders }) => orders),
    high_amount: exceeds(({ amount }) => amount, ({ amount }) => amount),
    many_customers: exceeds(({ buyers }) => buyers.length, ({ buyers }) => buyers),
    country_differs: country !== null && soldTo.length > 0 && !soldTo.includes(country),
  }
  return (Object.keys(found) as Array<keyof typeof found>).filter((reason) => found[reason])
}

/** A suspected order's money is only set aside until somebody has looked, and its card is not kept, unless what it is for needs it later. */
export function suspected(order: Order, reasons: readonly ReviewReason[]): Order {
  if (reasons.length === 0 || order.total === 0) return order
  const { keep, ...payment } = order.payment
  const needed = order.purpose === undefined || keep === undefined ? {} : { keep }
  return { ...order, reviewReasons: reasons, payment: { ...payment, ...needed, capture: false } }
}
