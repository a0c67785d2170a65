/**
 * Orders, and the commits that move them. An order's document decides: whoever changes it does so on the version he
 * read, and everything that belongs to the change (stock, ledger, mail, rows, cart) is in the same commit.
 */
import { leased, type Order, type OrderState } from '#domain/order.ts'
import { eventOf } from '#domain/order-event.ts'
import { orderNumber } from '#domain/order-number.ts'
import type { RefundOutcome } from '#domain/payment.ts'
import { settleRefund } from '#domain/refund.ts'
import { isLateMoney, settle, settleLate, type Settling } from '#domain/settle.ts'
import type { Settlement } from '#domain/settlement.ts'
import { sellable } from '#domain/product.ts'
import { cursorOf, cursorParts } from '#values/cursor.ts'
import { canonicalEmail } from '#values/email.ts'
import { Failure } from '#values/failure.ts'
import { now } from '#platform/clock.ts'
import { collection, commit, doc, fieldValue, readOne, readQuery, revise, type Data, type Doc, type Query, type Snapshot, type Unit, type Writer } from '#platform/firestore.ts'
import { addAlertChange, alertPlace, nudgeAlerts } from './alerts.ts'
import { addLeftCard, cardDoc } from './cards.ts'
import { cartDoc, cartOf, reopening } from './carts.ts'
import { grantWrites, withGrant } from './grants.ts'
import { entryDoc, postEntry } from './ledger.ts'
import { mailDoc, nudgeMails, queueMail } from './mails.ts'
import { markApplied, pendingRecord } from './inbox.ts'
import { addRows, addStockMoves, outboxDoc } from './outbox.ts'
import { readPage, type PageWish } from './pages.ts'
import { productDoc, productOf } from './products.ts'
import { changingUse, isUseLeft } from './promo-codes.ts'

export function orderDoc(orderId: string): Promise<Doc> {
  return doc('orders', orderId)
}

export function orderOf(snapshot: Snapshot): Order | undefined {
  return snapshot.data() as Order | undefined
}

export function orderData(order: Order): Data {
  return { ...order } as unknown as Data
}

export async function readOrder(orderId: string): Promise<Order | undefined> {
  return orderOf(await readOne(await orderDoc(orderId)))
}

/** The order that a gateway's transaction has paid. */
export async function readOrderPaidBy(transactionId: string): Promise<Order | undefined> {
  const [found] = await readQuery((await collection('orders')).where('payment.transactionId', '==', transactionId).limit(1))
  return found === undefined ? undefined : orderOf(found)
}

type LastUpdate = NonNullable<Parameters<Writer['update']>[2]>

/** The fields that differ: the lines of an order need not be written again to mark it paid. */
function changesOf(before: Order, after: Order): Data {
  const fields = Object.entries(orderData(after)).filter(([field, value]) => value !== before[field as keyof Order])
  return Object.fromEntries(fields)
}

/** Prepares the writes of a settlement; the returned function only writes, so that it may run in any commit. */
async function writing(before: Order, settlement: Settlement): Promise<(writer: Writer, at?: LastUpdate) => void> {
  const { order, entries, mails, holds, stock, rows, alerts = [] } = settlement
  const place = await orderDoc(order.id)
  const changed = changesOf(before, order)
  const { increment } = await fieldValue()
  const ledger = await Promise.all(entries.map(async (entry) => ({ place: await entryDoc(entry.id), entry })))
  const letters = await Promise.all(mails.map(async (intent) => ({ place: await mailDoc(intent.id), intent })))
  const held = await Promise.all(holds.map(async (hold) => ({ place: await productDoc(hold.productId), delta: hold.delta })))
  const alarms = await Promise.all(alerts.map(async (change) => ({ place: await alertPlace(), change })))
  const rowsDoc = await outboxDoc()
  const stockDoc = await outboxDoc()
  const cart = settlement.reopenCart && order.cartId !== null ? await cartDoc(order.cartId) : undefined
  const reopen = await reopening()
  const changeUse = await changingUse(before, order)
  const left = settlement.leaves === undefined ? undefined : { place: await cardDoc(settlement.leaves.id), card: settlement.leaves }
  return (writer, at) => {
    if (at === undefined) writer.update(place, changed)
    else writer.update(place, changed, at)
    for (const { place: one, entry } of ledger) postEntry(writer, one, entry)
    for (const { place: one, intent } of letters) queueMail(writer, one, intent)
    for (const { place: one, delta } of held) writer.update(one, { held: increment(delta) })
    changeUse(writer)
    for (const { place: one, change } of alarms) addAlertChange(writer, one, change)
    if (rows.length > 0) addRows(writer, rowsDoc, rows, eventOf(before, order))
    if (stock.length > 0) addStockMoves(writer, stockDoc, { orderId: order.id, moves: stock })
    if (cart !== undefined) reopen(writer, cart)
    if (left !== undefined) addLeftCard(writer, left.place, left.card)
  }
}

