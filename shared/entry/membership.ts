/** What every function about one customer's membership has in common: whose it is, how it is changed or charged, and what is answered. */
import { z } from 'zod'
import { idField } from '#values/schema.ts'
import type { MailIntent } from '#domain/mail.ts'
import { membershipView, type Member } from '#domain/member.ts'
import type { MemberChange, Scene } from '#domain/membership-change.ts'
import { answerFor } from '#domain/order-answer.ts'
import { derivedId } from '#platform/derived.ts'
import type { Unit } from '#platform/firestore.ts'
import type { PaidCharge } from '#stores/member-charging.ts'
import { changeMemberIn, scene } from '#stores/members.ts'
import { nudgeMails } from '#stores/mails.ts'
import type { Reply } from './answer.ts'
import { refuseStranger } from './bearer.ts'
import type { Call } from './endpoint.ts'

/**
 * The customer whom a path names, if the caller may know of him.
 * @throws Failure NOT_FOUND as for a customer who is no member
 */
export function memberIdOf({ params, caller }: Call<unknown, unknown>): string {
  const customerId = params['customerId'] ?? ''
  refuseStranger(caller, customerId, 'Membership not found.')
  return customerId
}

/**
 * Changes a membership once for the call's key, and answers how it is then.
 * @param check what must hold of other records in the same transaction, or it throws
 */
export async function changeMembership(
  call: Call<unknown, unknown>, rule: (member: Member, scene: Scene) => MemberChange | undefined, check?: (unit: Unit) => Promise<void>,
): Promise<Reply> {
  const customerId = memberIdOf(call)
  let told: readonly MailIntent[] = []
  const reply = await call.once(async (unit) => {
    await check?.(unit)
    const { member, mails } = await changeMemberIn(unit, customerId, (found) => rule(found, scene()))
    told = mails
    return { membership: membershipView(member) }
  })
  await nudgeMails(told)
  return reply
}

/** What a membership is charged to: a token, or a card that was saved before. */
export const paymentMethod = z
  .strictObject({
    gateway: z.enum(['stripe', 'kaja']).optional(),
    type: z.string().max(40).optional(),
    token: z.string().min(1).max(500).optional(),
    cardId: idField.optional(),
  })
  .refine(({ token, cardId }) => (token === undefined) !== (cardId === undefined), { path: ['token'], message: 'send either token or cardId' })

/** The order that a caller's key stands for at one endpoint; undefined without a key. */
export function keyedChargeId(endpoint: string, { key, caller, params }: Call<unknown, unknown>): string | undefined {
  return key === undefined ? undefined : derivedId('ord', [endpoint, caller.role, caller.id ?? '', params['customerId'] ?? '', key])
}

/** Who clicked, as the order keeps it. */
export function clickOf({ requestHash, ip, ipCountry, userAgent }: Call<unknown, unknown>, runner: string) {
  return { requestHash, runner, ip, ipCountry, userAgent }
}

/** The final answer of a charge, the same bytes for ever, or what can be said meanwhile. */
export function chargeReply({ order, ours }: PaidCharge): Reply {
  const answer = answerFor(order)
  return 'final' in answer ? { ...answer.final, replayed: !ours } : answer
}
