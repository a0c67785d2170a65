/**
 * Adjustments on their way to the point of sale. A batch is written before it is sent and keeps its content and key
 * until the answer is stored, so that a lost answer is asked for again with exactly the same request.
 */
import type { PosCount } from '#domain/product.ts'
import { newId } from '#values/ids.ts'
import { iso } from '#values/time.ts'
import { now } from '#platform/clock.ts'
import { collection, doc, fieldValue, readQuery, transact, type Data, type Doc } from '#platform/firestore.ts'
import type { OutboxEntry } from './outbox.ts'
import { productDoc, productOf } from './products.ts'

export interface StockBatch {
  readonly id: string
  readonly doc: Doc
  readonly occurredAt: string
  readonly changes: ReadonlyArray<{ readonly productId: string; readonly delta: number }>
}

const OPEN_MAX = 20

/** Batches that were not answered yet, the oldest first. */
export async function openBatches(): Promise<StockBatch[]> {
  const found = await readQuery((await collection('stock_batches')).orderBy('createdAtMs').limit(OPEN_MAX))
  return found.map((snapshot) => batchOf(snapshot.ref, snapshot.data() as Data))
}

function batchOf(place: Doc, data: Data): StockBatch {
  return { id: place.id, doc: place, occurredAt: data['occurredAt'] as string, changes: data['changes'] as StockBatch['changes'] }
}

/** Units of each product that are on their way: the point of sale's count may or may not include them. */
export async function unitsInFlight(): Promise<Map<string, number>> {
  const units = new Map<string, number>()
  for (const { changes } of await openBatches()) {
    for (const { productId, delta } of changes) units.set(productId, (units.get(productId) ?? 0) - delta)
  }
  return units
}

/**
 * Turns outbox entries into one batch, in one transaction: an entry is in the outbox or in one batch, never in both.
 * Changes of one product are added up; those that cancel out need no call and are only taken off `held`.
 */
export async function packBatch(entries: ReadonlyArray<OutboxEntry<Data>>): Promise<StockBatch | undefined> {
  const id = newId('stk')
  const place = await doc('stock_batches', id)
  return transact(async (unit) => {
    const snapshots = await unit.getAll(...entries.map((entry) => entry.doc))
    const present = snapshots.filter((snapshot) => snapshot.exists)
    const sums = new Map<string, number>()
    for (const snapshot of present) {
      for (const move of snapshot.get('moves') as Array<{ productId: string; delta: number }>) {
        sums.set(move.productId, (sums.get(move.productId) ?? 0) + move.delta)
      }
    }
    const changes = [...sums].filter(([, delta]) => delta !== 0).map(([productId, delta]) => ({ productId, delta }))
    for (const snapshot of present) unit.delete(snapshot.ref)
    if (changes.length === 0) return undefined
    const occurredAt = iso(now())
    unit.create(place, { occurredAt, changes, createdAtMs: now() })
    return { id, doc: place, occurredAt, changes }
  })
}

/** Stores the point of sale's answer: its new counts replace ours, and the units are no longer held. */
export async function closeBatch(batch: StockBatch, counts: readonly PosCount[]): Promise<void> {
  const { increment } = await fieldValue()
  const products = await Promise.all(batch.changes.map(({ productId }) => productDoc(productId)))
  await transact(async (unit) => {
    const [open, ...snapshots] = await unit.getAll(batch.doc, ...products)
    if (open === undefined || !open.exists) return
    unit.delete(batch.doc)
    for (const [index, { productId, delta }] of batch.changes.entries()) {
      const product = snapshots[index] === undefined ? undefined : productOf(snapshots[index])
      if (product === undefined) continue
      const count = counts.find((one) => one.productId === productId)
      const newer = count !== undefined && count.countedAtMs > product.countedAtMs
      unit.update(products[index] as Doc, {
        held: increment(delta),
        ...(newer ? { onHand: count.quantity, countedAtMs: count.countedAtMs } : { onHand: increment(delta) }),
      })
    }
  })
}
