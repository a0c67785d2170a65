/**
 * A payment gateway behind its breaker. While that is open nothing is asked: what is not asked is not known, so the
 * outcome is `unknown`, and whoever waits for it looks again later. A decline is an answer, and never counts against it.
 */
import { VendorDown, type Down } from '#domain/breaker.ts'
import type { ChargeOutcome, Gateway, RefundOutcome, StoreCardOutcome } from '#domain/payment.ts'
import { passed, shut, through, type Pass } from './breakers.ts'

/** @param pass of a call that was let through already: a charge whose order was placed under the breaker's eyes */
export function guarded(gateway: Gateway, pass?: Pass): Gateway {
  // Orders that cost nothing: nobody is asked.
  if (gateway.name === 'none') return gateway
  const asked = async <Outcome extends GatewayOutcome>(call: () => Promise<Outcome>): Promise<Outcome | NotAsked> => {
    if (pass !== undefined) return passed(pass, call, downBy)
    const passage = await through(gateway.name, call, downBy)
    return 'done' in passage ? passage.done : { status: 'unknown', reason: `the breaker of ${gateway.name} is open`, answered: true }
  }
  const told = async <T>(call: () => Promise<T>): Promise<T> => {
    const passage = await through(gateway.name, call)
    if ('done' in passage) return passage.done
    throw shut(gateway.name, passage.shutUntilMs)
  }
  const { openSession, dispute, bankPayout, storeCard, findSetup, storePaying, holderFor, chargeStored, removeCard } = gateway
  return {
    name: gateway.name,
    charge: (request) => asked(() => gateway.charge(request)),
    find: (request, transactionId) => asked(() => gateway.find(request, transactionId)),
    capture: (request, transactionId) => asked(() => gateway.capture(request, transactionId)),
    cancel: (transactionId) => asked(() => gateway.cancel(transactionId)),
    refund: (request) => asked(() => gateway.refund(request)),
    movements: (fromMs, toMs) => told(() => gateway.movements(fromMs, toMs)),
    ...(dispute === undefined ? {} : { dispute: (disputeId) => told(() => dispute(disputeId)) }),
    ...(bankPayout === undefined ? {} : { bankPayout: (payoutId) => told(() => bankPayout(payoutId)) }),
    ...(openSession === undefined ? {} : { openSession: (request) => asked(() => openSession(request)) }),
    ...(storeCard === undefined ? {} : { storeCard: (request) => asked(() => storeCard(request)) }),
    ...(findSetup === undefined ? {} : { findSetup: (setupId) => asked(() => findSetup(setupId)) }),
    ...(storePaying === undefined ? {} : { storePaying: (request, transactionId) => asked(() => storePaying(request, transactionId)) }),
    ...(holderFor === undefined ? {} : { holderFor: (customer) => told(() => holderFor(customer)) }),
    ...(chargeStored === undefined ? {} : { chargeStored: (request, reference) => asked(() => chargeStored(request, reference)) }),
    ...(removeCard === undefined ? {} : { removeCard: (reference) => removed(gateway.name, () => removeCard(reference)) }),
  }
}

/** What was not asked, or not answered, may be there still. */
async function removed(vendor: string, call: () => Promise<'removed' | 'unknown'>): Promise<'removed' | 'unknown'> {
  try {
    const passage = await through(vendor, call)
    return 'done' in passage ? passage.done : 'unknown'
  } catch (error) {
    if (error instanceof VendorDown) return 'unknown'
    throw error
  }
}

type GatewayOutcome = ChargeOutcome | RefundOutcome | StoreCardOutcome
type NotAsked = Extract<ChargeOutcome, { status: 'unknown' }>

function downBy(outcome: GatewayOutcome): Down | undefined {
  if (outcome.status !== 'unknown' && outcome.status !== 'unavailable') return undefined
  return outcome.answered === true ? undefined : { reason: outcome.reason, restMs: outcome.retryAfterMs }
}
