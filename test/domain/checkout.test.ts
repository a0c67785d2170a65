/** What a checkout decides: an order with exactly what it reserves, or one refusal and nothing reserved. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Cart } from '#domain/cart.ts'
import {
  chargeRequestOf, isStockMoving, needsInFlight, priceMoved, reserveFor, type CheckoutFacts, type Reservation,
} from '#domain/checkout.ts'
import { NO_MEMBERSHIP } from '#domain/eligibility.ts'
import type { Product } from '#domain/product.ts'
import { Failure } from '#values/failure.ts'
import { LOCK_MS, NO_SHIPPING, NOW_MS, TEXAS, cart, cartLine, product, shelf } from './given.ts'

const OIL = product({ ageRestricted: true })
const TEA = product({ id: 'tea', name: 'Tea', price: 300, sku: null, category: 'Food', onHand: 5 })
const BOTH = cart([
  cartLine({ quantity: 2 }), cartLine({ productId: 'tea', name: 'Tea', unitPrice: 300, quantity: 5, category: 'Food' }),
])
const draft = {
  id: 'ord_0123456789abcdefghjkmnpqrs', customerId: 'cust-1', email: 'jo@mail.example', cartId: 'crt_1',
  gateway: 'stripe' as const,
  token: 'pm_card_visa', requestHash: 'hash', runner: 'run_1', ip: '10.1.2.3', userAgent: 'test', nowMs: NOW_MS,
}

function facts(wanted: Partial<CheckoutFacts> = {}): CheckoutFacts {
  return {
    cart: BOTH, products: shelf(OIL, TEA), counts: [], inFlight: new Map(), age: { verified: true }, membership: NO_MEMBERSHIP,
    rates: TEXAS, shipping: NO_SHIPPING,
    expectedTotal: undefined, seenPrices: new Map(), lockMs: LOCK_MS, ...wanted,
  }
}

const reserved = (wanted: Partial<CheckoutFacts> = {}): Reservation => reserveFor(facts(wanted), draft)
function refusal(wanted: Partial<CheckoutFacts>): Failure {
  try {
    reserved(wanted)
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
  throw new Error('nothing was refused')
}
const counted = (quantity: number, productId = 'oil', countedAtMs = NOW_MS) => ({ productId, quantity, countedAtMs })
const only = (one: Product, quantity = 1, wanted: Partial<Cart> = {}): Partial<CheckoutFacts> => ({
  cart: cart([cartLine({ productId: one.id, quantity, unitPrice: one.price ?? 0, category: one.category })], wanted),
  products: shelf(one),
})

describe('does', () => {
  test('makes the order that the cart shows and holds its units', () => {
    const { order, stock } = reserved({ counts: [counted(10, 'oil', 0), counted(10, 'tea', 0)] })
    expect(stock).toEqual([{ productId: 'oil', held: 2 }, { productId: 'tea', held: 5 }])
    expect([reserved().reliesOnAge, reserved(only(TEA)).reliesOnAge]).toEqual([true, false])
    expect(order).toMatchObject({
      state: 'pending_payment', number: '0123-4567-89', subtotal: 11_500, tax: 949, total: 12_449, currency: 'USD',
      cartId: 'crt_1', stockUnconfirmed: false, answer: null,
      payment: { gateway: 'stripe', attempt: 1, status: 'pending', token: 'pm_card_visa', transactionId: null },
      history: [{ state: 'pending_payment', atMs: NOW_MS, cause: 'checkout' }],
    })
    expect(order.lines.map(({ productId, quantity, unitPrice, sku, counted: known }) => [
      productId, quantity, unitPrice, sku, known,
    ])).toEqual([
      ['oil', 2, 5000, 'OIL-1', true], ['tea', 5, 300, null, true],
    ])
  })

  test('sells at the locked price, whatever the product costs today', () => {
    expect(reserved({ products: shelf(product({ price: 9900 }), TEA) }).order.subtotal).toBe(11_500)
  })

  test('gives members their discount, before tax', () => {
    const { order } = reserved({ membership: { tier: 'GOLD', discountPercent: 30 } })
    expect([order.discount, order.tax, order.total, order.discountPercent]).toEqual([3450, 664, 8714, 30])
  })

  test('an order of nothing to pay needs no gateway', () => {
    expect(reserved({ membership: { tier: 'GOLD', discountPercent: 100 } }).order).toMatchObject({
      total: 0, payment: { gateway: 'none' },
    })
  })

  test.each([
    ['of the point of sale replaces ours', counted(4), {}, { held: 2, count: { onHand: 4, countedAtMs: NOW_MS } }],
    ['that is older changes nothing', counted(0, 'oil', 0), {}, { held: 2 }],
    ['that units on their way may explain changes nothing', counted(9), { inFlight: new Map([['oil', 1]]) }, { held: 2 }],
  ] as const)('a count %s', (_what, count, wanted, written) => {
    expect(reserved({ counts: [count], ...wanted }).stock[0]).toEqual({ productId: 'oil', ...written })
  })

  test('without counts our own decide, and the order says so', () => {
    expect(reserved({ counts: undefined }).order.stockUnconfirmed).toBe(true)
    expect(reserved({ counts: [counted(9)] }).order.stockUnconfirmed).toBe(true)
    expect(reserved({ counts: [counted(9), counted(9, 'tea')] }).order.stockUnconfirmed).toBe(false)
    expect(reserved({ ...only(product({ counted: false })), counts: undefined }).order.stockUnconfirmed).toBe(false)
  })

  test('goods that nobody counts are sold without a reservation', () => {
    expect(reserved(only(product({ counted: false, onHand: 0 }), 999)).stock).toEqual([])
  })

  test('agrees with a customer who saw our prices and our total', () => {
    expect(reserved({ expectedTotal: 124.49, seenPrices: new Map([['oil', 50], ['tea', 3]]) }).order.total).toBe(12_449)
  })

  test('a price that rose when its lock ran out is charged to a customer who says the new total', () => {
    const expired = cart([cartLine({ lockedUntilMs: NOW_MS })])
    const products = shelf(product({ price: 6000 }))
    expect(priceMoved(expired, products, NOW_MS)).toBe(true)
    expect(reserved({ cart: expired, products, expectedTotal: 64.95 }).order.lines[0]?.unitPrice).toBe(6000)
  })

  test('a lock that ran out on an unchanged price stands in nobody\'s way', () => {
    const expired = cart([cartLine({ lockedUntilMs: NOW_MS })])
    expect(priceMoved(expired, shelf(OIL), NOW_MS)).toBe(false)
    expect(reserved({ cart: expired }).order.total).toBe(5413)
  })

  test('asks what is on its way only when a count is news', () => {
    expect(needsInFlight(shelf(OIL), undefined)).toBe(false)
    expect(needsInFlight(shelf(OIL), [counted(1, 'oil', OIL.countedAtMs), counted(1, 'unknown')])).toBe(false)
    expect(needsInFlight(shelf(OIL), [counted(1)])).toBe(true)
  })

  test('the charge of an attempt is the same whoever sends it, and whoever takes over says so', () => {
    const { order } = reserved()
    const takenOver = { ...order, runner: 'run_2', leaseUntilMs: order.leaseUntilMs + 1, updatedAtMs: 9 }
    for (const one of [takenOver, { ...order, state: 'payment_unknown' as const }]) expect(chargeRequestOf(one)).toEqual({ ...chargeRequestOf(order), again: true })
    expect(chargeRequestOf(order).again).toBeUndefined()
    expect(chargeRequestOf(order)).toMatchObject({
      key: `${order.id}:1`, amount: 12_449, currency: 'USD', token: 'pm_card_visa', description: 'Order 0123-4567-89',
    })
  })

  test('whatever is bought, the order is worth its lines and holds exactly what it sells', () => {
    const goods = fc.array(
      fc.record({
        price: fc.nat(100_000), quantity: fc.integer({ min: 1, max: 20 }), onHand: fc.nat(40), held: fc.nat(20),
        known: fc.boolean(),
      }),
      { minLength: 1, maxLength: 8 },
    )
    fc.assert(fc.property(goods, fc.nat(100), (rows, discountPercent) => {
      const products = rows.map(({ price, onHand, held, known }, n) => product({
        id: `p${n}`, price, onHand, held, counted: known,
      }))
      const lines = rows.map(({ price, quantity }, n) => cartLine({ productId: `p${n}`, unitPrice: price, quantity }))
      const wanted = { cart: cart(lines), products: shelf(...products), membership: { tier: null, discountPercent } }
      const short = rows.filter(({ quantity, onHand, held, known }) => known && quantity > Math.max(0, onHand - held))
      if (short.length > 0) {
        const failure = refusal(wanted)
        expect(failure.code).toBe('OUT_OF_STOCK')
        expect(failure.details?.['lines']).toHaveLength(short.length)
        return
      }
      const { order, stock } = reserved(wanted)
      expect(order.lines.reduce((sum, line) => sum + line.total, 0)).toBe(order.total)
      expect(stock.map(({ held }) => held)).toEqual(rows.filter(({ known }) => known).map(({
        held, quantity,
      }) => held + quantity))
      expect(order.payment.gateway).toBe(order.total === 0 ? 'none' : 'stripe')
    }))
  })
})

describe('refuses', () => {
  test('an empty cart, naming the field', () => {
    const failure = refusal({ cart: cart([]) })
    expect([failure.code, failure.details]).toEqual(['INVALID_INPUT', { fields: [{ field: 'cart', rule: 'must have a line' }] }])
  })

  test.each([
    ['gone', shelf(TEA)], ['archived', shelf(product({ listed: false }), TEA)],
    ['priced at the till', shelf(product({ price: null }), TEA)],
  ])('a product that is %s', (_how, products) => {
    expect([refusal({ products }).code, refusal({ products }).message]).toEqual(['NOT_FOUND', 'Product unavailable'])
  })

  test('goods priced in another currency than the cart: the same digits are other money', () => {
    expect(refusal(only(product({ currency: 'JPY' }))).code).toBe('INVALID_INPUT')
  })

  test.each([
    ['expects another total', { expectedTotal: 124.48 }, 124.48],
    ['saw another price', { seenPrices: new Map([['oil', 49.99]]) }, 124.47],
    ['saw one lower and one higher price of the same sum', { seenPrices: new Map([['oil', 52.5], ['tea', 2]]) }, 124.49],
    [
      'saw another price and a total that happens to agree', { expectedTotal: 124.49, seenPrices: new Map([['oil', 49.99]]) },
      124.49,
    ],
    ['expects nothing to pay', { expectedTotal: 0 }, 0],
  ])('a customer who %s, with both totals', (_who, wanted, expectedTotal) => {
    const failure = refusal(wanted)
    expect([failure.code, failure.details]).toEqual(['PRICE_CHANGED', { expectedTotal, total: 124.49, currency: 'USD' }])
  })

  test('a price that moved when its lock ran out, and a discount that the customer did not see', () => {
    const expired = { cart: cart([cartLine({ lockedUntilMs: NOW_MS })]), products: shelf(product({ price: 6000 })) }
    expect(refusal(expired).details).toEqual({ expectedTotal: 54.13, total: 64.95, currency: 'USD' })
    expect(refusal({ ...expired, expectedTotal: 54.13 }).code).toBe('PRICE_CHANGED')
    expect(refusal({ expectedTotal: 124.49, membership: { tier: 'GOLD', discountPercent: 30 } }).details).toMatchObject({
      expectedTotal: 124.49, total: 87.14,
    })
  })

  test.each([
    ['total', { expectedTotal: 124.491 }, 'expectedTotal'], ['price', { seenPrices: new Map([['oil', 50.001]]) }, 'cart.price'],
  ])('a %s with more digits than the currency has, naming the field', (_what, wanted, field) => {
    const failure = refusal(wanted)
    expect([
      failure.code, (failure.details as { fields?: Array<{ field: string }> }).fields?.[0]?.field,
    ]).toEqual(['INVALID_INPUT', field])
  })

  test('more than there is, naming the first short line and listing all', () => {
    const failure = refusal({ products: shelf(product({ onHand: 3, held: 2 }), product({ ...TEA, onHand: 0 })) })
    expect([failure.code, failure.message]).toEqual(['OUT_OF_STOCK', 'Insufficient inventory for Hemp Oil. Only 1 available.'])
    expect(failure.details).toEqual({ lines: [
      { productId: 'oil', requested: 2, available: 1 }, { productId: 'tea', requested: 5, available: 0 },
    ] })
  })

  test('what the point of sale has sold already', () => {
    expect(refusal({ counts: [counted(1)] }).message).toBe('Insufficient inventory for Hemp Oil. Only 1 available.')
    expect(reserved({ counts: [counted(2)] }).stock[0]?.held).toBe(2)
  })

  test('for a moment only, the last units while the till may or may not have taken off what is on its way', () => {
    const moving = {
      products: shelf(product({ onHand: 4, held: 2 }), TEA), counts: [counted(2)], inFlight: new Map([['oil', 2]]),
    }
    const failure = refusal(moving)
    expect([failure.code, failure.retryable, isStockMoving(failure)]).toEqual(['SERVICE_UNAVAILABLE', true, true])
    expect(isStockMoving(refusal({ ...moving, counts: [counted(1)] }))).toBe(false)
    expect(refusal({ ...moving, counts: [counted(1)] }).code).toBe('OUT_OF_STOCK')
  })

  test('in a fixed order: empty, gone, price, age, members, stock', () => {
    const everything: Partial<CheckoutFacts> = {
      products: shelf(product({ ageRestricted: true, minTier: 'GOLD', onHand: 0 })), expectedTotal: 1,
      age: { verified: false },
      membership: NO_MEMBERSHIP,
    }
    const single = cart([cartLine()])
    const steps: Array<Partial<CheckoutFacts>> = [
      { ...everything, cart: cart([]) }, { ...everything, cart: BOTH }, { ...everything, cart: single },
      { ...everything, cart: single, expectedTotal: undefined },
      { ...everything, cart: single, expectedTotal: undefined, age: { verified: true } },
      {
        ...everything, cart: single, expectedTotal: undefined, age: { verified: true }, membership: { tier: 'GOLD', discountPercent: 0 },
      },
    ]
    expect(steps.map((step) => refusal(step).code)).toEqual([
      'INVALID_INPUT', 'NOT_FOUND', 'PRICE_CHANGED', 'AGE_VERIFICATION_REQUIRED', 'FORBIDDEN', 'OUT_OF_STOCK',
    ])
  })

  test('without touching what it read: the same facts, tried again, answer alike', () => {
    const wanted = facts({ products: shelf(product({ onHand: 1 }), TEA) })
    const before = structuredClone({ cart: wanted.cart, products: [...wanted.products] })
    expect(() => reserveFor(wanted, draft)).toThrow('Insufficient inventory')
    expect({ cart: wanted.cart, products: [...wanted.products] }).toEqual(before)
    expect(() => reserveFor(wanted, draft)).toThrow('Insufficient inventory')
  })
})
