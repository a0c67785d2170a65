/**
 * Charges a membership to another card from now on; what is owed is tried with it at once.
 *
 * The card is kept first: a bank that wants to see its customer is answered with 202, and the same call afterwards goes on.
 * Then the membership takes it, and the month that is owed is an order like any other. A card that is declined for it
 * stays the membership's; it is no step towards suspension, for whoever gave it has the answer on his screen.
 */
import { z } from 'zod'
import { Failure, invalid } from '#values/failure.ts'
import { newId } from '#values/ids.ts'
import { cardAnswer, isUsable, type Card } from '#domain/card.ts'
import { refuseEnded, withCard } from '#domain/membership-change.ts'
import { owedMonth } from '#domain/membership-orders.ts'
import { CardWaitsShown } from '#domain/shown/customer.ts'
import { MembershipShown } from '#domain/shown/membership.ts'
import { PlacedShown } from '#domain/shown/order.ts'
import { config } from '#platform/config.ts'
import { askCard, cardToUse, joinCard, keepCard, readCard } from '#stores/cards.ts'
import { payCharge } from '#stores/member-charging.ts'
import { placeIfDue } from '#stores/member-placing.ts'
import { readMember } from '#stores/members.ts'
import { gatewayNamed } from '#vendors/gateways.ts'
import type { Reply } from '#entry/answer.ts'
import { whoIs } from '#entry/bearer.ts'
import { endpoint, route, type Call } from '#entry/endpoint.ts'
import { changeMembership, chargeReply, clickOf, keyedChargeId, memberIdOf, paymentMethod } from '#entry/membership.ts'

const Wish = z.strictObject({ paymentMethod })
type Body = z.output<typeof Wish>

export const changePaymentMethod = endpoint({
  name: 'change-payment-method',
  path: '/api/memberships/:customerId/payment-method',
  impact: 'Members whose card has expired cannot give us another one, and lose their membership.',
  PUT: route({
    who: ['customer', 'admin'],
    summary: 'Pay a membership with another card',
    body: Wish,
    reply: z.object({ membership: MembershipShown, orderId: z.string().optional().describe('Of the month that was owed, and is paid.') }),
    also: { 202: z.union([CardWaitsShown, PlacedShown]) },
    idempotent: true,
    fails: ['PAYMENT_DECLINED'],
    run,
  }),
})

async function run(call: Call<Body, unknown>): Promise<Reply> {
  const customerId = memberIdOf(call)
  const runner = newId('run')
  const { card, fresh } = await cardFor(call, customerId, runner)
  if (card.state !== 'stored') {
    const answer = cardAnswer(card)
    return 'final' in answer ? { ...answer.final, replayed: !fresh } : answer
  }
  const { id, gateway } = card
  if (gateway === 'none') throw noCard()
  const taken = await changeMembership(call, (member, scene) => withCard(member, { id, gateway }, scene), async (unit) => {
    if ((await cardToUse(unit, id, customerId)) === undefined) throw noCard()
  })
  const placed = await placeIfDue({
    customerId, byPerson: true, ifBusy: 'leave',
    keyedOrderId: keyedChargeId('change-payment-method', call),
    click: { ...clickOf(call, runner), token: null, deviceId: null },
    named: (member) => ['owed', customerId, String(member?.charges ?? 0)],
    decide: (member, setting) => (member === undefined ? undefined : owedMonth(member, setting)),
  })
  return placed === undefined ? taken : chargeReply(await payCharge(placed, { runner, gatewayNamed }))
}

/** The saved card that is named, or the one that a token stands for, kept for the first time: not for a membership that is over. */
async function cardFor(call: Call<Body, unknown>, customerId: string, runner: string): Promise<{ readonly card: Card; readonly fresh: boolean }> {
  const { token, cardId, gateway: name = config('shop').PAYMENT_GATEWAY } = call.body.paymentMethod
  const member = await readMember(customerId)
  refuseEnded(member?.membership ?? null)
  if (cardId !== undefined) {
    const card = await readCard(cardId)
    if (!isUsable(card, customerId)) throw noCard()
    return { card, fresh: true }
  }
  const gateway = gatewayNamed(name)
  const scope = call.key === undefined ? ['token', name, token ?? ''] : ['key', whoIs(call.caller), call.key]
  const { card, fresh } = await askCard({
    key: ['membership', customerId, ...scope], isKeyed: call.key !== undefined, customerId, email: member?.email ?? '', gateway: name,
    token: token ?? null, requestHash: call.requestHash, runner, ip: call.ip,
  })
  if (call.key !== undefined && card.requestHash !== call.requestHash) throw new Failure('IDEMPOTENCY_MISMATCH')
  return { card: fresh ? await keepCard(gateway, card, 'sent') : await joinCard(card, gateway, runner), fresh }
}

function noCard(): Failure {
  return invalid('paymentMethod.cardId', 'is not one of your saved cards')
}
