/**
 * The ports through which a purchase asks other areas of the shop about its buyer. Each answers from a document of its
 * own, which is read with whatever else the purchase reads, and decides at the moment of the purchase.
 */
import { NOT_NEEDED, type AgeAnswer, type Membership } from '#domain/eligibility.ts'
import { standingOf } from '#domain/member.ts'
import { now } from '#platform/clock.ts'
import { readAll, type Doc, type Snapshot } from '#platform/firestore.ts'
import { memberDoc, memberOf } from './members.ts'

export interface Eligibility {
  readonly age: AgeAnswer
  readonly membership: Membership
}

/** What is known of a buyer; nothing of a guest. */
export async function buyerDocs(customerId: string | null): Promise<Doc[]> {
  return customerId === null ? [] : [await memberDoc(customerId)]
}

/** @param found the buyer's documents, in their order */
export function eligibilityIn([member]: readonly Snapshot[]): Eligibility {
  return { age: NOT_NEEDED, membership: standingOf(member === undefined ? undefined : memberOf(member), now()) }
}

/** For whoever reads nothing else with it. */
export async function eligibilityOf(customerId: string | null): Promise<Eligibility> {
  return eligibilityIn(await readAll(await buyerDocs(customerId)))
}
