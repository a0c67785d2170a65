/** Orders that are paid on the gateway's own page: what the page shows adds up, and what is no news changes nothing. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { GRACE_MS, hasPage, isOverdue, sessionRequestOf, withPage } from '#domain/hosted.ts'
import { answerFor, pageAnswerFor } from '#domain/order-answer.ts'
import { isOpen, orderView, SESSION_MS, type HostedSession, type Order } from '#domain/order.ts'
import type { ChargeOutcome } from '#domain/payment.ts'
import { isLateMoney, settle, settleLate } from '#domain/settle.ts'
import { draftLine, NOW_MS, NO_TAX, pendingOrder, SHOP, TEXAS, type WantedOrder } from './given.ts'
import { outcomeNames, outcomes } from './outcomes.ts'

const OPEN = { status: 'open', transactionId: 'cs_1', url: 'https://pay.example/cs_1', expiresAtMs: NOW_MS + SESSION_MS } satisfies ChargeOutcome

function hosted(wanted: WantedOrder = {}): Order {
  return pendingOrder({ ...wanted, draft: { token: null, hosted: true, ...wanted.draft } })
}

function requestOf(order: Order) {
  return sessionRequestOf(order, order.payment.session as HostedSession, 'https://shop.example/')
}

/** Applies an outcome as the store does; the same order when it changes nothing. */
function after(order: Order, outcome: ChargeOutcome, nowMs = NOW_MS + 1_000): Order {
  const settling = { order, outcome, cause: 'test', nowMs, shopName: SHOP }
  return (isLateMoney(order, outcome) ? settleLate(settling, true) : settle(settling))?.order ?? order
}

describe('does', () => {
  test('show each line at what is paid for it, in units where these are equal, else as one piece', () => {
    const lines = [
      draftLine({ name: 'Oil', quantity: 2, unitPrice: 5_000 }),
      draftLine({ productId: 'tea', name: '', quantity: 3, unitPrice: 333 }),
      draftLine({ productId: 'gum', name: 'G'.repeat(300), quantity: 1, unitPrice: 1 }),
    ]
    expect(requestOf(hosted({ lines, rates: NO_TAX })).lines).toEqual([
      { name: 'Oil', quantity: 2, unitAmount: 5_000 },
      { name: 'tea', quantity: 3, unitAmount: 333 },
      { name: 'G'.repeat(250), quantity: 1, unitAmount: 1 },
    ])
    expect(requestOf(hosted({ lines: lines.slice(1, 2), rates: TEXAS, discountPercent: 7 })).lines).toEqual([{ name: '3 × tea', quantity: 1, unitAmount: 1_006 }])
  })

  test('lead back to the shop by the order, wherever the shop lies', () => {
    const order = hosted()
    for (const [base, shop] of [['https://shop.example', 'https://shop.example'], ['https://a.example/shop/', 'https://a.example/shop']] as const) {
      const { successUrl, cancelUrl } = sessionRequestOf(order, order.payment.session as HostedSession, base)
      expect([successUrl, cancelUrl]).toEqual([`${shop}/checkout/success?order=${order.id}`, `${shop}/checkout/cancel?order=${order.id}`])
    }
  })

  test('keep the page with the order, end the lease, and look again when the page has been over for the grace', () => {
    const order = withPage(hosted(), OPEN, { cause: 'test', nowMs: NOW_MS + 500 }) as Order
    expect(order).toMatchObject({ state: 'pending_payment', leaseUntilMs: NOW_MS + 500, checkAtMs: OPEN.expiresAtMs + GRACE_MS })
    expect(order.payment).toMatchObject({ transactionId: 'cs_1', status: 'pending', session: { id: 'cs_1', url: OPEN.url } })
    expect(orderView(order)['payment']).toMatchObject({ session: { url: OPEN.url } })
    expect([isOverdue(order, OPEN.expiresAtMs + GRACE_MS - 1), isOverdue(order, OPEN.expiresAtMs + GRACE_MS)]).toEqual([false, true])
    expect(withPage(order, OPEN, { cause: 'test', nowMs: NOW_MS + 900 })).toBeUndefined()
  })

  test('find a page that was in doubt: the order waits for its customer again', () => {
    const lost = after(hosted(), outcomes.unknown)
    expect([lost.state, hasPage(lost)]).toEqual(['payment_unknown', false])
    const found = after(lost, OPEN)
    expect([found.state, hasPage(found), found.history.map(({ state }) => state)]).toEqual(['pending_payment', true, ['pending_payment', 'payment_unknown', 'pending_payment']])
  })

  test('give the same page while the order is open, then say what has become of it', () => {
    const open = after(hosted(), OPEN)
    const answer = pageAnswerFor(open)
    expect(answer).toEqual({ final: { status: 201, body: expect.stringContaining(OPEN.url) } })
    expect(pageAnswerFor(after(open, outcomes.processing))).toEqual(answer)
    expect(answerFor(open)).toMatchObject({ status: 202, body: { payment: { session: { url: OPEN.url } } } })
    for (const [outcome, status] of [[outcomes.succeeded, 201], [outcomes.cancelled, 409]] as const) {
      const closed = after(open, outcome)
      expect(pageAnswerFor(closed)).toEqual({ final: closed.answer })
      expect([closed.answer?.status, orderView(closed)['payment']]).toEqual([status, expect.not.objectContaining({ session: expect.anything() })])
    }
  })

  test('make no page for what costs nothing', () => {
    const order = hosted({ lines: [draftLine({ unitPrice: 0 })] })
    expect([order.payment.gateway, order.payment.session]).toEqual(['none', undefined])
  })
})

