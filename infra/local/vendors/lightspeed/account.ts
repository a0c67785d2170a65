/**
 * What Lightspeed holds of one account: sales, items, stock by shop. Records lie as they are answered: every value is text,
 * moments are whole seconds with an offset; what is related lies beside and is put in when it is asked for.
 */
import type { Shelf } from '../../disk.ts'
import type { VendorContext } from '../vendor.ts'

export type Fields = Record<string, unknown>

export interface Held {
  /** The record itself. */
  readonly fields: Fields
  /** By relation: `SaleLines`, `SalePayments`. */
  readonly related: Readonly<Record<string, readonly Fields[]>>
}

export interface Past {
  readonly count: number
  readonly fromMs: number
  readonly toMs: number
}

/** Row of all shops together. */
export const ALL_SHOPS = '0'

export class Account {
  readonly context: VendorContext
  readonly sales: Shelf<Held>
  readonly items: Shelf<Held>
  readonly itemShops: Shelf<Held>
  readonly past: Shelf<Past>
  readonly #numbers: Shelf<{ last: number }>
  /** Marks that were given before are not known any more. */
  readonly marks: Shelf<{ generation: number }>

  constructor(context: VendorContext) {
    const { shelves } = context
    this.context = context
    this.sales = shelves.shelf('sales')
    this.items = shelves.shelf('items')
    this.itemShops = shelves.shelf('item_shops')
    this.past = shelves.shelf('past')
    this.#numbers = shelves.shelf('numbers')
    this.marks = shelves.shelf('marks')
  }

  now(): number {
    return this.context.timeline.now()
  }

  stamp(ms = this.now()): string {
    return stampOf(ms)
  }

  number(of: string): string {
    const last = (this.#numbers.get(of)?.last ?? 0) + 1
    this.#numbers.set(of, { last })
    return String(last)
  }

  /** Sets the stock of a shop, and the row of all shops together. */
  count(itemId: string, shopId: string, units: number): void {
    this.#putStock(itemId, shopId, units)
    const shops = this.stockOf(itemId).filter(({ fields }) => fields['shopID'] !== ALL_SHOPS)
    this.#putStock(itemId, ALL_SHOPS, shops.reduce((sum, { fields }) => sum + Number(fields['qoh']), 0))
  }

  stockOf(itemId: string): Held[] {
    return this.itemShops.values().filter(({ fields }) => fields['itemID'] === itemId)
  }

  #putStock(itemId: string, shopId: string, units: number): void {
    const key = `${itemId}-${shopId}`
    const before = this.itemShops.get(key)?.fields
    this.itemShops.set(key, {
      fields: {
        itemShopID: before?.['itemShopID'] ?? this.number('itemShop'), qoh: String(units), sellable: String(Math.max(0, units)), backorder: '0', componentQoh: '0',
        reorderPoint: '0', reorderLevel: '0', onLayaway: '0', onSpecialOrder: '0', timeStamp: this.stamp(), itemID: itemId, shopID: shopId,
      },
      related: {},
    })
  }
}

/** `2021-06-06T15:19:18+00:00` */
export function stampOf(ms: number): string {
  return `${new Date(Math.floor(ms / 1_000) * 1_000).toISOString().slice(0, 19)}+00:00`
}
