/**
 * Refunds of parts: lines, units and the shipping fee, at what was paid for each. Whatever an order was made of (discounts, a
 * promo code, several rates of tax, tax inside or outside), its parts add up to it, in money and in the books.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JournalEntry } from '#domain/ledger.ts'
import { refundedAmount, shippingPaid, type Order } from '#domain/order.ts'
import { requestRefund, settleRefund, type RefundWish } from '#domain/refund.ts'
import { settle } from '#domain/settle.ts'
import { totals, type TaxRates } from '#domain/totals.ts'
import { Failure } from '#values/failure.ts'
import { NOW_MS, SHOP, draftLine, pendingOrder, type WantedOrder } from './given.ts'

const RATES: TaxRates = {
  state: 'TX', inclusive: false, exempt: false,
  table: [{ state: 'TX', category: 'Food', ppm: 0 }, { state: 'TX', category: 'shipping', ppm: 60_000 }, { state: 'TX', category: '*', ppm: 82_500 }],
}
const SHIPPED = { shipping: [{ fee: 595, freeFrom: null }] }

interface Life {
  readonly order: Order
  readonly entries: readonly JournalEntry[]
}

function paid(wanted: WantedOrder): Life {
  const order = pendingOrder(wanted)
  const outcome = { status: 'succeeded' as const, transactionId: 'pi_1', amount: order.total, currency: 'USD', answer: null }
  const settlement = settle({ order, outcome, cause: 'checkout', nowMs: NOW_MS, shopName: SHOP })
  if (settlement === undefined) throw new Error('not paid')
  return { order: settlement.order, entries: settlement.entries }
}

let refunds = 0

function given({ order, entries }: Life, wanted: Partial<RefundWish>): Life {
  const id = `ref_${++refunds}`
  const asked = requestRefund(order, { id, restock: false, reason: 'broken', requestedBy: 'admin ann', nowMs: NOW_MS, ...wanted })
  const settlement = settleRefund(asked, id, { status: 'succeeded', gatewayRefundId: `re_${refunds}`, answer: null }, NOW_MS, SHOP)
  if (settlement === undefined) throw new Error('nothing was written')
  return { order: settlement.order, entries: [...entries, ...settlement.entries] }
}

/** What stands on each account after all. */
function balances({ entries }: Life): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const { account, amount } of entries.flatMap(({ postings }) => postings)) sums[account] = (sums[account] ?? 0) + amount
  return sums
}

const amounts = ({ order }: Life): number[] => order.refunds.map(({ amount }) => amount)

describe('does', () => {
  const food = draftLine({ productId: 'tea', category: 'Food', quantity: 3, unitPrice: 100 })
  const bought = { lines: [draftLine({ quantity: 1 }), food], rates: RATES, extras: { ...SHIPPED, promo: { basisPoints: 1_000 } } }

  test('the fee alone, with its own tax and nobody else\'s', () => {
    const life = given(paid(bought), { shipping: true })
    expect(amounts(life)).toEqual([631])
    expect(life.entries.at(-1)?.postings).toEqual([
      { account: 'gateway:stripe', amount: -631 }, { account: 'tax:payable', amount: 36 }, { account: 'shipping:income', amount: 595 },
    ])
  })

  test('an untaxed line takes no tax back, a taxed one its own', () => {
    const first = given(paid(bought), { lines: [{ productId: 'tea', quantity: 3 }] })
    expect(first.entries.at(-1)?.postings).toEqual([{ account: 'gateway:stripe', amount: -270 }, { account: 'refunds', amount: 270 }])
    const second = given(first, { lines: [{ productId: 'oil', quantity: 1 }] })
    expect(second.order.refunds.at(-1)).toMatchObject({ amount: 4_871, tax: 371 })
  })

  test('lines with the fee; a second time nothing is left of the fee', () => {
    const life = given(paid(bought), { lines: [{ productId: 'tea', quantity: 1 }], shipping: true })
    expect(life.order.refunds[0]).toMatchObject({ amount: 90 + 631, shipping: 631, tax: 36 })
    expect(given(life, { lines: [{ productId: 'tea', quantity: 1 }], shipping: true }).order.refunds.at(-1)?.amount).toBe(90)
    expect(() => given(life, { shipping: true })).toThrow('Nothing is left')
  })

  test('all that is left after an amount: the books know its tax and its fee', () => {
    const whole = paid(bought)
    const life = given(given(whole, { amount: 1_000 }), {})
    expect(refundedAmount(life.order)).toBe(whole.order.total)
    expect(balances(life)).toMatchObject({ 'gateway:stripe': 0, 'tax:payable': 0, 'shipping:income': 0 })
  })

  test('a refund that failed leaves its fee to be given back by another', () => {
    const { order } = paid(bought)
    const asked = requestRefund(order, { id: 'ref_f', shipping: true, restock: false, reason: 'late', requestedBy: 'admin ann', nowMs: NOW_MS })
    const failed = settleRefund(asked, 'ref_f', { status: 'failed', reason: 'card closed', gatewayRefundId: null }, NOW_MS, SHOP)
    expect(given({ order: failed?.order as Order, entries: [] }, { shipping: true }).order.refunds.at(-1)?.amount).toBe(631)
  })
})

