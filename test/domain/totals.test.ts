/** Totals: what is shown, charged and booked is added up once, and its parts are the whole; what is taken off never makes it less than nothing. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { taxTableOf, totals, type Extras, type Priced, type TaxRates } from '#domain/totals.ts'
import { NO_TAX, TEXAS } from './given.ts'

const line = (unitPrice: number, quantity = 1, category = 'Hemp Product'): Priced => ({ unitPrice, quantity, category })
const rates = (table: ReadonlyArray<readonly [string, number]>, wanted: Partial<TaxRates> = {}): TaxRates => ({
  ...NO_TAX, ...wanted, table: table.map(([category, ppm]) => ({ state: 'TX', category, ppm })),
})
const TAXED_FEE = rates([['*', 82_500], ['shipping', 100_000]])
const fee = (minor: number, freeFrom: number | null = null) => ({ fee: minor, freeFrom })
const sum = (amounts: readonly number[]): number => amounts.reduce((all, amount) => all + amount, 0)

describe('does', () => {
  test.each([
    ['nothing', [], 0, TEXAS, [0, 0, 0, 0]],
    ['one line', [line(5000, 2)], 0, TEXAS, [10_000, 0, 825, 10_825]],
    ['tax rounded once over the lines of a rate', [line(33), line(33), line(33)], 0, TEXAS, [99, 0, 8, 107]],
    ['half a cent of tax, away from zero', [line(200)], 0, rates([['*', 2500]]), [200, 0, 1, 201]],
    ['a member discount, rounded once', [line(333), line(333), line(333)], 10, NO_TAX, [999, 100, 0, 899]],
    ['the discount before the tax', [line(10_000)], 30, TEXAS, [10_000, 3000, 578, 7578]],
    ['everything given away', [line(10_000)], 100, TEXAS, [10_000, 10_000, 0, 0]],
    ['free goods', [line(0, 3)], 20, TEXAS, [0, 0, 0, 0]],
    ['tax inside the price', [line(10_825)], 0, { ...TEXAS, inclusive: true }, [10_825, 0, 825, 10_825]],
    ['tax inside a discounted price', [line(10_000)], 10, { ...TEXAS, inclusive: true }, [10_000, 1000, 686, 9000]],
    ['an exempt customer', [line(10_000)], 0, { ...TEXAS, exempt: true }, [10_000, 0, 0, 10_000]],
    ['another state', [line(10_000)], 0, { ...TEXAS, state: 'CA' }, [10_000, 0, 0, 10_000]],
    ['two rates', [line(1000, 1, 'Food'), line(1000)], 0, rates([['Food', 10_000], ['*', 82_500]]), [2000, 0, 93, 2093]],
    ['the first rate that matches', [line(1000, 1, 'Food')], 0, rates([['*', 82_500], ['Food', 0]]), [1000, 0, 83, 1083]],
    ['a rate of zero', [line(1000, 1, 'Food'), line(1000)], 0, rates([['Food', 0], ['*', 82_500]]), [2000, 0, 83, 2083]],
    [
      'two categories of one rate as one', [line(6, 1, 'A'), line(6, 1, 'B')], 0, rates([['A', 82_500], ['B', 82_500]]),
      [12, 0, 1, 13],
    ],
  ] as const)('adds up %s', (_what, lines, percent, table, [subtotal, discount, tax, total]) => {
    expect(totals(lines, percent, table)).toMatchObject({ subtotal, discount, tax, total })
  })

  test('spreads discount and tax over the lines so that each shows its part', () => {
    expect(totals([line(100), line(200), line(0)], 10, TEXAS).lines).toEqual([
      { gross: 100, discount: 10, promo: 0, tax: 7, total: 97 }, { gross: 200, discount: 20, promo: 0, tax: 15, total: 195 },
      { gross: 0, discount: 0, promo: 0, tax: 0, total: 0 },
    ])
  })

  test.each<[string, Priced[], number, TaxRates, Extras, [promo: number, shipping: number, tax: number, total: number]]>([
    ['a percentage after the member discount', [line(10_000)], 10, NO_TAX, { promo: { basisPoints: 2_000 } }, [1_800, 0, 0, 7_200]],
    ['hundredths of a percent, rounded once', [line(333), line(333)], 0, NO_TAX, { promo: { basisPoints: 1_250 } }, [83, 0, 0, 583]],
    ['an amount', [line(10_000)], 0, NO_TAX, { promo: { amount: 2_500 } }, [2_500, 0, 0, 7_500]],
    ['an amount larger than the goods, never below zero', [line(1_000)], 50, TEXAS, { promo: { amount: 2_500 } }, [500, 0, 0, 0]],
    ['all of it', [line(333, 3)], 10, TEXAS, { promo: { basisPoints: 10_000 } }, [899, 0, 0, 0]],
    ['the tax of what is left', [line(10_000)], 0, TEXAS, { promo: { amount: 5_000 } }, [5_000, 0, 413, 5_413]],
    ['a fee that nothing taxes', [line(10_000)], 0, TEXAS, { shipping: [fee(595)] }, [0, 595, 825, 11_420]],
    ['the highest fee', [line(1_000)], 0, NO_TAX, { shipping: [fee(595), fee(900), fee(0)] }, [0, 900, 0, 1_900]],
    ['free from an amount on', [line(5_000)], 0, NO_TAX, { shipping: [fee(595, 5_000)] }, [0, 0, 0, 5_000]],
    ['not free for goods that are worth less after the code', [line(5_000)], 0, NO_TAX, { promo: { amount: 1 }, shipping: [fee(595, 5_000)] }, [1, 595, 0, 5_594]],
    ['the fee alone for goods that cost nothing', [line(5_000)], 0, TAXED_FEE, { promo: { basisPoints: 10_000 }, shipping: [fee(1_000)] }, [5_000, 1_000, 100, 1_100]],
    ['tax on the fee by its own row', [line(1_000)], 0, TAXED_FEE, { shipping: [fee(1_000)] }, [0, 1_000, 183, 2_183]],
    ['tax inside price and fee', [line(10_825)], 0, { ...rates([['*', 82_500], ['shipping', 82_500]]), inclusive: true }, { shipping: [fee(1_083)] }, [0, 1_083, 908, 11_908]],
    ['no tax of the exempt', [line(1_000)], 0, { ...TAXED_FEE, exempt: true }, { shipping: [fee(500)] }, [0, 500, 0, 1_500]],
  ])('takes off and adds %s', (_what, lines, percent, table, extras, [promo, shipping, tax, total]) => {
    expect(totals(lines, percent, table, extras)).toMatchObject({ promo, shipping, tax, total })
  })

  test('one rate for goods and fee is rounded once, and each knows its part', () => {
    const sums = totals([line(6)], 0, rates([['*', 82_500], ['shipping', 82_500]]), { shipping: [fee(6)] })
    expect(sums).toMatchObject({ tax: 1, shippingTax: 0, total: 13, lines: [{ tax: 1, total: 7 }] })
  })

  test.each([
    ['8.25', 82_500], ['0', 0], ['10', 100_000], ['6.5', 65_000], ['0.0001', 1], ['99.9999', 999_999],
  ])('reads a rate of %s percent exactly', (percent, ppm) => {
    expect(taxTableOf([{ state: 'TX', category: '*', percent }])).toEqual([{ state: 'TX', category: '*', ppm }])
  })

  test('lines add up to the totals, and no part is negative or larger than what it is part of', () => {
    const category = fc.constantFrom('Hemp Product', 'Food', 'Book')
    const lines = fc.array(
      fc.record({ unitPrice: fc.nat(1_000_000), quantity: fc.integer({ min: 1, max: 999 }), category }), { maxLength: 50 },
    )
    const table = fc.array(fc.tuple(fc.constantFrom('*', 'Food', 'Book'), fc.nat(300_000)), { maxLength: 4 })
    const promo = fc.option(fc.oneof(fc.record({ basisPoints: fc.nat(10_000) }), fc.record({ amount: fc.nat(2_000_000) })), { nil: undefined })
    const shipping = fc.array(fc.record({ fee: fc.nat(10_000), freeFrom: fc.option(fc.nat(1_000_000)) }), { maxLength: 3 })
    const extras = fc.record({ promo, shipping })
    fc.assert(fc.property(lines, fc.nat(100), table, fc.boolean(), fc.boolean(), extras, (bought, percent, rows, inclusive, exempt, wanted) => {
      const sums = totals(bought, percent, rates(rows, { inclusive, exempt }), wanted)
      expect(sum(sums.lines.map(({ gross }) => gross))).toBe(sums.subtotal)
      expect(sum(sums.lines.map(({ discount }) => discount))).toBe(sums.discount)
      expect(sum(sums.lines.map(({ promo: part }) => part))).toBe(sums.promo)
      expect(sum(sums.lines.map(({ tax }) => tax)) + sums.shippingTax).toBe(sums.tax)
      expect(sum(sums.lines.map(({ total }) => total)) + sums.shipping + (inclusive ? 0 : sums.shippingTax)).toBe(sums.total)
      expect(sums.total).toBe(sums.subtotal - sums.discount - sums.promo + sums.shipping + (inclusive ? 0 : sums.tax))
      expect(Math.min(sums.total, sums.shippingTax, sums.shipping)).toBeGreaterThanOrEqual(0)
      for (const { gross, discount, promo: part, tax, total } of sums.lines) {
        expect(Math.min(discount, part, gross - discount - part, tax, total)).toBeGreaterThanOrEqual(0)
        if (inclusive) expect(tax).toBeLessThanOrEqual(total)
        if (exempt) expect(tax).toBe(0)
      }
    }))
  })

  test('the order of lines changes no sum', () => {
    const lines = fc.array(
      fc.record({
        unitPrice: fc.nat(100_000), quantity: fc.integer({ min: 1, max: 9 }), category: fc.constantFrom('Food', 'Book'),
      }),
      { maxLength: 12 },
    )
    fc.assert(fc.property(lines, fc.nat(100), (bought, percent) => {
      const table = rates([['Food', 10_000], ['*', 82_500]])
      const { lines: _forward, ...forward } = totals(bought, percent, table)
      const { lines: _backward, ...backward } = totals(bought.toReversed(), percent, table)
      expect(backward).toEqual(forward)
    }), {
      // Two lines of one price and two rates: one of them bears the odd cent of the discount.
      examples: [[[{ unitPrice: 7, quantity: 1, category: 'Food' }, { unitPrice: 7, quantity: 1, category: 'Book' }], 5]],
    })
  })
})