describe('refuses', () => {
  test('to take no answer for news while the customer may be on the page', () => {
    const open = after(hosted(), OPEN)
    for (const outcome of [outcomes.unknown, outcomes.unavailable, OPEN]) expect(after(open, outcome)).toBe(open)
  })

  test('to tell of a page that nobody knows of', () => {
    expect(() => pageAnswerFor(hosted())).toThrow(expect.objectContaining({ code: 'GATEWAY_TIMEOUT' }))
  })
})

describe('survives', () => {
  test('any lines, discount and tax: what the page asks for is the order\'s total, and every unit is a whole amount', () => {
    const line = fc.record({ quantity: fc.integer({ min: 1, max: 999 }), unitPrice: fc.integer({ min: 0, max: 1_000_000 }) })
    const lines = fc.array(line, { minLength: 1, maxLength: 12 })
    fc.assert(fc.property(lines, fc.integer({ min: 0, max: 100 }), fc.boolean(), (wanted, discountPercent, inclusive) => {
      const order = hosted({
        lines: wanted.map((one, index) => draftLine({ ...one, productId: `p${index}` })), discountPercent, rates: { ...TEXAS, inclusive },
      })
      if (order.total === 0) return
      const shown = requestOf(order).lines
      expect(shown.reduce((sum, { quantity, unitAmount }) => sum + quantity * unitAmount, 0)).toBe(order.total)
      for (const { quantity, unitAmount, name } of shown) expect([Number.isSafeInteger(unitAmount), unitAmount >= 0, quantity > 0, name !== '']).toEqual([true, true, true, true])
    }), { numRuns: 500 })
  })

  test('outcomes in any order: the goods are held while the order is open, and given back or sold once', () => {
    const any = { ...outcomes, open: OPEN }
    const step = fc.constantFrom(...outcomeNames, 'open' as const)
    fc.assert(fc.property(fc.array(step, { maxLength: 12 }), (names) => {
      let order = hosted()
      let held = 2
      names.forEach((name, index) => {
        const settling = { order, outcome: any[name], cause: 'test', nowMs: NOW_MS + 1_000 * (index + 1), shopName: SHOP }
        const settlement = isLateMoney(order, settling.outcome) ? settleLate(settling, true) : settle(settling)
        if (settlement === undefined) return
        order = settlement.order
        held += settlement.holds.reduce((sum, { delta }) => sum + delta, 0)
      })
      if (isOpen(order)) expect([held, order.answer]).toEqual([2, null])
      if (order.state === 'paid') expect(order.payment.transactionId).toBe('pi_1')
      if (['payment_failed', 'expired'].includes(order.state)) expect(held).toBe(0)
      expect(order.checkAtMs === null).toBe(!isOpen(order) && order.refunds.length === 0)
    }), { numRuns: 500 })
  })
})
