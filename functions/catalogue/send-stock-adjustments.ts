/**
 * Tells Square what we sold, and what came back, so that its next count does not undo it. Many orders in one request.
 *
 * Safe to run twice: a batch is written before it is sent and keeps its content and its key; a lost answer is asked for
 * again with the same request, and its counts are stored once. What Square refuses is sent again one by one, with
 * today's date: one product that is gone must not take the others with it, and a day without Square must not lose a
 * sale. What it refuses even then is taken off the queue, and staff are told; the next count settles the figure.
 */
import { Failure } from '#values/failure.ts'
import { HOUR_MS } from '#values/time.ts'
import { adjustmentWaits } from '#domain/till-alerts.ts'
import { now } from '#platform/clock.ts'
import { log } from '#platform/log.ts'
import { sayAlerts } from '#stores/alerts.ts'
import { through } from '#stores/breakers.ts'
import { outboxEntries } from '#stores/outbox.ts'
import { closeBatch, openBatches, packBatches, type StockBatch } from '#stores/stock-batches.ts'
import { adjustCounts, adjustmentsMade } from '#vendors/square/inventory.ts'
import { schedule } from '#entry/schedule.ts'

/** Entries taken off the outbox at once. */
const ENTRIES_MAX = 60
/** Square takes no adjustment that is older than a day; an hour less leaves room for clocks. */
const FRESH_MS = 23 * HOUR_MS

export const sendStockAdjustments = schedule({
  name: 'send-stock-adjustments',
  cron: '* * * * *',
  impact: 'The till still counts what was sold online, and may sell it again.',
  run: async ({ hasTime }) => {
    const tally = { sent: 0, failed: 0, deferred: 0 }
    await sendOn(tally, hasTime)
    if (tally.failed > 0) await watch()
    return tally
  },
})

async function sendOn(tally: Counted, hasTime: () => boolean): Promise<void> {
  if (!(await sendAll(await openBatches(), tally))) return
  while (hasTime()) {
    const entries = await outboxEntries('stock', ENTRIES_MAX)
    if (entries.length === 0) return
    const packed = await packBatches(entries)
    if (!(await sendAll(packed.batches, tally)) || !packed.moved) return
  }
}

/** A token that lost its permission, or an answer that never comes, is no vendor that is away: nobody else would notice. */
async function watch(): Promise<void> {
  const [oldest] = await openBatches()
  const alert = oldest === undefined ? undefined : adjustmentWaits(Date.parse(oldest.occurredAt), now())
  if (alert !== undefined) await sayAlerts([alert])
}

interface Counted {
  sent: number
  failed: number
  deferred: number
}

/** @returns false when Square is left alone just now: then what is in the outbox stays there */
async function sendAll(batches: readonly StockBatch[], tally: Counted): Promise<boolean> {
  let isOpen = true
  for (const batch of batches) isOpen = (await send(batch, tally)) && isOpen
  return isOpen
}

async function send(batch: StockBatch, tally: Counted): Promise<boolean> {
  try {
    const passage = await through('square', () => adjustCounts(batch.id, batch))
    if ('shutUntilMs' in passage) return putOff(batch, tally)
    await closeBatch(batch, { counts: passage.done })
    tally.sent += batch.changes.length
    return true
  } catch (error) {
    const refused = error instanceof Failure && error.details?.['refused'] === true
    const last = batch.changes.length === 1 && Date.parse(batch.occurredAt) + FRESH_MS > now()
    if (refused && !last) return sendApart(batch, tally)
    tally.failed += batch.changes.length
    log.error('stock adjustments were not taken', error, { function: 'send-stock-adjustments', batch: batch.id, givenUp: refused })
    if (refused) await closeBatch(batch, { counts: [], refused })
    return true
  }
}

function putOff(batch: StockBatch, tally: Counted): false {
  tally.deferred += batch.changes.length
  return false
}

/** Sends each change by itself. An old batch may have been taken, its key forgotten since: what was made is not sent again. */
async function sendApart(batch: StockBatch, tally: Counted): Promise<boolean> {
  const passage = await through('square', () => adjustmentsMade(batch.id, batch))
  if ('shutUntilMs' in passage) return putOff(batch, tally)
  const { made, counts } = passage.done
  const again = batch.changes.filter(({ productId }) => !made.has(productId))
  tally.sent += batch.changes.length - again.length
  return sendAll(await closeBatch(batch, { counts, again }), tally)
}
