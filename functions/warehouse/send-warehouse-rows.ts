/**
 * Brings rows from the outbox into BigQuery, many at a time.
 *
 * Safe to run twice: a row's insert id names its fact, and the views show one row per fact. Entries leave the outbox
 * only when their rows are stored or kept apart as refused: nothing vanishes uncounted. In the same transaction receipts
 * are kept, by which `reconcile-warehouse` finds the rows, and their audit events are entered in the list that
 * `publish-audit-seal` seals. An event that `send-webhooks` has not got to yet is told before its entry goes.
 */
import { faultOf } from '#domain/warehouse-faults.ts'
import { pathOf, type WarehouseRow } from '#domain/warehouse-rows.ts'
import { insertRows } from '#platform/bigquery.ts'
import { config, flushSchedule } from '#platform/config.ts'
import { log } from '#platform/log.ts'
import { fileEntries } from '#stores/audit.ts'
import { outboxEntries, rowsOf } from '#stores/outbox.ts'
import { keepRefused, refusedName, type RefusedRow } from '#stores/refused-rows.ts'
import { announce } from '#stores/webhook-deliveries.ts'
import { schedule } from '#entry/schedule.ts'

export const sendWarehouseRows = schedule({
  name: 'send-warehouse-rows',
  cron: flushSchedule(),
  impact: 'Reports and the audit trail fall behind.',
  run: async ({ hasTime }) => {
    const tally = { saved: 0, refused: 0 }
    while (hasTime()) {
      const entries = await outboxEntries('warehouse', config('shop').BIGQUERY_BATCH_SIZE)
      if (entries.length === 0) break
      await announce(entries)
      const refused = new Set<string>()
      for (const [table, rows] of Map.groupBy(entries.flatMap(({ payload }) => rowsOf(payload)), pathOf)) {
        const kept = await handOver(table, rows)
        for (const { insertId } of kept) refused.add(refusedName(table, insertId))
        tally.saved += rows.length - kept.length
        tally.refused += kept.length
      }
      const late = await fileEntries(entries, refused)
      if (late > 0) log.warn('audit events came after their day was sealed', { function: 'send-warehouse-rows', events: late })
    }
    if (tally.refused > 0) log.warn('rows were refused', { function: 'send-warehouse-rows', refused: tally.refused })
    return tally
  },
})

/** Rows that no table would take are not even sent. */
async function handOver(table: string, rows: readonly WarehouseRow[]): Promise<readonly RefusedRow[]> {
  const faulty = rows.flatMap((row): RefusedRow[] => {
    const reason = faultOf(row)
    return reason === undefined ? [] : [{ insertId: row.insertId, reason }]
  })
  const sound = rows.filter(({ insertId }) => !faulty.some((one) => one.insertId === insertId))
  const [dataset, name] = table.split('.') as [string, string]
  const inserted = await insertRows(dataset, name, sound)
  const refused = [...faulty, ...inserted.refused]
  await keepRefused(table, rows, refused)
  return refused
}
