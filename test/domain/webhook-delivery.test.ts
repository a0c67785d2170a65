/** An outgoing event's way: tried, tried again, dead, told again. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { OrderEvent } from '#domain/order-event.ts'
import {
  afterTry, claimed, DELIVERY_WAITS_MS, isUsedUp, newDelivery, ORDER_WAIT_MS, SENDER_MS, tellAgain, waitsUntil, type Told, type WebhookDelivery,
} from '#domain/webhook-delivery.ts'

const EVENT: OrderEvent = { id: 'evt_1_2', type: 'order.paid', orderId: 'ord_1', version: 2, atMs: 0, number: 'AAAA', state: 'paid', total: 5_000, currency: 'USD' }
const FAILED: Told = { taken: false, status: 500, reason: 'answered 500', response: 'no' }
const TAKEN: Told = { taken: true, status: 200, response: '' }
const fresh = newDelivery('whe_1', EVENT, 0)

function tried(delivery: WebhookDelivery, told: Told, nowMs: number, jitter = 0): WebhookDelivery {
  const mine = claimed(delivery, { sender: 'a', attempt: delivery.attempts }, nowMs) as WebhookDelivery
  return afterTry(mine, 'a', told, { nowMs, jitter }) as WebhookDelivery
}

describe('does', () => {
  test('try on its schedule, and be dead after the last try', () => {
    let delivery = fresh
    const waits: number[] = []
    for (let nowMs = 0; delivery.nextAtMs !== null; nowMs = delivery.nextAtMs ?? 0) {
      delivery = tried(delivery, FAILED, nowMs)
      if (delivery.nextAtMs !== null) waits.push(delivery.nextAtMs - nowMs)
    }
    expect([waits, delivery.status, delivery.attempts]).toEqual([DELIVERY_WAITS_MS, 'dead', DELIVERY_WAITS_MS.length + 1])
  })

  test('wait up to a fifth longer by chance, and as long as it is asked to', () => {
    fc.assert(fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (jitter) => {
      const waitMs = tried(fresh, FAILED, 0, jitter).nextAtMs ?? 0
      return waitMs >= 60_000 && waitMs <= 72_000
    }))
    expect(tried(fresh, { ...FAILED, restMs: 600_000 }, 0).nextAtMs).toBe(600_000)
    expect(tried(fresh, { ...FAILED, restMs: 9e12 }, 0).nextAtMs).toBe(86_400_000)
  })

  test('begin its schedule anew when it is told again', () => {
    const dead = { ...fresh, status: 'dead' as const, attempts: 10, nextAtMs: null }
    const again = tellAgain(dead, 'rpl_1', 5)
    expect([again.status, again.attempts, isUsedUp(again)]).toEqual(['pending', 10, false])
    expect(tried(again, FAILED, 5)).toMatchObject({ status: 'pending', attempts: 11, nextAtMs: 60_005 })
    expect(tellAgain(again, 'rpl_2', 6).replay).toMatchObject({ id: 'rpl_2', count: 2 })
  })

  test('let an earlier event of its order go first, for an hour', () => {
    const earlier = { version: 1, nextAtMs: 600_000 }
    expect(waitsUntil(fresh, [earlier], 0)).toBe(600_000)
    expect(waitsUntil(fresh, [{ ...earlier, nextAtMs: 9e12 }], 0)).toBe(ORDER_WAIT_MS)
    expect([waitsUntil(fresh, [earlier], ORDER_WAIT_MS), waitsUntil(fresh, [{ version: 3, nextAtMs: 0 }], 0), waitsUntil(fresh, [], 0)]).toEqual([undefined, undefined, undefined])
  })
})

describe('refuses', () => {
  test('two senders at once, a copy of a nudge, and what is done', () => {
    const mine = claimed(fresh, { sender: 'a', attempt: 0 }, 0) as WebhookDelivery
    expect(claimed(mine, { sender: 'b', attempt: 1 }, 1)).toBeUndefined()
    expect(claimed(mine, { sender: 'b', attempt: 0 }, SENDER_MS)).toBeUndefined()
    expect(claimed(mine, { sender: 'b', attempt: 1 }, SENDER_MS)).toMatchObject({ sender: 'b', attempts: 2 })
    expect(claimed({ ...fresh, status: 'delivered' }, { sender: 'b', attempt: 0 }, 0)).toBeUndefined()
  })

  test('a failure of a sender whose time was over; what was taken counts whoever sent it', () => {
    const mine = claimed(fresh, { sender: 'a', attempt: 0 }, 0) as WebhookDelivery
    const next = claimed(mine, { sender: 'b', attempt: 1 }, SENDER_MS) as WebhookDelivery
    expect(afterTry(next, 'a', FAILED, { nowMs: SENDER_MS, jitter: 0 })).toBeUndefined()
    expect(afterTry(next, 'a', TAKEN, { nowMs: SENDER_MS, jitter: 0 })).toMatchObject({ status: 'delivered' })
  })

  test('to go on for ever when every sender dies of it', () => {
    let delivery = fresh
    let tries = 0
    for (let nowMs = 0; !isUsedUp(delivery); nowMs += SENDER_MS) {
      delivery = claimed(delivery, { sender: `s${tries}`, attempt: delivery.attempts }, nowMs) as WebhookDelivery
      tries += 1
    }
    expect(tries).toBe(DELIVERY_WAITS_MS.length + 1)
  })
})
