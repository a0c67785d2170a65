/**
 * Disputes of orders: learnt from the gateway, kept with the order.
 *
 * Events of one dispute come in any order, and two workers may ask about it at once. So the gateway is asked after the
 * order was read, and what it says is written only if nobody has learnt anything newer of this dispute in between;
 * else it is asked again. What stands in the order is therefore never older than what stood there before.
 */
import type { DisputeTruth } from '#domain/dispute.ts'
import type { Order } from '#domain/order.ts'
import type { Gateway } from '#domain/payment.ts'
import { checkedLater, remindOf, settleDispute } from '#domain/settle-dispute.ts'
import type { Settlement } from '#domain/settlement.ts'
import { Failure } from '#values/failure.ts'
import { now } from '#platform/clock.ts'
import { collection, readQuery, revise, type Doc, type Unit } from '#platform/firestore.ts'
import { nudgeAlerts } from './alerts.ts'
import { guarded } from './guarded.ts'
import { markApplied, pendingRecord } from './inbox.ts'
import { postedIn } from './ledger.ts'
import { changeOrder, orderDoc, orderOf, readOrder, writeSettlement, type OrderPage } from './orders.ts'
import { readPage, type PageWish } from './pages.ts'

const TRIES_MAX = 5

export interface Learning {
  readonly orderId: string
  readonly disputeId: string
  /** Asks the gateway what is true now. */
  readonly ask: () => Promise<DisputeTruth>
  readonly cause: string
  /** The event's record, closed in the same commit. */
  readonly inbox?: Doc
}

/**
 * Asks about a dispute and writes what is new. Safe to run twice: what is known already changes nothing.
 * @returns what was written, or undefined
 */
export async function learnDispute(learning: Learning): Promise<Settlement | undefined> {
  const place = await orderDoc(learning.orderId)
  for (let attempt = 0; attempt < TRIES_MAX; attempt++) {
    const basis = versionOf(await readOrder(learning.orderId), learning.disputeId)
    const truth = await learning.ask()
    const result = await revise(async (unit) => {
      if (learning.inbox !== undefined && pendingRecord(await unit.get(learning.inbox)) === undefined) return { settlement: undefined }
      const order = orderOf(await unit.get(place))
      if (order === undefined) throw new Failure('NOT_FOUND', { reason: 'no such order' })
      if (versionOf(order, learning.disputeId) !== basis) return undefined
      const settlement = await settled(unit, order, { truth, cause: learning.cause })
      if (settlement !== undefined) await writeSettlement(unit, order, settlement)
      if (learning.inbox !== undefined) markApplied(unit, learning.inbox, 'applied')
      return { settlement }
    })
    if (result === undefined) continue
    await nudgeAlerts(result.settlement?.alerts ?? [])
    return result.settlement
  }
  throw new Failure('CONFLICT', { reason: `dispute ${learning.disputeId} changes faster than it can be asked about` })
}

/** The gateway's fees may have been posted by the reconciliation, which reads the same books. */
async function settled(unit: Unit, order: Order, facts: { truth: DisputeTruth; cause: string }): Promise<Settlement | undefined> {
  const settling = { ...facts, order, nowMs: now() }
  const settlement = settleDispute(settling)
  const posted = settlement === undefined ? new Set<string>() : await postedIn(unit, settlement.entries)
  return posted.size === 0 ? settlement : settleDispute({ ...settling, posted })
}

/**
 * Asks a gateway about a dispute, behind its breaker.
 * @throws Failure when it does not say
 */
export async function truthOf(gateway: Gateway, disputeId: string): Promise<DisputeTruth> {
  const { dispute } = guarded(gateway)
  if (dispute === undefined) throw new Failure('INTERNAL_ERROR', { reason: `${gateway.name} has no disputes` })
  return dispute(disputeId)
}

function versionOf(order: Order | undefined, disputeId: string): number {
  return order?.disputes?.find(({ id }) => id === disputeId)?.version ?? 0
}

/** Tells staff of a deadline that is near, once. */
export async function remindOfDeadline(orderId: string, disputeId: string): Promise<boolean> {
  let reminded = false
  await changeOrder(orderId, (order) => {
    const settlement = remindOf(order, disputeId, now())
    reminded = settlement !== undefined
    return settlement
  })
  return reminded
}

/** Orders with open disputes that have not been asked about for a while, the longest waiting first. */
export async function disputedToCheck(limit: number): Promise<Order[]> {
  const orders = await collection('orders')
  const found = await readQuery(orders.where('disputed.checkAtMs', '<=', now()).orderBy('disputed.checkAtMs').limit(limit))
  return found.map((snapshot) => orderOf(snapshot) as Order)
}

/** The sweep looks at an order's disputes again later, whatever it found. */
export async function checkDisputesLater(orderId: string): Promise<void> {
  await changeOrder(orderId, (order) => checkedLater(order, now()))
}

export interface DisputedFilter extends PageWish {
  /** `unanswered`: those that wait for evidence, the nearest deadline first; `all`: the latest first. */
  readonly state: 'unanswered' | 'all'
}

/** Orders that are or were disputed. */
export async function listDisputed({ state, ...wish }: DisputedFilter): Promise<OrderPage> {
  const orders = await collection('orders')
  const [field, direction] = state === 'unanswered' ? (['disputed.dueAtMs', 'asc'] as const) : (['disputed.sinceMs', 'desc'] as const)
  const query = orders.where(field, '>', 0).orderBy(field, direction).orderBy('__name__', direction)
  const { found, nextCursor } = await readPage(query, field, wish)
  return { orders: found.map((snapshot) => orderOf(snapshot) as Order), nextCursor }
}
