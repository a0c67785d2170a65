/**
 * Brings the sales of Lightspeed's registers into the warehouse: two years of them at first, a month at a time, then what
 * changed since the last run, with an overlap. Of a customer only the number is kept.
 *
 * Sales by which the till was told of what was sold online are not brought in: they would count twice.
 *
 * Without a Lightspeed the sales are made up, say so, and lie in tables of their own: no total ever mixes them with real ones.
 * Safe to run twice: only one run works at a time, under a lease that ends by itself. It moves on when its rows are
 * stored; one that dies hands over once more what it had not noted, and the views show a sale once. Refresh tokens are
 * kept before they are used, by one instance at a time: a lost answer or a death never locks the shop out.
 */
import { counterSaleRow } from '#domain/pos-rows.ts'
import { isOwnSale } from '#domain/counter-product.ts'
import type { CounterSale } from '#domain/pos.ts'
import { RUN_TIMEOUT_SECONDS } from '#domain/sync-run.ts'
import type { Pace, Walk } from '#domain/walk.ts'
import { DAY_MS, MINUTE_MS } from '#values/time.ts'
import { storeFacts } from '#stores/pos-facts.ts'
import { dropSync } from '#stores/syncs.ts'
import { tokenKeeper } from '#stores/vendor-tokens.ts'
import { lightspeed } from '#vendors/lightspeed/api.ts'
import { mockSales } from '#vendors/lightspeed/mock.ts'
import { salePages } from '#vendors/lightspeed/sales.ts'
import { lightspeedMode } from '#vendors/lightspeed/sign-in.ts'
import { schedule } from '#entry/schedule.ts'
import { SYNC_RESOURCES, synced, syncedBy, walkOn, type Page, type Source } from '#entry/sync.ts'

const NAME = 'sync-lightspeed-sales'
const TABLE = 'lightspeed_transactions_log'
const LIVE: Pace = { historyMs: 730 * DAY_MS, windowMs: 30 * DAY_MS, overlapMs: 10 * MINUTE_MS }
/** What is made up is there at once. */
const MOCK: Pace = { ...LIVE, windowMs: 1_000 * DAY_MS }

export const syncLightspeedSales = schedule({
  name: NAME,
  cron: '*/15 * * * *',
  impact: 'What is sold at the second till is missing from every report.',
  timeoutSeconds: RUN_TIMEOUT_SECONDS,
  resources: SYNC_RESOURCES,
  run: async (run) => {
    const mode = lightspeedMode()
    if (mode === null) {
      await dropSync(NAME)
      return {}
    }
    if (mode === 'mock') return synced({ name: NAME, mode, run, work: (syncing) => walkOn(syncing, [sales('mock_', MOCK, madeUp)]) })
    const client = lightspeed(tokenKeeper('lightspeed'))
    const live = sales('', LIVE, (walk) => pagesOf(salePages(client, walk)))
    return syncedBy('lightspeed', { name: NAME, mode, run, work: (syncing) => walkOn(syncing, [live]) })
  },
})

function sales(prefix: string, pace: Pace, pages: Source<CounterSale>['pages']): Source<CounterSale> {
  const table = `analytics.${prefix}${TABLE}`
  return { name: 'sales', pace, pages, handOver: (items, bad) => storeFacts({ table, rows: items.map(counterSaleRow), bad }) }
}

/** What the till was told of our own sales is left out: it is in the books as what was sold online. */
async function* pagesOf(read: ReturnType<typeof salePages>): AsyncGenerator<Page<CounterSale>> {
  for await (const { good, bad, cursor } of read) yield { facts: good.filter((sale) => !isOwnSale(sale)).map(factOf), bad, cursor }
}

async function* madeUp(walk: Walk): AsyncGenerator<Page<CounterSale>> {
  yield { facts: walk.caughtUpMs === null ? mockSales(walk.fromMs).map(factOf) : [], bad: [], cursor: null }
}

function factOf(sale: CounterSale): { key: string; changedMs: number; item: CounterSale } {
  return { key: `${sale.id}-${sale.fingerprint}`, changedMs: sale.updatedAtMs, item: sale }
}
