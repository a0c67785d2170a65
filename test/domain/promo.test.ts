/** Promo codes: each counts when it should, and says by which rule it does not; each change of one is on record. */
import { describe, expect, test } from 'vitest'
import { endedPromoCode, isPromoTaken, newPromoCode, offerOf, promoCodeView, refusalOf, type PromoCode, type PromoFound } from '#domain/promo.ts'
import { newPromoUse, useReturned, useTakenAgain } from '#domain/promo-use.ts'
import { Failure } from '#values/failure.ts'
import { NOW_MS, pendingOrder } from './given.ts'

const PURCHASE = { currency: 'USD', subtotal: 10_000, nowMs: NOW_MS }

function promo(wanted: Partial<PromoCode> = {}): PromoCode {
  const wish = {
    code: 'SPRING', gives: { basisPoints: 1_000 }, currency: 'USD', validFromMs: null, validUntilMs: null, usesMax: null, oncePerCustomer: true,
    minimumSubtotal: 0, createdBy: 'admin ann',
  }
  return { ...newPromoCode(wish, 'spring', NOW_MS - 1000).promo, ...wanted }
}

function found(wanted: Partial<PromoCode> = {}, facts: Partial<PromoFound> = {}): PromoFound {
  return { code: 'SPRING', promo: promo(wanted), marks: ['use_1', 'use_2'], isUsed: false, ...facts }
}

function refused(what: PromoFound): Failure {
  try {
    offerOf(what, PURCHASE)
  } catch (error) {
    if (error instanceof Failure) return error
  }
  throw new Error('nothing was refused')
}

describe('does', () => {
  test.each<[string, PromoFound]>([
    ['without any condition', found()],
    ['from its first moment on', found({ validFromMs: NOW_MS })],
    ['until just before its end', found({ validUntilMs: NOW_MS + 1 })],
    ['for its last use', found({ usesMax: 3, uses: 2 })],
    ['for exactly the least that must be bought', found({ minimumSubtotal: 10_000 })],
    ['again, where it is not once per customer', found({ oncePerCustomer: false }, { isUsed: true })],
  ])('count %s', (_when, what) => {
    expect(refusalOf(what, PURCHASE)).toBeUndefined()
    expect(offerOf(what, PURCHASE).gives).toEqual({ basisPoints: 1_000 })
  })

  test('name the marks of its customer only where he may use it once', () => {
    expect(offerOf(found(), PURCHASE).use).toEqual({ code: 'SPRING', marks: ['use_1', 'use_2'] })
    expect(offerOf(found({ oncePerCustomer: false }), PURCHASE).use.marks).toEqual([])
  })

  test.each<[string, Partial<PromoCode>]>([
    ['active', {}], ['scheduled', { validFromMs: NOW_MS + 1 }], ['expired', { validUntilMs: NOW_MS }], ['used_up', { usesMax: 1, uses: 1 }], ['ended', { endedAtMs: NOW_MS }],
  ])('show that one is %s', (state, wanted) => {
    expect(promoCodeView(promo(wanted), NOW_MS)).toMatchObject({ code: 'SPRING', state, percent: 10 })
  })

  test('show a percentage with its fraction, an amount in the currency of its code', () => {
    expect(promoCodeView(promo({ gives: { basisPoints: 1_255 } }), NOW_MS)).toMatchObject({ percent: 12.55 })
    expect(promoCodeView(promo({ gives: { amount: 500 }, currency: 'JPY' }), NOW_MS)).toMatchObject({ amount: 500, currency: 'JPY' })
  })

  test('leave an audit event of its beginning and one of its end, each with why', () => {
    const { promo: begun, row } = newPromoCode(promo(), 'spring sale', NOW_MS)
    const ended = endedPromoCode(begun, 'leaked', NOW_MS + 1)
    expect(row.json).toMatchObject({ what: 'promo_code.created', subject: 'SPRING', why: 'spring sale', before: null })
    expect(ended?.row.json).toMatchObject({ what: 'promo_code.ended', why: 'leaked' })
    expect(ended?.row.insertId).not.toBe(row.insertId)
    expect(endedPromoCode(ended?.promo as PromoCode, 'again', NOW_MS + 2)).toBeUndefined()
  })

  test('an order gives its use back and takes it again; one without a code is left alone', () => {
    const order = { promo: newPromoUse({ code: 'SPRING', marks: [] }, 100) }
    expect(order.promo.held).toBe(true)
    expect(useReturned(order).promo.held).toBe(false)
    expect(useTakenAgain(useReturned(order)).promo).toEqual(order.promo)
    const plain = pendingOrder()
    expect(useReturned(plain)).toBe(plain)
  })
})

describe('refuses', () => {
  test.each<[string, PromoFound]>([
    ['is not known', found({}, { promo: undefined })],
    ['has ended', found({ endedAtMs: NOW_MS - 1 })],
    ['is valid from 2026-11-02T12:00:00.001Z', found({ validFromMs: NOW_MS + 1 })],
    ['has expired', found({ validUntilMs: NOW_MS })],
    ['is for purchases in EUR', found({ currency: 'EUR' })],
    ['is for purchases of at least 100.01 USD', found({ minimumSubtotal: 10_001 })],
    ['was used by this customer before', found({}, { isUsed: true })],
    ['is used up', found({ usesMax: 3, uses: 3 })],
  ])('a code that %s, naming the field and the rule', (rule, what) => {
    const failure = refused(what)
    expect([failure.code, failure.message]).toEqual(['INVALID_INPUT', `Promo code SPRING ${rule}.`])
    expect(failure.details).toEqual({ fields: [{ field: 'promoCode', rule }] })
    expect(isPromoTaken(failure)).toBe(['was used by this customer before', 'is used up'].includes(rule))
  })
})