/** Writes a settlement beside the order that was read. */
export async function writeSettlement(unit: Unit, before: Order, settlement: Settlement): Promise<void> {
  const { order } = settlement
  // A cart that is gone, or that another order has taken since, is not this order's to open.
  const reopenCart = settlement.reopenCart && (await cartHolder(unit, order)) === order.id
  const taken = settlement.takeCart === true && order.cartId !== null ? await cartToTake(unit, order.cartId, order) : undefined
  const grant = settlement.granted === undefined ? undefined : await grantWrites(unit, settlement.granted)
  const write = await writing(before, { ...settlement, reopenCart })
  write(unit)
  await grant?.()
  if (taken !== undefined) unit.update(taken, { state: 'checked_out', orderId: order.id })
}

/** The cart of an order that was paid late, if it still holds what was bought: else it could be bought a second time. */
async function cartToTake(unit: Unit, cartId: string, order: Order): Promise<Doc | undefined> {
  const place = await cartDoc(cartId)
  const cart = cartOf(await unit.get(place))
  const bought = (lines: ReadonlyArray<{ productId: string; quantity: number }>): string => lines.map(({ productId, quantity }) => `${quantity} ${productId}`).sort().join()
  return cart?.state === 'open' && bought(cart.lines) === bought(order.lines) ? place : undefined
}

/** The order that has an order's cart now. */
async function cartHolder(unit: Unit, order: Order): Promise<string | null> {
  if (order.cartId === null) return null
  return cartOf(await unit.get(await cartDoc(order.cartId)))?.orderId ?? null
}

export interface Settled {
  readonly order: Order
  /** What was written; undefined when the outcome changed nothing. */
  readonly settlement: Settlement | undefined
}

export type SettleFacts = Omit<Settling, 'order' | 'nowMs'>

/**
 * Applies an outcome to an order, whatever the order has become meanwhile. Safe to run twice: an order that has moved
 * on is left as it is.
 */
export async function settleOrder(orderId: string, facts: SettleFacts): Promise<Settled> {
  const place = await orderDoc(orderId)
  return thenTold(await revise(async (unit) => settleIn(unit, orderOf(await unit.get(place)), { about: 'charge', facts })))
}

/** Alerts are told at once, whoever it was that settled. */
async function thenTold(settled: Settled): Promise<Settled> {
  await nudgeAlerts(settled.settlement?.alerts ?? [])
  return settled
}

export async function settleIn(unit: Unit, order: Order | undefined, fact: OrderFact): Promise<Settled> {
  if (order === undefined) throw new Failure('NOT_FOUND', { reason: 'no such order' })
  const settlement = await settlementOf(unit, order, fact)
  if (settlement !== undefined) await writeSettlement(unit, order, settlement)
  return { order: settlement?.order ?? order, settlement }
}

/** What a vendor says about an order. */
export type OrderFact =
  | { readonly about: 'charge'; readonly facts: SettleFacts }
  | { readonly about: 'refund'; readonly refundId: string; readonly outcome: RefundOutcome; readonly shopName: string }

/**
 * Applies a vendor's event in one commit with its inbox record. An event that was applied before changes nothing;
 * one that says nothing, or whose order we do not have, changes only its record.
 */
