/**
 * Brings products and counts in from Square, and its items into the warehouse: by cursor, only what changed since the last
 * run, with an overlap.
 *
 * Safe to run twice: a product is written only when it differs, on the version that was read; a count replaces ours only
 * when it is newer, and waits beside it while an adjustment of ours is on its way. A page that fails leaves the watermark
 * where it was. An unreadable count is refused, never taken for zero.
 */
import { MINUTE_MS, iso } from '#values/time.ts'
import { tillItemRow } from '#domain/pos-rows.ts'
import type { TillItem } from '#domain/pos.ts'
import { ACCESS_KEY } from '#domain/till-alerts.ts'
import { config, scheduleSetting } from '#platform/config.ts'
import { now } from '#platform/clock.ts'
import { log } from '#platform/log.ts'
import { resolveIfOpen } from '#stores/alerts.ts'
import { through } from '#stores/breakers.ts'
import { storeFacts } from '#stores/pos-facts.ts'
import { readProgress, saveProgress } from '#stores/progress.ts'
import { reviewShortages } from '#stores/stock-figures.ts'
import { retireProducts, saveCounts, saveProducts } from '#stores/stocktaking.ts'
import { categoryNames, deletedVariations, productsOf, searchItems, tillItemsOf } from '#vendors/square/catalogue.ts'
import { readCounts } from '#vendors/square/inventory.ts'
import { schedule, type Tally } from '#entry/schedule.ts'
import { recorded } from '#entry/sync.ts'

const NAME = 'sync-square-catalogue'
/** Square's lists are complete only after some seconds: each run looks back a little further than the last one ended. */
const OVERLAP_MS = 2 * MINUTE_MS

export const syncSquareCatalogue = schedule({
  name: NAME,
  cron: scheduleSetting('SQUARE_SYNC_SCHEDULE', '*/15 * * * *'),
  impact: 'New products, prices and deliveries do not reach the shop.',
  run: async ({ startedAtMs, hasTime }) => {
    const passage = await through('square', () => recorded({ name: NAME, startedAtMs, work: () => broughtIn(hasTime) }))
    return 'done' in passage ? passage.done : { deferred: 1 }
  },
})

async function broughtIn(hasTime: () => boolean): Promise<{ counts: Counted; atPresent: boolean }> {
  const tally = { read: 0, saved: 0, unchanged: 0, refused: 0 } satisfies Tally
  const progress = await readProgress(NAME)
  const startedAt = now()
  const catalogueFrom = await syncCatalogue(progress['catalogueFrom'], tally, hasTime)
  const countsDone = await syncCounts(progress['countsFrom'], tally, hasTime)
  await saveProgress(NAME, {
    ...(catalogueFrom === undefined ? {} : { catalogueFrom }),
    ...(countsDone ? { countsFrom: iso(startedAt - OVERLAP_MS) } : {}),
  }, tally)
  await reviewShortages()
  await resolveIfOpen(ACCESS_KEY)
  return { counts: tally, atPresent: catalogueFrom !== undefined && countsDone }
}

type Counted = Required<Pick<Tally, 'read' | 'saved' | 'unchanged' | 'refused'>>

/** @returns where the next run begins; undefined when this one did not reach the end */
async function syncCatalogue(from: string | undefined, tally: Counted, hasTime: () => boolean): Promise<string | undefined> {
  const { SQUARE_LOCATION_ID } = config('square')
  const startedAt = now()
  let isStored = true
  let cursor: string | undefined
  while (hasTime()) {
    const page = await searchItems(from, cursor)
    const facts = { locationId: SQUARE_LOCATION_ID, currency: config('shop').CURRENCY, categoryNames: categoryNames([...page.related, ...page.objects]) }
    const products = page.objects.flatMap((item) => productsOf(item, facts))
    const deleted = deletedVariations(page.objects)
    tally.read += products.length + deleted.length
    for (const written of [await saveProducts(products), await retireProducts(deleted)]) {
      tally.saved += written.saved
      tally.unchanged += written.unchanged
    }
    isStored = (await stored(tillItemsOf(page.objects, products, facts))) && isStored
    cursor = page.cursor
    if (cursor === undefined && !isStored) return undefined
    if (cursor === undefined) return iso(Math.min(Date.parse(page.latestTime ?? ''), startedAt) - OVERLAP_MS || startedAt - OVERLAP_MS)
  }
  return undefined
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

/** @returns whether every count was read, so that the next run need not look at them again */
async function syncCounts(from: string | undefined, tally: Counted, hasTime: () => boolean): Promise<boolean> {
  let cursor: string | undefined
  while (hasTime()) {
    const page = await readCounts({ updatedAfter: from, cursor })
    if (page.unreadable.length > 0) log.warn('counts cannot be read', { function: NAME, products: page.unreadable })
    tally.read += page.counts.length + page.unreadable.length
    const written = await saveCounts(page.counts)
    tally.saved += written.saved
    tally.unchanged += written.unchanged
    tally.refused += written.refused + page.unreadable.length
    cursor = page.cursor
    if (cursor === undefined) return true
  }
  return false
}
