/** Card numbers: found wherever they stand, and nothing else taken for one. All numbers here are made up, not issued. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cardNumbersIn } from '#values/card-number.ts'

/** Digits with a check digit that makes them right. */
function numbered(prefix: string, length: number, fill = '0'): string {
  const body = prefix.padEnd(length - 1, fill)
  let sum = 0
  for (const [place, digit] of [...body].reverse().entries()) {
    const value = Number(digit) * (place % 2 === 0 ? 2 : 1)
    sum += value > 9 ? value - 9 : value
  }
  return `${body}${(10 - (sum % 10)) % 10}`
}

const VISA = numbered('4242', 16)
const AMEX = numbered('3782', 15)
const issuers: ReadonlyArray<readonly [string, string, number]> = [
  ['Visa', '4', 13], ['Visa', '4', 16], ['Visa', '4', 19],
  ...[
    '51', '52', '53', '54', '55', '2221', '2229', '223', '229', '23', '26', '270', '271', '2720',
  ].map((prefix) => ['Mastercard', prefix, 16] as const),
  ...['34', '37'].map((prefix) => ['American Express', prefix, 15] as const),
  ...['6011', '644', '649', '65', '622126', '622925'].map((prefix) => ['Discover', prefix, 16] as const),
  ...['300', '305', '3095', '36', '38', '39'].map((prefix) => ['Diners Club', prefix, 14] as const),
  ...['3528', '3529', '353', '3589'].map((prefix) => ['JCB', prefix, 16] as const),
  ['UnionPay', '62', 16], ['UnionPay', '62', 19],
  ...['5018', '5020', '5038', '5893', '6304', '6759', '6761', '6762', '6763'].map((prefix) => ['Maestro', prefix, 16] as const),
]
const digits = (length: number) => fc.array(
  fc.integer({ min: 0, max: 9 }), { minLength: length, maxLength: length },
).map((list) => list.join(''))
/** Any right number of a known issuer. */
const anyCard = fc.constantFrom(...issuers).chain(([, prefix, length]) => digits(length).map((rest) => numbered(
  `${prefix}${rest}`.slice(0, length - 1), length,
)))

function grouped(card: string, sizes: readonly number[], separator: string): string {
  let at = 0
  return sizes.map((size) => card.slice(at, (at += size))).join(separator)
}

describe('does', () => {
  test.each(issuers)('finds a number of %s beginning with %s, %i digits', (_issuer, prefix, length) => {
    const card = numbered(prefix, length)
    expect(cardNumbersIn(`pay with ${card}.`)).toEqual([card])
  })

  test.each([
    ['plain', VISA], ['in fours', grouped(VISA, [4, 4, 4, 4], ' ')], ['with dashes', grouped(VISA, [4, 4, 4, 4], '-')],
    ['as on an American Express', grouped(AMEX, [4, 6, 5], ' ')], ['in odd groups', grouped(VISA, [1, 5, 7, 3], ' ')],
    ['digit by digit', [...VISA].join(' ')],
  ])('finds a number written %s', (_how, written) => {
    expect(cardNumbersIn(`card: ${written}, thanks`)).toEqual([written])
  })

  test.each([
    ['an expiry date behind it', `${VISA} 12/29`],
    ['an expiry date behind it, in fours', `${grouped(VISA, [4, 4, 4, 4], ' ')} 12/29`],
    ['a security code behind it', `${VISA} 123`],
    ['a security code behind it, in fours', `${grouped(VISA, [4, 4, 4, 4], ' ')} 123`],
    ['a year before it', `2029 ${grouped(VISA, [4, 4, 4, 4], ' ')}`], ['a number before it', `order 77 ${VISA}`],
    ['an American Express and its code', `${grouped(AMEX, [4, 6, 5], ' ')} 1234`], ['another card', `${VISA} ${AMEX}`],
    ['a dash before it', `card-${VISA}`], ['quotes', `{"note":"${VISA}"}`], ['a JSON number', `{"n":${VISA}}`],
    ['brackets', `[${VISA}]`],
    ['a line of its own', `card\n${VISA}\nthanks`], ['a query', `?a=${VISA}&b=1`], ['a tab', `\t${VISA}\t`],
  ])('finds a number with %s', (_what, text) => {
    expect(cardNumbersIn(text).map((found) => found.replace(/[ -]/g, ''))).toContain(text.startsWith('3782') ? AMEX : VISA)
  })

  test('finds any right number of a known issuer, in any grouping of fours', () => {
    fc.assert(fc.property(anyCard, fc.constantFrom('', ' ', '-'), (card, separator) => {
      const written = card.match(/.{1,4}/g)?.join(separator) ?? card
      expect(cardNumbersIn(`x ${written} y`).map((found) => found.replace(/[ -]/g, ''))).toContain(card)
    }))
  })

  test('finds every number of several', () => {
    expect(new Set(cardNumbersIn(`${VISA}, ${AMEX}; ${grouped(VISA, [4, 4, 4, 4], '-')}`))).toEqual(new Set([
      VISA, AMEX, grouped(VISA, [4, 4, 4, 4], '-'),
    ]))
  })

  test('reads two megabytes of digits in a blink', () => {
    const startedAt = performance.now()
    cardNumbersIn('4242 '.repeat(400_000))
    cardNumbersIn('4'.repeat(2_000_000))
    expect(performance.now() - startedAt).toBeLessThan(2_000)
  })
})

