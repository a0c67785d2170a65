/**
 * Charges the order of a membership, and settles it: by the token of a card that is kept when it has paid (by the sweep of
 * cards, or by the first charge that needs it), or by a card that is kept. Safe to run twice, and at once: each order is
 * charged under its own key, and settled once.
 */
import { isOpenCard, isUsable } from '#domain/card.ts'
import { chargeRequestOf } from '#domain/checkout.ts'
import type { Order } from '#domain/order.ts'
import type { ChargeOutcome, ChargeRequest, Gateway, GatewayName } from '#domain/payment.ts'
import { isLateHold } from '#domain/settle.ts'
import { Failure } from '#values/failure.ts'
import { config } from '#platform/config.ts'
import type { Pass } from './breakers.ts'
import { keepCard, openReference, readCard } from './cards.ts'
import { guarded } from './guarded.ts'
import { nudgeMails } from './mails.ts'
import type { PlacedCharge } from './member-placing.ts'
import { settleOrder } from './orders.ts'
import { finishRefund } from './refunding.ts'
import { joinRunner } from './runner.ts'

interface Means {
  readonly gateway: Gateway
  readonly pass?: Pass | undefined
}

/** The order when it is charged and settled, and what could not be granted is on its way back. */
async function chargeMember(order: Order, means: Means): Promise<Order> {
  const { gateway, pass } = means
  const outcome = await charged(order, means)
  const settled = await settledBy(order, outcome)
  if (isLateHold(settled, outcome)) await guarded(gateway, pass).cancel(outcome.transactionId)
  return givenBack(settled, gateway)
}

interface Running {
  readonly runner: string
  readonly gatewayNamed: (name: GatewayName) => Gateway
}

export interface PaidCharge {
  readonly order: Order
  /** Charged by us, and not by whoever else has this click. */
  readonly ours: boolean
}

/** What has become of a charge that was placed. */
export async function payCharge({ order, pass }: PlacedCharge, { runner, gatewayNamed }: Running): Promise<PaidCharge> {
  const pay = (one: Order): Promise<Order> => chargeMember(one, { gateway: gatewayNamed(one.payment.gateway), pass })
  if (order.runner === runner) return { order: await pay(order), ours: true }
  return { order: await joinRunner(order, { runner, isAnswered, takeOver: pay }), ours: false }
}

/** The customer or a person of ours has to act first. */
function isAnswered({ state }: Order): boolean {
  return state === 'requires_action' || state === 'in_review'
}

async function settledBy({ id, purpose }: Order, outcome: ChargeOutcome): Promise<Order> {
  try {
    const { order, settlement } = await settleOrder(id, { outcome, cause: purpose?.what ?? 'charge', shopName: config('shop').SHOP_NAME })
    await nudgeMails(settlement?.mails ?? [])
    return order
  } catch (error) {
    throw new Failure('GATEWAY_TIMEOUT', { details: { orderId: id }, retryAfterSeconds: 10, reason: 'charged, not settled yet', cause: error })
  }
}

async function charged(order: Order, { gateway, pass }: Means): Promise<ChargeOutcome> {
  const { payment, purpose, customerId, email } = order
  const [request, behind] = [chargeRequestOf(order), guarded(gateway, pass)]
  if (payment.gateway === 'none' || purpose === undefined || customerId === null) return behind.charge(request)
  if (payment.keep !== undefined) return withNewCard(request, behind, { customerId, email })
  const kept = await keptCard(purpose.card.id, gateway)
  if ('status' in kept || behind.chargeStored === undefined) return 'status' in kept ? kept : NOT_KEPT
  return behind.chargeStored({ ...request, present: !purpose.scheduled }, kept.reference)
}

/** It pays no more: only another card helps. */
const NOT_KEPT = { status: 'declined', transactionId: null, declineCode: 'card_not_kept', answer: null } as const

async function withNewCard(request: ChargeRequest, gateway: Gateway, customer: { customerId: string; email: string }): Promise<ChargeOutcome> {
  try {
    const holder = await gateway.holderFor?.(customer)
    return await gateway.charge(holder === undefined ? request : { ...request, holder })
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'SERVICE_UNAVAILABLE') throw error
    return { status: 'unavailable', reason: error.reason ?? error.message, answered: true }
  }
}

/** The gateway's name for a card, or what its charge comes to without it. One that a payment has just left behind may still be on its way. */
async function keptCard(cardId: string, gateway: Gateway): Promise<{ readonly reference: string } | ChargeOutcome> {
  const found = await readCard(cardId)
  const card = found !== undefined && isOpenCard(found) ? await keepCard(gateway, found, 'needed') : found
  if (card !== undefined && isOpenCard(card)) return { status: 'unavailable', reason: `card ${cardId} is not kept yet`, answered: true }
  return isUsable(card, card?.customerId ?? null) ? openReference(card).then((reference) => ({ reference }), whenErased) : NOT_KEPT
}

/** The customer was forgotten: what was kept of his card opens nowhere any more. */
function whenErased(error: unknown): ChargeOutcome {
  if (error instanceof Failure && error.code === 'CONFLICT') return NOT_KEPT
  throw error
}

/** What was charged and cannot be granted goes back at once. If this is lost, the sweep finds it. */
async function givenBack(order: Order, gateway: Gateway): Promise<Order> {
  let after = order
  for (const refund of order.refunds.filter(({ status }) => status === 'pending')) {
    after = (await finishRefund({ gateway, shopName: config('shop').SHOP_NAME }, after, refund)).order
  }
  return after
}
