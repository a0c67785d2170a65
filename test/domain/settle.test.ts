/** What the outcome of a charge does to an order: every state with every outcome, and what each writes. */
import { describe, expect, test } from 'vitest'
import { chargeRequestOf, keeping } from '#domain/checkout.ts'
import { LEASE_MS, OPEN_STATES, chargeKey, leased, type Order, type OrderState } from '#domain/order.ts'
import { orderNumber } from '#domain/order-number.ts'
import { ACTION_MS, isLateMoney, settle, settleLate } from '#domain/settle.ts'
import type { Settlement } from '#domain/settlement.ts'
import { NOW_MS, SHOP, draftLine, orderIn, pendingOrder } from './given.ts'
import { outcomeNames, outcomes, type OutcomeName } from './outcomes.ts'

const settled = (order: Order, name: OutcomeName, nowMs = NOW_MS + 5000): Settlement | undefined =>
  settle({ order, outcome: outcomes[name], cause: 'test', nowMs, shopName: SHOP })
const must = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error('nothing was written')
  return value
}

type Open = 'pending_payment' | 'requires_action' | 'payment_unknown' | 'in_review'
/** Where each open state goes by each outcome; `-` is no change of state. */
const TABLE: Record<OutcomeName, Record<Open, OrderState | '-'>> = {
  'succeeded': { pending_payment: 'paid', requires_action: 'paid', payment_unknown: 'paid', in_review: 'paid' },
  'other amount': { pending_payment: 'in_review', requires_action: 'in_review', payment_unknown: 'in_review', in_review: 'in_review' },
  'other currency': { pending_payment: 'in_review', requires_action: 'in_review', payment_unknown: 'in_review', in_review: 'in_review' },
  'risky': { pending_payment: 'in_review', requires_action: 'in_review', payment_unknown: 'in_review', in_review: '-' },
  'authorised': { pending_payment: 'in_review', requires_action: 'in_review', payment_unknown: 'in_review', in_review: '-' },
  'declined': {
    pending_payment: 'payment_failed', requires_action: 'payment_failed', payment_unknown: 'payment_failed',
    in_review: 'payment_failed',
  },
  'requires_action': {
    pending_payment: 'requires_action', requires_action: '-', payment_unknown: 'requires_action', in_review: '-',
  },
  'processing': { pending_payment: 'payment_unknown', requires_action: 'payment_unknown', payment_unknown: '-', in_review: '-' },
  'cancelled': { pending_payment: 'expired', requires_action: 'expired', payment_unknown: 'expired', in_review: 'expired' },
  'absent': { pending_payment: 'payment_failed', requires_action: 'expired', payment_unknown: 'payment_failed', in_review: '-' },
  'unavailable': { pending_payment: 'payment_failed', requires_action: '-', payment_unknown: '-', in_review: '-' },
  'unknown': { pending_payment: 'payment_unknown', requires_action: '-', payment_unknown: '-', in_review: '-' },
}
const walk = outcomeNames.flatMap((name) => Object.entries(TABLE[name]).map(([state, next]) => [
  state as OrderState, name, next,
] as const))
const CLOSED: readonly OrderState[] = [
  'paid', 'fulfilled', 'payment_failed', 'expired', 'cancelled', 'partially_refunded', 'refunded', 'disputed',
]

