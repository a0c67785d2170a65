/**
 * The one place where a cart's or an order's money is added up.
 *
 * subtotal -> membership discount (rounded once, spread over the lines exactly) -> tax (rounded once per rate) -> total.
 * With inclusive rates the tax is part of the price and is only shown.
 */
import { z } from 'zod'
import { allocate, share } from '#values/money.ts'

/** Parts per million: 8.25 % is 82,500. */
const PPM = 1_000_000

export interface TaxRates {
  /** Where the goods change hands. */
  readonly state: string
  readonly inclusive: boolean
  readonly exempt: boolean
  readonly table: readonly TaxRate[]
}

export interface TaxRate {
  readonly state: string
  /** A category's name, or `*` for any. */
  readonly category: string
  readonly ppm: number
}

const rateRow = z.strictObject({
  state: z.string().length(2),
  category: z.string().min(1),
  percent: z.string().regex(/^\d{1,2}(\.\d{1,4})?$/),
})

/** Reads the rate table of the configuration. The first row that matches a line counts; no row, no tax. */
export function readTaxTable(json: string): TaxRate[] {
  const rows = z.array(rateRow).parse(JSON.parse(json))
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
  readonly tax: number
  /** What this line adds to the total. */
  readonly total: number
}

export interface Totals {
  readonly lines: readonly LineTotals[]
  readonly subtotal: number
  readonly discount: number
  readonly tax: number
  readonly total: number
}

export function totals(lines: readonly Priced[], discountPercent: number, rates: TaxRates): Totals {
  const gross = lines.map((line) => line.unitPrice * line.quantity)
  const subtotal = sum(gross)
  const discount = share(subtotal, discountPercent, 100)
  const discounts = allocate(discount, gross)
  const net = gross.map((amount, index) => amount - (discounts[index] ?? 0))
  const taxes = taxOf(lines, net, rates)
  const tax = sum(taxes)
  const added = rates.inclusive ? 0 : tax
  return {
    lines: gross.map((amount, index) => ({
      gross: amount,
      discount: discounts[index] ?? 0,
      tax: taxes[index] ?? 0,
      total: (net[index] ?? 0) + (rates.inclusive ? 0 : (taxes[index] ?? 0)),
    })),
    subtotal,
    discount,
    tax,
    total: subtotal - discount + added,
  }
}

/** Tax per line: taken once per rate over all its lines, then spread over them exactly. */
function taxOf(lines: readonly Priced[], net: readonly number[], rates: TaxRates): number[] {
  const taxes = lines.map(() => 0)
  if (rates.exempt) return taxes
  const byRate = new Map<number, number[]>()
  lines.forEach((line, index) => {
    const rate = rates.table.find(({ state, category }) => state === rates.state && (category === '*' || category === line.category))
    if (rate !== undefined && rate.ppm > 0) byRate.set(rate.ppm, [...(byRate.get(rate.ppm) ?? []), index])
  })
  for (const [ppm, indexes] of byRate) {
    const base = indexes.map((index) => net[index] ?? 0)
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
