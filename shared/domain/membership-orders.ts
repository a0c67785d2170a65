/**
 * Which order a membership's charge is: what it is over, what its payment will grant, or why there is none.
 *
 * A charge is decided on the membership as it is now and written on it in the same commit (`begun`), so that there is
 * never a second one beside it.
 */
import { Failure } from '#values/failure.ts'
import { share } from '#values/money.ts'
import { iso } from '#values/time.ts'
import { anchorAt, dueAt, type Anchor } from './billing-calendar.ts'
import { keeping } from './checkout.ts'
import { wallTime } from './civil-day.ts'
import { dueStep, LOOK_AGAIN_MS, type Setting } from './dunning.ts'
import { RUNNING, type Member, type Membership } from './member.ts'
import { priceOf, rankOf, type Tier } from './membership-tiers.ts'
import { newOrder, type Draft } from './new-order.ts'
import type { Order } from './order.ts'
import type { KeptCard, MembershipPurpose } from './purpose.ts'
import { totals } from './totals.ts'

/** Gateways take no less: an upgrade that costs less is given. */
const LEAST_CHARGE = 50

/** A charge as it is to be placed. */
export interface Charge {
  readonly purpose: MembershipPurpose
  readonly amount: number
  readonly currency: string
  /** The card is the one whose token pays, and is to be kept when it has; else it is kept already. */
  readonly isNewCard: boolean
  /** As the order's line names it. */
  readonly called: string
}

export interface Subscribing {
  readonly membershipId: string
  readonly tier: Tier
  readonly currency: string
  readonly card: KeptCard
  readonly isNewCard: boolean
  readonly newsletter: boolean
}

/**
 * A first month, from now on. What is left of a month that was paid and cancelled is taken off its price.
 * @throws Failure CONFLICT for a second membership, or when what is left is worth more than the new one costs
 */
export function subscription(member: Member | undefined, wish: Subscribing, { timeZone, nowMs }: Setting): Charge {
  const before = member?.membership ?? null
  if (before !== null && RUNNING.includes(before.status)) throw alreadyMember(before)
  const { membershipId, tier, currency, card, isNewCard, newsletter } = wish
  const price = priceOf(tier, currency)
  const left = before === null ? 0 : leftOf(before, before.price, nowMs)
  if (before !== null && price - left < LEAST_CHARGE) {
    const message = `What is left of your ${before.tier} membership is worth more than a month of ${tier}.`
    throw new Failure('CONFLICT', { message, details: { periodEndsAt: iso(before.periodEndsAtMs) } })
  }
  const purpose: MembershipPurpose = {
    kind: 'membership', what: 'subscribe', membershipId, tier, price, period: 0, card, scheduled: false, newsletter,
  }
  return { purpose, amount: price - left, currency, isNewCard, called: monthOf(tier, anchorAt(timeZone, nowMs), 0, timeZone) }
}

function alreadyMember({ status }: Membership): Failure {
  const details = { status }
  if (status === 'active') return new Failure('CONFLICT', { message: 'Customer already has an active membership', details })
  return new Failure('CONFLICT', { message: 'Customer already has a membership, and a payment for it is owed: change the payment method.', details })
}

/**
 * The difference for what is left of the month; the billing day stays.
 * @throws Failure NOT_FOUND without a membership, CONFLICT when it is not active or the tier is not higher
 */
export function upgrade(member: Member | undefined, tier: Tier, { timeZone, nowMs }: Setting): Charge {
  const membership = member?.membership ?? null
  if (membership === null) throw noMembership()
  refuseInactive(membership)
  if (rankOf(tier) <= rankOf(membership.tier)) throw wrongWay(membership, tier, 'higher')
  const { id, currency, period, card, periodEndsAtMs } = membership
  const price = priceOf(tier, currency)
  const purpose: MembershipPurpose = {
    kind: 'membership', what: 'upgrade', membershipId: id, tier, price, period, card, scheduled: false,
  }
  const called = `Upgrade to ${tier} membership, until ${dayOf(periodEndsAtMs, timeZone)}`
  const amount = leftOf(membership, price - membership.price, nowMs)
  return { purpose, amount: amount < LEAST_CHARGE ? 0 : amount, currency, isNewCard: false, called }
}

/** The next month, once it is due; undefined before, and for what has ended. */
export function renewal(member: Member, { timeZone, nowMs }: Setting): Charge | undefined {
  const { membership } = member
  if (membership === null || dueStep(membership, timeZone, nowMs) !== 'charge') return undefined
  return nextMonth(membership, { scheduled: true, timeZone })
}

