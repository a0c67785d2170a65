/**
 * What a payment means for the membership that it was for: granted, one step closer to suspension, or not to be had.
 *
 * It is decided on the membership as it is when the money came, however late: a month that another order has paid, a
 * membership that was cancelled meanwhile or taken twice is not granted again, and the money goes back.
 */
import { anchorAt, dueAt } from './billing-calendar.ts'
import { declinedOnceMore, dueMoment, lookedAtNext } from './dunning.ts'
import { membershipView, RUNNING, type Member, type Membership, type MembershipStatus } from './member.ts'
import { changed, endRefunded, type MemberChange, type Scene } from './membership-change.ts'
import { paymentFailedMail, renewalMail, secondFailureMail, suspensionMail, upgradeMail, welcomeMail } from './membership-mails.ts'
import { rankOf } from './membership-tiers.ts'
import type { Answer, Order } from './order.ts'
import type { MembershipPurpose } from './purpose.ts'
import { notGranted, turnOf } from './settle.ts'
import type { Settlement } from './settlement.ts'
import { iso } from '#values/time.ts'

/** An order with what its payment grants. */
type MembershipOrder = Order & { readonly purpose: MembershipPurpose }

/** The settlement of a membership's order, with what it means for the membership as that is now. */
export function withMembership(before: Order, settlement: Settlement, member: Member, scene: Scene): Settlement {
  const order = settlement.order as MembershipOrder
  switch (turnOf(before, settlement)) {
    case 'paid': {
      const change = granted(member, order, scene)
      if (change !== undefined) return joined({ ...settlement, order: { ...order, answer: grantedAnswer(order, change, scene.nowMs) } }, change)
      return joined(notGranted(settlement, 'It cannot be granted any more', scene.nowMs), letGo(member, order, scene))
    }
    case 'ended':
      return joined(settlement, notPaid(member, order, scene))
    case 'given_back':
      return joined(settlement, givenBack(member, order, scene))
    case undefined:
      return settlement
  }
}

function joined(settlement: Settlement, change: MemberChange | undefined): Settlement {
  if (change === undefined) return settlement
  const { mails, rows, ...granted } = change
  const { leaves } = settlement
  return {
    ...settlement, mails: [...settlement.mails, ...mails], rows: [...settlement.rows, ...rows], granted: { kind: 'membership', ...granted },
    // The card that has paid is the membership's from the first moment on.
    ...(leaves === undefined || change.uses === undefined ? {} : { leaves: { ...leaves, usedBy: [change.uses.user] } }),
  }
}

function grantedAnswer({ id: orderId, purpose }: MembershipOrder, { member }: MemberChange, nowMs: number): Answer {
  const body = { success: true, membership: membershipView(member), orderId, timestamp: iso(nowMs) }
  return { status: purpose.what === 'subscribe' ? 201 : 200, body: JSON.stringify(body) }
}

/** What the money bought; undefined when it cannot be had any more. */
function granted(member: Member, order: MembershipOrder, scene: Scene): MemberChange | undefined {
  const free = released(member, order)
  switch (order.purpose.what) {
    case 'subscribe':
      return started(free, order, scene)
    case 'upgrade':
      return upgraded(free, order, scene)
    case 'renew':
      return renewed(free, order, scene)
  }
}

/** The charge under way is over, if it was this one. */
function released(member: Member, { id }: Order): Member {
  return member.charge?.orderId === id ? { ...member, charge: null } : member
}

function started(member: Member, order: MembershipOrder, scene: Scene): MemberChange | undefined {
  if (member.membership !== null && RUNNING.includes(member.membership.status)) return undefined
  const { timeZone, nowMs } = scene
  const { membershipId: id, tier, price, card, newsletter = false } = order.purpose
  const anchor = anchorAt(timeZone, nowMs)
  const membership: Membership = {
    id, tier, price, currency: order.currency, status: 'active', anchor, period: 0, periodStartsAtMs: nowMs,
    periodEndsAtMs: dueAt(timeZone, anchor, 1), orderId: order.id, card, nextTier: null, startedAtMs: nowMs, cancelledAtMs: null, cancelReason: null,
  }
  // Whoever begins anew in a month that has brought its benefits gets the next ones with the next month.
  const begun = { ...member, email: order.email, newsletter, benefitsAtMs: member.benefitsAtMs ?? nowMs }
  const mails = [welcomeMail(begun, membership, { ...scene, order })]
  return changed(begun, membership, scene, { what: 'membership.started', why: 'paid', mails })
}

