/**
 * Adjustments on their way to the point of sale. A batch is written before it is sent and keeps its content and key
 * until the answer is stored, so that a lost answer is asked for again with exactly the same request.
 */
import type { PosCount } from '#domain/product.ts'
import { newId } from '#values/ids.ts'
import { iso } from '#values/time.ts'
import { now } from '#platform/clock.ts'
import { collection, doc, fieldValue, readQuery, revise, type Data, type Doc, type Unit } from '#platform/firestore.ts'
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

/** What Square takes in one request. */
const CHANGES_MAX = 100

/**
 * Turns outbox entries into batches, in one commit: an entry is in the outbox or in a batch, never in both.
 * Changes of one product are added up; those that cancel out need no call and are only taken off `held`.
 */
export async function packBatches(entries: ReadonlyArray<OutboxEntry<Data>>): Promise<StockBatch[]> {
  return revise(async (unit) => {
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
    const parts = Math.ceil(changes.length / CHANGES_MAX)
    return Promise.all(Array.from({ length: parts }, (_, part) => openBatch(unit, changes.slice(part * CHANGES_MAX, (part + 1) * CHANGES_MAX))))
  })
}

async function openBatch(unit: Unit, changes: StockBatch['changes']): Promise<StockBatch> {
  const id = newId('stk')
  const place = await doc('stock_batches', id)
  const occurredAt = iso(now())
  unit.create(place, { occurredAt, changes: changes.map((change) => ({ ...change })), createdAtMs: now() })
  return { id, doc: place, occurredAt, changes }
}

export interface BatchAnswer {
  readonly counts: readonly PosCount[]
  /** Changes to be sent again, each in a batch of its own. */
  readonly again?: StockBatch['changes']
}

/**
 * Stores the point of sale's answer: its new counts replace ours, and the units are no longer held.
 * @returns the batches that take up what is to be sent again
 */
export async function closeBatch(batch: StockBatch, { counts, again = [] }: BatchAnswer): Promise<StockBatch[]> {
  const { increment } = await fieldValue()
  const products = await Promise.all(batch.changes.map(({ productId }) => productDoc(productId)))
  return revise(async (unit) => {
    const [open, ...snapshots] = await unit.getAll(batch.doc, ...products)
    if (open === undefined || !open.exists) return []
    unit.delete(batch.doc)
    for (const [index, { productId, delta }] of batch.changes.entries()) {
      if (again.some((change) => change.productId === productId)) continue
      const product = snapshots[index] === undefined ? undefined : productOf(snapshots[index])
      if (product === undefined) continue
      const count = counts.find((one) => one.productId === productId)
      const newer = count !== undefined && count.countedAtMs > product.countedAtMs
      unit.update(products[index] as Doc, {
        held: increment(delta),
        ...(newer ? { onHand: count.quantity, countedAtMs: count.countedAtMs } : { onHand: increment(delta) }),
      })
    }
    return Promise.all(again.map((change) => openBatch(unit, [change])))
  })
}
