/**
 * Brings rows from the outbox into BigQuery, many at a time.
 *
 * Safe to run twice: a row's insert id names its fact, and the views show one row per fact. Entries leave the outbox
 * only when their rows are stored or kept apart as refused: nothing vanishes uncounted. In the same transaction their
 * audit events are entered in the list that `publish-audit-seal` seals. An event that `send-webhooks` has not got to yet
 * is told before its entry goes.
 */
import type { WarehouseRow } from '#domain/rows.ts'
import { insertRows } from '#platform/bigquery.ts'
import { config } from '#platform/config.ts'
import { log } from '#platform/log.ts'
import { fileEntries } from '#stores/audit.ts'
import { outboxEntries, rowsOf } from '#stores/outbox.ts'
import { keepRefused } from '#stores/refused-rows.ts'
import { announce } from '#stores/webhook-deliveries.ts'
import { schedule } from '#entry/schedule.ts'

export const sendWarehouseRows = schedule({
  name: 'send-warehouse-rows',
  cron: '* * * * *',
  impact: 'Reports and the audit trail fall behind.',
  run: async ({ hasTime }) => {
    const tally = { saved: 0, refused: 0 }
    while (hasTime()) {
      const entries = await outboxEntries('warehouse', config('shop').BIGQUERY_BATCH_SIZE)
      if (entries.length === 0) break
      await announce(entries)
      for (const [table, rows] of byTable(entries.flatMap(({ payload }) => rowsOf(payload)))) {
        const [dataset, name] = table.split('.') as [string, string]
        const inserted = await insertRows(dataset, name, rows)
        tally.saved += inserted.saved
        tally.refused += inserted.refused.length
        if (inserted.refused.length > 0) log.warn('rows were refused', { function: 'send-warehouse-rows', table, refused: inserted.refused.length })
        await keepRefused(table, rows, inserted.refused)
      }
      const late = await fileEntries(entries)
      if (late > 0) log.warn('audit events came after their day was sealed', { function: 'send-warehouse-rows', events: late })
    }
    return tally
  },
})

function byTable(rows: readonly WarehouseRow[]): Map<string, WarehouseRow[]> {
  const tables = new Map<string, WarehouseRow[]>()
  for (const row of rows) {
    const table = `${row.dataset === 'commerce' ? config('shop').BQ_DATASET : row.dataset}.${row.table}`
    tables.set(table, [...(tables.get(table) ?? []), row])
  }
  return tables
}