describe('does', () => {
  test('whoever wants his card kept has it kept when it has paid, whatever becomes of the goods, and only then', () => {
    const order = keeping(pendingOrder(), { cardId: 'card_1', holder: 'cus_1' })
    const left = { id: 'card_1', customerId: 'cust-1', email: order.email, gateway: 'stripe', paidWith: { orderId: order.id, transactionId: 'pi_1' } }
    expect(chargeRequestOf(order).holder).toBe('cus_1')
    expect(settled(order, 'succeeded')?.leaves).toEqual(left)
    expect(settleLate({ order: { ...order, state: 'expired' }, outcome: outcomes.succeeded, cause: 'test', nowMs: NOW_MS, shopName: SHOP }, false).leaves).toEqual(left)
    for (const name of outcomeNames.filter((one) => one !== 'succeeded')) expect(settled(order, name)?.leaves).toBeUndefined()
    expect(settled(pendingOrder(), 'succeeded')?.leaves).toBeUndefined()
    expect(keeping({ ...order, total: 0, payment: pendingOrder().payment }, { cardId: 'card_1', holder: null }).payment.keep).toBeUndefined()
  })

  test.each(walk)('%s + %s -> %s', (state, name, next) => {
    const order = orderIn(state)
    const after = settled(order, name)?.order ?? order
    expect(after.state).toBe(next === '-' ? state : next)
    expect(after.history).toHaveLength(order.history.length + (next === '-' ? 0 : 1))
    if (next !== '-') expect(after.history.at(-1)).toMatchObject({ state: next, atMs: NOW_MS + 5000 })
  })

  test('paid: books the money, tells the till, mails the receipt, keeps the reservation and the answer', () => {
    const order = pendingOrder({ lines: [draftLine(), draftLine({ productId: 'gift', counted: false, unitPrice: 100 })] })
    const settlement = must(settle({
      order, outcome: { ...outcomes.succeeded, amount: order.total }, cause: 'checkout', nowMs: NOW_MS, shopName: SHOP,
    }))
    expect(settlement.entries).toHaveLength(1)
    expect(settlement.entries[0]).toMatchObject({ id: `charge-${order.id}`, kind: 'charge', currency: 'USD', reference: 'pi_1' })
    expect(settlement.entries[0]?.postings).toEqual([
      { account: 'gateway:stripe', amount: order.total }, { account: 'sales', amount: order.tax - order.total },
      { account: 'tax:payable', amount: -order.tax },
    ])
    expect(settlement).toMatchObject({ holds: [], stock: [{ productId: 'oil', source: 'square', delta: -2 }], reopenCart: false })
    expect(settlement.mails.map(({ id, to }) => [id, to])).toEqual([[`receipt-${order.id}`, order.email]])
    expect(settlement.order).toMatchObject({
      checkAtMs: null, payment: { status: 'succeeded', transactionId: 'pi_1', token: null, clientSecret: null, nextAction: null },
    })
    expect(settlement.order.answer?.status).toBe(201)
    expect(JSON.parse(settlement.order.answer?.body ?? '')).toMatchObject({
      success: true, orderId: order.id, total: order.total / 100,
      payment: { gateway: 'stripe', transactionId: 'pi_1', status: 'succeeded' }, order: { state: 'paid' },
    })
  })

  test.each([
    ['declined', 402, 'PAYMENT_DECLINED', false, 'Payment declined. Please use a different card.'],
    ['cancelled', 409, 'CONFLICT', false, 'This order has expired. Nothing was charged.'],
    ['unavailable', 503, 'SERVICE_UNAVAILABLE', true, 'Payment service temporarily unavailable. Please try again.'],
    ['absent', 503, 'SERVICE_UNAVAILABLE', true, 'Payment service temporarily unavailable. Please try again.'],
  ] as const)('%s: gives the goods and the cart back, forgets the card, answers %i %s', (...row) => {
    const [name, status, code, retryable, error] = row
    const settlement = must(settled(pendingOrder(), name))
    expect(settlement).toMatchObject({
      entries: [], mails: [], stock: [], holds: [{ productId: 'oil', delta: -2 }], reopenCart: true,
    })
    expect(settlement.order).toMatchObject({ checkAtMs: null, payment: { token: null, clientSecret: null } })
    expect(settlement.order.answer?.status).toBe(status)
    expect(JSON.parse(settlement.order.answer?.body ?? '')).toMatchObject({
      success: false, code, retryable, error, details: { orderId: settlement.order.id },
    })
  })

  test('a decline says why, to the shop and to the caller\'s program', () => {
    const { order } = must(settled(pendingOrder(), 'declined'))
    expect(order.payment.declineCode).toBe('insufficient_funds')
    expect(order.history.at(-1)?.cause).toBe('test: insufficient_funds')
    expect(JSON.parse(order.answer?.body ?? '')).toMatchObject({ details: { declineCode: 'insufficient_funds' } })
  })

  test('authentication: keeps what the customer needs to go on, frees the lease, looks again after fifteen minutes', () => {
    const { order, holds } = must(settled(pendingOrder(), 'requires_action', NOW_MS))
    expect(order).toMatchObject({
      leaseUntilMs: NOW_MS, checkAtMs: NOW_MS + ACTION_MS, answer: null,
      payment: { clientSecret: 'pi_1_secret_2', nextAction: { type: 'use_stripe_sdk' } },
    })
    expect(holds).toEqual([])
  })

  test('no answer: keeps the goods and the card\'s token, frees the lease, looks again in a minute', () => {
    const { order, holds, reopenCart } = must(settled(pendingOrder(), 'unknown', NOW_MS))
    expect(order).toMatchObject({
      leaseUntilMs: NOW_MS, checkAtMs: NOW_MS + 60_000, answer: null, payment: { token: 'pm_card_visa', status: 'unknown' },
    })
    expect([holds, reopenCart]).toEqual([[], false])
  })

  test('keeps of the gateway\'s answer what is needed in a dispute, and no personal data', () => {
    const answer = {
      id: 'pi_1', amount: 5, client_secret: 'pi_1_secret_2', receipt_email: 'jo@mail.example', billing_details: { name: 'Jo' },
      outcome: { type: 'authorized', seller_message: 'ok' },
    }
    const { order } = must(settle({
      order: pendingOrder(), outcome: { ...outcomes.succeeded, answer }, cause: 'x', nowMs: NOW_MS, shopName: SHOP,
    }))
    expect(order.payment.answer).toEqual({ id: 'pi_1', amount: 5, outcome: { type: 'authorized' } })
  })

  test('the gateway\'s id of a charge, once known, stays known', () => {
    const order = orderIn('requires_action')
    const declined = settle({
      order, outcome: { ...outcomes.declined, transactionId: null }, cause: 'x', nowMs: NOW_MS, shopName: SHOP,
    })
    expect(declined?.order.payment.transactionId).toBe('pi_1')
    expect(settled(order, 'absent')?.order.payment.transactionId).toBe('pi_1')
  })

  test('late money whose goods can be had again: the order is paid after all', () => {
    const order = orderIn('expired')
    expect(isLateMoney(order, outcomes.succeeded)).toBe(true)
    const settlement = settleLate({ order, outcome: outcomes.succeeded, cause: 'webhook', nowMs: NOW_MS, shopName: SHOP }, true)
    expect(settlement).toMatchObject({
      holds: [{ productId: 'oil', delta: 2 }], stock: [{ productId: 'oil', delta: -2 }], order: { state: 'paid', refunds: [] },
    })
    expect(settlement.order.history.at(-1)?.cause).toBe('webhook, late')
  })

  test('late money whose goods are gone: all of it is on its way back, nothing is taken off the till', () => {
    const order = orderIn('payment_failed')
    const settlement = settleLate({ order, outcome: outcomes.succeeded, cause: 'webhook', nowMs: NOW_MS, shopName: SHOP }, false)
    expect(settlement).toMatchObject({ holds: [], stock: [], mails: [], order: { checkAtMs: NOW_MS } })
    expect(settlement.order.refunds).toEqual([expect.objectContaining({
      amount: order.total, status: 'pending', restock: false, lines: [],
    })])
    expect(settlement.entries.map(({ kind }) => kind)).toEqual(['charge'])
  })

  test('late money of another amount is looked at by a person, its goods held', () => {
    const order = orderIn('expired')
    for (const name of ['other amount', 'other currency'] as const) {
      const settlement = settleLate({ order, outcome: outcomes[name], cause: 'webhook', nowMs: NOW_MS, shopName: SHOP }, true)
      expect(settlement).toMatchObject({
        order: { state: 'in_review', refunds: [] }, entries: [], mails: [{ template: 'under_review' }], stock: [], holds: [{ productId: 'oil', delta: 2 }],
      })
      expect(settlement.order.answer).toBeNull()
      expect(settled(settlement.order, 'cancelled')).toMatchObject({
        order: { state: 'expired' }, holds: [{ productId: 'oil', delta: -2 }], reopenCart: false,
      })
    }
  })

  test('one key outcomeNames an attempt, another attempt has another', () => {
    const order = pendingOrder()
    expect(chargeKey(order)).toBe(`${order.id}:1`)
    expect(chargeKey({ ...order, payment: { ...order.payment, attempt: 2 } })).not.toBe(chargeKey(order))
  })

  test('a lease is held by one runner, then by whoever comes first', () => {
    const order = pendingOrder()
    expect(leased(order, 'run_2', order.leaseUntilMs - 1)).toBeUndefined()
    expect(leased(order, 'run_1', order.leaseUntilMs - 1)?.runner).toBe('run_1')
    expect(leased(order, 'run_2', order.leaseUntilMs)).toMatchObject({
      runner: 'run_2', leaseUntilMs: order.leaseUntilMs + LEASE_MS,
    })
  })

  test('the order number can be read out, and follows from the id', () => {
    expect(orderNumber('ord_k7qm4t9b2xaaaaaa')).toBe('K7QM-4T9B-2X')
  })
})

