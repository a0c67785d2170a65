/** Forgetting a customer, as it goes from store to store, stops, waits, is gone on with, and is certified. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  afterBatch, askErasure, ERASED_STORES, erasureView, finished, HOLDINGS, isThrough, mayBegin, parked, resumed, type Erasure, type ErasureCertificate, type ErasureFacts, type ErasureWish,
} from '#domain/erasure.ts'
import { Failure } from '#values/failure.ts'
import { NOW_MS, SHOP } from './given.ts'

const MINUTE_MS = 60_000
const wish = (wanted: Partial<ErasureWish> = {}): ErasureWish => ({ id: 'ers_1', customerId: 'cust-1', by: 'admin ann', reason: 'Asked', requestHash: 'hash', nowMs: NOW_MS, ...wanted })
const asked = (): Erasure => askErasure(undefined, wish()).erasure
const sign = (certificate: ErasureFacts): ErasureCertificate => ({ certificate, algorithm: 'Ed25519', publicKey: 'key', signature: 'signed' })
const finish = (erasure: Erasure, nowMs = NOW_MS): ReturnType<typeof finished> => finished(erasure, { shop: SHOP, sign, nowMs })
const nothing = { touched: {}, cursor: null, waits: 0 }
const through = (erasure: Erasure): Erasure => ERASED_STORES.reduce((all, store) => (all.steps[store].done ? all : afterBatch(all, store, nothing)), erasure)

describe('does', () => {
  test('deal with each store that something is done to, and name all others too', () => {
    expect(ERASED_STORES).toEqual(['memberships', 'cards', 'customer_keys', 'age_verifications', 'tax_exemptions', 'orders', 'order_notes', 'mails', 'carts'])
    expect(Object.values(HOLDINGS).map(({ done }) => done)).toEqual(expect.arrayContaining(['destroyed', 'deleted', 'anonymised', 'expires', 'kept']))
    const { erasure, rows } = askErasure(undefined, wish())
    expect([erasure.state, erasure.nextAtMs, rows.map(({ json }) => [json['what'], json['who'], json['why']])]).toEqual(['running', NOW_MS + 2 * MINUTE_MS, [['customer.erasure_requested', 'admin ann', 'Asked']]])
  })

  test('go on where a store was left, and count what belongs to another one there', () => {
    const some = afterBatch(asked(), 'orders', { touched: { orders: 5, mails: 7 }, cursor: 'after-5', waits: 0 })
    expect([some.steps.orders, some.steps.mails]).toEqual([{ records: 5, cursor: 'after-5', waits: 0, done: false }, { records: 7, cursor: null, waits: 0, done: false }])
    const all = afterBatch(some, 'orders', { touched: { orders: 1 }, cursor: null, waits: 0 })
    expect(all.steps.orders).toEqual({ records: 6, cursor: null, waits: 0, done: true })
  })

  test('wait for what is still open, pass by pass', () => {
    const first = afterBatch(asked(), 'orders', { touched: {}, cursor: 'c', waits: 2 })
    const waiting = parked(through(afterBatch(first, 'orders', { touched: {}, cursor: null, waits: 1 })), NOW_MS)
    expect([waiting.steps.orders, waiting.nextAtMs]).toEqual([{ records: 0, cursor: null, waits: 0, done: true }, NOW_MS + 60 * MINUTE_MS])
    const open = afterBatch(first, 'orders', { touched: {}, cursor: null, waits: 1 })
    expect([open.steps.orders.waits, open.steps.orders.done, isThrough(open)]).toEqual([3, false, false])
    expect(erasureView(open)).toMatchObject({ erasure: { state: 'running', waitsFor: [{ store: 'orders', records: 3 }] }, certificate: null })
    // A new pass counts anew.
    expect(afterBatch(open, 'orders', { touched: { orders: 2 }, cursor: null, waits: 1 }).steps.orders).toEqual({ records: 2, cursor: null, waits: 1, done: false })
  })

  test('destroy the key only when the cards are let go of, for which it is needed, and what is sealed after that', () => {
    const begun = asked()
    expect(ERASED_STORES.filter((store) => mayBegin(begun, store))).toEqual(['memberships', 'orders', 'mails', 'carts'])
    const free = afterBatch(begun, 'memberships', nothing)
    expect([mayBegin(free, 'cards'), mayBegin(free, 'customer_keys')]).toEqual([true, false])
    const waiting = afterBatch(free, 'cards', { touched: { cards: 1 }, cursor: null, waits: 1 })
    expect(mayBegin(waiting, 'customer_keys')).toBe(false)
    const bare = afterBatch(waiting, 'cards', nothing)
    expect([bare.steps.cards.records, mayBegin(bare, 'customer_keys'), mayBegin(bare, 'age_verifications')]).toEqual([1, true, false])
    expect(mayBegin(afterBatch(bare, 'customer_keys', nothing), 'age_verifications')).toBe(true)
  })

  test('certify every store with what was done, name whom and when, and not why', () => {
    const { erasure, rows } = finish(through(afterBatch(asked(), 'orders', { touched: { orders: 4, mails: 6 }, cursor: null, waits: 0 })))
    const facts = erasure.certificate?.certificate as ErasureFacts
    expect(facts).toMatchObject({ id: 'ers_1', version: 1, shop: SHOP, customerId: 'cust-1' })
    expect(facts.stores.map(({ store, records }) => [store, records])).toEqual(Object.keys(HOLDINGS).map((store) => [store, { orders: 4, mails: 6 }[store] ?? (ERASED_STORES.some((erased) => erased === store) ? 0 : null)]))
    expect(JSON.stringify(facts)).not.toContain('Asked')
    expect(rows.map(({ json }) => [json['what'], json['who']])).toEqual([['customer.erased', 'admin ann']])
    expect([erasure.state, JSON.parse(erasure.answer?.body ?? '')]).toMatchObject(['done', { success: true, erasure: { state: 'done', waitsFor: [] }, certificate: { version: 1 }, signature: 'signed' }])
  })

  test('look once more a quarter of an hour later, certify anew only what was found, and then be over', () => {
    const done = finish(through(asked())).erasure
    expect(resumed(done, NOW_MS + 15 * MINUTE_MS - 1)).toBe(done)
    const again = resumed(done, NOW_MS + 15 * MINUTE_MS)
    expect([again.state, again.steps.carts.done]).toEqual(['running', false])
    const same = finish(through(again))
    expect([same.rows, same.erasure.version, same.erasure.nextAtMs, same.erasure.certificate]).toEqual([[], 1, null, done.certificate])
    const more = finish(through(afterBatch(again, 'orders', { touched: { orders: 1 }, cursor: null, waits: 0 })))
    expect([more.erasure.version, more.erasure.nextAtMs, more.erasure.answer, more.rows.length]).toEqual([2, null, done.answer, 1])
    expect(resumed(more.erasure, NOW_MS * 2)).toBe(more.erasure)
  })

  test('join whoever asked before, begin anew when that is done, and count on', () => {
    const running = asked()
    expect(askErasure(running, wish({ id: 'ers_2', requestHash: 'other' }))).toEqual({ erasure: running, rows: [] })
    const done = finish(through(afterBatch(running, 'carts', { touched: { carts: 3 }, cursor: null, waits: 0 }))).erasure
    expect(askErasure(done, wish()).erasure).toBe(done)
    const anew = askErasure(done, wish({ id: 'ers_2' })).erasure
    expect([anew.id, anew.state, anew.steps.carts.records]).toEqual(['ers_2', 'running', 3])
    expect(finish(through(anew)).erasure).toMatchObject({ version: 2, certificate: { certificate: { id: 'ers_2', version: 2 } } })
  })

  test('whatever the parts, the certificate counts each of them once, and is given only when all is through', () => {
    const part = fc.record({ store: fc.constantFrom(...ERASED_STORES), records: fc.nat(5), waits: fc.nat(1), more: fc.boolean() })
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
        const erasure = parts.reduce((all, { store, records, waits, more }) => afterBatch(all, store, { touched: { [store]: records }, cursor: more ? 'on' : null, waits }), asked())
        const total = parts.reduce((sum, { records }) => sum + records, 0)
        expect(ERASED_STORES.reduce((sum, store) => sum + erasure.steps[store].records, 0)).toBe(total)
        expect(isThrough(erasure)).toBe(ERASED_STORES.every((store) => erasure.steps[store].done))
      }),
    )
  })
})

describe('refuses', () => {
  test('the same call with another reason', () => {
    expect(() => askErasure(asked(), wish({ requestHash: 'other' }))).toThrow(new Failure('IDEMPOTENCY_MISMATCH'))
  })
})