export async function applyEvent(inbox: Doc, orderId: string, fact: OrderFact | undefined): Promise<Settlement | undefined> {
  const place = await orderDoc(orderId)
  const written = await revise(async (unit) => {
    const [event, found] = (await unit.getAll(inbox, place)) as [Snapshot, Snapshot]
    if (pendingRecord(event) === undefined) return undefined
    const order = orderOf(found)
    const settlement = order === undefined || fact === undefined ? undefined : await settlementOf(unit, order, fact)
    if (settlement !== undefined && order !== undefined) await writeSettlement(unit, order, settlement)
    markApplied(unit, inbox, order === undefined || fact === undefined ? 'ignored' : 'applied')
    return settlement
  })
  await nudgeAlerts(written?.alerts ?? [])
  return written
}

async function settlementOf(unit: Unit, order: Order, fact: OrderFact): Promise<Settlement | undefined> {
  const settlement = await ruledBy(unit, order, fact)
  return settlement === undefined ? undefined : withGrant(unit, order, settlement)
}

async function ruledBy(unit: Unit, order: Order, fact: OrderFact): Promise<Settlement | undefined> {
  if (fact.about === 'refund') return settleRefund(order, fact.refundId, fact.outcome, now(), fact.shopName)
  const settling: Settling = { ...fact.facts, order, nowMs: now() }
  return isLateMoney(order, settling.outcome) ? settleLate(settling, await reservedAgain(unit, order)) : settle(settling)
}

/** Whether the goods of an order that was given up can be had again, with its promo code, and its customer has not bought them anew meanwhile. */
async function reservedAgain(unit: Unit, order: Order): Promise<boolean> {
  if ((await cartHolder(unit, order)) !== null || !(await isUseLeft(unit, order))) return false
  const counted = order.lines.filter((line) => line.counted)
  const snapshots = await unit.getAll(...(await Promise.all(counted.map((line) => productDoc(line.productId)))))
  return counted.every((line, index) => {
    const product = snapshots[index] === undefined ? undefined : productOf(snapshots[index])
    return product !== undefined && sellable(product) >= line.quantity
  })
}

/** Applies what the gateway said about a refund. Safe to run twice: a refund that is settled is left as it is. */
export async function settleRefundOf(orderId: string, fact: Omit<Extract<OrderFact, { about: 'refund' }>, 'about'>): Promise<Settled> {
  const place = await orderDoc(orderId)
  return thenTold(await revise(async (unit) => settleIn(unit, orderOf(await unit.get(place)), { about: 'refund', ...fact })))
}

/**
 * Changes an order by a rule of the domain, with what belongs to the change.
 * @throws Failure NOT_FOUND, or what the rule throws
 */
export async function changeOrder(orderId: string, rule: (order: Order) => Order | Settlement | undefined): Promise<Order> {
  const place = await orderDoc(orderId)
  const { order: changed, settlement } = await revise(async (unit): Promise<Settled> => {
    const order = orderOf(await unit.get(place))
    if (order === undefined) throw new Failure('NOT_FOUND')
    const change = rule(order)
    if (change === undefined) return { order, settlement: undefined }
    if ('order' in change) {
      await writeSettlement(unit, order, change)
      return { order: change.order, settlement: change }
    }
    unit.update(place, orderData(change))
    return { order: change, settlement: undefined }
  })
  await Promise.all([nudgeAlerts(settlement?.alerts ?? []), nudgeMails(settlement?.mails ?? [])])
  return changed
}

/**
 * Settles an order that we wrote ourselves at `at`: one commit without reading. If somebody else was faster (a webhook),
 * what he wrote stands. What grants more than goods is decided on what that is now.
 */
export async function settleFresh(order: Order, at: LastUpdate['lastUpdateTime'], facts: SettleFacts): Promise<Settled> {
  if (order.purpose !== undefined) return settleOrder(order.id, facts)
  const settlement = settle({ ...facts, order, nowMs: now() })
  const write = settlement === undefined ? undefined : await writing(order, settlement)
  if (settlement !== undefined && write !== undefined) {
    if ((await commit((writer) => write(writer, { lastUpdateTime: at }))).done) return thenTold({ order: settlement.order, settlement })
  }
  return settleOrder(order.id, facts)
}

