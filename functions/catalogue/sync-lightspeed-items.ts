/**
 * Brings Lightspeed's items and their stock into the shop window and the warehouse: all of them at first, then those that
 * changed, and those whose stock did, which moves no item. The same SKU in both tills is listed for staff; Square counts.
 *
 * Without a Lightspeed the items are made up, say so, lie in tables of their own, and never come into the window; what was
 * there from a Lightspeed that is gone leaves it.
 * Safe to run twice: only one run works at a time, under a lease that ends by itself. A product is written only when it
 * differs and is no older, on the version that was read; the run moves on when products and rows are stored.
 */
import { counterItemRow } from '#domain/pos-rows.ts'
import type { CounterItem } from '#domain/pos.ts'
import { isSecondOver } from '#domain/stock.ts'
import { RUN_TIMEOUT_SECONDS, watermarkOf } from '#domain/sync-run.ts'
import type { Pace, Walk } from '#domain/walk.ts'
import { DAY_MS, MINUTE_MS } from '#values/time.ts'
import { saveCounterItems, settleSkus, withdrawCounterProducts } from '#stores/counter-products.ts'
import { storeFacts } from '#stores/pos-facts.ts'
import { dropSync } from '#stores/syncs.ts'
import { tokenKeeper } from '#stores/vendor-tokens.ts'
import { lightspeed } from '#vendors/lightspeed/api.ts'
import { itemPages, stockPages, type ItemFact, type ItemPage } from '#vendors/lightspeed/items.ts'
import { mockItems } from '#vendors/lightspeed/mock.ts'
import { lightspeedMode } from '#vendors/lightspeed/sign-in.ts'
import { schedule } from '#entry/schedule.ts'
import { SYNC_RESOURCES, synced, syncedBy, walkOn, type BadRow, type Page, type Source } from '#entry/sync.ts'

const NAME = 'sync-lightspeed-items'
const TABLE = 'lightspeed_products_log'
/** An item is as old as it likes: the first window holds them all. */
const ITEMS: Pace = { historyMs: 30 * 365 * DAY_MS, windowMs: 40 * 365 * DAY_MS, overlapMs: 10 * MINUTE_MS }
/** Items bring their stock along; from then on what changed of it is asked for by itself. */
const STOCK: Pace = { ...ITEMS, historyMs: 2 * DAY_MS }

export const syncLightspeedItems = schedule({
  name: NAME,
  cron: '*/15 * * * *',
  impact: 'Prices and stock of the second till are out of date in the shop window.',
  timeoutSeconds: RUN_TIMEOUT_SECONDS,
  resources: SYNC_RESOURCES,
  run: async (run) => {
    const mode = lightspeedMode()
    if (mode !== 'live') await withdrawCounterProducts()
    if (mode === null) {
      await dropSync(NAME)
      return {}
    }
    if (mode === 'mock') return synced({ name: NAME, mode, run, work: (syncing) => walkOn(syncing, [source('items', ITEMS, madeUp, madeUpSafe)]) })
    const client = lightspeed(tokenKeeper('lightspeed'))
    const live = [
      source('items', ITEMS, (walk) => pagesOf(itemPages(client, walk)), safe),
      source('stock', STOCK, (walk) => pagesOf(stockPages(client, walk)), safe),
    ]
    return syncedBy('lightspeed', {
      name: NAME,
      mode,
      run,
      work: async (syncing) => {
        const sinceMs = (watermarkOf(syncing.walks) ?? 0) - ITEMS.overlapMs
        const atPresent = await walkOn(syncing, live)
        await settleSkus(sinceMs)
        return atPresent
      },
    })
  },
})

function source(name: string, pace: Pace, pages: Source<CounterItem>['pages'], handOver: Source<CounterItem>['handOver']): Source<CounterItem> {
  return { name, pace, pages, handOver }
}

async function* pagesOf(read: AsyncGenerator<ItemPage>): AsyncGenerator<Page<CounterItem>> {
  for await (const { items, bad, cursor } of read) yield { facts: items.map(factOf), bad, cursor }
}

async function* madeUp(walk: Walk): AsyncGenerator<Page<CounterItem>> {
  const items = walk.caughtUpMs === null ? mockItems(walk.toMs).map((item) => ({ item, changedMs: item.updatedAtMs })) : []
  yield { facts: items.map(factOf), bad: [], cursor: null }
}

/** What was read while its second was not over is met again: more may have happened in it. */
function factOf({ item, changedMs }: ItemFact): { key: string; changedMs: number; item: CounterItem } {
  return { key: `${item.id}-${item.fingerprint}${isSecondOver(changedMs, item.readAtMs) ? '' : '-early'}`, changedMs, item }
}

async function safe(items: readonly CounterItem[], bad: readonly BadRow[]): Promise<{ saved: number; refused: number }> {
  await saveCounterItems(items)
  return stored('', items, bad)
}

function madeUpSafe(items: readonly CounterItem[], bad: readonly BadRow[]): Promise<{ saved: number; refused: number }> {
  return stored('mock_', items, bad)
}

function stored(prefix: string, items: readonly CounterItem[], bad: readonly BadRow[]): Promise<{ saved: number; refused: number }> {
  return storeFacts({ table: `analytics.${prefix}${TABLE}`, rows: items.map(counterItemRow), bad })
}
