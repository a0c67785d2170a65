/** Shipping: the fee that stands in the shop's table, only where it ships, and what is for adults only where that is allowed. */
import { describe, expect, test } from 'vitest'
import { deliveryView, destinationOf, feesTo, shippingFees, shippingRatesOf, type Delivery, type ShippingRules } from '#domain/delivery.ts'
import { Failure } from '#values/failure.ts'

const RATES = shippingRatesOf([
  { state: 'TX', category: 'Flower', fee: '9' }, { state: 'TX', category: '*', fee: '5.95', freeFrom: '50' }, { state: '*', category: 'Food', fee: '12.5' },
], 'USD')
const RULES: ShippingRules = { country: 'US', rates: RATES, adultStates: ['TX', 'CO'] }
const TEA = { name: 'Tea', category: 'Food', ageRestricted: false }
const FLOWER = { name: 'Blue Dawn', category: 'Flower', ageRestricted: true }
const BALM = { name: 'Balm', category: 'Care', ageRestricted: false }

function to(state: string, country = 'US'): Delivery {
  return { how: 'ship', address: { name: 'Jo Doe', line1: '1 Main St', city: 'Austin', state, postalCode: '78701', country } }
}

function refused(work: () => unknown): Failure {
  try {
    work()
  } catch (error) {
    if (error instanceof Failure) return error
  }
  throw new Error('nothing was refused')
}

describe('does', () => {
  test('each line at the first row that matches it', () => {
    expect(shippingFees(to('TX'), [FLOWER, BALM, TEA], RULES)).toMatchObject([{ fee: 900, freeFrom: null }, { fee: 595, freeFrom: 5_000 }, { fee: 595 }])
    expect(shippingFees(to('CA'), [TEA], RULES)).toMatchObject([{ fee: 1_250 }])
  })

  test('nothing for what is picked up, or where nobody said', () => {
    expect(shippingFees({ how: 'pick_up' }, [FLOWER], RULES)).toEqual([])
    expect(shippingFees(undefined, [FLOWER], RULES)).toEqual([])
  })

  test('amounts in the digits of their currency', () => {
    expect(shippingRatesOf([{ state: '*', category: '*', fee: '500' }], 'JPY')).toMatchObject([{ fee: 500 }])
    expect(shippingRatesOf([{ state: '*', category: '*', fee: '1.5', freeFrom: '20' }], 'KWD')).toMatchObject([{ fee: 1_500, freeFrom: 20_000 }])
  })

  test('the state that decides the tax, and the address as its customer sees it', () => {
    expect([destinationOf(to('CO')), destinationOf({ how: 'pick_up' }), destinationOf(undefined)]).toEqual(['CO', undefined, undefined])
    expect(deliveryView(to('CO'))).toMatchObject({ how: 'ship', address: { name: 'Jo Doe', line2: null, state: 'CO' } })
    expect(deliveryView({ how: 'pick_up' })).toEqual({ how: 'pick_up' })
  })
})

describe('refuses', () => {
  test('what is for adults where it may not be shipped to, in a sentence that says where it may', () => {
    const failure = refused(() => shippingFees(to('CA'), [TEA, FLOWER], RULES))
    expect(failure.message).toBe('Blue Dawn is for adults only and cannot be shipped to CA. It can be shipped to TX, CO, or picked up in the store.')
    expect(failure.details).toMatchObject({ fields: [{ field: 'fulfilment.address.state' }] })
    expect(refused(() => shippingFees(to('TX'), [FLOWER], { ...RULES, adultStates: [] })).message).toBe(
      'Blue Dawn is for adults only and cannot be shipped to TX. It can be picked up in the store.',
    )
  })

  test.each<[string, string, () => unknown]>([
    ['fulfilment.address.state', 'a line that no row is for', () => shippingFees(to('CA'), [BALM], RULES)],
    ['fulfilment.address.country', 'another country', () => shippingFees(to('TX', 'MX'), [TEA], RULES)],
    ['fulfilment.address.state', 'anything where the shop does not ship', () => shippingFees(to('TX'), [TEA], { ...RULES, rates: [] })],
    ['shipTo', 'a state that somebody only asks about', () => feesTo({ state: 'NY', field: 'shipTo' }, [BALM], RATES)],
  ])('%s: %s', (field, _what, work) => {
    expect(refused(work).details).toMatchObject({ fields: [{ field }] })
  })
})