/** Takes the right to act on an order's open payment; undefined when somebody has it. */
export async function takeLease(orderId: string, runner: string): Promise<Order | undefined> {
  const place = await orderDoc(orderId)
  return revise(async (unit) => {
    const order = orderOf(await unit.get(place))
    if (order === undefined) return undefined
    const taken = leased(order, runner, now())
    if (taken === undefined) return undefined
    unit.update(place, { runner: taken.runner, leaseUntilMs: taken.leaseUntilMs, updatedAtMs: taken.updatedAtMs })
    return taken
  })
}

const CHECK_AGAIN_MS = 60_000

/** The sweep looks at an order again, in a minute if nothing else is said, if it still has something open. */
export async function checkLater(orderId: string, afterMs = CHECK_AGAIN_MS): Promise<void> {
  await changeOrder(orderId, (order) => (order.checkAtMs !== null && order.checkAtMs <= now() ? { ...order, checkAtMs: now() + afterMs } : undefined))
}

/** Orders that the sweep must look at, the longest waiting first. */
export async function ordersToCheck(limit: number): Promise<Order[]> {
  const orders = await collection('orders')
  const found = await readQuery(orders.where('checkAtMs', '<=', now()).orderBy('checkAtMs').limit(limit))
  return found.map((snapshot) => orderOf(snapshot) as Order)
}

export interface OrderPage {
  readonly orders: readonly Order[]
  readonly nextCursor: string | null
}

export interface OrderFilter extends PageWish {
  readonly customerId?: string | undefined
  /** However it is written. */
  readonly email?: string | undefined
  readonly total?: number | undefined
  readonly gateway?: Order['payment']['gateway'] | undefined
  readonly state?: OrderState | undefined
  /** Placed from this moment on, and before that one. */
  readonly fromMs?: number | undefined
  readonly toMs?: number | undefined
  readonly oldestFirst?: boolean
}

/** Orders, the newest first unless asked otherwise. Without a customer: all (staff). */
export async function listOrdersOf(filter: OrderFilter): Promise<OrderPage> {
  let query: Query = await collection('orders')
  const equal = {
    customerId: filter.customerId, state: filter.state, total: filter.total, 'payment.gateway': filter.gateway,
    canonicalEmail: filter.email === undefined ? undefined : canonicalEmail(filter.email),
  }
  for (const [field, value] of Object.entries(equal)) if (value !== undefined) query = query.where(field, '==', value)
  if (filter.fromMs !== undefined) query = query.where('createdAtMs', '>=', filter.fromMs)
  if (filter.toMs !== undefined) query = query.where('createdAtMs', '<', filter.toMs)
  const direction = filter.oldestFirst === true ? 'asc' : 'desc'
  const { found, nextCursor } = await readPage(query.orderBy('createdAtMs', direction).orderBy('id', direction), 'createdAtMs', filter)
  return { orders: found.map((snapshot) => orderOf(snapshot) as Order), nextCursor }
}

/** The orders placed last, the newest first. */
export async function latestOrders(limit: number): Promise<Order[]> {
  const found = await readQuery((await collection('orders')).orderBy('createdAtMs', 'desc').orderBy('id', 'desc').limit(limit))
  return found.map((snapshot) => orderOf(snapshot) as Order)
}

/** Orders whose number begins so, by number. */
export async function ordersNumbered(prefix: string, { cursor, limit }: PageWish): Promise<OrderPage> {
  let query: Query = (await collection('orders')).where('number', '>=', prefix).where('number', '<', `${prefix}~`).orderBy('number').orderBy('id')
  if (cursor !== undefined) {
    const [, id] = cursorParts(cursor)
    query = query.startAfter(orderNumber(id), id)
  }
  const found = (await readQuery(query.limit(limit + 1))).map((snapshot) => orderOf(snapshot) as Order)
  const last = found.length > limit ? found[limit - 1] : undefined
  return { orders: found.slice(0, limit), nextCursor: last === undefined ? null : cursorOf(last.createdAtMs, last.id) }
}
