/**
 * The books of memberships: each month was paid by one order, each order that was paid and kept has granted its month, what
 * was not granted went back, and each thing that happened was told once.
 */
import type { Card } from '../../shared/domain/card.ts'
import { NOBODY } from '../../shared/domain/mail.ts'
import type { Member, Membership } from '../../shared/domain/member.ts'
import type { Order } from '../../shared/domain/order.ts'
import type { Purpose } from '../../shared/domain/purpose.ts'
import type { Json } from './shop.ts'

interface Kept {
  readonly orders: readonly Order[]
  readonly members: readonly Member[]
  readonly past: readonly Json[]
  readonly mails: readonly Json[]
  readonly emails: readonly Json[]
  readonly cards: readonly Card[]
}

type MemberOrder = Order & { readonly purpose: Purpose }

const PAID = ['paid', 'fulfilled', 'partially_refunded', 'refunded', 'disputed']
const OPEN = ['pending_payment', 'requires_action', 'payment_unknown', 'in_review']
const GRANTING = ['membership_welcome', 'membership_upgrade', 'membership_renewal']

export function memberFaults(kept: Kept): string[] {
  return [...monthFaults(kept), ...grantFaults(kept), ...chargeFaults(kept), ...mailFaults(kept), ...cardFaults(kept)]
}

/** What may never be true, not even for a moment: a month with two orders that were paid and kept. */
export function monthsPaidTwice(kept: Pick<Kept, 'orders'>): string[] {
  const months = Map.groupBy(keptOrders(kept).filter(({ purpose }) => purpose.what !== 'upgrade'), ({ purpose }) => `${purpose.membershipId}, month ${purpose.period}`)
  return [...months].filter(([, several]) => several.length > 1).map(([month, several]) => `${month} was paid ${several.length} times`)
}

/** Somebody waits for what he has paid, or for being charged. */
export function chargesUnderWay({ members, orders }: Pick<Kept, 'members' | 'orders'>): string[] {
  return members.filter(({ charge }) => charge !== null && orders.find(({ id }) => id === charge.orderId)?.state !== 'in_review').map(({ customerId, charge }) => `member ${customerId} is still being charged by ${charge?.orderId}`)
}

/** That an order is a membership's; its mail is not the receipt for goods. */
export function isMembers(order: Order): order is MemberOrder {
  return order.purpose?.kind === 'membership'
}

/** Paid, and not sent back because it could not be granted. */
function keptOrders({ orders }: Pick<Kept, 'orders'>): MemberOrder[] {
  return orders.filter(isMembers).filter(({ state, refunds }) => PAID.includes(state) && !refunds.some(({ requestedBy }) => requestedBy === 'countinghouse'))
}

function monthFaults(kept: Kept): string[] {
  const paid = keptOrders(kept)
  return memberships(kept).flatMap(({ id, period }) => {
    const months = paid.filter(({ purpose }) => purpose.membershipId === id && purpose.what !== 'upgrade').map(({ purpose }) => purpose.period).sort((one, other) => one - other)
    const wanted = Array.from({ length: period + 1 }, (_, month) => month)
    return months.join() === wanted.join() ? [] : [`membership ${id} is in month ${period}, paid were ${months.join() || 'none'}`]
  })
}

function grantFaults(kept: Kept): string[] {
  const known = new Set(memberships(kept).map(({ id }) => id))
  const running = Map.groupBy(memberships(kept).filter(({ status }) => status !== 'cancelled'), ({ customerId }) => customerId)
  return [
    ...keptOrders(kept).filter(({ purpose }) => !known.has(purpose.membershipId)).map(({ id, purpose }) => `order ${id} was paid, and there is no membership ${purpose.membershipId}`),
    ...[...running].filter(([, several]) => several.length > 1).map(([customerId, several]) => `customer ${customerId} has ${several.length} memberships`),
    ...monthsPaidTwice(kept),
  ]
}

/** A charge under way is on its member, and nothing else is. */
function chargeFaults({ members, orders }: Kept): string[] {
  const open = orders.filter(isMembers).filter(({ state }) => OPEN.includes(state))
  return [
    ...open.filter(({ id }) => !members.some(({ charge }) => charge?.orderId === id)).map(({ id, state }) => `order ${id} is ${state}, and its member does not know`),
    ...members.filter(({ charge }) => charge !== null && !open.some(({ id }) => id === charge.orderId)).map(({ customerId, charge }) => `member ${customerId} waits for order ${charge?.orderId}, which is over`),
  ]
}

function mailFaults(kept: Kept): string[] {
  const { mails, emails } = kept
  const own = mails.filter(({ template }) => String(template).startsWith('membership_'))
  const sent = Map.groupBy(own.filter(({ status, to }) => status === 'sent' && to !== NOBODY), ({ to, subject }) => `${to}: ${subject}`)
  const told = keptOrders(kept).filter(({ id }) => mails.filter(({ orderId, template }) => orderId === id && GRANTING.includes(template)).length !== 1)
  return [
    ...told.map(({ id }) => `order ${id} was paid, and its member was not told once`),
    ...[...sent].flatMap(([which, several]) => {
      const arrived = emails.filter(({ to, subject }) => `${to}: ${subject}` === which).length
      return arrived === several.length ? [] : [`"${which}" was to be sent ${several.length} times, and was ${arrived} times`]
    }),
  ]
}

/** What a membership is charged to cannot be taken away from it. */
function cardFaults(kept: Kept): string[] {
  return memberships(kept).flatMap(({ id, status, card }) => {
    const known = kept.cards.find((one) => one.id === card.id)
    const uses = known?.usedBy.includes(`membership ${id}`) === true
    if (status !== 'cancelled') return !uses ? [`membership ${id} is ${status}, and its card ${card.id} can be removed`] : []
    return uses ? [`membership ${id} is over, and its card ${card.id} cannot be removed`] : []
  })
}

function memberships({ members, past }: Kept): Array<Membership & { readonly customerId: string }> {
  const all = [...members, ...(past as unknown as Member[])]
  return all.flatMap(({ customerId, membership }) => (membership === null ? [] : [{ ...membership, customerId }]))
}
