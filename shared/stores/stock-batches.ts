/**
 * Adjustments on their way to the points of sale, each batch for one of them. It is written before it is sent and keeps its
 * content and key until the answer is stored, so that a lost answer is asked for again with exactly the same request.
 *
 * Of one product only one change is on its way at a time: what is sold meanwhile waits in the outbox. With two of them
 * nobody could say which of the two a count, or the other's answer, has already.
 */
import type { AlertChange } from '#domain/alert.ts'
import { byTill, tillOf } from '#domain/counter-product.ts'
import type { PosCount, Till } from '#domain/product.ts'
import type { StockMove } from '#domain/settlement.ts'
import { answered } from '#domain/stock.ts'
import { adjustmentRefused } from '#domain/till-alerts.ts'
import { newId } from '#values/ids.ts'
import { iso, MINUTE_MS } from '#values/time.ts'
import { now } from '#platform/clock.ts'
import { collection, doc, readQuery, revise, transact, type Data, type Doc, type Query, type Snapshot, type Unit } from '#platform/firestore.ts'
import { addAlertChange, alertPlace, nudgeAlerts } from './alerts.ts'
import { addStockMoves, outboxDoc, type OutboxEntry } from './outbox.ts'
import { productDoc, productOf } from './products.ts'
import { writeFigures } from './stock-figures.ts'

export interface StockBatch {
  readonly id: string
  readonly till: Till
  readonly doc: Doc
  readonly occurredAt: string
  readonly changes: ReadonlyArray<{ readonly productId: string; readonly delta: number }>
}

/** So many are sent to each in one go; more are open only when it refused a large one, whose changes then go one by one. */
const SENT_MAX = 20
const OPEN_MAX = 500

/** Batches that were not answered yet, by till the oldest first: one till that takes none holds up no other. */
export async function openBatches(): Promise<StockBatch[]> {
  const open = batchesIn(await readQuery(await openQuery()))
  return [...Map.groupBy(open, ({ till }) => till).values()].flatMap((batches) => batches.slice(0, SENT_MAX))
}

function anyProductOf({ changes }: Pick<StockBatch, 'changes'>): string {
  return changes[0]?.productId ?? ''
}

async function openQuery(): Promise<Query> {
  return (await collection('stock_batches')).orderBy('createdAtMs').limit(OPEN_MAX)
}

function batchesIn(found: readonly Snapshot[]): StockBatch[] {
  return found.map((snapshot) => batchOf(snapshot.ref, snapshot.data() as Data))
}

function batchOf(place: Doc, data: Data): StockBatch {
  const changes = data['changes'] as StockBatch['changes']
  return { id: place.id, till: tillOf(anyProductOf({ changes })), doc: place, occurredAt: data['occurredAt'] as string, changes }
}

/** Units of each product that are on their way: the point of sale's count may or may not include them. */
export async function unitsInFlight(): Promise<Map<string, number>> {
  const open = batchesIn(await readQuery(await openQuery()))
  return new Map(open.flatMap(({ changes }) => changes.map(({ productId, delta }) => [productId, -delta] as const)))
}

/** What a till takes in one request: Square's limit, and a good part of Lightspeed's bucket. */
const CHANGES_MAX: Readonly<Record<Till, number>> = { square: 100, lightspeed: 40 }

/**
 * Takes the right to send a batch to a till that does not know a request again: it ends by itself, when nothing that was sent
 * under it can arrive any more.
 * @returns until when; undefined while another has it, or when the batch is closed
 */
export async function claimBatch({ doc: place }: StockBatch): Promise<number | undefined> {
  const claim = newId('claim')
  return transact(async (unit) => {
    const batch = await unit.get(place)
    const { claimedBy = claim, claimedUntilMs = 0 } = (batch.data() ?? {}) as { readonly claimedBy?: string; readonly claimedUntilMs?: number }
    if (!batch.exists || (claimedBy !== claim && claimedUntilMs > now())) return undefined
    const untilMs = now() + CLAIM_MS
    unit.update(place, { claimedBy: claim, claimedUntilMs: untilMs })
    return untilMs
  })
}

/** Much longer than any call takes. */
const CLAIM_MS = 3 * MINUTE_MS

export interface Packed {
  readonly batches: readonly StockBatch[]
  /** False when all that is left waits for changes of the same products that are on their way. */
  readonly moved: boolean
}

/**
 * Turns outbox entries into batches, in one commit: what an entry says is in the outbox or in a batch, never in both.
 * Changes of one product are added up; those that cancel out need no call and are only taken off `held`. Those of a product
 * that has a change on its way already go back into the outbox, behind all others; so do those of a till that is left alone.
 */
export async function packBatches(entries: ReadonlyArray<OutboxEntry<Data>>, shut: ReadonlySet<Till>): Promise<Packed> {
  return transact(async (unit) => {
    const open = batchesIn(await unit.query(await openQuery()))
    const present = (await unit.getAll(...entries.map((entry) => entry.doc))).filter((snapshot) => snapshot.exists)
    const underWay = new Set(open.flatMap(({ changes }) => changes.map(({ productId }) => productId)))
    const sums = summed(present.flatMap((snapshot) => snapshot.get('moves') as StockMove[]))
    const waits = ({ productId }: StockMove): boolean => underWay.has(productId) || shut.has(tillOf(productId))
    const waiting = sums.filter(waits)
    const changes = sums.filter((move) => !waits(move)).map(({ productId, delta }) => ({ productId, delta }))
    if (changes.length === 0 && waiting.length > 0 && present.length === 1) return { batches: [], moved: false }
    for (const snapshot of present) unit.delete(snapshot.ref)
    if (waiting.length > 0) addStockMoves(unit, await outboxDoc(), { orderId: null, moves: waiting })
    return { batches: await Promise.all(parts(changes).map((part) => openBatch(unit, part))), moved: true }
  })
}

/** Changes as they are sent: each part to one till, and no more than it takes. */
function parts(changes: StockBatch['changes']): Array<StockBatch['changes']> {
  return byTill(changes, ({ productId }) => productId).flatMap(([till, its]) => {
    const max = CHANGES_MAX[till]
    return Array.from({ length: Math.ceil(its.length / max) }, (_, part) => its.slice(part * max, (part + 1) * max))
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
  return { id, till: tillOf(anyProductOf({ changes })), doc: place, occurredAt, changes }
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
