/** The journal: every entry adds up to zero, and a fact has one name. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ACCOUNTS, balanced, chargeEntry, entryView, refundEntry, type Booking, type JournalEntry } from '#domain/ledger.ts'
import { NOW_MS } from './given.ts'

const booking = (wanted: Partial<Booking> = {}): Booking => ({
  orderId: 'ord_1', gateway: 'stripe', currency: 'USD', amount: 10_825, tax: 825, shipping: 0, reference: 'pi_1', atMs: NOW_MS,
  ...wanted,
})
const entry = (...amounts: number[]): JournalEntry => ({
  id: 'charge-ord_1', kind: 'charge', orderId: 'ord_1', currency: 'USD', atMs: NOW_MS, reference: 'pi_1',
  postings: amounts.map((amount) => ({ account: 'sales', amount })),
})
const sum = (made: JournalEntry): number => made.postings.reduce((all, { amount }) => all + amount, 0)

describe('does', () => {
  test('a charge is money at the gateway, sales without tax, tax owed and shipping', () => {
    expect(chargeEntry(booking({ shipping: 500 })).postings).toEqual([
      { account: 'gateway:stripe', amount: 10_825 }, { account: 'sales', amount: -9500 },
      { account: 'tax:payable', amount: -825 }, { account: 'shipping:income', amount: -500 },
    ])
  })

  test('a refund takes from the gateway, books the goods as refunds and lowers the tax owed', () => {
    expect(refundEntry('ref_1', booking({ amount: 1000, tax: 76 })).postings).toEqual([
      { account: 'gateway:stripe', amount: -1000 }, { account: 'refunds', amount: 924 }, { account: 'tax:payable', amount: 76 },
    ])
  })

  test('an entry is named after its fact: the same fact cannot be posted twice', () => {
    expect(chargeEntry(booking()).id).toBe('charge-ord_1')
    expect(chargeEntry(booking({ atMs: 0, reference: 'other' })).id).toBe('charge-ord_1')
    expect(refundEntry('ref_1', booking()).id).toBe('refund-ref_1')
  })

  test.each(['stripe', 'kaja', 'none'] as const)('money at %s has an account of its own', (gateway) => {
    const [first] = chargeEntry(booking({ gateway })).postings
    expect(first?.account).toBe(`gateway:${gateway}`)
    expect(Object.keys(ACCOUNTS)).toContain(first?.account)
  })

  test('leaves out postings of nothing', () => {
    expect(chargeEntry(booking({ tax: 0 })).postings.map(({ account }) => account)).toEqual(['gateway:stripe', 'sales'])
    expect(chargeEntry(booking({ gateway: 'none', amount: 0, tax: 0 })).postings).toEqual([])
  })

  test('any charge and any refund is balanced', () => {
    fc.assert(fc.property(fc.nat(100_000_000), fc.nat(100), fc.nat(100), (amount, taxPart, shippingPart) => {
      const tax = Math.floor((amount * taxPart) / 200)
      const shipping = Math.floor((amount * shippingPart) / 200)
      expect(sum(chargeEntry(booking({ amount, tax, shipping })))).toBe(0)
      expect(sum(refundEntry('ref_1', booking({ amount, tax })))).toBe(0)
    }))
  })

  test('shows amounts in major units, debits positive', () => {
    expect(entryView(refundEntry('ref_1', booking({ amount: 1000, tax: 76 })))).toMatchObject({
      id: 'refund-ref_1', currency: 'USD', at: '2026-11-02T12:00:00.000Z',
      postings: [
        { account: 'gateway:stripe', amount: -10 }, { account: 'refunds', amount: 9.24 },
        { account: 'tax:payable', amount: 0.76 },
      ],
    })
  })
})

describe('refuses', () => {
  test.each([[1], [-1], [100, -99], [1, 1, -1]])('an entry that is off: %j', (...amounts) => {
    expect(() => balanced(entry(...amounts))).toThrow(/^journal entry charge-ord_1 is off by /)
  })

  test('any entry whose postings do not add up to zero', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: -1e6, max: 1e6 }), { maxLength: 6 }), (amounts) => {
      const total = amounts.reduce((all, amount) => all + amount, 0)
      if (total === 0) expect(sum(balanced(entry(...amounts)))).toBe(0)
      else expect(() => balanced(entry(...amounts))).toThrow(`is off by ${total}`)
    }))
  })
})
