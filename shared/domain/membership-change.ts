/**
 * A change of a membership with everything that belongs to it: its row, its audit event, its mails. And the changes that
 * no payment makes: cancel, downgrade, another card, the end after two weeks unpaid.
 */
import { Failure } from '#values/failure.ts'
import { dueMoment, dueStep, type Setting } from './dunning.ts'
import type { MailIntent } from './mail.ts'
import type { Member, Membership } from './member.ts'
import { cancelMail } from './membership-mails.ts'
import { beingPaid, noMembership, refuseInactive, wrongWay } from './membership-orders.ts'
import { membershipAudit, membershipRow } from './membership-rows.ts'
import { rankOf, type Tier } from './membership-tiers.ts'
import type { KeptCard } from './purpose.ts'
import type { WarehouseRow } from './rows.ts'

/** Everything that one fact about a membership changes, to be written in one commit. */
export interface MemberChange {
  readonly member: Member
  /** A membership that had ended, and whose place another takes: kept for the figures. */
  readonly past?: Membership
  readonly uses?: CardUses
  readonly mails: readonly MailIntent[]
  readonly rows: readonly WarehouseRow[]
}

/** Which card a membership pays with from now on, and which no more. */
export interface CardUses {
  /** `membership mem_1` */
  readonly user: string
  readonly taken: string | null
  readonly released: string | null
}

export interface Scene extends Setting {
  readonly shopName: string
}

export interface Happening {
  /** `membership.started`, ...: as the audit trail names it. */
  readonly what: string
  readonly why: string
  readonly mails?: readonly MailIntent[]
  /** A charge that is under way, or was put off, keeps its time. */
  readonly keepsTime?: true
}

/** The member with a changed membership. */
export function changed(before: Member, membership: Membership, { timeZone, nowMs }: Setting, happening: Happening): MemberChange {
  const { what, why, mails = [], keepsTime } = happening
  const nextAtMs = keepsTime === true ? before.nextAtMs : dueMoment(membership, timeZone)
  const member: Member = { ...before, membership, version: before.version + 1, nextAtMs, updatedAtMs: nowMs }
  const past = before.membership !== null && before.membership.id !== membership.id ? { past: before.membership } : {}
  const rows = [membershipRow(member, membership), membershipAudit(member, { before: before.membership, after: membership, what, why })]
  return { member, ...past, ...usesOf(before.membership, membership), mails, rows }
}

function usesOf(before: Membership | null, after: Membership): Pick<MemberChange, 'uses'> {
  const [released, taken] = [cardInUse(before), cardInUse(after)]
  return released === taken ? {} : { uses: { user: `membership ${after.id}`, taken, released } }
}

function cardInUse(membership: Membership | null): string | null {
  return membership === null || membership.status === 'cancelled' ? null : membership.card.id
}

/** @throws Failure NOT_FOUND when the customer is no member and has not been one */
function membershipOf({ membership }: Member): Membership {
  if (membership === null) throw noMembership()
  return membership
}

/**
 * Ends a membership at its member's wish: benefits last until the month that is paid ends, and nothing more is charged.
 * @returns undefined when it is cancelled already
 */
export function cancel(member: Member, reason: string, scene: Scene): MemberChange | undefined {
  const membership = membershipOf(member)
  if (membership.status === 'cancelled') return undefined
  return over(member, membership, { reason, why: 'Cancelled on request' }, scene)
}

/** Ends a membership that stayed unpaid; undefined when that is not due. */
export function endUnpaid(member: Member, scene: Scene): MemberChange | undefined {
  const { membership } = member
  if (membership === null || dueStep(membership, scene.timeZone, scene.nowMs) !== 'end') return undefined
  return over(member, membership, { reason: 'payment_failed', why: 'Unpaid for two weeks' }, scene)
}

/** Ends a membership whose running month was given back whole: its benefits end with it. */
export function endRefunded(member: Member, membership: Membership, scene: Scene): MemberChange {
  const until = { ...membership, periodEndsAtMs: Math.min(membership.periodEndsAtMs, scene.nowMs) }
  return over(member, until, { reason: membership.cancelReason ?? 'refunded', why: 'Its month was given back' }, scene)
}

/** What a customer writes stays with the membership: it may tell who he is. */
function over(member: Member, membership: Membership, { reason, why }: { reason: string; why: string }, scene: Scene): MemberChange {
  const { cancelledAtMs } = membership
  const ended: Membership = { ...membership, status: 'cancelled', cancelledAtMs: cancelledAtMs ?? scene.nowMs, cancelReason: reason, nextTier: null }
  return changed(member, ended, scene, { what: 'membership.cancelled', why, mails: cancelledAtMs === null ? [cancelMail(member, ended, scene)] : [] })
}

/**
 * Takes a lower tier with the next month; until then the higher one is paid. The present one takes that back.
 * @returns undefined when that is agreed already
 * @throws Failure CONFLICT when the tier is not lower, or the membership is not active
 */
export function downgrade(member: Member, tier: Tier, setting: Setting): MemberChange | undefined {
  const membership = membershipOf(member)
  refuseInactive(membership)
  if (member.charge !== null) throw beingPaid(member.charge.orderId)
  if (tier === membership.tier && membership.nextTier !== null) return staying(member, membership, setting)
  if (rankOf(tier) >= rankOf(membership.tier)) throw wrongWay(membership, tier, 'lower')
  if (membership.nextTier === tier) return undefined
  const why = `${tier} from the next month on`
  return changed(member, { ...membership, nextTier: tier }, setting, { what: 'membership.downgrade_agreed', why, keepsTime: true })
}

function staying(member: Member, membership: Membership, setting: Setting): MemberChange {
  const why = `stays ${membership.tier}`
  return changed(member, { ...membership, nextTier: null }, setting, { what: 'membership.downgrade_withdrawn', why, keepsTime: true })
}

/** What the member wants to be told; undefined when that is known. */
export function newsletter(member: Member, agreed: boolean, setting: Setting): MemberChange | undefined {
  const membership = membershipOf(member)
  if (member.newsletter === agreed) return undefined
  const why = agreed ? 'Agreed by the member' : 'Taken back by the member'
  return changed({ ...member, newsletter: agreed }, membership, setting, { what: 'membership.newsletter', why, keepsTime: true })
}

/**
 * Charges another card from now on; undefined when it is the one already.
 * @throws Failure CONFLICT when the membership is over
 */
export function withCard(member: Member, card: KeptCard, setting: Setting): MemberChange | undefined {
  const membership = membershipOf(member)
  refuseEnded(membership)
  if (membership.card.id === card.id) return undefined
  return changed(member, { ...membership, card }, setting, { what: 'membership.card_changed', why: 'Another card', keepsTime: true })
}

/** @throws Failure NOT_FOUND without a membership, CONFLICT for one that is cancelled */
export function refuseEnded(membership: Membership | null): void {
  if (membership === null) throw noMembership()
  if (membership.status === 'cancelled') throw new Failure('CONFLICT', { message: 'This membership is cancelled.', details: { status: 'cancelled' } })
}