describe('refuses', () => {
  test.each(CLOSED.flatMap((state) => outcomeNames.map((name) => [
    state, name,
  ] as const)))('a closed order to move: %s + %s', (state, name) => {
    expect(settled(orderIn(state), name)).toBeUndefined()
  })

  test.each([
    ...OPEN_STATES, 'paid', 'fulfilled', 'partially_refunded', 'refunded', 'disputed',
  ] as OrderState[])('to take money for an order that is %s for late', (state) => {
    expect(isLateMoney(orderIn(state), outcomes.succeeded)).toBe(false)
  })

  test.each(outcomeNames.filter((name) => outcomes[name].status !== 'succeeded'))('to take %s for late money', (name) => {
    expect(isLateMoney(orderIn('expired'), outcomes[name])).toBe(false)
  })

  test('to believe "not charged" of a runner that took over: an earlier try may have charged', () => {
    const order = must(leased(pendingOrder(), 'run_2', NOW_MS + LEASE_MS))
    const settlement = must(settled(order, 'unavailable', NOW_MS + LEASE_MS + 1))
    expect(settlement).toMatchObject({ order: { state: 'payment_unknown' }, holds: [], reopenCart: false })
  })

  test('to let a question without an answer prolong an authentication', () => {
    const order = orderIn('requires_action')
    expect(settled(order, 'unknown')?.order.checkAtMs ?? order.checkAtMs).toBe(order.checkAtMs)
  })
})