function upgraded(member: Member, order: MembershipOrder, scene: Scene): MemberChange | undefined {
  const membership = memberFor(member, order, ['active'])
  const { tier, price, period } = order.purpose
  if (membership === undefined || membership.period !== period || rankOf(tier) <= rankOf(membership.tier)) return undefined
  const higher: Membership = { ...membership, tier, price, nextTier: null }
  return changed(member, higher, scene, { what: 'membership.upgraded', why: 'paid', mails: [upgradeMail(member, higher, { ...scene, order })] })
}

function renewed(member: Member, order: MembershipOrder, scene: Scene): MemberChange | undefined {
  const membership = memberFor(member, order, RUNNING)
  const { tier, price, period } = order.purpose
  if (membership === undefined || membership.period + 1 !== period) return undefined
  const { unpaid: _paid, ...rest } = membership
  const { anchor } = membership
  const month: Membership = {
    ...rest, tier, price, period, status: 'active', nextTier: null, orderId: order.id,
    periodStartsAtMs: membership.periodEndsAtMs, periodEndsAtMs: dueAt(scene.timeZone, anchor, period + 1),
  }
  return changed(member, month, scene, { what: 'membership.renewed', why: 'paid', mails: [renewalMail(member, month, { ...scene, order })] })
}

function memberFor({ membership }: Member, { purpose }: MembershipOrder, states: readonly MembershipStatus[]): Membership | undefined {
  return membership !== null && membership.id === purpose.membershipId && states.includes(membership.status) ? membership : undefined
}

/** The attempt is over without money. A card that was declined on schedule is a step towards suspension. */
function notPaid(member: Member, order: MembershipOrder, scene: Scene): MemberChange | undefined {
  const { what, scheduled } = order.purpose
  const owed = what === 'renew' && scheduled ? memberFor(member, order, RUNNING) : undefined
  const isRefused = order.payment.status !== 'not_charged'
  const isOurs = member.charge?.orderId === order.id
  return owed !== undefined && isRefused && isOurs ? failed(released(member, order), owed, order, scene) : letGo(member, order, scene)
}

/** Nothing comes of the charge that is under way, and the calendar goes on: another try has to wait a little. */
function letGo(member: Member, order: MembershipOrder, setting: Scene): MemberChange | undefined {
  if (member.charge?.orderId !== order.id) return undefined
  const due = member.membership === null ? null : dueMoment(member.membership, setting.timeZone)
  const nextAtMs = order.purpose.scheduled ? lookedAtNext(member, setting) : due
  return { member: { ...released(member, order), nextAtMs, updatedAtMs: setting.nowMs }, mails: [], rows: [] }
}

function failed(member: Member, membership: Membership, order: MembershipOrder, scene: Scene): MemberChange {
  const { tier, price } = order.purpose
  // What was agreed for this month counts for it, paid or not.
  const unpaid: Membership = { ...membership, tier, price, nextTier: null, ...declinedOnceMore(membership, scene.nowMs) }
  const mail =
    unpaid.status === 'suspended' ? suspensionMail(member, unpaid, scene)
    : unpaid.unpaid?.declined === 1 ? paymentFailedMail(member, unpaid, scene)
    : secondFailureMail(member, unpaid, scene)
  const why = order.payment.declineCode ?? order.payment.status
  return changed(member, unpaid, scene, { what: `membership.${unpaid.status}`, why, mails: [mail] })
}

/** All of a payment was given back: if it has paid the running month, the membership ends with it. */
function givenBack(member: Member, order: MembershipOrder, scene: Scene): MemberChange | undefined {
  const { membership } = member
  if (membership?.orderId !== order.id || membership.periodEndsAtMs <= scene.nowMs) return undefined
  return endRefunded(member, membership, scene)
}
