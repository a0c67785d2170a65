/**
 * Tells each point of sale what we sold of its products, and what came back, so that its next count does not undo it. Many
 * orders in one request. One till that is away holds up no other.
 *
 * Safe to run twice: a batch is written before it is sent and keeps its content and its key; a lost answer is asked for
 * again with the same request, and its counts are stored once. Square knows its key again. Lightspeed knows none: there one
 * sender at a time has the right to a batch, and begins nothing near the end of it; he looks for the sale by its reference,
 * lays it down open and completes it by its number, so that what arrives late or twice takes nothing off the shelf.
 *
 * What a till refuses is sent again one by one, with today's date: one product that is gone must not take the others with
 * it, and a day without the till must not lose a sale. What it refuses even then is taken off the queue, and staff are
 * told; the next count settles the figure.
 */
import { Failure } from '#values/failure.ts'
import { HOUR_MS } from '#values/time.ts'
import type { Till } from '#domain/product.ts'
import { adjustmentWaits } from '#domain/till-alerts.ts'
import { now } from '#platform/clock.ts'
import { log } from '#platform/log.ts'
import { sayAlerts } from '#stores/alerts.ts'
import { through } from '#stores/breakers.ts'
import { outboxEntries } from '#stores/outbox.ts'
import { claimBatch, closeBatch, openBatches, packBatches, type StockBatch } from '#stores/stock-batches.ts'
import { tokenKeeper } from '#stores/vendor-tokens.ts'
import { tills, type TillPort } from '#vendors/tills.ts'
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
    const sending: Sending = { ports: tills(tokenKeeper('lightspeed')), shut: new Set(), tally: { sent: 0, failed: 0, deferred: 0 } }
    await sendOn(sending, hasTime)
    if (sending.tally.failed > 0) await watch()
    return { ...sending.tally }
  },
})

interface Sending {
  readonly ports: Readonly<Record<Till, TillPort>>
  /** Tills that are left alone just now: what is in the outbox for them stays there. */
  readonly shut: Set<Till>
  readonly tally: { sent: number; failed: number; deferred: number }
}

async function sendOn(sending: Sending, hasTime: () => boolean): Promise<void> {
  await sendAll(await openBatches(), sending)
  while (hasTime()) {
    const entries = await outboxEntries('stock', ENTRIES_MAX)
    if (entries.length === 0) return
    const packed = await packBatches(entries, sending.shut)
    await sendAll(packed.batches, sending)
    if (!packed.moved) return
  }
}

/** A token that lost its permission, or an answer that never comes, is no vendor that is away: nobody else would notice. */
async function watch(): Promise<void> {
  for (const [till, [oldest]] of Map.groupBy(await openBatches(), ({ till }) => till)) {
    const alert = oldest === undefined ? undefined : adjustmentWaits(till, Date.parse(oldest.occurredAt), now())
    if (alert !== undefined) await sayAlerts([alert])
  }
}

/** Tills at the same time, the batches of each one after the other. */
async function sendAll(batches: readonly StockBatch[], sending: Sending): Promise<void> {
  await Promise.all([...Map.groupBy(batches, ({ till }) => till).values()].map(async (its) => {
    for (const batch of its) await send(batch, sending)
  }))
}

async function send(batch: StockBatch, sending: Sending): Promise<void> {
  const { tally, ports } = sending
  const port = ports[batch.till]
  try {
    const passage = await through(batch.till, async () => {
      const rightUntilMs = port.knowsKeys ? Infinity : await claimBatch(batch)
      return rightUntilMs === undefined ? undefined : port.adjust(batch.id, batch, rightUntilMs)
    })
    if ('shutUntilMs' in passage) return putOff(batch, sending)
    if (passage.done === undefined) return void (tally.deferred += batch.changes.length)
    await closeBatch(batch, { counts: passage.done })
    tally.sent += batch.changes.length
  } catch (error) {
    const refused = error instanceof Failure && error.details?.['refused'] === true
    const last = batch.changes.length === 1 && Date.parse(batch.occurredAt) + FRESH_MS > now()
    if (refused && !last) return sendApart(batch, sending)
    tally.failed += batch.changes.length
    log.error('stock adjustments were not taken', error, { function: 'send-stock-adjustments', batch: batch.id, givenUp: refused })
    if (refused) await closeBatch(batch, { counts: [], refused })
  }
}

function putOff(batch: StockBatch, { shut, tally }: Sending): void {
  shut.add(batch.till)
  tally.deferred += batch.changes.length
}

/** Sends each change by itself. An old batch may have been taken, its key forgotten since: what was made is not sent again. */
async function sendApart(batch: StockBatch, sending: Sending): Promise<void> {
  const passage = await through(batch.till, () => sending.ports[batch.till].made(batch.id, batch))
  if ('shutUntilMs' in passage) return putOff(batch, sending)
  const { made, counts } = passage.done
  const again = batch.changes.filter(({ productId }) => !made.has(productId))
  sending.tally.sent += batch.changes.length - again.length
  await sendAll(await closeBatch(batch, { counts, again }), sending)
}
