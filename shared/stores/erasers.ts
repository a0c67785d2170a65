/**
 * How each store forgets a customer, a few records at a time, each time in one commit with how far it has got. An eraser is
 * safe to run again from anywhere: what it has changed before it leaves alone, and does not count.
 */
import { isOpenCard, wantRemoval, type Card } from '#domain/card.ts'
import type { Batch, ErasedStore } from '#domain/erasure.ts'
import { isNameless, isUnderWay, nameless } from '#domain/nameless.ts'
import { NOBODY } from '#domain/mail.ts'
import { RUNNING, type Membership } from '#domain/member.ts'
import { cancel } from '#domain/membership-change.ts'
import { isOpen, type Order } from '#domain/order.ts'
import { cursorOf, cursorParts } from '#values/cursor.ts'
import { now } from '#platform/clock.ts'
import { collection, type Doc, type Query, type Snapshot, type Unit } from '#platform/firestore.ts'
import { ageDoc } from './age-checks.ts'
import { cardOf, onItsWay } from './cards.ts'
import { cartOf } from './carts.ts'
import { destroyKey } from './customer-keys.ts'
import { forgetting } from './mail-erasure.ts'
import { mailOf } from './mails.ts'
import { changeMemberIn, memberDoc, memberOf, scene } from './members.ts'
import { orderData, orderDoc, orderOf } from './orders.ts'
import { addRows, outboxDoc } from './outbox.ts'
import { exemptionDoc } from './tax.ts'

type Eraser = (unit: Unit, customerId: string, cursor: string | null) => Promise<Batch>

/** Orders of a commit, each with its mails and notes. */
const ORDERS = 5
const PAGE = 50
/** Marks a page that is gone through once more, because not all that was written to its addresses is forgotten yet. */
const AGAIN = 'again '

export const ERASERS: Readonly<Record<ErasedStore, Eraser>> = {
  memberships,
  cards,
  customer_keys: async (unit, customerId) => whole({ customer_keys: (await destroyKey(unit, customerId)) ? 1 : 0 }),
  age_verifications: async (unit, customerId) => whole({ age_verifications: await gone(unit, await ageDoc(customerId)) }),
  tax_exemptions: async (unit, customerId) => whole({ tax_exemptions: await gone(unit, await exemptionDoc(customerId)) }),
  orders,
  // With the orders that they are about.
  order_notes: async () => whole({}),
  mails,
  carts,
}

function whole(touched: Batch['touched']): Batch {
  return { touched, cursor: null, waits: 0 }
}

/** @returns how many documents are gone now that were there */
async function gone(unit: Unit, place: Doc): Promise<number> {
  const found = await unit.get(place)
  if (found.exists) unit.delete(place)
  return found.exists ? 1 : 0
}

/** First it is cancelled, and its member is not told; then, when nothing is charged for it any more, it names nobody. */
async function memberships(unit: Unit, customerId: string): Promise<Batch> {
  const place = await memberDoc(customerId)
  const member = memberOf(await unit.get(place))
  const past = await unit.query((await collection('past_memberships')).where('customerId', '==', customerId).limit(PAGE))
  if (member?.membership != null && RUNNING.includes(member.membership.status)) {
    await changeMemberIn(unit, customerId, (running) => {
      const change = cancel(running, 'erased', scene())
      return change === undefined ? undefined : { ...change, mails: [] }
    })
    return { touched: {}, cursor: 'cancelled', waits: 0 }
  }
  if (member !== undefined && member.charge !== null) return { touched: {}, cursor: null, waits: 1 }
  const named = member !== undefined && member.email !== NOBODY
  if (named) unit.update(place, { email: NOBODY, newsletter: false, membership: wordless(member.membership) })
  const talking = past.filter((snapshot) => (snapshot.get('membership') as Membership).cancelReason !== null)
  for (const snapshot of talking) unit.update(snapshot.ref, { membership: wordless(snapshot.get('membership') as Membership) })
  return whole({ memberships: talking.length + (named ? 1 : 0) })
}

function wordless(membership: Membership | null): Membership | null {
  return membership === null ? null : { ...membership, cancelReason: null }
}

