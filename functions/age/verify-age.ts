/**
 * Checks that a customer is 21, and remembers it for a year.
 *
 * What he types is never kept: hashes and the sealed last digits need his own key. Every attempt leaves its row, a refused
 * one too, written in its own transaction with all that it changes. So the transaction ends well also where the answer is
 * a refusal; it must never be that an attempt is not on record, or that one person verifies another's account.
 *
 * Where the shop asks a deposit, it is written, then set aside at the gateway, then the check is made; whoever passes has
 * it back at once, anybody else after a day. What is lost on the way `sweep-age-deposits` finds and lets go.
 */
import { z } from 'zod'
import { Failure, invalid } from '#values/failure.ts'
import { newId } from '#values/ids.ts'
import { toText } from '#values/money.ts'
import { idField } from '#values/schema.ts'
import { identityFields, refuseImpossible } from '#domain/age.ts'
import { endsSoon } from '#domain/age-check.ts'
import { depositRequest, type Deposit } from '#domain/deposit.ts'
import { AgeCheckShown } from '#domain/shown/customer.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { derivedId } from '#platform/derived.ts'
import { log } from '#platform/log.ts'
import { attemptIn, readAgeAccount, todayInStore, type Attempted } from '#stores/age-checks.ts'
import { depositAsked, depositIn, heldDeposit, openDeposit, settleDepositOf, type Opened } from '#stores/age-deposits.ts'
import { nudgeAlerts } from '#stores/alerts.ts'
import { guarded } from '#stores/guarded.ts'
import { gatewayNamed } from '#vendors/gateways.ts'
import type { Reply } from '#entry/answer.ts'
import { refuseStranger, whoIs } from '#entry/bearer.ts'
import { endpoint, route, type Call } from '#entry/endpoint.ts'

const Check = z.strictObject({
  customerId: idField,
  ...identityFields,
  /** Where the shop asks a deposit. */
  paymentMethod: z.strictObject({ gateway: z.enum(['stripe', 'kaja']).optional(), type: z.string().max(40).optional(), token: z.string().min(1).max(500) }).optional(),
})
type Body = z.output<typeof Check>

export const verifyAge = endpoint({
  name: 'verify-age',
  path: '/api/age-verification/verify',
  impact: 'New customers cannot buy what is for adults.',
  POST: route({
    who: ['customer', 'admin'],
    summary: 'Check that a customer is old enough',
    body: Check,
    reply: AgeCheckShown,
    idempotent: true,
    fails: ['NOT_FOUND', 'PAYMENT_DECLINED'],
    run,
  }),
})

async function run(call: Call<Body, unknown>): Promise<Reply> {
  const { body, caller, ip, userAgent, once } = call
  const { customerId, paymentMethod: _, ...identity } = body
  refuseStranger(caller, customerId, 'Customer not found.')
  refuseImpossible(identity.dateOfBirth, todayInStore())
  const deposit = depositAsked() === 0 ? undefined : await setAside(call, depositAsked())
  // Staff at the counter type for somebody else: their own address is not his.
  const email = caller.role === 'customer' ? caller.email : null
  const id = newId('av')
  let made: Attempted | undefined
  const reply = await once(async (unit) => {
    const note = deposit === undefined ? undefined : await depositIn(unit, deposit.id)
    made = await attemptIn(unit, { id, customerId, identity, email, ip, userAgent })
    note?.(made.passed)
    return made.answer
  })
  await nudgeAlerts(made?.alerts ?? [])
  if (deposit !== undefined && made?.passed === true) await giveBack(deposit)
  return reply
}

/** The deposit for this check; undefined when the customer is verified, and only asks again. */
async function setAside(call: Call<Body, unknown>, amount: number): Promise<Deposit | undefined> {
  const { body, caller, key, requestHash } = call
  const verification = (await readAgeAccount(body.customerId))?.verification ?? null
  if (verification !== null && !endsSoon(verification, now())) return undefined
  const held = await heldDeposit(body.customerId)
  if (held !== undefined) return held
  const { CURRENCY: currency, PAYMENT_GATEWAY } = config('shop')
  const { paymentMethod, customerId } = body
  if (paymentMethod === undefined) throw invalid('paymentMethod', `is needed: ${toText(amount, currency)} ${currency} are set aside with the check, and let go when you pass or after 24 hours`)
  const gateway = paymentMethod.gateway ?? PAYMENT_GATEWAY
  gatewayNamed(gateway)
  const id = key === undefined ? newId('dep') : derivedId('dep', [whoIs(caller), customerId, key])
  const deposit = await asked(await openDeposit({ id, customerId, amount, currency, gateway, token: paymentMethod.token, requestHash, nowMs: now() }))
  if (deposit.state === 'pending') throw new Failure('GATEWAY_TIMEOUT', { retryAfterSeconds: 10, reason: 'a deposit that is not known to be set aside' })
  if (deposit.state !== 'failed') return deposit
  if (deposit.declineCode === null) throw new Failure('SERVICE_UNAVAILABLE', { message: 'Payment service temporarily unavailable. Please try again.', reason: 'a deposit could not be set aside' })
  throw new Failure('PAYMENT_DECLINED', { details: { declineCode: deposit.declineCode } })
}

async function asked({ deposit, known }: Opened): Promise<Deposit> {
  if (deposit.state !== 'pending') return deposit
  const gateway = guarded(gatewayNamed(deposit.gateway))
  const outcome = await gateway.charge(depositRequest(deposit, known))
  // Nobody waits for a bank here: another card may be tried.
  const ended = outcome.status === 'requires_action' ? await gateway.cancel(outcome.transactionId) : outcome
  return (await settleDepositOf(deposit.id, ended)) ?? deposit
}

async function giveBack({ id, gateway, transactionId, state }: Deposit): Promise<void> {
  if (state !== 'held' || transactionId === null) return
  try {
    await settleDepositOf(id, await guarded(gatewayNamed(gateway)).cancel(transactionId))
  } catch (error) {
    log.warn('a deposit was not let go at once, the sweep will follow', { function: 'verify-age', depositId: id, why: String(error) })
  }
}
