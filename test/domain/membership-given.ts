/** What tests of memberships begin with: a member, a charge of his, and what becomes of it. */
import type { Member, Membership } from '#domain/member.ts'
import type { Scene } from '#domain/membership-change.ts'
import { begun, chargeOrder, subscription, type Charge, type Subscribing } from '#domain/membership-orders.ts'
import { withMembership } from '#domain/membership-payment.ts'
import type { Order } from '#domain/order.ts'
import type { ChargeOutcome } from '#domain/payment.ts'
import { isLateMoney, settle, settleLate } from '#domain/settle.ts'
import type { Settlement } from '#domain/settlement.ts'
import { SHOP } from './given.ts'

export const CHICAGO = 'America/Chicago'
export const START_MS = Date.parse('2026-12-31T18:00:00.000Z')
export const DAY_MS = 86_400_000

export function at(nowMs: number, timeZone = CHICAGO): Scene {
  return { nowMs, timeZone, shopName: SHOP }
}

export function blank(nowMs = START_MS): Member {
  return {
    customerId: 'cust-1', email: 'jo@mail.example', membership: null, charge: null, charges: 0, newsletter: false, nextAtMs: null, benefitsAtMs: null, version: 0,
    createdAtMs: nowMs, updatedAtMs: nowMs,
  }
}

export function wish(wanted: Partial<Subscribing> = {}): Subscribing {
  return { membershipId: 'mem_1', tier: 'GOLD', currency: 'USD', card: { id: 'card_1', gateway: 'stripe' }, isNewCard: true, newsletter: false, ...wanted }
}

let orders = 0

/** The order of a charge, and the member while it is being paid. */
export function placed(member: Member, charge: Charge, nowMs: number): { order: Order; member: Member } {
  orders += 1
  const order = chargeOrder(charge, {
    id: `ord_${String(orders).padStart(26, '0')}`, customerId: member.customerId, email: member.email, token: null, requestHash: 'hash', runner: 'run_1',
    ip: '10.1.2.3', userAgent: 'test', nowMs,
  })
  return { order, member: begun(member, order) }
}

export type Ending = 'paid' | 'declined' | 'unanswered' | 'unknown' | 'expired'

export function outcomeFor(order: Order, ending: Ending): ChargeOutcome {
  switch (ending) {
    case 'paid':
      return { status: 'succeeded', transactionId: `pi_${order.id}`, amount: order.total, currency: order.currency, answer: null }
    case 'declined':
      return { status: 'declined', transactionId: `pi_${order.id}`, declineCode: 'insufficient_funds', answer: null }
    case 'unanswered':
      return { status: 'absent' }
    case 'unknown':
      return { status: 'unknown', reason: 'no answer' }
    case 'expired':
      return { status: 'cancelled', transactionId: `pi_${order.id}` }
  }
}

/** What an outcome means for order and member, as the store would write it. */
export function settled(order: Order, member: Member, ending: Ending, scene: Scene): Settlement {
  const settling = { order, outcome: outcomeFor(order, ending), cause: 'test', nowMs: scene.nowMs, shopName: SHOP }
  const settlement = isLateMoney(order, settling.outcome) ? settleLate(settling, true) : settle(settling)
  if (settlement === undefined) throw new Error(`${ending} means nothing for an order that is ${order.state}`)
  return withMembership(order, settlement, member, scene)
}

export interface Joined {
  readonly member: Member
  readonly membership: Membership
  readonly order: Order
}

/** Somebody who has just become a member. */
export function joined(wanted: Partial<Subscribing> = {}, nowMs = START_MS, timeZone = CHICAGO): Joined {
  const scene = at(nowMs, timeZone)
  const first = placed(blank(nowMs), subscription(undefined, wish(wanted), scene), nowMs)
  const settlement = settled(first.order, first.member, 'paid', scene)
  const member = memberIn(settlement)
  return { member, membership: member.membership as Membership, order: settlement.order }
}

export function memberIn({ granted }: Settlement): Member {
  if (granted === undefined) throw new Error('nothing became of the membership')
  return granted.member
}
