/**
 * Promo codes in the store: one document each, with how many orders hold a use of it; and a mark for each customer who has used
 * one that counts once, named by a keyed hash, so that creating it twice is refused.
 *
 * Whoever writes an order with a code counts it up in that commit, on the version that was read, and creates the marks; whoever
 * gives the order up counts it down in his. Nobody who uses no code reads or writes any of it.
 */
import type { Order } from '#domain/order.ts'
import { endedPromoCode, newPromoCode, type PromoCode, type PromoFound, type PromoWish } from '#domain/promo.ts'
import { canonicalEmail } from '#values/email.ts'
import { Failure } from '#values/failure.ts'
import { now } from '#platform/clock.ts'
import { derivedId } from '#platform/derived.ts'
import { collection, doc, fieldValue, readAll, readOne, type Data, type Doc, type Snapshot, type Unit, type Writer } from '#platform/firestore.ts'
import { addRows, outboxDoc } from './outbox.ts'
import { readPage, type PageWish } from './pages.ts'

function promoDoc(code: string): Promise<Doc> {
  return doc('promo_codes', code)
}

function markDoc(mark: string): Promise<Doc> {
  return doc('promo_uses', mark)
}

function promoOf(snapshot: Snapshot): PromoCode | undefined {
  return snapshot.data() as PromoCode | undefined
}

/** A code that is wanted, on the version that was read; `promo` is undefined when there is none. */
export interface PromoRead {
  readonly code: string
  readonly snapshot: Snapshot
  readonly promo: PromoCode | undefined
}

export async function readPromo(code: string): Promise<PromoRead> {
  const snapshot = await readOne(await promoDoc(code))
  return { code, snapshot, promo: promoOf(snapshot) }
}

export interface Buyer {
  readonly customerId: string | null
  /** Null while nobody has said: a cart. */
  readonly email: string | null
}

/** By what a customer is known to have used a code: his id and his mailbox, so that he is the same one as a guest. */
function marksOf(code: string, { customerId, email }: Buyer): string[] {
  return [
    ...(customerId === null ? [] : [derivedId('use', [code, 'customer', customerId])]),
    ...(email === null ? [] : [derivedId('use', [code, 'mailbox', canonicalEmail(email)])]),
  ]
}

/** What is known of a customer's use of a code. */
export async function readUse(code: string, buyer: Buyer): Promise<Pick<PromoFound, 'marks' | 'isUsed'>> {
  const marks = marksOf(code, buyer)
  const found = await readAll(await Promise.all(marks.map(markDoc)))
  return { marks, isUsed: found.some(({ exists }) => exists) }
}

/** Counts the uses of orders that are placed in one commit, all with this code or with none. */
export async function countingUses(read: PromoRead | undefined, orders: readonly Order[]): Promise<(writer: Writer) => void> {
  const { snapshot, promo } = read ?? {}
  const lastUpdateTime = snapshot?.updateTime
  const users = orders.filter((order) => order.promo !== undefined)
  const marks = await Promise.all(users.map(markPlaces))
  return (writer) => {
    if (users.length === 0 || snapshot === undefined || promo === undefined || lastUpdateTime === undefined) return
    writer.update(snapshot.ref, { uses: promo.uses + users.length }, { lastUpdateTime })
    for (const [index, places] of marks.entries()) for (const place of places) writer.create(place, markOf(place, users[index] as Order))
  }
}

/** Gives an order's use back or takes it again, where a change of the order says so. */
export async function changingUse(before: Order, after: Order): Promise<(writer: Writer) => void> {
  const { promo } = after
  if (promo === undefined || before.promo?.held === promo.held) return () => undefined
  const { increment } = await fieldValue()
  const place = await promoDoc(promo.code)
  const marks = await markPlaces(after)
  return (writer) => {
    writer.update(place, { uses: increment(promo.held ? 1 : -1) })
    for (const mark of marks) {
      if (promo.held) writer.create(mark, markOf(mark, after))
      else writer.delete(mark)
    }
  }
}

/** Whether an order that has given its use back could have it again: nobody has had the last one since, nor its customer another. */
export async function isUseLeft(unit: Unit, order: Order): Promise<boolean> {
  const { promo: use } = order
  if (use === undefined || use.held) return true
  const [found, ...marks] = (await unit.getAll(await promoDoc(use.code), ...(await markPlaces(order)))) as [Snapshot, ...Snapshot[]]
  const promo = promoOf(found)
  if (promo === undefined || marks.some(({ exists }) => exists)) return false
  return promo.usesMax === null || promo.uses < promo.usesMax
}

async function markPlaces({ promo }: Order): Promise<Doc[]> {
  return Promise.all((promo?.marks ?? []).map(markDoc))
}

function markOf({ id }: Doc, order: Order): Data {
  return { id, code: order.promo?.code, orderId: order.id, atMs: now() }
}

/** @throws Failure CONFLICT when there is such a code already */
export async function createCode(unit: Unit, wish: PromoWish, reason: string): Promise<PromoCode> {
  const [place, outbox] = [await promoDoc(wish.code), await outboxDoc()]
  if ((await unit.get(place)).exists) throw new Failure('CONFLICT', { message: `There is a promo code ${wish.code} already.`, details: { code: wish.code } })
  const { promo, row } = newPromoCode(wish, reason, now())
  unit.create(place, { ...promo })
  addRows(unit, outbox, [row])
  return promo
}

/** Safe to run twice: what is ended stays so. @throws Failure NOT_FOUND */
export async function endCode(unit: Unit, code: string, reason: string): Promise<PromoCode> {
  const [place, outbox] = [await promoDoc(code), await outboxDoc()]
  const before = promoOf(await unit.get(place))
  if (before === undefined) throw new Failure('NOT_FOUND', { message: 'Promo code not found.' })
  const change = endedPromoCode(before, reason, now())
  if (change === undefined) return before
  unit.update(place, { endedAtMs: change.promo.endedAtMs })
  addRows(unit, outbox, [change.row])
  return change.promo
}

/** The newest first. */
export async function listCodes(page: PageWish): Promise<{ promos: PromoCode[]; nextCursor: string | null }> {
  const query = (await collection('promo_codes')).orderBy('createdAtMs', 'desc').orderBy('code', 'desc')
  const { found, nextCursor } = await readPage(query, 'createdAtMs', page)
  return { promos: found.map((snapshot) => promoOf(snapshot) as PromoCode), nextCursor }
}
