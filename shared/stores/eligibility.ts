/**
 * The ports through which whatever is sold asks other areas of the shop about a buyer, each for itself.
 *
 * Membership: `memberDoc` is read together with everything else that is decided on, and `membershipIn` says what it means
 * at that moment.
 */
import { NO_MEMBERSHIP, NOT_NEEDED, type AgeAnswer, type Membership } from '#domain/eligibility.ts'
import { standingOf } from '#domain/member.ts'
import { now } from '#platform/clock.ts'
import { readOne, type Snapshot } from '#platform/firestore.ts'
import { memberDoc, memberOf } from './members.ts'

export function ageIn(): AgeAnswer {
  return NOT_NEEDED
}

/** @param snapshot of `memberDoc`; undefined for a guest */
export function membershipIn(snapshot: Snapshot | undefined): Membership {
  return snapshot === undefined ? NO_MEMBERSHIP : standingOf(memberOf(snapshot), now())
}

/** For whoever reads nothing else with it. */
export async function membershipOf(customerId: string | null): Promise<Membership> {
  return membershipIn(customerId === null ? undefined : await readOne(await memberDoc(customerId)))
}
