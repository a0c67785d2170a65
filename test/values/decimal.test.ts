/** Decimals of others: exact, and rounded once, half away from zero. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decimalSum, roundedDecimal, roundedMinor } from '#values/decimal.ts'

describe('does', () => {
  test.each([
    ['51.73875', 2, '51.74'], ['51.735', 2, '51.74'], ['-51.735', 2, '-51.74'], ['0.0049', 2, '0'], ['-0.004', 2, '0'], ['10', 2, '10'], ['10.50', 2, '10.5'],
    ['9.999', 2, '10'], ['0.5', 0, '1'], ['100', 0, '100'], ['0.125', 9, '0.125'],
  ])('round %s to %i digits: %s', (text, digits, rounded) => {
    expect(roundedDecimal(text, digits)).toBe(rounded)
  })

  test('count in minor units of the currency', () => {
    expect([roundedMinor('3.755', 'USD'), roundedMinor('3.5', 'JPY'), roundedMinor('1.23456', 'KWD')]).toEqual([376, 4, 1235])
  })

  test('add up without losing a digit', () => {
    expect(decimalSum(['0.1', '0.2', '-0.3'])).toBe('0')
    expect(decimalSum([])).toBe('0')
    fc.assert(fc.property(fc.array(fc.integer({ min: -1_000_000, max: 1_000_000 }), { maxLength: 20 }), (units) => {
      const sum = units.reduce((total, unit) => total + unit, 0)
      expect(Math.round(Number(decimalSum(units.map((unit) => String(unit / 100)))) * 100)).toBe(sum + 0)
    }))
  })
})

describe('refuses', () => {
  test.each(['', ' 1', '1e5', 'NaN', '1,5', '.5', '5.', '--1', '1'.repeat(16)])('%j', (text) => {
    expect(roundedDecimal(text, 2)).toBeUndefined()
  })
})
