/**
 * What happens when a month is not paid, counted in civil days from the day on which it failed first, which is day 1:
 * benefits are kept until the last try on day 7, then suspended; on day 14 the membership ends. Paid at any point, it
 * goes on with its original billing day.
 *
 * Only a card that was declined is a step. When nobody answered, the same step is tried again: a failure of ours or of
 * the gateway's brings nobody closer to suspension.
 */
import { HOUR_MS } from '#values/time.ts'
import { daysAfter } from './billing-calendar.ts'
import type { Member, Membership, MembershipStatus, Unpaid } from './member.ts'

/** Where and when something is decided. */
export interface Setting {
  readonly timeZone: string
  readonly nowMs: number
}

/** The try after so many declined ones, and its day. */
const TRY_DAYS: readonly number[] = [1, 3, 7]
const END_DAY = 14
/** A charge that nobody answered is tried again after this, and so long a charge may be under way before it is looked at. */
export const LOOK_AGAIN_MS = HOUR_MS

/** The next moment at which the calendar has something to do; null when it never has. */
export function dueMoment(membership: Membership, timeZone: string): number | null {
  const { status, periodEndsAtMs, unpaid } = membership
  if (status === 'cancelled') return null
  if (status === 'active' || unpaid === undefined) return periodEndsAtMs
  const day = status === 'suspended' ? END_DAY : (TRY_DAYS[unpaid.declined] ?? END_DAY)
  return daysAfter(timeZone, unpaid.sinceMs, day - 1)
}

/** When the calendar looks at a member again for whom nothing could be done now; null when nothing will be due. */
export function lookedAtNext({ membership }: Pick<Member, 'membership'>, { timeZone, nowMs }: Setting): number | null {
  const due = membership === null ? null : dueMoment(membership, timeZone)
  return due === null ? null : Math.max(due, nowMs + LOOK_AGAIN_MS)
}

/** What is due now. A suspended membership only waits for its end. */
export function dueStep(membership: Membership, timeZone: string, nowMs: number): 'charge' | 'end' | undefined {
  const moment = dueMoment(membership, timeZone)
  if (moment === null || moment > nowMs) return undefined
  return membership.status === 'suspended' ? 'end' : 'charge'
}

/** One more declined charge. */
export function declinedOnceMore({ unpaid }: Membership, nowMs: number): { readonly status: MembershipStatus; readonly unpaid: Unpaid } {
  const next = { sinceMs: unpaid?.sinceMs ?? nowMs, declined: (unpaid?.declined ?? 0) + 1 }
  return { status: next.declined < TRY_DAYS.length ? 'payment_failed' : 'suspended', unpaid: next }
}
