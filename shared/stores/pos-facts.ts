/**
 * What the points of sale tell, brought into the warehouse: straight, in batches, not through the outbox, which is for
 * what must leave together with a change of ours. The caller remembers how far he is only after this has returned.
 */
import { createHash } from 'node:crypto'
import { faultOf } from '#domain/warehouse-faults.ts'
import type { WarehouseRow } from '#domain/warehouse-rows.ts'
import type { Dataset } from '#domain/warehouse.ts'
import { insertRows } from '#platform/bigquery.ts'
import { commit } from '#platform/firestore.ts'
import { receiptsFor } from './receipts.ts'
import { keepRefused } from './refused-rows.ts'

/** In one commit. */
const KEPT_AT_ONCE = 200

interface Refusal {
  readonly insertId: string
  readonly reason: string
}

export interface PosFacts {
  /** `commerce.square_payments_log` */
  readonly table: string
  readonly rows: readonly WarehouseRow[]
  /** What could not be read where it came from: of it only its id and the reason are kept. */
  readonly bad: ReadonlyArray<{ readonly id: string; readonly reason: string }>
}

/** Stores rows, with receipts for them; one that is refused, here or by the warehouse, is kept apart with the reason and stops no other. */
export async function storeFacts({ table, rows: told, bad }: PosFacts): Promise<{ saved: number; refused: number }> {
  const [dataset, name] = table.split('.') as [Dataset, string]
  // What is made up goes into tables of its own.
  const rows = told.map((row) => ({ ...row, dataset, table: name }))
  const faulty = rows.flatMap((row): Refusal[] => {
    const reason = faultOf(row)
    return reason === undefined ? [] : [{ insertId: row.insertId, reason }]
  })
  const sound = without(rows, faulty)
  const inserted = await insertRows(dataset, name, sound)
  const unreadable = bad.map(({ id, reason }) => ({ insertId: nameOf(id, reason), reason }))
  await keep(table, rows, [...faulty, ...inserted.refused, ...unreadable])
  const taken = without(sound, inserted.refused)
  if (taken.length > 0) await commit(await receiptsFor(taken))
  return { saved: inserted.saved, refused: faulty.length + inserted.refused.length + unreadable.length }
}

function without(rows: readonly WarehouseRow[], refused: readonly Refusal[]): WarehouseRow[] {
  const names = new Set(refused.map(({ insertId }) => insertId))
  return rows.filter(({ insertId }) => !names.has(insertId))
}

/** The same unreadable thing is on record once, however often it is read. */
function nameOf(id: string, reason: string): string {
  return /^[\w.-]{1,100}$/.test(id) ? id : `unnamed-${createHash('sha256').update(`${id} ${reason}`).digest('hex').slice(0, 24)}`
}

async function keep(table: string, rows: readonly WarehouseRow[], refused: readonly Refusal[]): Promise<void> {
  const known = new Map(rows.map((row) => [row.insertId, row]))
  for (let from = 0; from < refused.length; from += KEPT_AT_ONCE) {
    const some = refused.slice(from, from + KEPT_AT_ONCE)
    await keepRefused(table, some.flatMap(({ insertId }) => known.get(insertId) ?? []), some)
  }
}
