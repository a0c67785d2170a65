/** Lightspeed's items as products of ours, and as rows: what is rounded, what is for adults, what Square has as well. */
import { describe, expect, test } from 'vitest'
import { conflictOf, counterProduct } from '#domain/counter-product.ts'
import { counterItemRow, counterSaleRow, tillPaymentRow } from '#domain/pos-rows.ts'
import type { CounterItem, CounterSale, TillPayment } from '#domain/pos.ts'
import { available, isSoldHere, type Product } from '#domain/product.ts'
import { NOW_MS } from './given.ts'

const ITEM: CounterItem = {
  fingerprint: 'f', readAtMs: NOW_MS, id: '7', mode: 'live', name: 'Jar', description: '', category: null, sku: 'JAR', tags: [], price: '10.995', cost: '4', currency: 'USD',
  quantity: 5, sellable: 3.5, counted: true, archived: false, shops: [{ shopId: '1', quantity: 5 }], addedAtMs: null, updatedAtMs: NOW_MS - 1_000,
}
const productWith = (wanted: Partial<Product>): Product => ({ ...counterProduct(ITEM), held: 0, updatedAtMs: NOW_MS, ...wanted })
const SQUARE = productWith({ id: 'VAR1', source: 'square' })

describe('does', () => {
  test('round a price once, and count whole units that may be sold', () => {
    expect(counterProduct(ITEM)).toMatchObject({ id: 'ls_7', price: 1_100, onHand: 3, category: 'Hemp Product', listed: true, source: 'lightspeed' })
  })

  test('take an item for one for adults unless it is marked for all', () => {
    expect([counterProduct(ITEM).ageRestricted, counterProduct({ ...ITEM, tags: ['all_ages'] }).ageRestricted]).toEqual([true, false])
  })

  test('leave a SKU to Square as long as Square offers it', () => {
    expect(conflictOf(productWith({}), [SQUARE], NOW_MS)).toMatchObject({ sku: 'JAR', squareId: 'VAR1', lightspeedId: 'ls_7', offered: true })
    expect(conflictOf(productWith({}), [{ ...SQUARE, listed: false }], NOW_MS)).toBeUndefined()
    expect(conflictOf(productWith({ sku: null }), [{ ...SQUARE, sku: null }], NOW_MS)).toBeUndefined()
  })

  test('name a row after the thing and its state: what is read again is the same row', () => {
    const payment: TillPayment = {
      id: 'p', locationId: null, orderId: null, customerId: null, status: 'COMPLETED', sourceType: null, cardBrand: null, currency: 'JPY',
      amount: 500, tip: 0, total: 500, refunded: 0, fees: null, createdAtMs: NOW_MS, updatedAtMs: NOW_MS,
    }
    expect(tillPaymentRow(payment)).toMatchObject({ insertId: `p-${NOW_MS}`, json: { amount: '500', fees: null } })
    expect(counterItemRow(ITEM).insertId).not.toBe(counterItemRow({ ...ITEM, fingerprint: 'g' }).insertId)
    const sale: CounterSale = {
      fingerprint: 'f', readAtMs: NOW_MS, id: '9', mode: 'mock', status: 'PENDING', archived: false, shopId: null, registerId: null, customerId: null, ticketNumber: null,
      amount: '1', discount: '0', tax: '0', total: '1', currency: 'USD', lines: [], createdAtMs: NOW_MS, completedAtMs: null, updatedAtMs: NOW_MS,
    }
    expect(counterSaleRow(sale)).toMatchObject({ insertId: `9-${NOW_MS}-f`, json: { mode: 'mock', completed_at: null } })
  })
})

describe('refuses', () => {
  test('to sell here what only Lightspeed counts, what has no price, and what is not offered', () => {
    expect([isSoldHere(SQUARE), isSoldHere(productWith({})), isSoldHere({ ...SQUARE, price: null }), isSoldHere({ ...SQUARE, listed: false })]).toEqual([true, false, false, false])
    expect([available(SQUARE), available(productWith({}))]).toEqual([true, false])
  })

  test('a price that is none: the item is shown without', () => {
    expect(counterProduct({ ...ITEM, price: null }).price).toBeNull()
    expect(counterProduct({ ...ITEM, price: 'many' }).price).toBeNull()
  })
})
