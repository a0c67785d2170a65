/**
 * Resolves a difference by hand, in two steps: the first answers what would happen and a token, the second, with the
 * token, does it. The token stands for the very difference, wish and effects that were shown, and for a short time; if
 * any of them has changed, whoever decides looks again.
 *
 * Everything is written in one transaction with the record of the operation, so that two admins, a double click or a
 * lost answer resolve it once.
 */
import { closed, type Difference } from '#domain/difference.ts'
import { chargeRequestOf } from '#domain/checkout.ts'
import { entryIdsOf } from '#domain/gateway-book.ts'
import { isOpen, type Order } from '#domain/order.ts'
import type { Gateway } from '#domain/payment.ts'
import { adopted, chargeIn, isBookedMeanwhile, planOf, unexplainedEntry, type Plan, type Wish } from '#domain/resolution.ts'
import { ledgerRows } from '#domain/rows.ts'
import type { Settlement } from '#domain/settlement.ts'
import { Failure } from '#values/failure.ts'
import { MINUTE_MS } from '#values/time.ts'
import { now } from '#platform/clock.ts'
import { derivedId } from '#platform/derived.ts'
import { readOne, type Unit } from '#platform/firestore.ts'
import { isSameSecret } from '#platform/same-secret.ts'
import { differenceDoc, differenceOf, writeChange } from './differences.ts'
import { withGrant } from './grants.ts'
import { entriesIn, entryDoc, postEntry } from './ledger.ts'
import { orderDoc, orderOf, readOrder, settleIn, takeLease, writeSettlement } from './orders.ts'
import { addRows, outboxDoc } from './outbox.ts'

/** A token lives at least so long, and less than twice as long. */
const TOKEN_MS = 10 * MINUTE_MS

export interface Resolving {
  readonly id: string
  readonly wish: Wish
  /** `admin ann`. */
  readonly by: string
  readonly shopName: string
  /** Acts on the order's open payment, if it has one. */
  readonly runner: string
}

export interface Preview {
  readonly difference: Difference
  readonly plan: Plan
  readonly confirm: string
  readonly expiresAtMs: number
}

/**
 * What a wish would do.
 * @throws Failure as `planOf`
 */
export async function previewOf({ id, wish, by }: Resolving): Promise<Preview> {
  const difference = differenceOf(await readOne(await differenceDoc(id)))
  if (difference === undefined) throw new Failure('NOT_FOUND')
  const order = wish.orderId === undefined ? undefined : await readOrder(wish.orderId)
  const plan = planOf(difference, wish, order)
  const expiresAtMs = (Math.floor(now() / TOKEN_MS) + 2) * TOKEN_MS
  return { difference, plan, expiresAtMs, confirm: tokenOf({ difference, wish, by, plan }, expiresAtMs) }
}

interface Shown {
  readonly difference: Difference
  readonly wish: Wish
  readonly by: string
  readonly plan: Plan
}

/** The same for the same in the same ten minutes. */
function tokenOf({ difference, wish, by, plan }: Shown, expiresAtMs: number): string {
  const parts = [difference.id, String(difference.version), wish.orderId ?? '', wish.reason, by, plan.how, ...plan.effects, String(expiresAtMs)]
  return `${expiresAtMs}.${derivedId('cfm', parts)}`
}

function refuseOther(confirm: string, shown: Shown): void {
  const expiresAtMs = Number(/^(\d{1,15})\./.exec(confirm)?.[1] ?? 0)
  if (expiresAtMs > now() && isSameSecret(confirm, tokenOf(shown, expiresAtMs))) return
  throw new Failure('CONFLICT', { message: 'This confirmation is too old, or what it stands for has changed. Please look again.' })
}

/**
 * An order whose own payment may still be made is not to be paid by another charge. Whoever holds its lease is the only
 * one who acts on it.
 * @throws Failure CONFLICT
 */
export async function refusePayable({ wish, runner }: Resolving, gatewayOf: (order: Order) => Gateway): Promise<void> {
  const order = wish.orderId === undefined ? undefined : await readOrder(wish.orderId)
  if (order === undefined || !isOpen(order)) return
  if ((await takeLease(order.id, runner)) === undefined) throw beingPaid()
  const { status } = await gatewayOf(order).find(chargeRequestOf(order), order.payment.transactionId)
  if (['absent', 'declined', 'cancelled'].includes(status)) return
  throw new Failure('CONFLICT', { message: 'This order\'s own payment may still be made.', details: { status } })
}

function bookedMeanwhile(): Failure {
  return new Failure('CONFLICT', { message: 'This has been booked as what it is in the meantime. The difference will be gone with the next reconciliation.' })
}

function beingPaid(): Failure {
  return new Failure('CONFLICT', { message: 'This order is being paid just now. Please try again in a moment.' })
}

export interface Resolved {
  readonly difference: Difference
  readonly settlement: Settlement | undefined
}

/**
 * Does what was shown, inside a transaction.
 * @throws Failure CONFLICT when anything has changed since, or it is resolved otherwise already
 */
export async function resolveIn(unit: Unit, resolving: Resolving, confirm: string): Promise<Resolved> {
  const { id, wish, by } = resolving
  const difference = differenceOf(await unit.get(await differenceDoc(id)))
  if (difference === undefined) throw new Failure('NOT_FOUND')
  const order = wish.orderId === undefined ? undefined : orderOf(await unit.get(await orderDoc(wish.orderId)))
  const plan = planOf(difference, wish, order)
  refuseOther(confirm, { difference, wish, by, plan })
  if (order !== undefined && isOpen(order) && order.runner !== resolving.runner) throw beingPaid()
  const settlement = await carriedOut(unit, { difference, plan, order, resolving })
  const resolution = { how: plan.how, orderId: wish.orderId ?? null, reason: wish.reason, by, atMs: now() }
  const change = closed(difference, { state: 'resolved', resolution, nowMs: now() })
  await writeChange(unit, change)
  return { difference: change.difference, settlement }
}

interface Carrying {
  readonly difference: Difference
  readonly plan: Plan
  readonly order: Order | undefined
  readonly resolving: Resolving
}

async function carriedOut(unit: Unit, { difference, plan, order, resolving }: Carrying): Promise<Settlement | undefined> {
  const { by, shopName, wish } = resolving
  if (plan.how === 'booked_unexplained') {
    if (isBookedMeanwhile(difference, await entriesIn(unit, difference.movements.flatMap(entryIdsOf)))) throw bookedMeanwhile()
    const entry = unexplainedEntry(difference, now())
    postEntry(unit, await entryDoc(entry.id), entry)
    addRows(unit, await outboxDoc(), ledgerRows(entry))
    return undefined
  }
  if (order === undefined) throw new Failure('NOT_FOUND')
  if (plan.how === 'attached_charge') {
    const facts = { outcome: chargeIn(difference), cause: `attached by ${by}`, shopName }
    return (await settleIn(unit, order, { about: 'charge', facts })).settlement
  }
  const settlement = adopted(order, difference, { reason: wish.reason, by, nowMs: now(), shopName })
  const granted = await withGrant(unit, order, settlement)
  await writeSettlement(unit, order, granted)
  return granted
}
