/**
 * Tells Square what we sold, and what came back, so that its next count does not undo it. Many orders in one request.
 *
 * Safe to run twice: a batch is written before it is sent and keeps its content and its key; a lost answer is asked for
 * again with the same request, and its counts are stored once. An adjustment that Square refuses for good must not
 * block the others: it is taken off the queue, logged, and the next count settles the figure.
 */
import { Failure } from '#values/failure.ts'
import { log } from '#platform/log.ts'
import { outboxEntries } from '#stores/outbox.ts'
import { closeBatch, openBatches, packBatch, type StockBatch } from '#stores/stock-batches.ts'
import { adjustCounts } from '#vendors/square/inventory.ts'
import { schedule } from '#entry/schedule.ts'

/** Entries in a batch: with a few lines each they stay under Square's 100 changes. */
const ENTRIES_MAX = 60
const CHANGES_MAX = 100

export const sendStockAdjustments = schedule({
  name: 'send-stock-adjustments',
  cron: '* * * * *',
  impact: 'The till still counts what was sold online, and may sell it again.',
  run: async ({ hasTime }) => {
    const tally = { sent: 0, failed: 0 }
    for (const batch of await openBatches()) await send(batch, tally)
    while (hasTime()) {
      const entries = await outboxEntries('stock', ENTRIES_MAX)
      if (entries.length === 0) break
      const batch = await packBatch(entries)
      if (batch !== undefined) await send(batch, tally)
    }
    return tally
  },
})

async function send(batch: StockBatch, tally: { sent: number; failed: number }): Promise<void> {
  try {
    for (let first = 0; first < batch.changes.length; first += CHANGES_MAX) {
      const part = batch.changes.slice(first, first + CHANGES_MAX)
      const counts = await adjustCounts(`${batch.id}-${first}`, part.map((change) => ({ ...change, occurredAt: batch.occurredAt })))
      if (first + CHANGES_MAX >= batch.changes.length) await closeBatch(batch, counts)
    }
    tally.sent += batch.changes.length
  } catch (error) {
    tally.failed += batch.changes.length
    log.error('stock adjustments were not taken', error, { function: 'send-stock-adjustments', batch: batch.id })
    if (error instanceof Failure && error.details?.['refused'] === true) await closeBatch(batch, [])
  }
}