/** The month that is owed, tried with another card; undefined when nothing is owed. */
export function owedMonth({ membership }: Member, { timeZone }: Setting): Charge | undefined {
  const isOwed = membership?.status === 'payment_failed' || membership?.status === 'suspended'
  return isOwed ? nextMonth(membership, { scheduled: false, timeZone }) : undefined
}

function nextMonth(membership: Membership, { scheduled, timeZone }: { scheduled: boolean; timeZone: string }): Charge {
  const { id, currency, card, anchor, nextTier } = membership
  const period = membership.period + 1
  const tier = nextTier ?? membership.tier
  const price = nextTier === null ? membership.price : priceOf(nextTier, currency)
  const purpose: MembershipPurpose = { kind: 'membership', what: 'renew', membershipId: id, tier, price, period, card, scheduled }
  return { purpose, amount: price, currency, isNewCard: false, called: monthOf(tier, anchor, period, timeZone) }
}

/** The part of an amount for a month that its rest is worth, by the second. */
function leftOf({ periodStartsAtMs, periodEndsAtMs }: Membership, amount: number, nowMs: number): number {
  const seconds = (ms: number): number => Math.floor(ms / 1000)
  const whole = seconds(periodEndsAtMs - periodStartsAtMs)
  const left = Math.min(Math.max(seconds(periodEndsAtMs - nowMs), 0), whole)
  return whole === 0 ? 0 : share(amount, left, whole)
}

function monthOf(tier: Tier, anchor: Anchor, period: number, timeZone: string): string {
  const [from, to] = [period, period + 1].map((month) => dayOf(dueAt(timeZone, anchor, month), timeZone))
  return `${tier} membership, ${from} to ${to}`
}

function dayOf(atMs: number, timeZone: string): string {
  return new Date(wallTime(timeZone, atMs)).toISOString().slice(0, 10)
}

export function noMembership(): Failure {
  return new Failure('NOT_FOUND', { message: 'Membership not found.' })
}

/** While one charge is under way nothing is changed that it was decided on. */
export function beingPaid(orderId: string): Failure {
  return new Failure('CONFLICT', { message: 'A payment for this membership is under way.', details: { orderId }, retryAfterSeconds: 60 })
}

/** @throws Failure CONFLICT for a membership that is not paid, or over */
export function refuseInactive({ status }: Membership): void {
  if (status === 'active') return
  const message = status === 'cancelled' ? 'This membership is cancelled.' : 'A payment for this membership is owed: change the payment method first.'
  throw new Failure('CONFLICT', { message, details: { status } })
}

export function wrongWay({ tier: present }: Membership, wanted: Tier, way: 'higher' | 'lower'): Failure {
  return new Failure('CONFLICT', { message: `${wanted} is not ${way} than ${present}.`, details: { tier: present } })
}

/** Whose charge it is. */
export type Charged = Pick<Draft, 'id' | 'customerId' | 'email' | 'token' | 'requestHash' | 'runner' | 'ip' | 'ipCountry' | 'userAgent' | 'deviceId' | 'nowMs'>

/** The order of a charge: one line, which no till knows. */
export function chargeOrder({ purpose, amount, currency, isNewCard, called }: Charge, charged: Charged): Order {
  const { card } = purpose
  const line = {
    productId: `membership-${purpose.tier.toLowerCase()}`, name: called, sku: null, category: 'Membership', quantity: 1, unitPrice: amount,
    counted: false, source: 'shop' as const,
  }
  const order = newOrder({
    ...charged, purpose, currency, gateway: card.gateway, ...(isNewCard ? {} : { cardId: card.id }), cause: purpose.what, lines: [line],
    sums: totals([line], 0, UNTAXED), discountPercent: 0, cartId: null, stockUnconfirmed: false,
  })
  // Whom the gateway keeps it for is asked with the charge.
  return isNewCard ? keeping(order, { cardId: card.id, holder: null }) : order
}

/** A membership's price is what is charged. */
const UNTAXED = { state: '', inclusive: false, exempt: false, table: [] }

/** The member while an order of his is being paid: the calendar looks again later. */
export function begun(member: Member, { id: orderId, createdAtMs }: Order): Member {
  const nextAtMs = member.membership === null ? null : createdAtMs + LOOK_AGAIN_MS
  return { ...member, charge: { orderId }, charges: member.charges + 1, nextAtMs, updatedAtMs: createdAtMs }
}
