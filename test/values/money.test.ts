/** Money: exact on the way in, exact on the way out, rounded in one known way in between. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { allocate, digitsOf, share, toMajor, toMinor, toText, wireAmount } from '#values/money.ts'

const NO_DIGITS = ['BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'VND', 'VUV', 'XAF', 'XOF', 'XPF']
const TWO_DIGITS = ['USD', 'EUR', 'GBP', 'INR', 'CAD', 'MXN']
const THREE_DIGITS = ['BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND']

const currency = fc.constantFrom('JPY', 'USD', 'KWD')
const minorUnits = fc.integer({ min: -9_999_999_999_99, max: 9_999_999_999_99 })
/** An integer share of the amount, rounded half away from zero, by another road: text of the absolute value. */
function roundedByHand(amount: bigint, numerator: bigint, denominator: bigint): bigint {
  const product = amount * numerator
  const size = product < 0n ? -product : product
  const whole = size / denominator
  const up = (size % denominator) * 2n >= denominator ? 1n : 0n
  return product < 0n ? -(whole + up) : whole + up
}

describe('does', () => {
  test.each([
    [0, NO_DIGITS], [2, TWO_DIGITS], [3, THREE_DIGITS],
  ] as const)('knows the currencies of %i digits', (digits, currencies) => {
    expect(currencies.map(digitsOf)).toEqual(currencies.map(() => digits))
  })

  test.each([
    [197, 'USD', 19_700], [8.25, 'USD', 825], [0.1, 'USD', 10], [0.07, 'USD', 7], [1.1, 'USD', 110], [4.35, 'USD', 435],
    [1.005, 'KWD', 1005], [0.001, 'KWD', 1], [100, 'JPY', 100], [0, 'USD', 0], [-8.25, 'USD', -825], ['8.250', 'USD', 825],
    ['12', 'USD', 1200], ['100.00', 'JPY', 100], [9_999_999_999, 'USD', 999_999_999_900],
    [90_071_992_547_409.91, 'USD', undefined],
    [9_007_199_254_740.99, 'USD', 900_719_925_474_099],
  ] as const)('reads %s %s as %s minor units', (major, code, minor) => {
    expect(toMinor(major, code)).toBe(minor)
  })

  test.each([
    [825, 'USD', '8.25'], [5, 'USD', '0.05'], [0, 'USD', '0.00'], [-5, 'USD', '-0.05'], [-19_700, 'USD', '-197.00'],
    [100, 'JPY', '100'],
    [0, 'JPY', '0'], [-7, 'JPY', '-7'], [1, 'KWD', '0.001'], [1005, 'KWD', '1.005'],
  ] as const)('writes %i minor units of %s as %s', (minor, code, text) => {
    expect(toText(minor, code)).toBe(text)
  })

  test('what is written is read back unchanged, as text and as a number through JSON', () => {
    fc.assert(fc.property(minorUnits, currency, (minor, code) => {
      expect(toMinor(toText(minor, code), code)).toBe(minor)
      expect(toMinor(JSON.parse(JSON.stringify(toMajor(minor, code))) as number, code)).toBe(minor)
    }))
  })

  test.each([
    [5, 1, 10, 1], [-5, 1, 10, -1], [4, 1, 10, 0], [-4, 1, 10, 0], [15, 1, 10, 2], [-15, 1, 10, -2], [25, 1, 10, 3], [1, 1, 2, 1],
    [-1, 1, 2, -1], [1, -1, 2, -1], [1, 1, -2, -1], [-1, 1, -2, 1], [0, 7, 100, 0], [1000, 82_500, 1_000_000, 83],
    [9999, 30, 100, 3000],
  ])('rounds %i x %i / %i half away from zero to %i', (minor, numerator, denominator, expected) => {
    expect(share(minor, numerator, denominator)).toBe(expected)
  })

  test('a share is exact where floating point is not, and never minus zero', () => {
    expect(share(9_007_199_254_740_991, 999_999, 1_000_000)).toBe(9_007_190_247_541_736)
    expect(Object.is(share(-1, 1, 100), -0)).toBe(false)
    fc.assert(fc.property(fc.integer({ min: -1e9, max: 1e9 }), fc.integer({
      min: 0, max: 1_000_000,
    }), fc.integer({ min: 1, max: 1_100_000 }), (minor, numerator, denominator) => {
      expect(BigInt(share(minor, numerator, denominator))).toBe(roundedByHand(
        BigInt(minor), BigInt(numerator), BigInt(denominator),
      ))
    }))
  })

  test('a split adds up exactly, and no part differs from its exact share by a whole minor unit', () => {
    const weights = fc.array(fc.integer({ min: 0, max: 1_000_000_00 }), { minLength: 1, maxLength: 50 })
    fc.assert(fc.property(fc.integer({ min: -1_000_000_00, max: 1_000_000_00 }), weights, (minor, parts) => {
      const split = allocate(minor, parts)
      expect(split.reduce((sum, part) => sum + part, 0)).toBe(minor)
      const total = parts.reduce((sum, weight) => sum + weight, 0)
      if (total === 0) return
      for (const [index, weight] of parts.entries()) {
        const off = BigInt(split[index] ?? 0) * BigInt(total) - BigInt(minor) * BigInt(weight)
        expect(off < 0n ? -off < BigInt(total) : off < BigInt(total)).toBe(true)
      }
    }))
  })

  test.each([
    [100, [1, 1, 1], [34, 33, 33]], [1, [1, 1, 1], [1, 0, 0]], [-100, [1, 1, 1], [-34, -33, -33]], [10, [0, 5, 0], [0, 10, 0]],
    [2, [1, 2, 3], [0, 1, 1]], [7, [0, 0], [7, 0]], [0, [3, 4], [0, 0]], [999, [333, 333, 333], [333, 333, 333]],
  ])('splits %i over %j as %j', (minor, weights, parts) => {
    expect(allocate(minor, weights)).toEqual(parts)
  })
})

describe('refuses', () => {
  test.each([
    [8.255, 'USD'], [0.1 + 0.2, 'USD'], [1.5, 'JPY'], [1.0005, 'KWD'], [0.001, 'USD'], ['8.255', 'USD'], [1e-7, 'USD'],
  ] as const)('%s has more digits than %s', (major, code) => {
    expect(toMinor(major, code)).toBeUndefined()
  })

  test.each([
    Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e21, '', ' ', '1,5', '1.', '.5', '+1', '1e3', '0x10', '--1',
    '1 ', '٣', '99999999999999',
  ])('%s is no amount', (major) => {
    expect(toMinor(major, 'USD')).toBeUndefined()
  })

  test('more digits than the currency has, whatever the amount', () => {
    fc.assert(fc.property(fc.nat(1_000_000), fc.integer({ min: 1, max: 9 }), currency, (whole, last, code) => {
      expect(toMinor(`${whole}.${'0'.repeat(digitsOf(code))}${last}`, code)).toBeUndefined()
    }))
  })

  test.each([
    -1, -0.01, Number.NaN, Number.POSITIVE_INFINITY, 10_000_000_000, '5', null,
  ])('%s is no price on the wire', (amount) => {
    expect(wireAmount.safeParse(amount).success).toBe(false)
  })
})