describe('refuses', () => {
  test('any single wrong digit', () => {
    fc.assert(fc.property(anyCard, fc.nat(18), fc.integer({ min: 1, max: 9 }), (card, place, by) => {
      const at = place % card.length
      const wrong = `${card.slice(0, at)}${(Number(card[at]) + by) % 10}${card.slice(at + 1)}`
      expect(cardNumbersIn(wrong)).toEqual([])
    }))
  })

  test.each([
    '1', '0', '7', '9', '2220', '2721', '2900', '6010', '643', '306', '3527', '8',
  ])('to take a number beginning with %s for a card', (prefix) => {
    expect(cardNumbersIn(numbered(prefix, 16))).toEqual([])
  })

  test.each([
    ['12 digits', numbered('4', 12)], ['20 digits', numbered('4', 20)], ['part of a longer run', `${VISA}0000`],
    ['part of a longer run', `0000${VISA}`],
    ['part of an id', `ord_${VISA}`], ['part of an id', `${VISA}abc`], ['part of an id', `pi_3${VISA}x`],
    ['part of a word', `a${VISA}`],
    ['two spaces between', grouped(VISA, [4, 4, 4, 4], '  ')], ['points between', grouped(VISA, [4, 4, 4, 4], '.')],
    ['only zeros', '0'.repeat(16)],
  ])('%s is no card', (_what, text) => {
    expect(cardNumbersIn(text)).toEqual([])
  })

  test('timestamps are no cards', () => {
    const moment = fc.integer({ min: 1_000_000_000, max: 2_200_000_000 })
    fc.assert(fc.property(moment, fc.nat(999), (seconds, ms) => {
      const date = new Date(seconds * 1000 + ms)
      const compact = date.toISOString().replace(/\D/g, '')
      for (const text of [
        String(date.getTime()), `${seconds}.${ms}`, date.toISOString(), compact.slice(0, 14),
        `${seconds}${String(ms).padStart(3, '0')}000`,
      ]) {
        expect(cardNumbersIn(text)).toEqual([])
      }
    }))
  })

  test('a UUID is no card, were all its digits decimal', () => {
    const fixed = numbered('4242', 16)
    expect(cardNumbersIn(`${fixed.slice(0, 8)}-${fixed.slice(8, 12)}-${fixed.slice(12)}-8123-123456789012`)).toEqual([])
    fc.assert(fc.property(digits(8), digits(3), digits(3), digits(12), (a, b, c, d) => {
      expect(cardNumbersIn(`id ${a}-1${b}-4${c}-8${b}-${d} end`)).toEqual([])
    }))
  })

  test('phone numbers and our order numbers are no cards', () => {
    fc.assert(fc.property(digits(10), (number) => {
      const [a, b, c] = [number.slice(0, 3), number.slice(3, 6), number.slice(6)]
      for (const text of [
        `+1 ${a}-${b}-${c}`, `(${a}) ${b} ${c}`, `${number.slice(0, 4)}-${number.slice(4, 8)}-${number.slice(8)}`,
      ]) {
        expect(cardNumbersIn(text)).toEqual([])
      }
    }))
  })
})
