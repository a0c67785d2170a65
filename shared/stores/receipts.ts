/**
 * Receipts: rows that BigQuery says it has taken, kept until they were found there. A receipt is written in the commit that
 * takes its rows out of the outbox, and goes in the one that counts them as found: nothing is between two places.
 *
 * One document holds some hundred rows, so that proving a row costs a hundredth of a write.
 */
import { pathOf, type WarehouseRow } from '#domain/warehouse-rows.ts'
import { newId } from '#values/ids.ts'
import { MINUTE_MS } from '#values/time.ts'
import { now } from '#platform/clock.ts'
import { collection, commit, countOf, doc, readQuery, type Data, type Doc, type Snapshot, type Writer } from '#platform/firestore.ts'

export interface Receipt {
  readonly id: string
  /** `commerce.orders_log` */
  readonly table: string
  readonly rows: readonly WarehouseRow[]
  /** How often its rows were looked for and not all found. */
  readonly misses: number
}

/** What was streamed can be asked for at once; a little later it is asked for with the rows of others. */
const LOOK_AFTER_MS = 10 * MINUTE_MS
/** A third of what a document may hold. */
const RECEIPT_BYTES_MAX = 300_000

/** Writes receipts for rows, in the commit of whoever calls it. */
export async function receiptsFor(rows: readonly WarehouseRow[]): Promise<(writer: Writer) => void> {
  const nextAtMs = now() + LOOK_AFTER_MS
  const receipts = [...Map.groupBy(rows, pathOf)].flatMap(([table, some]) =>
    inDocuments(some.map((row) => JSON.stringify(row))).map((texts) => ({ table, count: texts.length, rows: `[${texts.join(',')}]`, misses: 0, nextAtMs })))
  const places = await Promise.all(receipts.map(() => doc('warehouse_receipts', newId('rcp'))))
  return (writer) => receipts.forEach((receipt, index) => writer.create(places[index] as Doc, receipt))
}

function inDocuments(texts: readonly string[]): string[][] {
  const documents: string[][] = []
  let bytes = 0
  for (const text of texts) {
    const size = Buffer.byteLength(text) + 1
    const last = documents.at(-1)
    if (last === undefined || bytes + size > RECEIPT_BYTES_MAX) documents.push([text])
    else last.push(text)
    bytes = documents.at(-1)?.length === 1 ? size : bytes + size
  }
  return documents
}

/** Receipts whose rows are to be looked for, the oldest first. */
export async function dueReceipts(limit: number): Promise<Receipt[]> {
  const found = await readQuery((await collection('warehouse_receipts')).where('nextAtMs', '<=', now()).orderBy('nextAtMs').limit(limit))
  return found.map(receiptOf)
}

function receiptOf(snapshot: Snapshot): Receipt {
  const { table, rows, misses } = snapshot.data() as Data
  return { id: snapshot.id, table: String(table), rows: JSON.parse(String(rows)) as WarehouseRow[], misses: Number(misses) }
}

/** All rows were found: nothing more is to be done for them. Twice is the same. */
export async function settleReceipts(receipts: readonly Receipt[]): Promise<void> {
  if (receipts.length === 0) return
  const places = await Promise.all(receipts.map(({ id }) => doc('warehouse_receipts', id)))
  await commit((writer) => places.forEach((place) => writer.delete(place)))
}

/** Rows that were not found are handed over again, and looked for again. */
export async function lookAgain({ id, misses }: Receipt): Promise<void> {
  const place = await doc('warehouse_receipts', id)
  await commit((writer) => writer.update(place, { misses: misses + 1, nextAtMs: now() + LOOK_AFTER_MS }))
}

/** Receipts with rows that were looked for in vain. */
export async function countMissed(): Promise<number> {
  return countOf((await collection('warehouse_receipts')).where('misses', '>', 0))
}
