/** Notes on orders: documents of their own, so that writing one does not meet an order that is being paid, and none is shown with it. */
import type { OrderNote } from '#domain/order-note.ts'
import { Failure } from '#values/failure.ts'
import { collection, doc, readOne, type Unit } from '#platform/firestore.ts'
import { orderDoc } from './orders.ts'
import { readPage, type PageWish } from './pages.ts'

/** @throws Failure NOT_FOUND when there is no such order: nothing of an order is ever deleted, so it need not be locked */
export async function refuseUnknownOrder(orderId: string): Promise<void> {
  if (!(await readOne(await orderDoc(orderId))).exists) throw new Failure('NOT_FOUND', { message: 'Order not found.' })
}

export async function addNote(unit: Unit, note: OrderNote): Promise<void> {
  unit.create(await doc('order_notes', note.id), { ...note })
}

interface NotePage {
  readonly notes: readonly OrderNote[]
  readonly nextCursor: string | null
}

/** The newest first. */
export async function listNotes(orderId: string, page: PageWish): Promise<NotePage> {
  const query = (await collection('order_notes')).where('orderId', '==', orderId).orderBy('atMs', 'desc').orderBy('id', 'desc')
  const { found, nextCursor } = await readPage(query, 'atMs', page)
  return { notes: found.map((snapshot) => snapshot.data() as unknown as OrderNote), nextCursor }
}
