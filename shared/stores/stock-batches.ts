/**
 * Adjustments on their way to the point of sale. A batch is written before it is sent and keeps its content and key
 * until the answer is stored, so that a lost answer is asked for again with exactly the same request.
 *
 * Of one product only one change is on its way at a time: what is sold meanwhile waits in the outbox. With two of them
 * nobody could say which of the two a count, or the other's answer, has already.
 */
import type { AlertChange } from '#domain/alert.ts'
import type { PosCount } from '#domain/product.ts'
import type { StockMove } from '#domain/settlement.ts'
import { answered } from '#domain/stock.ts'
import { adjustmentRefused } from '#domain/till-alerts.ts'
import { newId } from '#values/ids.ts'
import { iso } from '#values/time.ts'
import { now } from '#platform/clock.ts'
import { collection, doc, readQuery, revise, transact, type Data, type Doc, type Query, type Snapshot, type Unit } from '#platform/firestore.ts'
import { addAlertChange, alertPlace, nudgeAlerts } from './alerts.ts'
import { addStockMoves, outboxDoc, type OutboxEntry } from './outbox.ts'
import { productDoc, productOf } from './products.ts'
import { writeFigures } from './stock-figures.ts'

export interface StockBatch {
  readonly id: string
  readonly doc: Doc
  readonly occurredAt: string
  readonly changes: ReadonlyArray<{ readonly productId: string; readonly delta: number }>
}

/** So many are sent in one go; more are open only when Square refused a large one, whose changes then go one by one. */
const SENT_MAX = 20
const OPEN_MAX = 500

/** Batches that were not answered yet, the oldest first. */
export async function openBatches(): Promise<StockBatch[]> {
  return batchesIn(await readQuery(await openQuery(SENT_MAX)))
}

async function openQuery(limit: number): Promise<Query> {
  return (await collection('stock_batches')).orderBy('createdAtMs').limit(limit)
}

function batchesIn(found: readonly Snapshot[]): StockBatch[] {
  return found.map((snapshot) => batchOf(snapshot.ref, snapshot.data() as Data))
}

function batchOf(place: Doc, data: Data): StockBatch {
  return { id: place.id, doc: place, occurredAt: data['occurredAt'] as string, changes: data['changes'] as StockBatch['changes'] }
}

/** Units of each product that are on their way: the point of sale's count may or may not include them. */
export async function unitsInFlight(): Promise<Map<string, number>> {
  const open = batchesIn(await readQuery(await openQuery(OPEN_MAX)))
  return new Map(open.flatMap(({ changes }) => changes.map(({ productId, delta }) => [productId, -delta] as const)))
}

/** What Square takes in one request. */
const CHANGES_MAX = 100

export interface Packed {
  readonly batches: readonly StockBatch[]
  /** False when all that is left waits for changes of the same products that are on their way. */
  readonly moved: boolean
}

/**
 * Turns outbox entries into batches, in one commit: what an entry says is in the outbox or in a batch, never in both.
 * Changes of one product are added up; those that cancel out need no call and are only taken off `held`. Those of a product
 * that has a change on its way already go back into the outbox, behind all others.
 */
export async function packBatches(entries: ReadonlyArray<OutboxEntry<Data>>): Promise<Packed> {
  return transact(async (unit) => {
    const open = batchesIn(await unit.query(await openQuery(OPEN_MAX)))
    const present = (await unit.getAll(...entries.map((entry) => entry.doc))).filter((snapshot) => snapshot.exists)
    const underWay = new Set(open.flatMap(({ changes }) => changes.map(({ productId }) => productId)))
    const sums = summed(present.flatMap((snapshot) => snapshot.get('moves') as StockMove[]))
    const waiting = sums.filter(({ productId }) => underWay.has(productId))
    const changes = sums.filter(({ productId }) => !underWay.has(productId)).map(({ productId, delta }) => ({ productId, delta }))
    if (changes.length === 0 && waiting.length > 0 && present.length === 1) return { batches: [], moved: false }
    for (const snapshot of present) unit.delete(snapshot.ref)
    if (waiting.length > 0) addStockMoves(unit, await outboxDoc(), { orderId: null, moves: waiting })
    const parts = Math.ceil(changes.length / CHANGES_MAX)
    const batches = await Promise.all(Array.from({ length: parts }, (_, part) => openBatch(unit, changes.slice(part * CHANGES_MAX, (part + 1) * CHANGES_MAX))))
    return { batches, moved: true }
  })
}

/** One move for each product that moved at all. */
function summed(moves: readonly StockMove[]): StockMove[] {
  const sums = new Map<string, StockMove>()
  for (const move of moves) sums.set(move.productId, { ...move, delta: move.delta + (sums.get(move.productId)?.delta ?? 0) })
  return [...sums.values()].filter(({ delta }) => delta !== 0)
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
  /** The point of sale will never take what is not sent again: staff are told. */
  readonly refused?: boolean
}

/**
 * Stores the point of sale's answer: its new counts replace ours, and the units are no longer held.
 * @returns the batches that take up what is to be sent again
 */
export async function closeBatch(batch: StockBatch, { counts, again = [], refused = false }: BatchAnswer): Promise<readonly StockBatch[]> {
  const products = await Promise.all(batch.changes.map(({ productId }) => productDoc(productId)))
  const { batches, alerts } = await revise(async (unit) => {
    const [open, ...snapshots] = await unit.getAll(batch.doc, ...products)
    if (open === undefined || !open.exists) return { batches: [], alerts: [] }
    unit.delete(batch.doc)
    const said: AlertChange[] = []
    for (const [index, { productId, delta }] of batch.changes.entries()) {
      const product = snapshots[index] === undefined ? undefined : productOf(snapshots[index])
      if (product === undefined || again.some((change) => change.productId === productId)) continue
      const count = counts.find((one) => one.productId === productId)
      said.push(...(await writeFigures(unit, product, { held: product.held + delta, ...answered(product, delta, count) })))
      if (refused) said.push(await sayRefused(unit, productId, delta))
    }
    return { batches: await Promise.all(again.map((change) => openBatch(unit, [change]))), alerts: said }
  })
  await nudgeAlerts(alerts)
  return batches
}

async function sayRefused(unit: Unit, productId: string, delta: number): Promise<AlertChange> {
  const alert = adjustmentRefused(productId, delta)
  addAlertChange(unit, await alertPlace(), alert)
  return alert
}
