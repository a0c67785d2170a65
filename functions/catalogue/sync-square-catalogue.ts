/**
 * Brings products and counts in from Square, and its items into the warehouse: by cursor, only what changed since the last
 * run, with an overlap.
 *
 * Safe to run twice: only one run works at a time, under a lease that ends by itself. Should one that was thought dead go on
 * all the same, a product is written only when it differs and is no older, on the version that was read; a count replaces
 * ours only when it is newer, and waits beside it while an adjustment of ours is on its way. A page that fails leaves the
 * watermark where it was. An unreadable count is refused, never taken for zero.
 */
import { MINUTE_MS, iso } from '#values/time.ts'
import { tillItemRow } from '#domain/pos-rows.ts'
import type { TillItem } from '#domain/pos.ts'
import { plus, RUN_TIMEOUT_SECONDS, type SyncCounts } from '#domain/sync-run.ts'
import { ACCESS_KEY } from '#domain/till-alerts.ts'
import { firstWalk, walkedTo, type Walk } from '#domain/walk.ts'
import { config, scheduleSetting } from '#platform/config.ts'
import { now } from '#platform/clock.ts'
import { log } from '#platform/log.ts'
import { resolveIfOpen } from '#stores/alerts.ts'
import { storeFacts } from '#stores/pos-facts.ts'
import { reviewShortages } from '#stores/stock-figures.ts'
import { retireProducts, saveCounts, saveProducts } from '#stores/stocktaking.ts'
import { saveRunProgress } from '#stores/syncs.ts'
import { categoryNames, deletedVariations, productsOf, searchItems, tillItemsOf } from '#vendors/square/catalogue.ts'
import { readCounts } from '#vendors/square/inventory.ts'
import { schedule } from '#entry/schedule.ts'
import { syncedBy, type Syncing } from '#entry/sync.ts'

const NAME = 'sync-square-catalogue'
type List = 'catalogue' | 'counts'
/** Square's lists are complete only after some seconds: each run looks back a little further than the last one ended. */
const OVERLAP_MS = 2 * MINUTE_MS

export const syncSquareCatalogue = schedule({
  name: NAME,
  cron: scheduleSetting('SQUARE_SYNC_SCHEDULE', '*/15 * * * *'),
  impact: 'New products, prices and deliveries do not reach the shop.',
  timeoutSeconds: RUN_TIMEOUT_SECONDS,
  run: async (run) => syncedBy('square', { name: NAME, mode: 'live', run, work: broughtIn }),
})

/** @returns whether both lists were read to their ends */
async function broughtIn(syncing: Syncing): Promise<boolean> {
  const isCatalogueHere = await readOn(syncing, 'catalogue', readCatalogue)
  const areCountsHere = await readOn(syncing, 'counts', readAllCounts)
  await Promise.all([reviewShortages(), resolveIfOpen(ACCESS_KEY)])
  return isCatalogueHere && areCountsHere
}

/** @returns up to when the list was read; undefined when there was no time to reach its end */
type Reading = (syncing: Syncing, from: string | undefined) => Promise<number | undefined>

/**
 * Reads one list from where the last run ended it. One that was not read to its end is read from there again: Square does
 * not give it in the order of its changes.
 */
async function readOn(syncing: Syncing, list: List, read: Reading): Promise<boolean> {
  const { startedAtMs } = syncing.run
  const before = walksOf(syncing)
  const { caughtUpMs, fromMs } = before[list]
  const nextMs = await read(syncing, caughtUpMs === null ? undefined : iso(fromMs))
  syncing.walks = nextMs === undefined ? before : { ...before, [list]: walkedTo(startedAtMs, nextMs - OVERLAP_MS) }
  await saveRunProgress(syncing.run, syncing)
  return nextMs !== undefined
}

/** How far each list is; whatever else was noted of this sync before is none of them. */
function walksOf({ walks, run }: Syncing): Record<List, Walk> {
  const walkOf = (list: List): Walk => walks[list] ?? firstWalk(run.startedAtMs, { historyMs: Infinity })
  return { catalogue: walkOf('catalogue'), counts: walkOf('counts') }
}

async function readCatalogue(syncing: Syncing, from: string | undefined): Promise<number | undefined> {
  const { SQUARE_LOCATION_ID } = config('square')
  const { startedAtMs } = syncing.run
  let isStored = true
  let cursor: string | undefined
  while (syncing.hasTime()) {
    const page = await searchItems(from, cursor)
    const facts = { locationId: SQUARE_LOCATION_ID, currency: config('shop').CURRENCY, categoryNames: categoryNames([...page.related, ...page.objects]) }
    const products = page.objects.flatMap((item) => productsOf(item, facts))
    // The shop and the warehouse take the page beside each other; nothing goes on before both have ended.
    const storing = stored(tillItemsOf(page.objects, products, facts))
    const changes = await written(products, deletedVariations(page.objects)).finally(() => storing)
    for (const { saved, unchanged } of changes) counted(syncing, { saved, unchanged, refused: 0 })
    isStored = (await storing) && isStored
    cursor = page.cursor
    if (cursor === undefined && !isStored) return undefined
    if (cursor === undefined) return Math.min(Date.parse(page.latestTime ?? ''), startedAtMs) || startedAtMs
  }
  return undefined
}

async function written(products: Parameters<typeof saveProducts>[0], deleted: Parameters<typeof retireProducts>[0]) {
  return [await saveProducts(products), await retireProducts(deleted)]
}

/** A warehouse that is away stops no price and no count; what it did not take is read again by the next run. */
async function stored(items: readonly TillItem[]): Promise<boolean> {
  try {
    await storeFacts({ table: 'commerce.square_items_log', rows: items.map((item) => tillItemRow(item, now())), bad: [] })
    return true
  } catch (error) {
    log.warn('items could not be stored in the warehouse', { function: NAME, why: String(error) })
    return false
  }
}

async function readAllCounts(syncing: Syncing, from: string | undefined): Promise<number | undefined> {
  let cursor: string | undefined
  while (syncing.hasTime()) {
    const page = await readCounts({ updatedAfter: from, cursor })
    if (page.unreadable.length > 0) log.warn('counts cannot be read', { function: NAME, products: page.unreadable })
    const { saved, unchanged, refused } = await saveCounts(page.counts)
    counted(syncing, { saved, unchanged, refused: refused + page.unreadable.length })
    cursor = page.cursor
    if (cursor === undefined) return syncing.run.startedAtMs
  }
  return undefined
}

function counted(syncing: Syncing, became: Omit<SyncCounts, 'read'>): void {
  syncing.counts = plus(syncing.counts, { ...became, read: became.saved + became.unchanged + became.refused })
}
