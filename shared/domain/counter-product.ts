/**
 * Items of Lightspeed's as products of ours, and what happens when Square has the same: Square counts, the other one is
 * taken out of the window and listed for staff.
 */
import { roundedMinor } from '#values/decimal.ts'
import { iso } from '#values/time.ts'
import type { CounterItem, CounterSale } from './pos.ts'
import { DEFAULT_CATEGORY, type PosCount, type Product, type Till } from './product.ts'
import type { SkuConflictShown } from './shown/operations.ts'
import { datedToTheSecond } from './stock.ts'

/** What is not marked so is for adults: a wrong mark must not sell to a child. */
const FOR_ALL = 'all_ages'

const PREFIX = 'ls_'

/** Lightspeed numbers its items; ours never meet Square's ids. */
export function counterProductId(itemId: string): string {
  return `${PREFIX}${itemId}`
}

export function itemIdIn(productId: string): string {
  return productId.slice(PREFIX.length)
}

/** The till that counts a product, known by its id. */
export function tillOf(productId: string): Till {
  return productId.startsWith(PREFIX) ? 'lightspeed' : 'square'
}

/** Things by the till that counts them. */
export function byTill<Thing>(things: readonly Thing[], idOf: (thing: Thing) => string): Array<readonly [Till, Thing[]]> {
  const tills = [...new Set(things.map((thing) => tillOf(idOf(thing))))]
  return tills.map((till) => [till, things.filter((thing) => tillOf(idOf(thing)) === till)] as const)
}

/** References of the sales by which we tell Lightspeed what was sold online: its till sold none of it. */
const OWN_REFERENCE = /^stk_[0-9a-z]{26}$/

export function isOwnSale({ reference }: Pick<CounterSale, 'reference'>): boolean {
  return reference !== null && OWN_REFERENCE.test(reference)
}

/** What its item says of a product; what lies on the shelf is said by a count. */
export function counterProduct(item: CounterItem): Omit<Product, 'onHand' | 'held' | 'countedAtMs' | 'told' | 'short' | 'updatedAtMs'> {
  const price = item.price === null ? undefined : roundedMinor(item.price, item.currency)
  return {
    id: counterProductId(item.id),
    itemId: item.id,
    variationName: '',
    name: item.name,
    description: item.description,
    category: item.category ?? DEFAULT_CATEGORY,
    price: price ?? null,
    currency: item.currency,
    sku: item.sku,
    ageRestricted: !item.tags.includes(FOR_ALL),
    attributes: [],
    source: 'lightspeed',
    listed: !item.archived,
    counted: item.counted,
    version: datedToTheSecond(item.updatedAtMs, item.readAtMs),
  }
}

export function countOf({ id, count }: CounterItem): PosCount | undefined {
  return count === null ? undefined : { productId: counterProductId(id), ...count }
}

/** A product of Lightspeed's with the SKU of one that Square offers. */
export interface SkuConflict {
  readonly id: string
  readonly sku: string
  readonly squareId: string
  readonly lightspeedId: string
  /** Whether Lightspeed offers it: so it is again when Square does not any more. */
  readonly offered: boolean
  readonly foundAtMs: number
}

export function conflictOf(product: Pick<Product, 'id' | 'sku' | 'listed'>, withSku: readonly Product[], nowMs: number): SkuConflict | undefined {
  const counts = withSku.find(({ source, listed, sku }) => source === 'square' && listed && sku === product.sku)
  if (product.sku === null || counts === undefined) return undefined
  return { id: product.id, sku: product.sku, squareId: counts.id, lightspeedId: product.id, offered: product.listed, foundAtMs: nowMs }
}

export function conflictView({ sku, squareId, lightspeedId, offered, foundAtMs }: SkuConflict): SkuConflictShown {
  return { sku, counts: squareId, leftOut: lightspeedId, offeredByBoth: offered, foundAt: iso(foundAtMs) }
}
