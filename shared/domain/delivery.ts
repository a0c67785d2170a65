/**
 * How goods come to their customer: picked up in the store, or shipped to his address for a fee.
 *
 * What only adults may have is shipped to the states that the shop has named, and nowhere else. The address is personal: it
 * stands on its order and nowhere else.
 */
import { Failure, invalid } from '#values/failure.ts'
import { toMinor } from '#values/money.ts'
import type { ShippingRow } from '#values/rates.ts'
import type { DeliveryShown } from './shown/order.ts'
import type { ShippingFee } from './totals.ts'

export interface Address {
  readonly name: string
  readonly line1: string
  readonly line2?: string | undefined
  readonly city: string
  readonly state: string
  readonly postalCode: string
  /** ISO 3166, two letters. */
  readonly country: string
}

export type Delivery = { readonly how: 'pick_up' } | { readonly how: 'ship'; readonly address: Address }

export interface ShippingRate extends ShippingFee {
  /** `*` for any, as the category. */
  readonly state: string
  readonly category: string
}

export interface ShippingRules {
  /** The only one that is shipped to. */
  readonly country: string
  readonly rates: readonly ShippingRate[]
  /** Where goods for adults may be shipped to. */
  readonly adultStates: readonly string[]
}

/** The fees of the configuration. The first row that matches a line counts; a line without one is not shipped. */
export function shippingRatesOf(rows: readonly ShippingRow[], currency: string): ShippingRate[] {
  const minor = (text: string): number => toMinor(text, currency) ?? Infinity
  return rows.map(({ state, category, fee, freeFrom }) => ({ state, category, fee: minor(fee), freeFrom: freeFrom === undefined ? null : minor(freeFrom) }))
}

export interface Shippable {
  readonly name: string
  readonly category: string
  readonly ageRestricted: boolean
}

/**
 * The fees of what is shipped; none where it is picked up.
 * @throws Failure INVALID_INPUT naming what cannot be shipped, and where to
 */
export function shippingFees(delivery: Delivery | undefined, goods: readonly Shippable[], rules: ShippingRules): ShippingFee[] {
  if (delivery?.how !== 'ship') return []
  const { state } = delivery.address
  if (delivery.address.country !== rules.country) throw invalid('fulfilment.address.country', `this shop ships within ${rules.country} only`)
  refuseAdultGoods(goods, state, rules.adultStates)
  return feesTo({ state, field: STATE }, goods, rules.rates)
}

const STATE = 'fulfilment.address.state'

/**
 * The fee of each of the goods.
 * @param field by which the caller has named the state
 * @throws Failure INVALID_INPUT when the shop does not ship there, or not at all
 */
export function feesTo({ state, field }: { state: string; field: string }, goods: ReadonlyArray<Pick<Shippable, 'name' | 'category'>>, rates: readonly ShippingRate[]): ShippingFee[] {
  if (rates.length === 0) throw invalid(field, 'this shop does not ship; goods are picked up')
  return goods.map(({ name, category }) => {
    const rate = rates.find((row) => [state, '*'].includes(row.state) && [category, '*'].includes(row.category))
    if (rate === undefined) throw invalid(field, `${name} is not shipped to ${state}`)
    return rate
  })
}

/** The state that goods are shipped to; undefined where they change hands in the store. */
export function destinationOf(delivery: Delivery | undefined): string | undefined {
  return delivery?.how === 'ship' ? delivery.address.state : undefined
}

function refuseAdultGoods(goods: readonly Shippable[], state: string, allowed: readonly string[]): void {
  const restricted = goods.find(({ ageRestricted }) => ageRestricted)
  if (restricted === undefined || allowed.includes(state)) return
  const elsewhere = allowed.length === 0 ? 'It can be picked up in the store.' : `It can be shipped to ${allowed.join(', ')}, or picked up in the store.`
  throw new Failure('INVALID_INPUT', {
    message: `${restricted.name} is for adults only and cannot be shipped to ${state}. ${elsewhere}`,
    details: { fields: [{ field: STATE, rule: `must be one that goods for adults are shipped to: ${allowed.join(', ') || 'none'}` }] },
  })
}

export function deliveryView(delivery: Delivery): DeliveryShown {
  return delivery.how === 'ship' ? { how: 'ship', address: { ...delivery.address, line2: delivery.address.line2 ?? null } } : { how: 'pick_up' }
}
