/**
 * Proves that what was handed over to the warehouse is there: every row that BigQuery said it took is looked for by its id
 * and version, and the entries of the journal are counted here and there, day by day.
 */
import { dayAfter, dayOf, startOf } from '#domain/audit-seal.ts'
import { daysOf, MISSES_MAX, missingAmong, stillKept, type DayCount, type Found } from '#domain/hand-over.ts'
import { TABLES } from '#domain/warehouse.ts'
import type { WarehouseRow } from '#domain/warehouse-rows.ts'
import { insertRows, queryQuickly } from '#platform/bigquery.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { collection, countOf, readQuery } from '#platform/firestore.ts'
import { dueReceipts, lookAgain, settleReceipts, type Receipt } from './receipts.ts'
import { keepRefused } from './refused-rows.ts'
import { factsFound } from './statements/facts-found.ts'
import { ledgerEntriesOfDays } from './statements/ledger-entries-of-days.ts'

const RECEIPTS_AT_ONCE = 50
/** Complete days, the last of which has had a day more to arrive. */
const DAYS_COUNTED = 7

export interface Proof {
  /** Receipts that were looked at; none: there is nothing left to look for. */
  readonly receipts: number
  readonly found: number
  readonly missing: number
}

/** Looks for the rows of some receipts. What is missing is handed over again, under the same names. */
export async function proveReceipts(): Promise<Proof> {
  const receipts = await dueReceipts(RECEIPTS_AT_ONCE)
  let [found, missing] = [0, 0]
  for (const [table, some] of Map.groupBy(receipts, (receipt) => receipt.table)) {
    const missed = await missedOf(table, some)
    await settleReceipts(some.filter((receipt) => !missed.has(receipt)))
    for (const [receipt, rows] of missed) {
      await sendAgain(receipt, rows)
      missing += rows.length
    }
    found += some.reduce((sum, { rows }) => sum + rows.length, 0)
  }
  return { receipts: receipts.length, found: found - missing, missing }
}

/** What is taken again and again and never found is kept apart with the rows that were refused. */
async function sendAgain(receipt: Receipt, rows: readonly WarehouseRow[]): Promise<void> {
  const { table, misses } = receipt
  if (misses >= MISSES_MAX) {
    await keepRefused(table, rows, rows.map(({ insertId }) => ({ insertId, reason: `was taken ${misses + 1} times and never found` })))
    return settleReceipts([receipt])
  }
  const [dataset, name] = table.split('.') as [string, string]
  await insertRows(dataset, name, rows)
  await lookAgain(receipt)
}

/** Rows that are not found, by their receipts. */
async function missedOf(table: string, receipts: readonly Receipt[]): Promise<Map<Receipt, WarehouseRow[]>> {
  const retentionYears = TABLES.find(({ dataset, name }) => `${dataset}.${name}` === table)?.retentionYears ?? 0
  const kept = (receipt: Receipt): WarehouseRow[] => stillKept(receipt.rows, retentionYears, now())
  const rows = receipts.flatMap(kept)
  if (rows.length === 0) return new Map()
  const statement = factsFound({ table, ...daysOf(rows), ids: [...new Set(rows.map(({ json }) => String(json['id'])))] })
  const found = (await queryQuickly(statement, config('deadlines').WAREHOUSE_DEADLINE_MS)) as unknown as Found[]
  const missed = receipts.map((receipt) => [receipt, missingAmong(kept(receipt), found)] as const)
  return new Map(missed.filter(([, some]) => some.length > 0))
}

/** Days whose entries of the journal are not as many in the warehouse as in the shop's store. */
export async function differingDays(): Promise<DayCount[]> {
  const today = dayOf(now())
  const days = Array.from({ length: DAYS_COUNTED }, (_, index) => dayAfter(today, -index - 1))
  const statement = ledgerEntriesOfDays({ fromDay: days.at(-1) ?? today, beforeDay: today })
  const theirs = new Map((await queryQuickly(statement, config('deadlines').WAREHOUSE_DEADLINE_MS)).map(({ day, entries }) => [String(day), Number(entries)]))
  const counts = days.map(async (day): Promise<DayCount> => ({ day, ours: await entriesOf(day), theirs: theirs.get(day) ?? 0 }))
  return (await Promise.all(counts)).filter((count) => count.ours > count.theirs)
}

async function entriesOf(day: string): Promise<number> {
  return countOf((await collection('ledger')).where('atMs', '>=', startOf(day)).where('atMs', '<', startOf(dayAfter(day))))
}

export interface Waiting {
  readonly sinceMs: number
  readonly entries: number
}

/** What has waited for the warehouse for too long; undefined: nothing. */
export async function waitingTooLong(): Promise<Waiting | undefined> {
  const beforeMs = now() - config('alerts').ALERT_HAND_OVER_MINUTES * 60_000
  const late = (await collection('outbox')).where('topic', '==', 'warehouse').where('createdAtMs', '<=', beforeMs)
  const [oldest] = await readQuery(late.orderBy('createdAtMs').limit(1))
  return oldest === undefined ? undefined : { sinceMs: Number(oldest.get('createdAtMs')), entries: await countOf(late) }
}
