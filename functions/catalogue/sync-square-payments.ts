/**
 * Brings the payments of every Square location into the warehouse: two years of them at first, a month at a time, the
 * location that is furthest behind first; from then on what changed since the last run, with an overlap.
 *
 * A payment is kept without its card and its customer: only which brand and which customer. One that cannot be read is
 * kept apart with the reason and stops no other.
 * Safe to run twice: only one run works at a time, under a lease that ends by itself. It moves on when its rows are
 * stored; one that dies hands over once more what it had not noted, and the views show a payment once.
 */
import { tillPaymentRow } from '#domain/pos-rows.ts'
import type { TillPayment } from '#domain/pos.ts'
import { RUN_TIMEOUT_SECONDS } from '#domain/sync-run.ts'
import type { Pace } from '#domain/walk.ts'
import { DAY_MS, MINUTE_MS } from '#values/time.ts'
import { scheduleSetting } from '#platform/config.ts'
import { storeFacts } from '#stores/pos-facts.ts'
import { locationIds, paymentPages } from '#vendors/square/payments.ts'
import { schedule } from '#entry/schedule.ts'
import { SYNC_RESOURCES, syncedBy, walkOn, type Page, type Source } from '#entry/sync.ts'

const NAME = 'sync-square-payments'
/** Square's lists are complete after some seconds; a payment changes within minutes, when its fee is known. */
const PACE: Pace = { historyMs: 730 * DAY_MS, windowMs: 30 * DAY_MS, overlapMs: 10 * MINUTE_MS }

export const syncSquarePayments = schedule({
  name: NAME,
  cron: scheduleSetting('SQUARE_SYNC_SCHEDULE', '*/15 * * * *'),
  impact: 'What is sold in the store is missing from every report.',
  timeoutSeconds: RUN_TIMEOUT_SECONDS,
  resources: SYNC_RESOURCES,
  run: async (run) => syncedBy('square', { name: NAME, mode: 'live', run, work: async (syncing) => walkOn(syncing, (await locationIds()).map(paymentsOf)) }),
})

function paymentsOf(locationId: string): Source<TillPayment> {
  return {
    name: locationId,
    pace: PACE,
    pages: async function* (walk): AsyncGenerator<Page<TillPayment>> {
      for await (const { payments, bad, cursor } of paymentPages(locationId, walk)) {
        yield { facts: payments.map((payment) => ({ key: payment.id, changedMs: payment.updatedAtMs, item: payment })), bad, cursor }
      }
    },
    handOver: (payments, bad) => storeFacts({ table: 'commerce.square_payments_log', rows: payments.map(tillPaymentRow), bad }),
  }
}
