/** Lightspeed's items as products of ours, and as rows: what is rounded, what is for adults, what Square has as well. */
import { describe, expect, test } from 'vitest'
import { byTill, conflictOf, counterProduct, countOf, isOwnSale, itemIdIn } from '#domain/counter-product.ts'
import { counterItemRow, counterSaleRow, tillPaymentRow } from '#domain/pos-rows.ts'
import type { CounterItem, CounterSale, TillPayment } from '#domain/pos.ts'
import { available, isSoldHere, type Product } from '#domain/product.ts'
import { newId } from '#values/ids.ts'
import { NOW_MS } from './given.ts'

const ITEM: CounterItem = {
  fingerprint: 'f', readAtMs: NOW_MS, id: '7', mode: 'live', name: 'Jar', description: '', category: null, sku: 'JAR', tags: [], price: '10.995', cost: '4', currency: 'USD',
  quantity: 5, count: { quantity: 3, countedAtMs: NOW_MS - 2_000 }, counted: true, archived: false, shops: [{ shopId: '1', quantity: 5 }], addedAtMs: null, updatedAtMs: NOW_MS - 1_000,
}
const productWith = (wanted: Partial<Product>): Product => ({ ...counterProduct(ITEM), onHand: 3, countedAtMs: NOW_MS, held: 0, updatedAtMs: NOW_MS, ...wanted })
const SQUARE = productWith({ id: 'VAR1', source: 'square' })

describe('does', () => {
  test('round a price once, and tell the count apart from the item', () => {
    expect(counterProduct(ITEM)).toMatchObject({ id: 'ls_7', price: 1_100, category: 'Hemp Product', listed: true, source: 'lightspeed' })
    expect([countOf(ITEM), countOf({ ...ITEM, count: null })]).toEqual([{ productId: 'ls_7', quantity: 3, countedAtMs: NOW_MS - 2_000 }, undefined])
  })

  test('know by its id which till counts a product', () => {
    expect(byTill(['ls_7', 'VAR1', 'ls_8'], (id) => id)).toEqual([['lightspeed', ['ls_7', 'ls_8']], ['square', ['VAR1']]])
    expect(itemIdIn('ls_7')).toBe('7')
  })

  test.each([[newId('stk'), true], ['INV-2041', false], ['stk_', false], [null, false]] as const)('know of a sale with the reference %s whether it only says what was sold online: %s', (reference, own) => {
    expect(isOwnSale({ reference })).toBe(own)
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
      fingerprint: 'f', readAtMs: NOW_MS, id: '9', mode: 'mock', status: 'PENDING', archived: false, shopId: null, registerId: null, customerId: null, reference: null, ticketNumber: null,
      amount: '1', discount: '0', tax: '0', total: '1', currency: 'USD', lines: [], createdAtMs: NOW_MS, completedAtMs: null, updatedAtMs: NOW_MS,
    }
    expect(counterSaleRow(sale)).toMatchObject({ insertId: `9-${NOW_MS}-f`, json: { mode: 'mock', completed_at: null } })
  })
})

describe('refuses', () => {
  test('to sell here what has no price, is not offered, or is not there', () => {
    expect([isSoldHere(productWith({})), isSoldHere(productWith({ price: null })), isSoldHere(productWith({ listed: false }))]).toEqual([true, false, false])
    expect([available(productWith({})), available(productWith({ held: 3 }))]).toEqual([true, false])
  })

  test('a price that is none: the item is shown without', () => {
    expect(counterProduct({ ...ITEM, price: null }).price).toBeNull()
    expect(counterProduct({ ...ITEM, price: 'many' }).price).toBeNull()
  })
})