/** That they are to go; the payment service is told by whoever goes on with the erasure, or by the sweep of cards. */
async function cards(unit: Unit, customerId: string): Promise<Batch> {
  const found = await unit.query((await collection('cards')).where('customerId', '==', customerId).limit(PAGE))
  const kept = found.map((snapshot) => ({ place: snapshot.ref, card: cardOf(snapshot) as Card })).filter(({ card }) => isOpenCard(card) || card.state === 'stored' || card.state === 'removing')
  const free = kept.filter(({ card }) => (card.state === 'stored' || card.state === 'requires_action') && card.usedBy.length === 0)
  const outbox = await outboxDoc()
  const wanted = await Promise.all(free.map(async ({ place, card }) => {
    const change = wantRemoval(card, 'erasure', now())
    return change === undefined ? undefined : { place, card: await onItsWay(unit, change.card), rows: change.rows }
  }))
  const changes = wanted.filter((change) => change !== undefined)
  for (const { place, card } of changes) unit.set(place, { ...card })
  if (changes.length > 0) addRows(unit, outbox, changes.flatMap(({ rows }) => rows))
  return { touched: { cards: changes.length }, cursor: null, waits: kept.length }
}

/**
 * Orders with the mails and notes about them, and whatever else was written to their addresses: that first, as long as
 * they are known. What is under way is left for a later pass.
 */
async function orders(unit: Unit, customerId: string, cursor: string | null): Promise<Batch> {
  let query: Query = (await collection('orders')).where('customerId', '==', customerId).orderBy('createdAtMs', 'desc').orderBy('id', 'desc')
  const from = (cursor ?? '').replace(AGAIN, '')
  if (from !== '') query = query.startAfter(...cursorParts(from))
  const page = (await unit.query(query.limit(ORDERS))).map((snapshot) => ({ place: snapshot.ref, order: orderOf(snapshot) as Order }))
  const named = page.filter(({ order }) => !isNameless(order))
  const over = named.filter(({ order }) => !isUnderWay(order))
  const about = over.map(({ order }) => order.id)
  const letters = await forgetting(unit, await ofOrders(unit, 'mails', about), over.map(({ order }) => order.email))
  const notes = (await ofOrders(unit, 'order_notes', about)).filter((snapshot) => snapshot.get('text') !== '')
  letters.write()
  if (!letters.isAll) return { touched: { mails: letters.count }, cursor: AGAIN + from, waits: 0 }
  for (const { place, order } of over) unit.set(place, orderData(nameless(order)))
  for (const note of notes) unit.update(note.ref, { text: '' })
  const last = page.length < ORDERS ? undefined : page.at(-1)?.order
  return {
    touched: { orders: over.length, mails: letters.count, order_notes: notes.length },
    cursor: last === undefined ? null : cursorOf(last.createdAtMs, last.id),
    waits: named.length - over.length,
  }
}

async function ofOrders(unit: Unit, name: 'mails' | 'order_notes', orderIds: readonly string[]): Promise<Snapshot[]> {
  return orderIds.length === 0 ? [] : unit.query((await collection(name)).where('orderId', 'in', [...orderIds]))
}

/** Mails that are about no order. */
async function mails(unit: Unit, customerId: string, cursor: string | null): Promise<Batch> {
  const page = await unit.query(afterName((await collection('mails')).where('customerId', '==', customerId), cursor))
  const letters = await forgetting(unit, page.filter((snapshot) => mailOf(snapshot)?.to !== NOBODY))
  letters.write()
  return { touched: { mails: letters.count }, cursor: lastName(page), waits: 0 }
}

/** Carts, but those that an open order must find again. */
async function carts(unit: Unit, customerId: string, cursor: string | null): Promise<Batch> {
  const page = await unit.query(afterName((await collection('carts')).where('customerId', '==', customerId), cursor))
  const holders = page.map((snapshot) => cartOf(snapshot)?.orderId ?? null).filter((orderId) => orderId !== null)
  const found = await unit.getAll(...(await Promise.all([...new Set(holders)].map(orderDoc))))
  const open = new Set(found.map(orderOf).filter((order) => order !== undefined && isOpen(order)).map((order) => order?.id))
  const free = page.filter((snapshot) => !open.has(cartOf(snapshot)?.orderId ?? ''))
  for (const { ref } of free) unit.delete(ref)
  return { touched: { carts: free.length }, cursor: lastName(page), waits: page.length - free.length }
}

function afterName(query: Query, cursor: string | null): Query {
  const ordered = query.orderBy('__name__')
  return (cursor === null ? ordered : ordered.startAfter(cursor)).limit(PAGE)
}

function lastName(page: readonly Snapshot[]): string | null {
  return page.length < PAGE ? null : (page.at(-1)?.id ?? null)
}
