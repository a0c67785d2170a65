/** What the points of sale tell of sales, payments and items, as far as it is kept. Of a customer only his id is. */
import type { SyncMode } from './sync-run.ts'

/** A payment at a Square till; amounts in minor units. */
export interface TillPayment {
  readonly id: string
  readonly locationId: string | null
  readonly orderId: string | null
  readonly customerId: string | null
  readonly status: string
  readonly sourceType: string | null
  readonly cardBrand: string | null
  readonly currency: string
  readonly amount: number
  readonly tip: number
  readonly total: number
  readonly refunded: number
  /** Known only some time after the sale. */
  readonly fees: number | null
  readonly createdAtMs: number
  readonly updatedAtMs: number
}

/** One variation of Square's catalogue, in the version in which it was read; price in minor units. */
export interface TillItem {
  readonly id: string
  readonly itemId: string | null
  readonly name: string | null
  readonly variationName: string | null
  readonly category: string | null
  readonly sku: string | null
  readonly price: number | null
  readonly currency: string
  readonly available: boolean
  readonly version: number
  readonly updatedAtMs: number
}

/** What both of Lightspeed's records have: which state this is, of those that changed within the same second, and when it was read. */
interface ReadState {
  readonly fingerprint: string
  readonly readAtMs: number
}

/** A sale at a Lightspeed register. Amounts are decimal text as it came: with more digits than the currency may have. */
export interface CounterSale extends ReadState {
  readonly id: string
  readonly mode: SyncMode
  readonly status: 'COMPLETED' | 'PENDING' | 'VOIDED'
  readonly archived: boolean
  readonly shopId: string | null
  readonly registerId: string | null
  readonly customerId: string | null
  /** Given by whoever rang it up. */
  readonly reference: string | null
  readonly ticketNumber: string | null
  readonly amount: string
  readonly discount: string
  readonly tax: string
  readonly total: string
  readonly currency: string
  readonly lines: readonly CounterLine[]
  readonly createdAtMs: number
  readonly completedAtMs: number | null
  readonly updatedAtMs: number
}

export interface CounterLine {
  readonly id: string
  readonly itemId: string | null
  readonly quantity: string
  readonly unitPrice: string
  readonly discount: string
  readonly tax: string
  readonly total: string
}

/** An item of Lightspeed's with its stock, all shops together (`quantity`) and each by itself. */
export interface CounterItem extends ReadState {
  readonly id: string
  readonly mode: SyncMode
  readonly name: string
  readonly description: string
  readonly category: string | null
  readonly sku: string | null
  readonly tags: readonly string[]
  readonly price: string | null
  readonly cost: string | null
  readonly currency: string
  readonly quantity: number
  /** What may be sold in the shop that is sold from online: less than lies there where some are laid away. Null: it has no such shelf. */
  readonly count: { readonly quantity: number; readonly countedAtMs: number } | null
  readonly counted: boolean
  readonly archived: boolean
  readonly shops: ReadonlyArray<{ readonly shopId: string; readonly quantity: number }>
  readonly addedAtMs: number | null
  readonly updatedAtMs: number
}
