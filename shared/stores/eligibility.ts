/**
 * The ports through which whatever is sold asks other areas of the shop about a buyer, each for itself.
 *
 * Membership: `memberDoc` is read together with everything else that is decided on, and `membershipIn` says what it means
 * at that moment.
 * Age: `ageDoc` is read with it, `ageIn` says what it means, and `relyOnAge` ties the caller's commit to it: if the
 * verification was taken back, erased or made anew meanwhile, nothing is written, and it is decided again.
 */
import { isValid } from '#domain/age-check.ts'
import { NO_MEMBERSHIP, UNVERIFIED, type AgeAnswer, type Membership } from '#domain/eligibility.ts'
import { standingOf } from '#domain/member.ts'
import { now } from '#platform/clock.ts'
import { readOne, type Snapshot, type Writer } from '#platform/firestore.ts'
import { ageAccountIn } from './age-checks.ts'
import { memberDoc, memberOf } from './members.ts'

/** @param snapshot of `ageDoc`; undefined for a guest, whose age nobody knows */
export function ageIn(snapshot: Snapshot | undefined): AgeAnswer {
  const verification = snapshot === undefined ? undefined : ageAccountIn(snapshot)?.verification
  return verification == null ? UNVERIFIED : { verified: isValid(verification, now()) }
}

export function relyOnAge(writer: Writer, snapshot: Snapshot | undefined): void {
  const lastUpdateTime = snapshot?.updateTime
  if (snapshot !== undefined && lastUpdateTime !== undefined) writer.update(snapshot.ref, { reliedOnAtMs: now() }, { lastUpdateTime })
}

/** @param snapshot of `memberDoc`; undefined for a guest */
export function membershipIn(snapshot: Snapshot | undefined): Membership {
  return snapshot === undefined ? NO_MEMBERSHIP : standingOf(memberOf(snapshot), now())
}

/** For whoever reads nothing else with it. */
export async function membershipOf(customerId: string | null): Promise<Membership> {
  return membershipIn(customerId === null ? undefined : await readOne(await memberDoc(customerId)))
}
