/**
 * Makes a customer a member: charges the first month and keeps the card for those that follow.
 *
 * The charge is an order like any other, written before anybody is charged; whoever learns that it was paid (this call, a
 * webhook, the sweep) grants the membership in the same commit. What must never happen: two memberships of one customer,
 * two charges for one click, money kept for a membership that somebody else's click was faster to begin.
 */
import { z } from 'zod'
import { invalid } from '#values/failure.ts'
import { newId } from '#values/ids.ts'
import { emailField, idField } from '#values/schema.ts'
import { isUsable } from '#domain/card.ts'
import { subscription } from '#domain/membership-orders.ts'
import { TIER_NAMES } from '#domain/membership-tiers.ts'
import { GrantedShown } from '#domain/shown/membership.ts'
import { PlacedShown } from '#domain/shown/order.ts'
import { config } from '#platform/config.ts'
import { derivedId } from '#platform/derived.ts'
import { readCard } from '#stores/cards.ts'
import { payCharge } from '#stores/member-charging.ts'
import { placeCharge, type ChargeWish } from '#stores/member-placing.ts'
import { gatewayNamed } from '#vendors/gateways.ts'
import type { Reply } from '#entry/answer.ts'
import { refuseStranger } from '#entry/bearer.ts'
import { endpoint, route, type Call } from '#entry/endpoint.ts'
import { chargeReply, clickOf, keyedChargeId, paymentMethod } from '#entry/membership.ts'

const Subscription = z.strictObject({
  customerId: idField,
  email: emailField,
  tier: z.enum(TIER_NAMES),
  paymentMethod,
  newsletter: z.boolean().default(false),
  deviceId: z.string().min(1).max(100).optional(),
})
type Body = z.output<typeof Subscription>

export const subscribeCustomer = endpoint({
  name: 'subscribe-customer',
  path: '/api/memberships/subscribe',
  impact: 'Nobody can become a member.',
  POST: route({
    who: ['customer', 'admin'],
    summary: 'Become a member',
    body: Subscription,
    reply: GrantedShown,
    also: { 202: PlacedShown },
    status: 201,
    idempotent: true,
    fails: ['NOT_FOUND', 'PAYMENT_DECLINED'],
    run,
  }),
})

async function run(call: Call<Body, unknown>): Promise<Reply> {
  const { customerId, email, deviceId } = call.body
  refuseStranger(call.caller, customerId)
  const runner = newId('run')
  const paid = await meansOf(call.body)
  // One that the shop does not have is refused here: nothing may be written for it.
  gatewayNamed(paid.gateway)
  const placed = await placeCharge({
    customerId, email, byPerson: true,
    keyedOrderId: keyedChargeId('subscribe', call),
    click: { ...clickOf(call, runner), token: paid.token, deviceId: deviceId ?? null },
    named: (member) => ['subscribe', customerId, String(member?.charges ?? 0)],
    decide: decider(call.body, paid),
  })
  return chargeReply(await payCharge(placed, { runner, gatewayNamed }))
}

interface PaidBy {
  readonly gateway: 'stripe' | 'kaja'
  readonly token: string | null
  /** Kept before; a new one is named after its order. */
  readonly cardId: string | undefined
}

function decider({ tier, newsletter }: Body, { gateway, cardId }: PaidBy): ChargeWish['decide'] {
  return (member, setting, orderId) => {
    const card = { id: cardId ?? derivedId('card', ['paid', orderId]), gateway }
    const membershipId = derivedId('mem', [orderId])
    return subscription(member, { membershipId, tier, currency: config('shop').CURRENCY, card, isNewCard: cardId === undefined, newsletter }, setting)
  }
}

async function meansOf({ customerId, paymentMethod: { gateway, token, cardId } }: Body): Promise<PaidBy> {
  if (cardId === undefined) return { gateway: gateway ?? config('shop').PAYMENT_GATEWAY, token: token ?? null, cardId }
  const card = await readCard(cardId)
  if (!isUsable(card, customerId) || card.gateway === 'none') throw invalid('paymentMethod.cardId', 'is not one of your saved cards')
  return { gateway: card.gateway, token: null, cardId }
}
