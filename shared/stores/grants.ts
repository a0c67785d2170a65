/**
 * What an order grants beside goods: read in the transaction that settles it, written in the same commit. One line here
 * for each kind of purpose; who settles an order, and why, does not matter.
 */
import { withMembership } from '#domain/membership-payment.ts'
import type { Order } from '#domain/order.ts'
import { turnOf } from '#domain/settle.ts'
import type { Granted, Settlement } from '#domain/settlement.ts'
import type { Unit } from '#platform/firestore.ts'
import { memberDoc, memberOf, memberWrites, newMember, scene } from './members.ts'

/** A settlement with what it means for that for which its order was. */
export async function withGrant(unit: Unit, order: Order, settlement: Settlement): Promise<Settlement> {
  const { purpose, customerId } = order
  if (purpose === undefined || customerId === null || turnOf(order, settlement) === undefined) return settlement
  switch (purpose.kind) {
    case 'membership': {
      const member = memberOf(await unit.get(await memberDoc(customerId))) ?? newMember(customerId, order.email)
      return withMembership(order, settlement, member, scene())
    }
  }
}

/** Prepares what is granted to be written, and reads what it must; the returned function only writes. */
export function grantWrites(unit: Unit, granted: Granted): Promise<() => Promise<void>> {
  switch (granted.kind) {
    case 'membership':
      return memberWrites(unit, granted)
  }
}
