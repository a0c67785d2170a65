/** What staff are told of the till: when more is promised than it counts, once, when it gets worse, and when it is over. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { shortage } from '#domain/stock.ts'
import { accessWithdrawn, adjustmentRefused, adjustmentWaits, shortageTurn } from '#domain/till-alerts.ts'
import { NOW_MS, product } from './given.ts'

const SHORT = { units: 2, sinceMs: NOW_MS - 60_000 }

describe('does', () => {
  test.each([
    ['is not short', {}, { onHand: 5, held: 5 }, { short: null }, 'nothing'],
    ['falls short', {}, { onHand: 3, held: 5 }, { short: { units: 2, sinceMs: NOW_MS } }, 'raised'],
    ['is as short as before', { short: SHORT }, { onHand: -2, held: 0 }, { short: SHORT }, 'nothing'],
    ['is less short', { short: SHORT }, { onHand: 0, held: 1 }, { short: { ...SHORT, units: 1 } }, 'nothing'],
    ['is shorter', { short: SHORT }, { onHand: 0, held: 3 }, { short: { ...SHORT, units: 3 } }, 'raised'],
    ['is short no more', { short: SHORT }, { onHand: 3, held: 3 }, { short: null }, 'resolved'],
    ['is counted by nobody', { counted: false }, { onHand: 0, held: 3 }, { short: null }, 'nothing'],
  ] as const)('a product that %s is on record, and staff hear of it: %s', (_what, wanted, figures, record, told) => {
    const before = product(wanted)
    const { short, alert } = shortageTurn(before, { ...before, ...figures }, NOW_MS)
    expect({ short }).toEqual(record)
    expect(alert === undefined ? 'nothing' : 'raise' in alert ? 'raised' : 'resolved').toBe(told)
  })

  test('an adjustment that does not get through is a matter for staff after half an hour', () => {
    expect(adjustmentWaits('square', NOW_MS, NOW_MS + 29 * 60_000)).toBeUndefined()
    expect(adjustmentWaits('lightspeed', NOW_MS, NOW_MS + 30 * 60_000)).toMatchObject({ raise: { key: 'lightspeed/adjustments' } })
    expect(adjustmentWaits('square', NOW_MS, NOW_MS + 30 * 60_000)).toMatchObject({ raise: { key: 'square/adjustments', severity: 'p1', details: { since: '2026-11-02T12:00:00.000Z' } } })
  })

  test('what is short is named with its figures, what is refused with its direction, access as what it costs', () => {
    expect(shortageTurn(product(), { counted: true, onHand: 1, held: 4 }, NOW_MS).alert).toMatchObject({
      raise: { key: 'stock-short/oil', severity: 'p1', summary: '3 of Hemp Oil are promised online that the till does not count. Decide whose order is refunded.', details: { units: 3, onHand: 1, promised: 4 } },
    })
    expect([adjustmentRefused('oil', -2), adjustmentRefused('oil', 1), adjustmentRefused('ls_7', -1)]).toMatchObject([
      { raise: { summary: 'Square does not take 2 sold online into its count of oil. Count it by hand.' } },
      { raise: { summary: 'Square does not take 1 given back online into its count of oil. Count it by hand.' } },
      { raise: { summary: 'Lightspeed does not take 1 sold online into its count of ls_7. Count it by hand.' } },
    ])
    expect(accessWithdrawn()).toMatchObject({ raise: { severity: 'p0' } })
  })
})

describe('survives', () => {
  test('figures in any order: the record is what they say, and an alert is open exactly while there is one', () => {
    const figures = fc.record({ onHand: fc.integer({ min: -3, max: 3 }), held: fc.integer({ min: -1, max: 3 }) })
    fc.assert(fc.property(fc.array(figures, { maxLength: 20 }), (told) => {
      let one = product()
      let open = false
      for (const [index, said] of told.entries()) {
        const { short, alert } = shortageTurn(one, { ...one, ...said }, NOW_MS + index)
        if (alert !== undefined) open = 'raise' in alert
        one = Object.assign({}, one, said, { short })
        expect([one.short?.units ?? 0, open]).toEqual([shortage(one), shortage(one) > 0])
      }
    }))
  })
})
