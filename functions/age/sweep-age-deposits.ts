/**
 * Lets go of the deposits of age checks: of whoever has passed and has not got it back, of anybody after a day; and finds
 * out what became of those whose answer was lost.
 *
 * Safe to run twice: what is asked for at the gateway happens there once, and a deposit moves on its own version.
 */
import { depositRequest, isToRelease, type Deposit } from '#domain/deposit.ts'
import type { ChargeOutcome } from '#domain/payment.ts'
import { now } from '#platform/clock.ts'
import { depositOf, settleDepositOf } from '#stores/age-deposits.ts'
import { dueRecords, lookLater } from '#stores/due.ts'
import { guarded } from '#stores/guarded.ts'
import { gatewayNamed } from '#vendors/gateways.ts'
import { schedule } from '#entry/schedule.ts'
import { sweep } from '#entry/sweep.ts'

export const sweepAgeDeposits = schedule({
  name: 'sweep-age-deposits',
  cron: '* * * * *',
  impact: 'Money stays set aside on the cards of customers who had their age checked.',
  run: (run) =>
    sweep({
      name: 'sweep-age-deposits', run, atOnce: 4, counts: ['released', 'settled', 'unchanged'],
      take: async (limit) => (await dueRecords('age_deposits', limit)).map((snapshot) => depositOf(snapshot) as Deposit),
      finish: looked,
      putOff: ({ id }) => lookLater('age_deposits', id),
    }),
})

async function looked(deposit: Deposit): Promise<'released' | 'settled' | 'unchanged'> {
  const settled = await settleDepositOf(deposit.id, await truth(deposit))
  await lookLater('age_deposits', deposit.id)
  if (settled?.state === deposit.state) return 'unchanged'
  return settled?.state === 'released' ? 'released' : 'settled'
}

async function truth(deposit: Deposit): Promise<ChargeOutcome> {
  const gateway = guarded(gatewayNamed(deposit.gateway))
  if (isToRelease(deposit, now()) && deposit.transactionId !== null) return gateway.cancel(deposit.transactionId)
  const outcome = await gateway.find(depositRequest(deposit, true), deposit.transactionId)
  return outcome.status === 'requires_action' ? gateway.cancel(outcome.transactionId) : outcome
}
