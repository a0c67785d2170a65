/**
 * Square's objects as they stand on its wire (snake_case), as far as the shop meets them.
 *
 * Money is an integer in minor units, a quantity is a decimal string, a time is RFC 3339 in UTC; a list that
 * would be empty is left out. Types only: what a field must hold is checked where it comes in.
 */
export type Json = Record<string, unknown>

export interface Money {
  readonly amount: number
  readonly currency: string
}

export interface VariationData extends Json {
  item_id: string
  name?: string
  sku?: string
  pricing_type?: 'FIXED_PRICING' | 'VARIABLE_PRICING'
  price_money?: Money
  track_inventory?: boolean
}

export interface ItemData extends Json {
  name?: string
  is_archived?: boolean
  categories?: Array<{ id: string }>
  variations?: CatalogObject[]
}

export interface CatalogObject extends Json {
  type: string
  id: string
  updated_at: string
  version: number
  is_deleted: boolean
  present_at_all_locations: boolean
  item_data?: ItemData
  item_variation_data?: VariationData
  category_data?: { name?: string }
}

export interface InventoryCount {
  readonly catalog_object_id: string
  readonly catalog_object_type: 'ITEM_VARIATION'
  readonly state: string
  readonly location_id: string
  readonly quantity: string
  readonly calculated_at: string
}

/** One movement or one count, inside `adjustment` or `physical_count`. */
export interface Movement extends Json {
  id: string
  catalog_object_id: string
  catalog_object_type: 'ITEM_VARIATION'
  location_id: string
  quantity: string
  occurred_at: string
  created_at: string
  reference_id?: string
  from_state?: string
  to_state?: string
  state?: string
}

export interface InventoryChange {
  readonly type: 'ADJUSTMENT' | 'PHYSICAL_COUNT'
  readonly adjustment?: Movement
  readonly physical_count?: Movement
}

/** What payments, refunds, orders and customers have in common; the rest of their fields passes through. */
export interface Dated extends Json {
  id: string
  created_at: string
  updated_at: string
  location_id?: string
}

export interface Payment extends Dated {
  status: string
  source_type: string
  amount_money: Money
  total_money: Money
  refunded_money?: Money
  refund_ids?: string[]
  processing_fee?: Json[]
  order_id?: string
  version_token: string
}

export interface Order extends Dated {
  state: string
  version: number
  closed_at?: string
  customer_id?: string
}

export interface Location extends Json {
  readonly id: string
  readonly merchant_id: string
  readonly created_at: string
}
