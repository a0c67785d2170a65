/** The ports through which a checkout asks other areas of the shop about a buyer. Neither area is in use yet. */
import { NO_MEMBERSHIP, NOT_NEEDED, type AgeAnswer, type Membership } from '#domain/eligibility.ts'

export interface Eligibility {
  readonly age: AgeAnswer
  readonly membership: Membership
}

export async function eligibilityOf(_customerId: string | null): Promise<Eligibility> {
  return { age: NOT_NEEDED, membership: NO_MEMBERSHIP }
}
