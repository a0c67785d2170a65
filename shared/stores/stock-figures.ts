/** A product's stock figures as they are written, with what follows from them: that more is promised than there is, or no more. */
import type { AlertChange } from '#domain/alert.ts'
import type { Product } from '#domain/product.ts'
import { shortage, type StockChange } from '#domain/stock.ts'
import { shortageTurn } from '#domain/till-alerts.ts'
import { now } from '#platform/clock.ts'
import { collection, readQuery, revise, type Query, type Unit } from '#platform/firestore.ts'
import { addAlertChange, alertPlace, nudgeAlerts } from './alerts.ts'
import { readPage, type PageWish } from './pages.ts'
import { productDoc, productOf } from './products.ts'

/** Looked at again with each sync; there should be none. */
const SHORT_MAX = 200

/**
 * Writes new figures on the product as it was read in this unit.
 * @returns what staff are told by this commit: nudge when it is done
 */
export async function writeFigures(unit: Unit, product: Product, change: StockChange & { readonly held?: number }): Promise<AlertChange[]> {
  const { short, alert } = shortageTurn(product, { ...product, ...change }, now())
  const noted = short === null && product.short == null ? {} : { short }
  unit.update(await productDoc(product.id), { ...change, ...noted, updatedAtMs: now() })
  if (alert === undefined) return []
  addAlertChange(unit, await alertPlace(), alert)
  return [alert]
}

async function shortQuery(): Promise<Query> {
  return (await collection('products')).where('short.sinceMs', '>', 0).orderBy('short.sinceMs').orderBy('id')
}

/** Looks again at products that were short: an order that was given up frees what it was promised, and no count says so. */
export async function reviewShortages(): Promise<void> {
  for (const { ref } of await readQuery((await shortQuery()).limit(SHORT_MAX))) {
    const alerts = await revise(async (unit) => {
      const product = productOf(await unit.get(ref))
      return product?.short == null || shortage(product) === product.short.units ? [] : writeFigures(unit, product, {})
    })
    await nudgeAlerts(alerts)
  }
}

export interface ShortPage {
  readonly products: readonly Product[]
  readonly nextCursor: string | null
}

/** Products of which more is promised than the till counts, the longest first. */
export async function listShort(wish: PageWish): Promise<ShortPage> {
  const { found, nextCursor } = await readPage(await shortQuery(), 'short.sinceMs', wish)
  return { products: found.map((snapshot) => productOf(snapshot) as Product).filter((product) => shortage(product) > 0), nextCursor }
}
