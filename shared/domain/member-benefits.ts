/**
 * What a membership brings each month beside its discount: a gift that staff hand over, an entry in a raffle, a newsletter
 * for whoever agreed to it.
 *
 * Each benefit is a record that is named after membership, month and kind, so that a month brings each once, however often
 * the job runs. Months are those of the store's calendar. Whoever has no benefits then (suspended, over) gets none.
 */
import { Failure } from '#values/failure.ts'
import { iso } from '#values/time.ts'
import { momentOf, wallTime } from './civil-day.ts'
import type { MailIntent } from './mail.ts'
import { hasBenefits, type Member, type Membership } from './member.ts'
import type { Scene } from './membership-change.ts'
import { newsletterMail } from './membership-mails.ts'
import type { Tier } from './membership-tiers.ts'
import { auditEvent, type WarehouseRow } from './rows.ts'
import type { BenefitShown } from './shown/membership.ts'

export type BenefitKind = 'gift' | 'gift_box' | 'raffle_entry'

/** What staff hand over; an entry is for the raffle. */
export const HANDED_OVER: readonly BenefitKind[] = ['gift', 'gift_box']

export interface Benefit {
  readonly id: string
  readonly membershipId: string
  readonly customerId: string
  readonly tier: Tier
  /** `2026-12` */
  readonly month: string
  readonly kind: BenefitKind
  readonly status: 'due' | 'given'
  readonly givenAtMs: number | null
  readonly givenBy: string | null
  readonly createdAtMs: number
}

const BY_TIER: Readonly<Record<Tier, readonly BenefitKind[]>> = { BRONZE: [], SILVER: ['gift'], GOLD: ['gift_box', 'raffle_entry'] }

export interface MonthOfBenefits {
  /** The member, to be looked at again next month; never, when nothing will be due. */
  readonly member: Member
  readonly benefits: readonly Benefit[]
  readonly mails: readonly MailIntent[]
}

export interface MonthScene extends Scene {
  /** For the newsletter. */
  readonly unsubscribeUrl: string
}

/** What this month brings a member; undefined before it is due. */
export function benefitsOfMonth(member: Member, scene: MonthScene): MonthOfBenefits | undefined {
  const { benefitsAtMs, membership } = member
  const { nowMs, timeZone } = scene
  if (benefitsAtMs === null || benefitsAtMs > nowMs) return undefined
  if (membership === null || isOver(membership, nowMs)) return { member: { ...member, benefitsAtMs: null }, benefits: [], mails: [] }
  const month = monthAt(nowMs, timeZone)
  const later = { ...member, benefitsAtMs: nextMonthAt(nowMs, timeZone) }
  if (!hasBenefits(membership, nowMs)) return { member: later, benefits: [], mails: [] }
  const kinds = BY_TIER[membership.tier]
  const mails = member.newsletter ? [newsletterMail(member, membership, { ...scene, month, kinds })] : []
  return { member: later, benefits: kinds.map((kind) => benefitOf(member.customerId, membership, { kind, month, createdAtMs: nowMs })), mails }
}

function isOver(membership: Membership, nowMs: number): boolean {
  return membership.status === 'cancelled' && !hasBenefits(membership, nowMs)
}

function benefitOf(customerId: string, { id, tier }: Membership, facts: Pick<Benefit, 'kind' | 'month' | 'createdAtMs'>): Benefit {
  return { id: `${id}-${facts.month}-${facts.kind}`, membershipId: id, customerId, tier, ...facts, status: 'due', givenAtMs: null, givenBy: null }
}

function monthAt(atMs: number, timeZone: string): string {
  return new Date(wallTime(timeZone, atMs)).toISOString().slice(0, 7)
}

/** Where the next month begins at the store. */
function nextMonthAt(atMs: number, timeZone: string): number {
  const wall = new Date(wallTime(timeZone, atMs))
  return momentOf(timeZone, Date.UTC(wall.getUTCFullYear(), wall.getUTCMonth() + 1, 1))
}

/**
 * Hands a gift over; undefined when it was.
 * @throws Failure CONFLICT for what is not handed over
 */
export function given(benefit: Benefit, by: string, nowMs: number): { readonly benefit: Benefit; readonly row: WarehouseRow } | undefined {
  const { kind, month } = benefit
  if (!HANDED_OVER.includes(kind)) throw new Failure('CONFLICT', { message: 'An entry in a raffle is not handed over.', details: { kind } })
  if (benefit.status === 'given') return undefined
  const row = auditEvent({
    id: `${benefit.id}-given-audit`, who: null, what: 'membership.gift_given', subject: benefit.membershipId, before: { status: 'due' },
    after: { status: 'given', kind, month }, why: 'handed over', requestId: null, ip: null, atMs: nowMs,
  })
  return { benefit: { ...benefit, status: 'given', givenAtMs: nowMs, givenBy: by }, row }
}

export function benefitView({ givenAtMs, createdAtMs, ...benefit }: Benefit): BenefitShown {
  return { ...benefit, givenAt: givenAtMs === null ? null : iso(givenAtMs), createdAt: iso(createdAtMs) }
}
