/**
 * The outbox: what must follow a commit is written in it, and deleted when it has followed.
 *
 * Two kinds of follow-up are collected and sent many at a time, because one by one they cost more than the sale itself:
 * `warehouse` (rows for BigQuery) and `stock` (adjustments for the point of sale). What other systems are told of an order
 * goes with its rows, so that it costs no write of its own; `eventAtMs` marks an event that nobody was told of yet.
 */
import type { OrderEvent } from '#domain/order-event.ts'
import type { StockMove } from '#domain/settlement.ts'
import { attributed, type WarehouseRow } from '#domain/rows.ts'
import { newId } from '#values/ids.ts'
import { whoActs } from '#platform/acting.ts'
import { now } from '#platform/clock.ts'
import { collection, doc, readQuery, type Data, type Doc, type Writer } from '#platform/firestore.ts'

export type OutboxTopic = 'warehouse' | 'stock'

export interface OutboxEntry<Payload> {
  readonly doc: Doc
  readonly payload: Payload
}

export interface StockPayload {
  /** Null: of several orders together. */
  readonly orderId: string | null
  readonly moves: readonly StockMove[]
}

export function outboxDoc(): Promise<Doc> {
  return doc('outbox', newId('out'))
}

/** Audit events among the rows get the name of whoever acts, with his request. */
export function addRows(writer: Writer, place: Doc, rows: readonly WarehouseRow[], event?: OrderEvent): void {
  const actor = whoActs()
  const written = rows.map((row) => ({ ...row, json: JSON.stringify(attributed(row, actor).json) }))
  const told = event === undefined ? {} : { event: { ...event }, eventAtMs: event.atMs }
  writer.create(place, { topic: 'warehouse', createdAtMs: now(), rows: written, ...told })
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

/** When the oldest entry was written that still waits; undefined: none does. */
export async function oldestWaitingMs(topic: OutboxTopic): Promise<number | undefined> {
  const [oldest] = await outboxEntries(topic, 1)
  return oldest === undefined ? undefined : Number(oldest.payload['createdAtMs'])
}

/** Entries with an event that nobody was told of yet, the oldest first. */
export async function openEvents(limit: number): Promise<Array<OutboxEntry<Data>>> {
  const found = await readQuery((await collection('outbox')).orderBy('eventAtMs').limit(limit))
  return found.map((snapshot) => ({ doc: snapshot.ref, payload: snapshot.data() as Data }))
}

export function rowsOf(payload: Data): WarehouseRow[] {
  const rows = payload['rows'] as Array<Omit<WarehouseRow, 'json'> & { json: string }>
  return rows.map((row) => ({ ...row, json: JSON.parse(row.json) as Record<string, unknown> }))
}
