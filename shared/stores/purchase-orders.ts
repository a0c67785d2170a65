/**
 * Orders to suppliers in the store. A small document for each product says which number its last order has, and which click
 * made it: so a commit whose answer was lost is known again, and everybody else is told that it was ordered meanwhile.
 */
import { purchased, type PurchaseOrder, type PurchaseWish } from '#domain/purchase-order.ts'
import type { MailIntent } from '#domain/mail.ts'
import { now } from '#platform/clock.ts'
import { collection, doc, readAll, readQuery, type Doc, type Snapshot, type Unit } from '#platform/firestore.ts'
import { mailDoc, queueMail } from './mails.ts'
import { addRows, outboxDoc } from './outbox.ts'
import { readPage, type PageWish } from './pages.ts'

/** More orders than are on their way at once. */
const OPEN_MAX = 1_000

function orderDoc(id: string): Promise<Doc> {
  return doc('purchase_orders', id)
}

function orderOf(snapshot: Snapshot): PurchaseOrder {
  return snapshot.data() as unknown as PurchaseOrder
}

/** The number of the last order of each product; 0: there was none. */
export async function lastNumbersOf(productIds: readonly string[]): Promise<number[]> {
  const found = await readAll(await Promise.all(productIds.map((id) => doc('purchase_numbers', id))))
  return found.map((snapshot) => Number(snapshot.get('last') ?? 0))
}

export interface Placed {
  readonly order: PurchaseOrder
  readonly mail: MailIntent
}

/**
 * Writes the order, its mail to the supplier and its audit event.
 * @param click names this call, and is the same when its transaction runs again
 * @throws Failure CONFLICT when the product was ordered since the suggestion was made
 */
export async function placePurchase(unit: Unit, wish: PurchaseWish, click: string): Promise<Placed> {
  const [numbers, place, outbox] = [await doc('purchase_numbers', wish.product.id), await orderDoc(wish.id), await outboxDoc()]
  const before = await unit.get(numbers)
  const last = Number(before.get('last') ?? 0)
  const isMine = before.get('click') === click
  const { order, mail, row } = purchased(wish, isMine ? last - 1 : last)
  if (isMine) return { order, mail }
  unit.set(numbers, { last: order.number, click })
  unit.create(place, { ...order })
  queueMail(unit, await mailDoc(mail.id), mail)
  addRows(unit, outbox, [row])
  return { order, mail }
}

/** Those that are on their way. */
export async function openPurchases(): Promise<PurchaseOrder[]> {
  const open = (await collection('purchase_orders')).where('expectedAtMs', '>', now()).orderBy('expectedAtMs').limit(OPEN_MAX)
  return (await readQuery(open)).map(orderOf)
}

/** The newest first. */
export async function listPurchases(page: PageWish): Promise<{ orders: PurchaseOrder[]; nextCursor: string | null }> {
  const query = (await collection('purchase_orders')).orderBy('approvedAtMs', 'desc').orderBy('__name__', 'desc')
  const { found, nextCursor } = await readPage(query, 'approvedAtMs', page)
  return { orders: found.map(orderOf), nextCursor }
}