describe('survives', () => {
  const rates = fc.record({
    state: fc.constant('TX'), inclusive: fc.boolean(), exempt: fc.constant(false),
    table: fc.array(fc.record({ state: fc.constant('TX'), category: fc.constantFrom('*', 'Food', 'shipping'), ppm: fc.nat(250_000) }), { maxLength: 3 }),
  })
  const goods = fc.array(fc.record({ quantity: fc.integer({ min: 1, max: 6 }), unitPrice: fc.nat(20_000), category: fc.constantFrom('Food', 'Care') }), { minLength: 1, maxLength: 5 })
  const promo = fc.option(fc.oneof(fc.record({ basisPoints: fc.nat(10_000) }), fc.record({ amount: fc.nat(30_000) })), { nil: undefined })
  const order = fc.record({
    lines: goods.map((rows) => rows.map((row, n) => draftLine({ ...row, productId: `p${n}` }))), rates, discountPercent: fc.nat(30),
    extras: fc.record({ promo, shipping: fc.array(fc.record({ fee: fc.nat(2_000), freeFrom: fc.option(fc.nat(40_000)) }), { maxLength: 2 }) }),
  })
  /** Every unit of every line, and the fee, in any order. */
  const all = order.chain((wanted) => {
    const parts = ['fee', ...wanted.lines.flatMap(({ productId, quantity }) => Array.from({ length: quantity }, () => productId))]
    return fc.tuple(fc.constant(wanted), fc.shuffledSubarray(parts, { minLength: parts.length }))
  })

  function partBack(life: Life, part: string): Life {
    try {
      return given(life, part === 'fee' ? { shipping: true } : { lines: [{ productId: part, quantity: 1 }] })
    } catch (error) {
      // A unit of a few cents, or a free delivery, may be worth nothing: there is nothing to give back for it.
      if (!(error instanceof Failure) || error.code !== 'CONFLICT') throw error
      const lines = life.order.lines.map((line) => (line.productId === part ? { ...line, refundedQuantity: line.refundedQuantity + 1 } : line))
      return { ...life, order: { ...life.order, lines } }
    }
  }

  test('unit by unit and the fee, in any order: all of it is given back, and every account is as if nothing had been sold', () => {
    fc.assert(fc.property(all, ([wanted, parts]) => {
      const whole = paid(wanted)
      const life = parts.reduce(partBack, whole)
      expect(refundedAmount(life.order)).toBe(whole.order.total)
      const { sales = 0, refunds: back = 0, ...others } = balances(life)
      expect(sales + back).toBe(0)
      expect(Object.values(others).every((balance) => balance === 0)).toBe(true)
    }), { numRuns: 500 })
  })

  test('all lines at once, then the fee: each is exactly what was paid for it', () => {
    fc.assert(fc.property(order, (wanted) => {
      const whole = paid(wanted)
      const lines = whole.order.lines.map(({ productId, quantity }) => ({ productId, quantity }))
      const parts = [{ lines }, { shipping: true }].reduce<Life>((life, part) => {
        try {
          return given(life, part)
        } catch (error) {
          if (!(error instanceof Failure) || error.code !== 'CONFLICT') throw error
          return life
        }
      }, whole)
      expect(refundedAmount(parts.order)).toBe(whole.order.total)
      expect(shippingPaid(whole.order)).toBe(totals(wanted.lines, wanted.discountPercent, wanted.rates, wanted.extras).shipping + (wanted.rates.inclusive ? 0 : whole.order.shippingTax))
    }))
  })

  test('amounts and parts in any mixture: never more than was paid, never more tax than there was', () => {
    const step = fc.oneof(fc.record({ amount: fc.integer({ min: 1, max: 5_000 }) }), fc.constant({ shipping: true }), fc.nat(4).map((n) => ({ lines: [{ productId: `p${n}`, quantity: 1 }] })), fc.constant({}))
    fc.assert(fc.property(order, fc.array(step, { maxLength: 12 }), (wanted, steps) => {
      const whole = paid(wanted)
      let life = whole
      for (const one of steps) {
        try {
          life = given(life, one)
        } catch (error) {
          if (!(error instanceof Failure)) throw error
        }
      }
      const taxBack = life.order.refunds.map(({ tax = 0 }) => tax)
      expect(refundedAmount(life.order)).toBeLessThanOrEqual(whole.order.total)
      expect(Math.min(0, ...taxBack)).toBe(0)
      const tax = taxBack.reduce((sum, one) => sum + one, 0)
      expect(tax).toBeLessThanOrEqual(whole.order.tax)
      if (life.order.state === 'refunded') expect([tax, balances(life)['gateway:stripe'] ?? 0]).toEqual([whole.order.tax, 0])
    }), { numRuns: 500 })
  })
})
