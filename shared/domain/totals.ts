/**
 * The one place where a cart's or an order's money is added up.
 *
 * subtotal -> membership discount -> promo code (each rounded once, spread over the lines exactly) -> shipping -> tax (rounded
 * once per rate, over goods and shipping) -> total. With inclusive rates the tax is part of price and fee, and is only shown.
 */
import { allocate, share } from '#values/money.ts'
import type { TaxRow } from '#values/rates.ts'

/** Parts per million: 8.25 % is 82,500. */
const PPM = 1_000_000

/** Where and how a sale is taxed. */
export interface Taxed {
  /** Where the goods change hands: the destination's, or the store's. */
  readonly state: string
  readonly inclusive: boolean
  readonly exempt: boolean
}

/** The tax port: whoever answers this for a sale decides its tax. */
export interface TaxRates extends Taxed {
  readonly table: readonly TaxRate[]
}

export interface TaxRate {
  readonly state: string
  /** A category's name, `*` for any goods, or `shipping` for the fee: without a row of its own, shipping is not taxed. */
  readonly category: string
  readonly ppm: number
}

export const SHIPPING = 'shipping'

/** The rate table of the configuration. The first row that matches a line counts; no row, no tax. */
export function taxTableOf(rows: readonly TaxRow[]): TaxRate[] {
  return rows.map(({ state, category, percent }) => {
    const [whole, fraction = ''] = percent.split('.')
    return { state, category, ppm: Number(`${whole}${fraction.padEnd(4, '0')}`) }
  })
}

export interface Priced {
  readonly unitPrice: number
  readonly quantity: number
  readonly category: string
}

export interface LineTotals {
  /** unitPrice x quantity. */
  readonly gross: number
  readonly discount: number
  /** Its part of what a promo code takes off. */
  readonly promo: number
  readonly tax: number
  /** What this line adds to the total. */
  readonly total: number
}

export interface Totals {
  readonly lines: readonly LineTotals[]
  readonly subtotal: number
  readonly discount: number
  readonly promo: number
  /** The fee: what is added to the total for it is this, and its tax where that is not inclusive. */
  readonly shipping: number
  readonly shippingTax: number
  /** All of it, that of shipping too. */
  readonly tax: number
  readonly total: number
  readonly taxed: Taxed
}

/** What a promo code takes off the goods: hundredths of a percent of them, or an amount, but never more than they cost. */
export type PromoGives = { readonly basisPoints: number } | { readonly amount: number }

export interface ShippingFee {
  readonly fee: number
  /** Goods worth so much, after all that is taken off, are shipped free; null: never. */
  readonly freeFrom: number | null
}

/** What is not in the goods themselves. */
export interface Extras {
  readonly promo?: PromoGives | undefined
  /** The fees of all that is shipped: the highest one counts. Empty: nothing is shipped. */
  readonly shipping?: readonly ShippingFee[]
}

/** The same for the same lines in any order: which of two equal lines bears a rounded unit may decide what it is taxed. */
export function totals(lines: readonly Priced[], discountPercent: number, rates: TaxRates, extras: Extras = {}): Totals {
  const places = lines.map((_, index) => index).sort((one, other) => inOneOrder(lines[one] as Priced, lines[other] as Priced))
  const reckoned = reckon(places.map((place) => lines[place] as Priced), discountPercent, rates, extras)
  const inTheirOrder: LineTotals[] = []
  places.forEach((place, index) => {
    inTheirOrder[place] = reckoned.lines[index] as LineTotals
  })
  return { ...reckoned, lines: inTheirOrder }
}

function inOneOrder(one: Priced, other: Priced): number {
  return one.category === other.category ? one.unitPrice - other.unitPrice || one.quantity - other.quantity : one.category < other.category ? -1 : 1
}

function reckon(lines: readonly Priced[], discountPercent: number, rates: TaxRates, { promo, shipping = [] }: Extras): Totals {
  const gross = lines.map((line) => line.unitPrice * line.quantity)
  const subtotal = sum(gross)
  const discount = share(subtotal, discountPercent, 100)
  const discounts = allocate(discount, gross)
  const discounted = less(gross, discounts)
  const taken = promo === undefined ? 0 : takenOff(promo, subtotal - discount)
  const promos = allocate(taken, discounted)
  const net = less(discounted, promos)
  const goods = subtotal - discount - taken
  const fee = Math.max(0, ...shipping.map((one) => (one.freeFrom !== null && goods >= one.freeFrom ? 0 : one.fee)))
  const taxes = taxOf([...lines.map(({ category }, index) => ({ category, net: net[index] ?? 0 })), { category: SHIPPING, net: fee }], rates)
  const tax = sum(taxes)
  const { state, inclusive, exempt } = rates
  return {
    lines: gross.map((amount, index) => ({
      gross: amount,
      discount: discounts[index] ?? 0,
      promo: promos[index] ?? 0,
      tax: taxes[index] ?? 0,
      total: (net[index] ?? 0) + (inclusive ? 0 : (taxes[index] ?? 0)),
    })),
    subtotal,
    discount,
    promo: taken,
    shipping: fee,
    shippingTax: taxes[lines.length] ?? 0,
    tax,
    total: goods + fee + (inclusive ? 0 : tax),
    taxed: { state, inclusive, exempt },
  }
}

const BASIS_POINTS = 10_000

function takenOff(promo: PromoGives, goods: number): number {
  return 'amount' in promo ? Math.min(promo.amount, goods) : share(goods, promo.basisPoints, BASIS_POINTS)
}

function less(amounts: readonly number[], parts: readonly number[]): number[] {
  return amounts.map((amount, index) => amount - (parts[index] ?? 0))
}

interface Taxable {
  readonly category: string
  readonly net: number
}

/** Tax per line: taken once per rate over all its lines, then spread over them exactly. */
function taxOf(lines: readonly Taxable[], rates: TaxRates): number[] {
  const taxes = lines.map(() => 0)
  if (rates.exempt) return taxes
  const byRate = new Map<number, number[]>()
  lines.forEach((line, index) => {
    const rate = rates.table.find(({ state, category }) => state === rates.state && (category === line.category || (category === '*' && line.category !== SHIPPING)))
    if (rate !== undefined && rate.ppm > 0) byRate.set(rate.ppm, [...(byRate.get(rate.ppm) ?? []), index])
  })
  for (const [ppm, indexes] of byRate) {
    const base = indexes.map((index) => lines[index]?.net ?? 0)
    const whole = sum(base)
    const tax = rates.inclusive ? share(whole, ppm, PPM + ppm) : share(whole, ppm, PPM)
    allocate(tax, base).forEach((part, place) => {
      taxes[indexes[place] ?? 0] = part
    })
  }
  return taxes
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((all, amount) => all + amount, 0)
}
