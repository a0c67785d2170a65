/**
 * Applies what Square tells of its counts, its catalogue and our access, minutes before the sync would see it.
 *
 * Safe to run twice: a count replaces ours only when it is newer, a product only by a newer version of it; so events may come
 * twice, late and in any order. A change in the catalogue is only a hint: what changed is asked for, with an overlap, and a
 * hint from before the last question costs nothing. What is lost here the sync finds. A failed try goes back on the inbox's
 * schedule and blocks no other event.
 */
import { MINUTE_MS, SECOND_MS, iso } from '#values/time.ts'
import { accessWithdrawn } from '#domain/till-alerts.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { log } from '#platform/log.ts'
import { sayAlerts } from '#stores/alerts.ts'
import { shut, through } from '#stores/breakers.ts'
import { markDone, markIgnored } from '#stores/inbox.ts'
import { readProgress, saveProgress } from '#stores/progress.ts'
import { retireProducts, saveCounts, saveProducts } from '#stores/stocktaking.ts'
import { categoryNames, deletedVariations, productsOf, searchItems } from '#vendors/square/catalogue.ts'
import { factOf, type SquareFact } from '#vendors/square/events.ts'
import { readCounts } from '#vendors/square/inventory.ts'
import { vendorEvent, type VendorEvent } from '#entry/vendor-event.ts'

const NAME = 'on-square-event'
/** Square's lists are complete only after some seconds: what was asked so soon may have missed it, and looks back so far. */
const SETTLED_MS = 10 * SECOND_MS
const OVERLAP_MS = 2 * MINUTE_MS
/** A change of more than so many hundred items is left to the sync, which takes its time. */
const PAGES_MAX = 5
const COUNTS_AT_ONCE = 100

export const onSquareEvent = vendorEvent({
  name: NAME,
  vendor: 'square',
  impact: 'What is sold or counted in the store reaches the shop only with the next sync.',
  apply,
})

async function apply({ record, place }: VendorEvent): Promise<void> {
  const fact = factOf(record.payload)
  if (fact === undefined) return markIgnored(place)
  if (fact.about === 'counts') await take(fact)
  if (fact.about === 'catalogue') await bringIn(fact.changedAtMs)
  if (fact.about === 'access') await sayAlerts([accessWithdrawn()])
  await markDone(place)
}

async function take({ counts, unreadable }: Extract<SquareFact, { about: 'counts' }>): Promise<void> {
  if (unreadable.length > 0) log.warn('counts cannot be read', { function: NAME, products: unreadable })
  await saveCounts(counts)
}

/** @throws Failure SERVICE_UNAVAILABLE while Square is left alone */
async function bringIn(changedAtMs: number): Promise<void> {
  const { askedAt } = await readProgress(NAME)
  if (askedAt !== undefined && changedAtMs + SETTLED_MS <= Date.parse(askedAt)) return
  const startedAt = now()
  const passage = await through('square', () => changedSince(iso(changedAtMs - OVERLAP_MS)))
  if ('shutUntilMs' in passage) throw shut('square', passage.shutUntilMs)
  await saveProgress(NAME, { askedAt: iso(startedAt) }, { saved: passage.done })
}

/** @returns how many products are others now */
async function changedSince(from: string): Promise<number> {
  let saved = 0
  let cursor: string | undefined
  for (let pages = 0; pages < PAGES_MAX; pages += 1) {
    const page = await searchItems(from, cursor)
    const names = categoryNames([...page.related, ...page.objects])
    const facts = { locationId: config('square').SQUARE_LOCATION_ID, currency: config('shop').CURRENCY, categoryNames: names }
    const products = page.objects.flatMap((item) => productsOf(item, facts))
    saved += (await saveProducts(products)).saved + (await retireProducts(deletedVariations(page.objects))).saved
    await countAnew(products.map(({ id }) => id))
    cursor = page.cursor
    if (cursor === undefined) break
  }
  return saved
}

/** One that is new to us was counted before we knew it. */
async function countAnew(productIds: readonly string[]): Promise<void> {
  for (let from = 0; from < productIds.length; from += COUNTS_AT_ONCE) {
    await saveCounts((await readCounts({ productIds: productIds.slice(from, from + COUNTS_AT_ONCE) })).counts)
  }
}
