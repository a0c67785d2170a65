/**
 * The calendar of the memberships, on our own clock and for any gateway: charges each month when it is due, tries again
 * what was declined on day 3 and 7, suspends, and ends what stays unpaid on day 14.
 *
 * What is due is decided on the membership in the transaction that writes its order, before anybody is charged; the order
 * is settled, and the month granted or its failure written, in one commit. A charge whose runner died is found out by the
 * sweep of orders, and tried again an hour later if it never reached the gateway.
 * Safe to run twice: a membership has one charge under way, a month one order that pays it, and what two runs see due at
 * once, one of them writes.
 */
import { Failure } from '#values/failure.ts'
import { newId } from '#values/ids.ts'
import { dueStep } from '#domain/dunning.ts'
import type { Member } from '#domain/member.ts'
import { endUnpaid } from '#domain/membership-change.ts'
import { renewal } from '#domain/membership-orders.ts'
import { isOpen } from '#domain/order.ts'
import { log } from '#platform/log.ts'
import { payCharge } from '#stores/member-charging.ts'
import { placeIfDue, type PlacedCharge } from '#stores/member-placing.ts'
import { changeMember, dueMembers, lookAgainLater, scene } from '#stores/members.ts'
import { gatewayNamed } from '#vendors/gateways.ts'
import { schedule, type Tally } from '#entry/schedule.ts'

const AT_ONCE = 8

/** Counted: settled (paid or declined), released (ended), deferred (not answered yet), unchanged (somebody else's). */
export const renewMemberships = schedule({
  name: 'renew-memberships',
  cron: '10 * * * *',
  impact: 'Months of memberships are not charged, and whoever does not pay keeps his benefits.',
  timeoutSeconds: 900,
  run: async ({ hasTime }) => {
    const tally = { read: 0, settled: 0, released: 0, deferred: 0, unchanged: 0, failed: 0 } satisfies Tally
    while (hasTime()) {
      const members = await dueMembers(AT_ONCE)
      if (members.length === 0) break
      tally.read += members.length
      for (const result of await Promise.all(members.map(attended))) tally[result] += 1
    }
    return tally
  },
})

type Result = 'settled' | 'released' | 'deferred' | 'unchanged' | 'failed'

async function attended(member: Member): Promise<Result> {
  try {
    if (isOver(member)) return await ended(member)
    const runner = newId('run')
    const placed = await placedBy(member, runner)
    if (placed === undefined) return await unchanged(member)
    const { order } = await payCharge(placed, { runner, gatewayNamed })
    return isOpen(order) ? 'deferred' : 'settled'
  } catch (error) {
    await lookAgainLater(member.customerId)
    if (error instanceof Failure && error.code === 'SERVICE_UNAVAILABLE') return 'deferred'
    log.error('a membership could not be renewed', error, { function: 'renew-memberships', customerId: member.customerId })
    return 'failed'
  }
}

function isOver({ membership }: Member): boolean {
  const { timeZone, nowMs } = scene()
  return membership !== null && dueStep(membership, timeZone, nowMs) === 'end'
}

async function ended({ customerId }: Member): Promise<Result> {
  const { membership } = await changeMember(customerId, (member) => endUnpaid(member, scene()))
  return membership?.status === 'cancelled' ? 'released' : 'unchanged'
}

/** The calendar has nobody's key and no address: an order follows from the membership, its month, and the tries so far. */
function placedBy({ customerId }: Member, runner: string): Promise<PlacedCharge | undefined> {
  return placeIfDue({
    customerId, byPerson: false, ifBusy: 'leave', keyedOrderId: undefined,
    click: { token: null, requestHash: runner, runner, ip: '', ipCountry: null, userAgent: 'renew-memberships', deviceId: null },
    named: (member) => ['renewal', member?.membership?.id ?? customerId, String((member?.membership?.period ?? 0) + 1), String(member?.charges ?? 0)],
    decide: (member, setting) => (member === undefined ? undefined : renewal(member, setting)),
  })
}

/** Not due any more, or somebody else is charging it. */
async function unchanged({ customerId }: Member): Promise<Result> {
  await lookAgainLater(customerId)
  return 'unchanged'
}
