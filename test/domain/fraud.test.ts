/** When a person looks at an order before its money is taken: every reason at its edge, and none by accident. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { keeping } from '#domain/checkout.ts'
import { NOTHING_YET, REASONS, reasonsFor, suspected, TOLD_APART_MAX, withAttempt, type Attempt, type Hour, type Usual } from '#domain/fraud.ts'
import { pendingOrder } from './given.ts'

const USUAL: Usual = { orders: 3, cards: 2, amount: 10_000, buyers: 2 }
const HOME = { country: null, soldTo: ['US'] }
const attempt = (wanted: Partial<Attempt> = {}): Attempt => ({ amount: 100, card: 'card_1', buyer: 'buyer_1', ...wanted })
const hourOf = (attempts: readonly Attempt[]): Hour => attempts.reduce(withAttempt, NOTHING_YET)
const reasonsOf = (attempts: readonly Attempt[], usual = USUAL) => reasonsFor([{ hour: hourOf(attempts), usual }], HOME)
const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index))

describe('does', () => {
  test.each([
    ['as many orders as are usual', times(3, () => attempt()), []],
    ['one order more', times(4, () => attempt()), ['many_orders']],
    ['as many cards as are usual', times(2, (n) => attempt({ card: `card_${n}` })), []],
    ['one card more', times(3, (n) => attempt({ card: `card_${n}` })), ['many_cards']],
    ['one card again and again', times(3, () => attempt()), []],
    ['cards that only the gateway knows', times(3, () => attempt({ card: null })), []],
    ['as much money as is usual', [attempt({ amount: 10_000 })], []],
    ['a cent more', [attempt({ amount: 10_001 })], ['high_amount']],
    ['a cent more in parts', [attempt({ amount: 5_000 }), attempt({ amount: 5_001 })], ['high_amount']],
    ['as many customers as are usual', times(2, (n) => attempt({ buyer: `buyer_${n}` })), []],
    ['one customer more', times(3, (n) => attempt({ buyer: `buyer_${n}` })), ['many_customers']],
    ['all of it at once', times(4, (n) => attempt({ amount: 5_000, card: `card_${n}`, buyer: `buyer_${n}` })), ['many_cards', 'many_orders', 'high_amount', 'many_customers']],
  ] as const)('%s: %j', (_, attempts, reasons) => {
    expect(reasonsOf(attempts)).toEqual(reasons)
  })

  test.each([
    [null, ['US'], []], ['US', ['US'], []], ['CA', ['US', 'CA'], []], ['NG', [], []], ['NG', ['US'], ['country_differs']],
  ] as const)('an order from %s in a shop that sells to %j: %j', (country, soldTo, reasons) => {
    expect(reasonsFor([{ hour: hourOf([attempt()]), usual: USUAL }], { country, soldTo })).toEqual(reasons)
  })

  test('one of several who are watched is enough, and a reason stands once', () => {
    const [quiet, busy] = [hourOf([attempt()]), hourOf(times(4, () => attempt()))].map((hour) => ({ hour, usual: USUAL }))
    expect(reasonsFor([quiet!, busy!, busy!], HOME)).toEqual(['many_orders'])
  })

  test('a suspected order is only set aside, and says why; its card is not kept', () => {
    const order = suspected(keeping(pendingOrder(), { cardId: 'card_1', holder: 'cus_1' }), ['many_cards'])
    expect([order.reviewReasons, order.payment.capture, order.payment.keep]).toEqual([['many_cards'], false, undefined])
  })

  test('every reason has its sentence', () => {
    for (const sentence of Object.values(REASONS)) expect(sentence).toMatch(/^[A-Z].*\.$/)
  })
})

describe('refuses', () => {
  test('to hold what is not suspected, or costs nothing', () => {
    const order = pendingOrder()
    expect(suspected(order, [])).toBe(order)
    const free = { ...order, total: 0 }
    expect(suspected(free, ['many_orders'])).toBe(free)
  })
})

describe('survives', () => {
  const attempts = fc.array(fc.record({
    amount: fc.integer({ min: 0, max: 20_000 }), card: fc.option(fc.constantFrom(...times(80, (n) => `card_${n}`))), buyer: fc.constantFrom(...times(80, (n) => `buyer_${n}`)),
  }), { maxLength: 150 })

  test('any hour: counts and sums are exact, and what is told apart is bounded', () => {
    fc.assert(fc.property(attempts, (tried) => {
      const hour = hourOf(tried)
      const cards = new Set(tried.flatMap(({ card }) => card ?? [])).size
      expect([hour.orders, hour.amount]).toEqual([tried.length, tried.reduce((sum, { amount }) => sum + amount, 0)])
      expect([hour.cards.length, hour.buyers.length]).toEqual([Math.min(cards, TOLD_APART_MAX), Math.min(new Set(tried.map(({ buyer }) => buyer)).size, TOLD_APART_MAX)])
    }))
  })

  test('any hour: the order of the attempts changes no reason, and one attempt more takes none away', () => {
    fc.assert(fc.property(attempts, fc.integer({ min: 0, max: 150 }), (tried, cut) => {
      expect(reasonsOf(tried.toReversed())).toEqual(reasonsOf(tried))
      expect(reasonsOf(tried)).toEqual(expect.arrayContaining(reasonsOf(tried.slice(0, cut))))
    }))
  })
})
