/** Writing what a point of sale says about products and stock, without undoing what we sold meanwhile. */
import type { PosCount, Product } from '#domain/product.ts'
import { heard, isNews, latestOfEach } from '#domain/stock.ts'
import { now } from '#platform/clock.ts'
import { revise, type Unit } from '#platform/firestore.ts'
import { nudgeAlerts } from './alerts.ts'
import { productData, productDoc, productOf } from './products.ts'
import { unitsInFlight } from './stock-batches.ts'
import { writeFigures } from './stock-figures.ts'

type Catalogue = Omit<Product, 'onHand' | 'held' | 'countedAtMs' | 'told' | 'short' | 'updatedAtMs'>

/** How many products are changed in one commit, and how many of those are under way at once. */
const AT_ONCE = 20
const CHUNKS_AT_ONCE = 5

/** Saves what differs, and is no older than what we have; stock figures stay as they are. */
export async function saveProducts(products: readonly Catalogue[]): Promise<{ saved: number; unchanged: number }> {
  const changes = await eachChunk(products, (chunk) => revise(async (unit) => {
    const before = await stored(unit, chunk.map(({ id }) => id))
    const changed = chunk.filter((product) => !isOlder(product, before.get(product.id)) && differs(product, before.get(product.id)))
    for (const product of changed) await put(unit, product, before.get(product.id))
    return changed.length
  }))
  return became(products.length, changes)
}

/** Takes products out of the shop whose variation was deleted; those we never had are no matter. */
export async function retireProducts(deleted: ReadonlyArray<Pick<Product, 'id' | 'version'>>): Promise<{ saved: number; unchanged: number }> {
  const changes = await eachChunk(deleted, (chunk) => revise(async (unit) => {
    const before = await stored(unit, chunk.map(({ id }) => id))
    const listed = chunk.filter((gone) => before.get(gone.id)?.listed === true && !isOlder(gone, before.get(gone.id)))
    for (const { id, version } of listed) unit.update(await productDoc(id), { listed: false, updatedAtMs: now(), ...(version === undefined ? {} : { version }) })
    return listed.length
  }))
  return became(deleted.length, changes)
}

function became(all: number, changes: readonly number[]): { saved: number; unchanged: number } {
  const saved = changes.reduce((sum, changed) => sum + changed, 0)
  return { saved, unchanged: all - saved }
}

/** What was read before another reader's newer answer, and comes after it. */
function isOlder({ version }: Pick<Product, 'version'>, before: Product | undefined): boolean {
  return version !== undefined && before?.version !== undefined && version < before.version
}

async function put(unit: Unit, product: Catalogue, before: Product | undefined): Promise<void> {
  const { onHand = 0, held = 0, countedAtMs = 0, told = null, short = null } = before ?? {}
  const stock = { onHand, held, countedAtMs, told, short }
  unit.set(await productDoc(product.id), productData({ ...product, ...stock, updatedAtMs: now() }))
}

function differs(product: Catalogue, before: Product | undefined): boolean {
  if (before === undefined) return true
  return Object.entries(product).some(([field, value]) => JSON.stringify(value) !== JSON.stringify(before[field as keyof Product]))
}

export interface CountTally {
  readonly saved: number
  readonly unchanged: number
  readonly refused: number
}

/**
 * Takes newer counts, whoever brings them. They must have been made before this is called; which units of ours are on
 * their way is asked after the products are read: an adjustment that ends in between moves its products, and then all is
 * looked at again. A count of a product that we do not have is refused.
 */
export async function saveCounts(counts: readonly PosCount[]): Promise<CountTally> {
  const tallies = await eachChunk(latestOfEach(counts), async (chunk) => {
    const done = await revise(async (unit) => {
      const before = await stored(unit, chunk.map(({ productId }) => productId))
      const news = chunk.filter((count) => saysMore(count, before.get(count.productId)))
      const inFlight = news.length === 0 ? undefined : await unitsInFlight()
      const alerts = []
      for (const count of news) alerts.push(...(await writeFigures(unit, before.get(count.productId) as Product, heard(count, inFlight?.get(count.productId) ?? 0))))
      return { alerts, saved: news.length, refused: chunk.filter(({ productId }) => !before.has(productId)).length }
    })
    await nudgeAlerts(done.alerts)
    return { saved: done.saved, refused: done.refused, unchanged: chunk.length - done.saved - done.refused }
  })
  const sum = (name: keyof CountTally): number => tallies.reduce((all, tally) => all + tally[name], 0)
  return { saved: sum('saved'), unchanged: sum('unchanged'), refused: sum('refused') }
}

function saysMore(count: PosCount, product: Product | undefined): boolean {
  return product !== undefined && isNews(product, count)
}

async function stored(unit: Unit, ids: readonly string[]): Promise<Map<string, Product>> {
  const snapshots = await unit.getAll(...(await Promise.all(ids.map(productDoc))))
  return new Map(snapshots.flatMap((snapshot) => {
    const product = productOf(snapshot)
    return product === undefined ? [] : [[product.id, product] as const]
  }))
}

/** Each product is in one chunk only, so none waits for another. */
async function eachChunk<Item, Done>(items: readonly Item[], work: (chunk: readonly Item[]) => Promise<Done>): Promise<Done[]> {
  const waiting = chunks(items)
  const done: Done[] = []
  while (waiting.length > 0) done.push(...(await Promise.all(waiting.splice(0, CHUNKS_AT_ONCE).map(work))))
  return done
}

function chunks<T>(items: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / AT_ONCE) }, (_, index) => items.slice(index * AT_ONCE, (index + 1) * AT_ONCE))
}
