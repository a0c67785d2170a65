/** Carts: a price once shown is kept while its lock holds, and a cart that is being paid stands still. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  CART_DAYS, LINES_MAX, cartTotals, cartView, hasExpiredLock, newCart, outOfStock, relock, reopened, setQuantity, type Cart,
} from '#domain/cart.ts'
import { Failure } from '#values/failure.ts'
import { LOCK_MS, NO_TAX, NOW_MS, TEXAS, cart, cartLine, product, shelf } from './given.ts'

const DAY_MS = 86_400_000
const set = (to: Cart, quantity: number, wanted: Parameters<typeof product>[0] = {}, nowMs = NOW_MS): Cart =>
  setQuantity(to, { product: product(wanted), quantity, nowMs, lockMs: LOCK_MS })
function failureOf(work: () => unknown): Failure {
  try {
    work()
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
  throw new Error('nothing was refused')
}

describe('does', () => {
  test('begins empty, open, and lives thirty days', () => {
    expect(newCart('crt_1', null, 'USD', NOW_MS)).toMatchObject({
      lines: [], version: 0, state: 'open', orderId: null, expireAtMs: NOW_MS + CART_DAYS * DAY_MS,
    })
  })

  test('locks the price when a line is added, and moves the version and the end of life', () => {
    const filled = set(newCart('crt_1', null, 'USD', 0), 2)
    expect(filled.lines).toEqual([cartLine({ quantity: 2 })])
    expect(filled).toMatchObject({ version: 1, updatedAtMs: NOW_MS, expireAtMs: NOW_MS + CART_DAYS * DAY_MS })
  })

  test('keeps a locked price and its end when the quantity changes and the product got dearer', () => {
    const before = cart([cartLine({ lockedUntilMs: NOW_MS + 1 })])
    expect(set(before, 4, { price: 9900 }).lines).toEqual([cartLine({ quantity: 4, lockedUntilMs: NOW_MS + 1 })])
  })

  test('locks again at today\'s price when the lock has run out, to the millisecond', () => {
    const before = cart([cartLine({ lockedUntilMs: NOW_MS })])
    expect(set(before, 4, { price: 9900 }).lines).toEqual([cartLine({ quantity: 4, unitPrice: 9900 })])
  })

  test('zero removes a line, even one that is no longer for sale', () => {
    expect(set(cart(), 0, { listed: false, price: null, onHand: 0 }).lines).toEqual([])
  })

  test('changes a line where it stands, and adds new ones behind', () => {
    const two = set(set(newCart('c', null, 'USD', 0), 1), 1, { id: 'tea', name: 'Tea' })
    expect(set(two, 5).lines.map(({ productId, quantity }) => [productId, quantity])).toEqual([['oil', 5], ['tea', 1]])
  })

  test.each([
    ['', 'Hemp Oil'], ['Regular', 'Hemp Oil'], ['500 mg', 'Hemp Oil, 500 mg'],
  ])('names a variation "%s" as "%s"', (variationName, name) => {
    expect(set(cart([]), 1, { variationName }).lines[0]?.name).toBe(name)
  })

  test('takes any quantity of a product that nobody counts', () => {
    expect(set(cart([]), 999, { counted: false, onHand: 0 }).lines[0]?.quantity).toBe(999)
  })

  test('takes a change of any line of a full cart', () => {
    const full = cart(Array.from({ length: LINES_MAX }, (_, n) => cartLine({ productId: `p${n}` })))
    expect(set(full, 3, { id: 'p7' }).lines[7]?.quantity).toBe(3)
  })

  test('relocks only lines whose lock ran out, at today\'s price', () => {
    const before = cart([cartLine({ lockedUntilMs: NOW_MS }), cartLine({ productId: 'tea', unitPrice: 300 })])
    const after = relock(before, shelf(product({ price: 7000 }), product({ id: 'tea', price: 999 })), NOW_MS, LOCK_MS)
    expect(after.lines.map(({ unitPrice, lockedUntilMs }) => [unitPrice, lockedUntilMs])).toEqual([
      [7000, NOW_MS + LOCK_MS], [300, NOW_MS + LOCK_MS],
    ])
    expect(after.version).toBe(before.version + 1)
  })

  test('leaves a cart as it is while its locks hold, while an order has it, and when what ran out cannot be priced', () => {
    const expired = cart([cartLine({ lockedUntilMs: NOW_MS - 1 })])
    const frozen: Cart = { ...expired, state: 'checked_out', orderId: 'ord_1' }
    expect(relock(cart(), shelf(product({ price: 1 })), NOW_MS, LOCK_MS)).toEqual(cart())
    expect(relock(frozen, shelf(product({ price: 1 })), NOW_MS, LOCK_MS)).toBe(frozen)
    expect(relock(expired, shelf(), NOW_MS, LOCK_MS)).toBe(expired)
    expect(relock(expired, shelf(product({ price: null })), NOW_MS, LOCK_MS)).toBe(expired)
  })

  test('knows when a lock has run out', () => {
    expect([
      NOW_MS - 1, NOW_MS, NOW_MS + 1,
    ].map((lockedUntilMs) => hasExpiredLock(cart([cartLine({ lockedUntilMs })]), NOW_MS))).toEqual([true, true, false])
  })

  test('opens again for its own order only, with the next version', () => {
    const frozen = cart([cartLine()], { state: 'checked_out', orderId: 'ord_1' })
    expect(reopened(frozen, 'ord_1', NOW_MS)).toMatchObject({ state: 'open', orderId: null, version: frozen.version + 1 })
    expect(reopened(frozen, 'ord_2', NOW_MS)).toBe(frozen)
  })

  test('shows prices in major units, the time of each lock and sums that agree', () => {
    const shown = cart([cartLine({ quantity: 3, unitPrice: 1999 })])
    expect(cartView(shown, cartTotals(shown, 10, TEXAS))).toMatchObject({
      subtotal: 59.97, discount: 6, tax: 4.45, total: 58.42,
      lines: [{ unitPrice: 19.99, lineTotal: 59.97, lockedUntil: new Date(NOW_MS + LOCK_MS).toISOString() }],
    })
  })

  test('any sequence of changes moves the version once each, keeps one line a product and never a locked price', () => {
    const step = fc.record({
      id: fc.constantFrom('a', 'b', 'c'), quantity: fc.nat(5), price: fc.integer({ min: 1, max: 9 }),
      waitMs: fc.constantFrom(0, LOCK_MS / 2, LOCK_MS),
    })
    fc.assert(fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      let now = cart([], { version: 0 })
      let nowMs = NOW_MS
      const locks = new Map<string, { price: number; untilMs: number }>()
      for (const { id, quantity, price, waitMs } of steps) {
        nowMs += waitMs
        now = set(now, quantity, { id, price }, nowMs)
        const lock = locks.get(id)
        if (quantity === 0) locks.delete(id)
        else if (lock === undefined || lock.untilMs <= nowMs) locks.set(id, { price, untilMs: nowMs + LOCK_MS })
      }
      expect(now.version).toBe(steps.length)
      const shown = now.lines.map(({ productId, unitPrice }) => [productId, unitPrice]).sort()
      expect(shown).toEqual([...locks].map(([id, { price }]) => [id, price]).sort())
      expect(cartTotals(now, 0, NO_TAX).total).toBe(now.lines.reduce((sum, line) => sum + line.quantity * line.unitPrice, 0))
    }))
  })
})

describe('refuses', () => {
  test.each([0, 1])('to set quantity %i while an order has the cart, and names the order', (quantity) => {
    const failure = failureOf(() => set(cart([cartLine()], { state: 'checked_out', orderId: 'ord_9' }), quantity))
    expect([failure.code, failure.message, failure.details]).toEqual([
      'CONFLICT', 'This cart is being paid or has been paid.', { orderId: 'ord_9', cartId: 'crt_1' },
    ])
  })

  test.each([{ listed: false }, { price: null }])('a product that is not for sale: %j', (wanted) => {
    const failure = failureOf(() => set(cart([]), 1, wanted))
    expect([failure.code, failure.message]).toEqual(['NOT_FOUND', 'Product unavailable'])
  })

  test.each([[11, {}, 10], [1, { onHand: 0 }, 0], [5, { held: 8 }, 2], [1, { onHand: 3, held: 9 }, 0]] as const)(
    'more than there is: %i of %j', (requested, wanted, left) => {
      const failure = failureOf(() => set(cart([]), requested, { ...wanted, variationName: '500 mg' }))
      expect([failure.code, failure.status]).toEqual(['OUT_OF_STOCK', 409])
      expect(failure.message).toBe(`Insufficient inventory for Hemp Oil, 500 mg. Only ${left} available.`)
      expect(failure.details).toEqual({ lines: [{ productId: 'oil', requested, available: left }] })
    })

  test('goods of another currency, naming both', () => {
    expect(failureOf(() => set(cart([]), 1, { currency: 'EUR' })).message).toBe('productId: is sold in EUR, the cart is in USD')
  })

  test('a line too many', () => {
    const full = cart(Array.from({ length: LINES_MAX }, (_, n) => cartLine({ productId: `p${n}` })))
    expect(failureOf(() => set(full, 1, { id: 'new' })).code).toBe('INVALID_INPUT')
  })

  test('several short lines in one sentence about the first, with all of them in the details', () => {
    const failure = outOfStock([
      { product: product(), requested: 12, left: 3 }, { product: product({ id: 'tea', listed: false }), requested: 2 },
    ])
    expect(failure.message).toBe('Insufficient inventory for Hemp Oil. Only 3 available.')
    expect(failure.details).toEqual({ lines: [
      { productId: 'oil', requested: 12, available: 3 }, { productId: 'tea', requested: 2, available: 0 },
    ] })
  })
})
