/**
 * Taking what was set aside, or letting it go. Each step is asked for by what the transaction is now, and looked at
 * again afterwards: so a lost answer, or a second caller, changes nothing about where it ends.
 */
import type { ChargeOutcome, ChargeRequest } from '#domain/payment.ts'
import { toText } from '#values/money.ts'
import { config } from '#platform/config.ts'
import { ask, patience, type Patience } from './api.ts'
import { chargeOutcome, inFull, isHeld, isSetAside, unknownBy, type Details } from './transaction.ts'

/** One step lets a held one through, another takes it; then it is looked at once more. */
const LOOKS_MAX = 3

type Step = (details: Details, patience: Patience) => Promise<unknown>

export function capture(request: ChargeRequest, transactionId: string): Promise<ChargeOutcome> {
  const taking = {
    transactionType: 'priorAuthCaptureTransaction', amount: toText(request.amount, request.currency), refTransId: transactionId,
  }
  return driven(transactionId, request.currency, (details, left) =>
    isHeld(details) ? decide('approve', transactionId, left) : transact(taking, left),
  )
}

export function cancel(transactionId: string): Promise<ChargeOutcome> {
  const voiding = { transactionType: 'voidTransaction', refTransId: transactionId }
  return driven(transactionId, config('shop').CURRENCY, (details, left) =>
    isHeld(details) ? decide('decline', transactionId, left) : transact(voiding, left),
  )
}

/** Takes steps for as long as it is only set aside. */
async function driven(transactionId: string, currency: string, step: Step): Promise<ChargeOutcome> {
  const left = patience(config('deadlines').VENDOR_DEADLINE_MS, LOOKS_MAX)
  for (let looks = 1; ; looks++) {
    const seen = await inFull(transactionId, left)
    if (seen.status === 'unknown') return unknownBy(seen.asked)
    if (seen.status === 'none') return { status: 'unknown', reason: 'authorize.net: no such transaction', answered: true }
    if (!isSetAside(seen.details) || looks === LOOKS_MAX) return chargeOutcome(seen.details, currency)
    await step(seen.details, left)
  }
}

function decide(action: 'approve' | 'decline', refTransId: string, left: Patience): Promise<unknown> {
  return ask('updateHeldTransactionRequest', { heldTransactionRequest: { action, refTransId } }, left)
}

function transact(transactionRequest: Readonly<Record<string, unknown>>, left: Patience): Promise<unknown> {
  return ask('createTransactionRequest', { transactionRequest }, left)
}
