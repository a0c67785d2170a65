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
import { payCharge } from '#stores/member-charging.ts'
import { placeIfDue, type PlacedCharge } from '#stores/member-placing.ts'
import { changeMember, dueMembers, lookAgainLater, scene } from '#stores/members.ts'
import { gatewayNamed } from '#vendors/gateways.ts'
import { schedule } from '#entry/schedule.ts'
import { sweep } from '#entry/sweep.ts'

/** Counted: settled (paid or declined), released (ended), deferred (nobody knows yet, or the gateway is away), unchanged (somebody else's). */
export const renewMemberships = schedule({
  name: 'renew-memberships',
  cron: '10 * * * *',
  impact: 'Months of memberships are not charged, and whoever does not pay keeps his benefits.',
  timeoutSeconds: 900,
  run: (run) =>
    sweep({
      name: 'renew-memberships', run, atOnce: 8, counts: ['settled', 'released', 'deferred', 'unchanged'],
      take: async (limit) => (await dueMembers(limit)).map((member) => ({ id: member.customerId, member })),
      finish: ({ member }) => attended(member),
      putOff: ({ id }) => lookAgainLater(id),
    }),
})

type Result = 'settled' | 'released' | 'deferred' | 'unchanged'

async function attended(member: Member): Promise<Result> {
  if (isOver(member)) return ended(member)
  const runner = newId('run')
  const placed = await placedBy(member, runner).catch(whileAway)
  if (placed === undefined || placed === 'away') {
    await lookAgainLater(member.customerId)
    return placed === undefined ? 'unchanged' : 'deferred'
  }
  const { order } = await payCharge(placed, { runner, gatewayNamed })
  return isOpen(order) ? 'deferred' : 'settled'
}

/** Nothing is begun while the gateway is left alone. */
function whileAway(error: unknown): 'away' {
  if (error instanceof Failure && error.code === 'SERVICE_UNAVAILABLE') return 'away'
  throw error
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
