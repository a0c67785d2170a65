/** Writing what a point of sale says about products and stock, without undoing what we sold meanwhile. */
import { weighCount, type PosCount, type Product } from '#domain/product.ts'
import { now } from '#platform/clock.ts'
import { revise, type Unit } from '#platform/firestore.ts'
import { productData, productDoc, productOf } from './products.ts'

type Catalogue = Omit<Product, 'onHand' | 'held' | 'countedAtMs' | 'updatedAtMs'>

/** How many products are changed at once. */
const AT_ONCE = 20

/** Saves what differs; stock figures stay as they are. */
export async function saveProducts(products: readonly Catalogue[]): Promise<{ saved: number; unchanged: number }> {
  let saved = 0
  for (const chunk of chunks(products)) {
    saved += await revise(async (unit) => {
      const before = await stored(unit, chunk.map(({ id }) => id))
      const changed = chunk.filter((product) => differs(product, before.get(product.id)))
      for (const product of changed) await put(unit, product, before.get(product.id))
      return changed.length
    })
  }
  return { saved, unchanged: products.length - saved }
}

/** Takes products out of the shop whose variation was deleted; those we never had are no matter. */
export async function retireProducts(ids: readonly string[]): Promise<{ saved: number; unchanged: number }> {
  let saved = 0
  for (const chunk of chunks(ids)) {
    saved += await revise(async (unit) => {
      const before = await stored(unit, chunk)
      const listed = [...before.values()].filter((product) => product.listed)
      for (const { id } of listed) unit.update(await productDoc(id), { listed: false, updatedAtMs: now() })
      return listed.length
    })
  }
  return { saved, unchanged: ids.length - saved }
}

async function put(unit: Unit, product: Catalogue, before: Product | undefined): Promise<void> {
  const stock = { onHand: before?.onHand ?? 0, held: before?.held ?? 0, countedAtMs: before?.countedAtMs ?? 0 }
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
  /** Newer counts that were not taken, because units of ours are on their way: they must be read again. */
  readonly putOff: number
}

/**
 * Takes newer counts. `inFlight`: units of ours on their way to the point of sale; a count that may or may not include
 * them waits for the next run. A count of a product that we do not have is refused.
 */
export async function saveCounts(counts: readonly PosCount[], inFlight: ReadonlyMap<string, number>): Promise<CountTally> {
  const tally = { saved: 0, unchanged: 0, refused: 0, putOff: 0 }
  for (const chunk of chunks(counts)) {
    const done = await revise(async (unit) => {
      const before = await stored(unit, chunk.map(({ productId }) => productId))
      const news = chunk.flatMap((count) => newStock(count, before.get(count.productId), inFlight.get(count.productId) ?? 0))
      for (const { count, onHand } of news) unit.update(await productDoc(count.productId), { onHand, countedAtMs: count.countedAtMs, updatedAtMs: now() })
      const refused = chunk.filter(({ productId }) => !before.has(productId)).length
      const newer = chunk.filter(({ productId, countedAtMs }) => countedAtMs > (before.get(productId)?.countedAtMs ?? Infinity)).length
      return { saved: news.length, refused, putOff: newer - news.length }
    })
    tally.saved += done.saved
    tally.refused += done.refused
    tally.putOff += done.putOff
    tally.unchanged += chunk.length - done.saved - done.refused
  }
  return tally
}

function newStock(count: PosCount, product: Product | undefined, inFlight: number): Array<{ count: PosCount; onHand: number }> {
  if (product === undefined) return []
  const { onHand } = weighCount({ ...product, counted: true }, count, inFlight)
  return onHand === undefined ? [] : [{ count, onHand }]
}

async function stored(unit: Unit, ids: readonly string[]): Promise<Map<string, Product>> {
  const snapshots = await unit.getAll(...(await Promise.all(ids.map(productDoc))))
  return new Map(snapshots.flatMap((snapshot) => {
    const product = productOf(snapshot)
    return product === undefined ? [] : [[product.id, product] as const]
  }))
}

function chunks<T>(items: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / AT_ONCE) }, (_, index) => items.slice(index * AT_ONCE, (index + 1) * AT_ONCE))
}
