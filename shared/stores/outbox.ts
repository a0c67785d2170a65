/**
 * The outbox: what must follow a commit is written in it, and deleted when it has followed.
 *
 * Two kinds of follow-up are collected and sent many at a time, because one by one they cost more than the sale itself:
 * `warehouse` (rows for BigQuery) and `stock` (adjustments for the point of sale).
 */
import type { StockMove } from '#domain/settlement.ts'
import type { WarehouseRow } from '#domain/rows.ts'
import { newId } from '#values/ids.ts'
import { now } from '#platform/clock.ts'
import { collection, commit, doc, readQuery, type Data, type Doc, type Writer } from '#platform/firestore.ts'

export type OutboxTopic = 'warehouse' | 'stock'

export interface OutboxEntry<Payload> {
  readonly doc: Doc
  readonly payload: Payload
}

export interface StockPayload {
  readonly orderId: string
  readonly moves: readonly StockMove[]
}

export function outboxDoc(): Promise<Doc> {
  return doc('outbox', newId('out'))
}

export function addRows(writer: Writer, place: Doc, rows: readonly WarehouseRow[]): void {
  writer.create(place, { topic: 'warehouse', createdAtMs: now(), rows: rows.map((row) => ({ ...row, json: JSON.stringify(row.json) })) })
}

export function addStockMoves(writer: Writer, place: Doc, payload: StockPayload): void {
  writer.create(place, { topic: 'stock', createdAtMs: now(), orderId: payload.orderId, moves: payload.moves.map((move) => ({ ...move })) })
}

/** Oldest first. */
export async function outboxEntries(topic: OutboxTopic, limit: number): Promise<Array<OutboxEntry<Data>>> {
  const outbox = await collection('outbox')
  const found = await readQuery(outbox.where('topic', '==', topic).orderBy('createdAtMs').limit(limit))
  return found.map((snapshot) => ({ doc: snapshot.ref, payload: snapshot.data() as Data }))
}

export function rowsOf(payload: Data): WarehouseRow[] {
  const rows = payload['rows'] as Array<Omit<WarehouseRow, 'json'> & { json: string }>
  return rows.map((row) => ({ ...row, json: JSON.parse(row.json) as Record<string, unknown> }))
}

/** Deletes entries that have followed; deleting twice is the same. */
export async function deleteEntries(docs: readonly Doc[]): Promise<void> {
  if (docs.length === 0) return
  await commit((writer) => docs.forEach((one) => writer.delete(one)))
}
