/** Order numbers: what is read out or typed leads to the order, whatever it looks like. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { numberPrefix, orderNumber } from '#domain/order-number.ts'
import { newId } from '#values/ids.ts'

describe('does', () => {
  test.each([
    ['K7QM-4T9B-2X', 'K7QM-4T9B-2X'],
    ['k7qm4t9b2x', 'K7QM-4T9B-2X'],
    ['k7qm 4t9b 2x', 'K7QM-4T9B-2X'],
    ['K7QM', 'K7QM'],
    ['K7QM-4', 'K7QM-4'],
    ['K7QM4T9B', 'K7QM-4T9B'],
    ['KO7I-lL', 'K071-11'],
  ])('take %s for %s', (typed, prefix) => {
    expect(numberPrefix(typed)).toBe(prefix)
  })

  test('find every number by any beginning of it', () => {
    fc.assert(fc.property(fc.integer({ min: 4, max: 12 }), (length) => {
      const number = orderNumber(newId('ord'))
      expect(number).toMatch(/^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{2}$/)
      const prefix = numberPrefix(number.slice(0, length)) ?? ''
      expect(number.startsWith(prefix)).toBe(true)
      expect(numberPrefix(number)).toBe(number)
    }))
  })
})

describe('refuses', () => {
  test.each(['', 'K7Q', 'K7QM4T9B2XY', 'K7QU', 'K7Q%', '----', 'K7QM_4'])('%s: no number begins so, or too many do', (typed) => {
    expect(numberPrefix(typed)).toBeUndefined()
  })
})
