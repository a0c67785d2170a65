/**
 * Lightspeed's items among our products. What Square has as well is left out of the window, whichever till names it first:
 * a change of Square's is looked at from this side, too.
 */
import { conflictOf, counterProduct, countOf, type SkuConflict } from '#domain/counter-product.ts'
import type { CounterItem } from '#domain/pos.ts'
import type { PosCount, Product } from '#domain/product.ts'
import { now } from '#platform/clock.ts'
import { collection, doc, readQuery, revise, type Data, type Doc, type Snapshot, type Unit } from '#platform/firestore.ts'
import { readPage, type PageWish } from './pages.ts'
import { productData, productDoc, productOf } from './products.ts'
import { saveCounts } from './stocktaking.ts'

/** How many products are changed at once; SKUs of so many fit into a query. */
const AT_ONCE = 20
/** Products that are looked at in one go. */
const LOOK_MAX = 500

function conflictDoc(productId: string): Promise<Doc> {
  return doc('sku_conflicts', productId)
}

function conflictIn(snapshot: Snapshot | undefined): SkuConflict | undefined {
  return snapshot?.data() as SkuConflict | undefined
}

/** Saves of the items what differs, and takes their counts as those of any till are taken. The counts must have been made before this is called. */
export async function saveCounterItems(items: readonly CounterItem[]): Promise<void> {
  const counts = items.flatMap((item) => countOf(item) ?? [])
  for (let from = 0; from < items.length; from += AT_ONCE) {
    const chunk = items.slice(from, from + AT_ONCE).map((item) => ({ ...counterProduct(item), count: countOf(item) }))
    await revise(async (unit) => {
      const found = await beside(unit, chunk)
      for (const product of chunk) put(unit, product, found)
    })
  }
  await saveCounts(counts)
}

type Counter = ReturnType<typeof counterProduct> & { readonly count: PosCount | undefined }

interface Beside {
  readonly products: ReadonlyMap<string, Snapshot>
  readonly conflicts: ReadonlyMap<string, Snapshot>
  /** Of whatever till. */
  readonly withSku: readonly Product[]
}

async function beside(unit: Unit, products: ReadonlyArray<Pick<Product, 'id' | 'sku'>>): Promise<Beside> {
  const ids = products.map(({ id }) => id)
  const skus = [...new Set(products.flatMap(({ sku }) => sku ?? []))]
  const withSku = skus.length === 0 ? [] : await unit.query((await collection('products')).where('sku', 'in', skus))
  const [found, conflicts] = [await unit.getAll(...(await Promise.all(ids.map(productDoc)))), await unit.getAll(...(await Promise.all(ids.map(conflictDoc))))]
  return { products: byId(found), conflicts: byId(conflicts), withSku: withSku.flatMap((snapshot) => productOf(snapshot) ?? []) }
}

function byId(snapshots: readonly Snapshot[]): Map<string, Snapshot> {
  return new Map(snapshots.map((snapshot) => [snapshot.id, snapshot]))
}

/** A new product begins with its count; that of one that we know is weighed against what of ours is on its way. */
function put(unit: Unit, { count, ...wanted }: Counter, found: Beside): void {
  const before = found.products.get(wanted.id)
  const record = found.conflicts.get(wanted.id)
  if (before === undefined || record === undefined) return
  const known = productOf(before)
  if (known?.version !== undefined && known.version > (wanted.version ?? 0)) return
  const conflict = conflictOf(wanted, found.withSku, conflictIn(record)?.foundAtMs ?? now())
  const product = { ...wanted, listed: wanted.listed && conflict === undefined }
  writeConflict(unit, record, conflict)
  if (known !== undefined && !differs(product, known)) return
  const { onHand = count?.quantity ?? 0, held = 0, countedAtMs = count?.countedAtMs ?? 0, told = null, short = null } = known ?? {}
  unit.set(before.ref, productData({ ...product, onHand, held, countedAtMs, told, short, updatedAtMs: now() }))
}

function writeConflict(unit: Unit, record: Snapshot, conflict: SkuConflict | undefined): void {
  const before = conflictIn(record)
  if (conflict === undefined) {
    if (before !== undefined) unit.delete(record.ref)
  } else if (JSON.stringify(before) !== JSON.stringify(conflict)) unit.set(record.ref, { ...conflict } as Data)
}

/** The same in a newer version is the same. */
function differs({ version: _version, ...product }: Omit<Counter, 'count'>, before: Product): boolean {
  return Object.entries(product).some(([field, value]) => JSON.stringify(value) !== JSON.stringify(before[field as keyof Product]))
}

/** Looks at SKUs again whose product at Square changed since: it may have come, or gone. */
export async function settleSkus(sinceMs: number): Promise<void> {
  const changed = (await collection('products')).where('updatedAtMs', '>=', sinceMs).orderBy('updatedAtMs').orderBy('__name__')
  let cursor: string | undefined
  do {
    const page = await readPage(changed, 'updatedAtMs', { cursor, limit: LOOK_MAX })
    const skus = [...new Set(page.found.flatMap(squareSku))]
    for (let from = 0; from < skus.length; from += AT_ONCE) await settle(skus.slice(from, from + AT_ONCE))
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
}

function squareSku(snapshot: Snapshot): string[] {
  const { source, sku } = snapshot.data() as unknown as Product
  return source === 'square' && sku !== null ? [sku] : []
}

async function settle(skus: readonly string[]): Promise<void> {
  await revise(async (unit) => {
    const found = await unit.query((await collection('products')).where('sku', 'in', [...skus]))
    const products = found.flatMap((snapshot) => productOf(snapshot) ?? [])
    for (const product of products.filter(({ source }) => source === 'lightspeed')) {
      const record = await unit.get(await conflictDoc(product.id))
      const before = conflictIn(record)
      const offered = before?.offered ?? product.listed
      const conflict = conflictOf({ ...product, listed: offered }, products, before?.foundAtMs ?? now())
      writeConflict(unit, record, conflict)
      const listed = offered && conflict === undefined
      if (listed !== product.listed) unit.update(await productDoc(product.id), { listed, updatedAtMs: now() })
    }
  })
}

/** Takes out of the window what a till offered that the shop has no more: nobody could tell it what is sold. */
export async function withdrawCounterProducts(): Promise<void> {
  const offered = (await collection('products')).where('source', '==', 'lightspeed').where('listed', '==', true).limit(AT_ONCE)
  for (let found = await readQuery(offered); found.length > 0; found = await readQuery(offered)) {
    await revise(async (unit) => {
      const products = await unit.getAll(...found.map(({ ref }) => ref))
      for (const { ref } of products) unit.update(ref, { listed: false, updatedAtMs: now() })
    })
  }
}

export interface ConflictPage {
  readonly conflicts: readonly SkuConflict[]
  readonly nextCursor: string | null
}

/** Those that were found last come first. */
export async function listConflicts(wish: PageWish): Promise<ConflictPage> {
  const query = (await collection('sku_conflicts')).orderBy('foundAtMs', 'desc').orderBy('__name__', 'desc')
  const { found, nextCursor } = await readPage(query, 'foundAtMs', wish)
  return { conflicts: found.map((snapshot) => conflictIn(snapshot) as SkuConflict), nextCursor }
}
