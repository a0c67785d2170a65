/**
 * Takes a higher tier at once, for the difference of what is left of the month; the billing day stays.
 *
 * The card of the membership is charged by an order, written first; the tier changes in the commit that marks it paid.
 * What was charged and cannot be had any more, because the month or the membership has ended meanwhile, goes back.
 */
import { z } from 'zod'
import { newId } from '#values/ids.ts'
import { upgrade } from '#domain/membership-orders.ts'
import { TIER_NAMES } from '#domain/membership-tiers.ts'
import { GrantedShown } from '#domain/shown/membership.ts'
import { PlacedShown } from '#domain/shown/order.ts'
import { payCharge } from '#stores/member-charging.ts'
import { placeCharge } from '#stores/member-placing.ts'
import { gatewayNamed } from '#vendors/gateways.ts'
import type { Reply } from '#entry/answer.ts'
import { endpoint, route, type Call } from '#entry/endpoint.ts'
import { chargeReply, clickOf, keyedChargeId, memberIdOf } from '#entry/membership.ts'

const Wish = z.strictObject({ tier: z.enum(TIER_NAMES) })

export const upgradeMembership = endpoint({
  name: 'upgrade-membership',
  path: '/api/memberships/:customerId/upgrade',
  impact: 'Members who want to pay for more cannot.',
  PUT: route({
    who: ['customer', 'admin'],
    summary: 'Take a higher tier at once',
    body: Wish,
    reply: GrantedShown,
    also: { 202: PlacedShown },
    idempotent: true,
    fails: ['PAYMENT_DECLINED'],
    run,
  }),
})

async function run(call: Call<z.output<typeof Wish>, unknown>): Promise<Reply> {
  const customerId = memberIdOf(call)
  const runner = newId('run')
  const placed = await placeCharge({
    customerId, byPerson: true,
    keyedOrderId: keyedChargeId('upgrade', call),
    click: { ...clickOf(call, runner), token: null, deviceId: null },
    named: (member) => ['upgrade', customerId, String(member?.charges ?? 0)],
    decide: (member, setting) => upgrade(member, call.body.tier, setting),
  })
  return chargeReply(await payCharge(placed, { runner, gatewayNamed }))
}
