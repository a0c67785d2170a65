/**
 * Handing a paid order over, as it was ordered: what was to be picked up is not shipped, since tax and fee were another's,
 * and what is for adults goes to an adult. Whoever waits for a parcel is told how to follow it.
 */
import { Failure, invalid } from '#values/failure.ts'
import { moved, type Fulfilment, type Order } from './order.ts'
import { shippedMail } from './receipt.ts'
import { goesBack } from './refund.ts'
import { auditRow, orderRow } from './rows.ts'
import type { Settlement } from './settlement.ts'

export interface Handover extends Omit<Fulfilment, 'atMs' | 'toAdult'> {
  /** Whoever hands it over has seen that it goes to an adult. */
  readonly toAdult: boolean
}

/**
 * Undefined when it has been handed over so already.
 * @throws Failure CONFLICT when it is not to be handed over, or not so; INVALID_INPUT when nobody says that it goes to an adult
 */
export function handedOver(order: Order, { toAdult, ...handover }: Handover, { nowMs, shopName }: { nowMs: number; shopName: string }): Settlement | undefined {
  const { fulfilment: before, purpose } = order
  if (purpose !== undefined) throw new Failure('CONFLICT', { message: `A ${purpose.kind} is not handed over.`, details: { purpose: purpose.kind } })
  if (before !== null) {
    if (before.how === handover.how && before.tracking === handover.tracking) return undefined
    throw new Failure('CONFLICT', { message: 'This order has been handed over already.', details: { how: before.how } })
  }
  if (order.cancellation !== undefined) throw new Failure('CONFLICT', { message: 'This order was cancelled: it must not be handed over.', details: { state: order.state } })
  if (order.state !== 'paid' && order.state !== 'partially_refunded') {
    throw new Failure('CONFLICT', { message: `An order that is ${order.state} cannot be handed over.`, details: { state: order.state } })
  }
  if (goesBack(order)) throw new Failure('CONFLICT', { message: 'This order is given back: it must not be handed over.', details: { state: order.state } })
  const forAdults = order.lines.find(({ ageRestricted }) => ageRestricted)
  // Where nobody said how, goods for adults have no address that they may be shipped to.
  refuseOtherWay(order.delivery?.how ?? (forAdults === undefined ? undefined : 'pick_up'), handover.how)
  if (forAdults !== undefined && handover.how === 'picked_up' && !toAdult) throw invalid('toAdult', `must be true: ${forAdults.name} is for adults only`)
  const fulfilment: Fulfilment = { ...handover, ...(toAdult ? { toAdult: true } : {}), atMs: nowMs }
  const settled = moved({ ...order, fulfilment }, order.state === 'paid' ? 'fulfilled' : order.state, `${handover.how} by ${handover.by}`, nowMs)
  const rows = [orderRow(settled), auditRow(settled, 'order.fulfilled', handover.how, handover.by)]
  const mails = handover.tracking === null ? [] : [shippedMail(settled, handover.tracking, shopName)]
  return { order: settled, entries: [], mails, holds: [], stock: [], rows, reopenCart: false }
}

const ORDERED = { pick_up: 'picked_up', ship: 'shipped' } as const

function refuseOtherWay(ordered: keyof typeof ORDERED | undefined, how: Fulfilment['how']): void {
  if (ordered === undefined || ORDERED[ordered] === how) return
  const way = ordered === 'ship' ? 'shipped to its customer' : 'picked up in the store'
  throw new Failure('CONFLICT', { message: `This order is to be ${way}.`, details: { ordered } })
}
