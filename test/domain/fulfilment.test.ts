/** Handing over: as it was ordered, to whom it may be given, once. */
import { describe, expect, test } from 'vitest'
import { handedOver, type Handover } from '#domain/fulfilment.ts'
import type { Delivery } from '#domain/delivery.ts'
import type { Order } from '#domain/order.ts'
import { Failure } from '#values/failure.ts'
import { NOW_MS, draftLine, orderIn } from './given.ts'

const SHIP: Delivery = { how: 'ship', address: { name: 'Jo Doe', line1: '1 Main St', city: 'Austin', state: 'TX', postalCode: '78701', country: 'US' } }
const PICKED_UP: Handover = { how: 'picked_up', tracking: null, toAdult: false, by: 'support sue' }
const FACTS = { nowMs: NOW_MS, shopName: 'Corner Shop' }
const SHIPPED: Handover = { how: 'shipped', tracking: '1Z', toAdult: false, by: 'support sue' }

function paid(delivery?: Delivery, forAdults = false): Order {
  return orderIn('paid', { lines: [draftLine(forAdults ? { ageRestricted: true } : {})], draft: { delivery } })
}

function refused(order: Order, handover: Handover): Failure {
  try {
    handedOver(order, handover, FACTS)
  } catch (error) {
    if (error instanceof Failure) return error
  }
  throw new Error('nothing was refused')
}

describe('does', () => {
  test.each<[string, Order, Handover]>([
    ['what was to be picked up', paid({ how: 'pick_up' }), PICKED_UP],
    ['what was to be shipped', paid(SHIP), SHIPPED],
    ['either way where nobody said', paid(), SHIPPED],
    ['goods for adults to an adult', paid({ how: 'pick_up' }, true), { ...PICKED_UP, toAdult: true }],
    ['goods for adults by a parcel that was ordered', paid(SHIP, true), SHIPPED],
  ])('hand over %s', (_what, order, handover) => {
    expect(handedOver(order, handover, FACTS)?.order).toMatchObject({ state: 'fulfilled', fulfilment: { how: handover.how, ...(handover.toAdult ? { toAdult: true } : {}) } })
  })

  test('tell whoever waits for a parcel its number, and what is in it of what was not given back; nobody else', () => {
    const order = orderIn('paid', { lines: [draftLine({ productId: 'lamp', name: 'Lamp', quantity: 3 }), draftLine({ productId: 'oil', name: 'Oil', quantity: 1 })], draft: { delivery: SHIP } })
    const left = { ...order, lines: order.lines.map((line) => ({ ...line, refundedQuantity: 1 })) }
    const mails = handedOver(left, SHIPPED, FACTS)?.mails
    expect(mails).toMatchObject([{ id: `shipped-${order.id}`, to: order.email, orderId: order.id, template: 'shipped', text: expect.stringMatching(/tracking number is 1Z\.[\s\S]*Lamp: 2/) }])
    expect(mails?.[0]?.text).not.toContain('Oil')
    expect(handedOver(paid({ how: 'pick_up' }), PICKED_UP, FACTS)?.mails).toEqual([])
  })

  test('keep the address off all that leaves the order', () => {
    const settlement = handedOver(paid(SHIP), SHIPPED, FACTS)
    expect(JSON.stringify({ ...settlement, order: undefined })).not.toMatch(/Jo Doe|Main St|78701/)
  })
})

describe('refuses', () => {
  test.each<[string, Order, Handover, string]>([
    ['to ship what was to be picked up', paid({ how: 'pick_up' }), SHIPPED, 'CONFLICT'],
    ['to have picked up what was to be shipped', paid(SHIP), PICKED_UP, 'CONFLICT'],
    ['to ship goods for adults without an address on record', paid(undefined, true), SHIPPED, 'CONFLICT'],
    ['goods for adults to anybody', paid({ how: 'pick_up' }, true), PICKED_UP, 'INVALID_INPUT'],
  ])('%s', (_what, order, handover, code) => {
    expect(refused(order, handover).code).toBe(code)
  })
})
