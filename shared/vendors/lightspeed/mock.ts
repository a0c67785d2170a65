/**
 * A till that is made up, for a shop that has none yet: always the same 50 sales and 25 items, spread over the two years
 * before the shop first looked. Every record says that it is made up, and none of them is for sale.
 */
import type { CounterItem, CounterSale } from '#domain/pos.ts'
import { roundedDecimal } from '#values/decimal.ts'
import { DAY_MS } from '#values/time.ts'
import { config } from '#platform/config.ts'

const SALES = 50
const ITEMS = 25
const NAMES = ['Flower', 'Gummies', 'Balm', 'Tea', 'Oil']
const SIZES = ['small', 'medium', 'large', 'family', 'sample']
const SPREAD_MS = 14 * DAY_MS
const TAX_PERCENT_BY_100 = 825

/** A figure that looks like chance and is always the same. */
function figure(number: number, salt: number, below: number): number {
  return ((number * 2_654_435_761 + salt * 40_503) >>> 4) % below
}

function inMajor(cents: number): string {
  return roundedDecimal(`${Math.trunc(cents / 100)}.${String(cents % 100).padStart(2, '0')}`, 2) ?? '0'
}

export function mockItems(beganMs: number): CounterItem[] {
  return Array.from({ length: ITEMS }, (_, number) => {
    const cents = 500 + figure(number, 1, 9_500)
    const quantity = figure(number, 2, 60)
    return {
      fingerprint: 'mock', readAtMs: beganMs,
      id: `mock-item-${number + 1}`, mode: 'mock', name: `Mock ${NAMES[number % NAMES.length] ?? ''}, ${SIZES[Math.floor(number / NAMES.length)] ?? ''}`, description: '',
      category: NAMES[number % NAMES.length] ?? null, sku: `MOCK-${number + 1}`, tags: [], price: inMajor(cents), cost: inMajor(Math.floor(cents / 2)),
      currency: config('shop').CURRENCY, quantity, count: { quantity, countedAtMs: beganMs }, counted: true, archived: false, shops: [{ shopId: '1', quantity }],
      addedAtMs: beganMs, updatedAtMs: beganMs,
    }
  })
}

export function mockSales(beganMs: number): CounterSale[] {
  return Array.from({ length: SALES }, (_, number) => {
    const quantity = 1 + figure(number, 3, 3)
    const price = 500 + figure(number % ITEMS, 1, 9_500)
    const subtotal = quantity * price
    const tax = Math.round((subtotal * TAX_PERCENT_BY_100) / 10_000)
    const atMs = beganMs + number * SPREAD_MS
    const line = {
      id: `mock-line-${number + 1}`, itemId: `mock-item-${(number % ITEMS) + 1}`, quantity: String(quantity), unitPrice: inMajor(price), discount: '0', tax: inMajor(tax), total: inMajor(subtotal + tax),
    }
    return {
      fingerprint: 'mock', readAtMs: atMs,
      id: `mock-sale-${number + 1}`, mode: 'mock', status: 'COMPLETED', archived: false, shopId: '1', registerId: '1', customerId: number % 3 === 0 ? `mock-customer-${figure(number, 5, 9) + 1}` : null,
      reference: null, ticketNumber: null, amount: inMajor(subtotal), discount: '0', tax: inMajor(tax), total: inMajor(subtotal + tax), currency: config('shop').CURRENCY, lines: [line],
      createdAtMs: atMs, completedAtMs: atMs, updatedAtMs: atMs,
    }
  })
}
