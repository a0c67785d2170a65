/** A product: what of it can be sold, what callers see, and what a count of the point of sale means at checkout. */
import { describe, expect, test } from 'vitest'
import { available, productView, sellable, weighCount, type PosCount } from '#domain/product.ts'
import { NOW_MS, product } from './given.ts'

const count = (quantity: number, countedAtMs = NOW_MS): PosCount => ({ productId: 'oil', quantity, countedAtMs })

describe('does', () => {
  test.each([
    [10, 0, 10], [10, 4, 6], [10, 10, 0], [10, 12, 0], [-2, 0, 0], [3, -2, 5],
  ])('of %i on hand and %i held, %i can be sold', (onHand, held, left) => {
    expect(sellable({ counted: true, onHand, held })).toBe(left)
  })

  test.each([
    ['may have the sale that is on its way', { quantity: 7, countedAtMs: NOW_MS, inFlight: 3 }, 4],
    ['says nothing that lowers it', { quantity: 15, countedAtMs: NOW_MS, inFlight: 3 }, 7],
    ['may have goods put back already', { quantity: 9, countedAtMs: NOW_MS, inFlight: -4 }, 2],
    ['is gone', null, 7],
  ] as const)('of 10 on hand and 3 held, when a newer count that waits for our answer %s, only what is sure can be sold', (_what, told, left) => {
    expect(sellable({ counted: true, onHand: 10, held: 3, told })).toBe(left)
  })

  test('a product that nobody counts never runs out', () => {
    expect(sellable({ counted: false, onHand: 0, held: 5 })).toBe(Number.MAX_SAFE_INTEGER)
    expect(productView(product({ counted: false, onHand: 0 }))).toMatchObject({ available: true, inventory: null })
  })

  test.each([
    [{}, true], [{ listed: false }, false], [{ price: null }, false], [{ held: 10 }, false], [{ price: 0 }, true],
  ] as const)('with %j it is available: %s', (wanted, expected) => {
    expect(available(product(wanted))).toBe(expected)
  })

  test('shows what a caller may know, and leaves out what a product does not have', () => {
    const view = productView(product({ held: 3, minTier: 'GOLD', earlyAccessUntilMs: NOW_MS }))
    expect(view).toMatchObject({
      price: 50, inventory: 7, available: true, minTier: 'GOLD', earlyAccessUntil: '2026-11-02T12:00:00.000Z',
      updated_at: '2026-11-02T11:59:00.000Z',
    })
    expect(Object.keys(productView(product()))).not.toEqual(expect.arrayContaining(['minTier']))
    expect(Object.keys(view)).not.toEqual(expect.arrayContaining(['held']))
    expect(productView(product({ price: null }))).toMatchObject({ price: null, available: false })
  })

  test.each([
    ['is newer', {}, count(7), 0, { onHand: 7, sellable: 7 }],
    ['is newer, and some are held', { held: 2 }, count(7), 0, { onHand: 7, sellable: 5 }],
    ['is newer, and more are held than there are', { held: 9 }, count(7), 0, { onHand: 7, sellable: 0 }],
    ['is below zero at the till', {}, count(-3), 0, { onHand: -3, sellable: 0 }],
    ['is older', { countedAtMs: NOW_MS + 1 }, count(7), 0, { sellable: 10 }],
    ['is as old as ours', { countedAtMs: NOW_MS }, count(7), 0, { sellable: 10 }],
    ['is of a product that nobody counts', { counted: false }, count(7), 0, { sellable: Number.MAX_SAFE_INTEGER }],
    ['did not move, with units on their way', { held: 3 }, count(10), 3, { sellable: 7, possible: 10 }],
    ['fell by what is on its way, as if it were in', { held: 3 }, count(7), 3, { sellable: 4, possible: 7 }],
    ['grew, with units on their way', { held: 3 }, count(15), 3, { sellable: 7, possible: 15 }],
    ['fell by more than what is on its way', { held: 3 }, count(2), 3, { sellable: 0, possible: 2 }],
    ['may hold goods put back already', { held: -2 }, count(9), -2, { sellable: 9, possible: 11 }],
  ] as const)('a count that %s', (_what, wanted, said, inFlight, expected) => {
    expect(weighCount(product(wanted), said, inFlight)).toEqual(expected)
  })
})
