/**
 * What the outcome of a charge does to an order. The table walks every state with every outcome; the properties play
 * outcomes in any order, repeated, stale and late, and count the money and the goods afterwards.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { balanced } from '#domain/ledger.ts'
import { LEASE_MS, OPEN_STATES, chargeKey, isOpen, leased, orderNumber, type Order, type OrderState } from '#domain/order.ts'
import type { ChargeOutcome } from '#domain/payment.ts'
import { ACTION_MS, isLateMoney, settle, settleLate } from '#domain/settle.ts'
import type { Settlement } from '#domain/settlement.ts'
import { NOW_MS, SHOP, draftLine, orderIn, pendingOrder } from './given.ts'

const TOTAL = pendingOrder().total
const outcomes = {
  'succeeded': {
    status: 'succeeded', transactionId: 'pi_1', amount: TOTAL, currency: 'USD',
    answer: { id: 'pi_1', receipt_email: 'jo@mail.example' },
  },
  'other amount': { status: 'succeeded', transactionId: 'pi_1', amount: TOTAL - 1, currency: 'USD', answer: null },
  'other currency': { status: 'succeeded', transactionId: 'pi_1', amount: TOTAL, currency: 'EUR', answer: null },
  'declined': { status: 'declined', transactionId: 'pi_1', declineCode: 'insufficient_funds', answer: { code: 'card_declined' } },
  'requires_action': {
    status: 'requires_action', transactionId: 'pi_1', clientSecret: 'pi_1_secret_2', nextAction: { type: 'use_stripe_sdk' },
  },
  'processing': { status: 'processing', transactionId: 'pi_1' },
  'cancelled': { status: 'cancelled', transactionId: 'pi_1' },
  'absent': { status: 'absent' },
  'unavailable': { status: 'unavailable', reason: 'stripe 429' },
  'unknown': { status: 'unknown', reason: 'no answer' },
} satisfies Record<string, ChargeOutcome>
type Name = keyof typeof outcomes
const names = Object.keys(outcomes) as Name[]

const settled = (order: Order, name: Name, nowMs = NOW_MS + 5000): Settlement | undefined =>
  settle({ order, outcome: outcomes[name], cause: 'test', nowMs, shopName: SHOP })
const must = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error('nothing was written')
  return value
}

/** Where each open state goes by each outcome; `-` is no change of state. */
const TABLE: Record<Name, Record<'pending_payment' | 'requires_action' | 'payment_unknown' | 'in_review', OrderState | '-'>> = {
  'succeeded': { pending_payment: 'paid', requires_action: 'paid', payment_unknown: 'paid', in_review: 'paid' },
  'other amount': { pending_payment: 'in_review', requires_action: 'in_review', payment_unknown: 'in_review', in_review: '-' },
  'other currency': { pending_payment: 'in_review', requires_action: 'in_review', payment_unknown: 'in_review', in_review: '-' },
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
const walk = names.flatMap((name) => Object.entries(TABLE[name]).map(([state, next]) => [
  state as OrderState, name, next,
] as const))
const CLOSED: readonly OrderState[] = [
  'paid', 'fulfilled', 'payment_failed', 'expired', 'cancelled', 'partially_refunded', 'refunded', 'disputed',
]

describe('does', () => {
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
  ] as const)('%s: gives the goods and the cart back, forgets the card, answers %i %s', (name, status, code, retryable, error) => {
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
    expect(settlement).toMatchObject({ holds: [], stock: [], order: { checkAtMs: NOW_MS } })
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
        order: { state: 'in_review', refunds: [] }, entries: [], mails: [], stock: [], holds: [{ productId: 'oil', delta: 2 }],
      })
      expect(settlement.order.answer).toBeNull()
      expect(settled(settlement.order, 'cancelled')).toMatchObject({
        order: { state: 'expired' }, holds: [{ productId: 'oil', delta: -2 }], reopenCart: false,
      })
    }
  })

  test('one key names an attempt, another attempt has another', () => {
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
  test.each(CLOSED.flatMap((state) => names.map((name) => [
    state, name,
  ] as const)))('a closed order to move: %s + %s', (state, name) => {
    expect(settled(orderIn(state), name)).toBeUndefined()
  })

  test.each([
    ...OPEN_STATES, 'paid', 'fulfilled', 'partially_refunded', 'refunded', 'disputed',
  ] as OrderState[])('to take money for an order that is %s for late', (state) => {
    expect(isLateMoney(orderIn(state), outcomes.succeeded)).toBe(false)
  })

  test.each(names.filter((name) => outcomes[name].status !== 'succeeded'))('to take %s for late money', (name) => {
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

/** An order's life as the store writes it: one settlement after the other, everything counted. */
function live(steps: ReadonlyArray<{ name: Name; restocked: boolean }>, first: Order) {
  const life = {
    order: first, entries: [] as string[], booked: 0, held: 2, atTill: 0, receipts: 0, reopened: 0, answers: new Set<string>(),
    rowIds: [] as string[],
  }
  let nowMs = NOW_MS
  for (const { name, restocked } of steps) {
    nowMs += 1000
    const settling = { order: life.order, outcome: outcomes[name], cause: 'test', nowMs, shopName: SHOP }
    const late = isLateMoney(life.order, settling.outcome)
    const settlement = late ? settleLate(settling, restocked) : settle(settling)
    if (settlement === undefined) continue
    if (!late) expect(isOpen(life.order)).toBe(true)
    if (life.order.answer !== null && !late) expect(settlement.order.answer).toEqual(life.order.answer)
    life.order = settlement.order
    for (const entry of settlement.entries) {
      expect(balanced(entry)).toEqual(entry)
      life.entries.push(entry.id)
      life.booked += entry.postings.find(({ account }) => account === 'gateway:stripe')?.amount ?? 0
    }
    if (settlement.reopenCart) life.reopened += 1
    life.held += settlement.holds.reduce((sum, { delta }) => sum + delta, 0)
    life.atTill += settlement.stock.reduce((sum, { delta }) => sum + delta, 0)
    life.receipts += settlement.mails.length
    life.rowIds.push(...settlement.rows.map(({ table, insertId }) => `${table} ${insertId}`))
  }
  return life
}

describe('survives', () => {
  const step = fc.record({ name: fc.constantFrom(...names), restocked: fc.boolean() })
  const many = { numRuns: 1000 }

  test('outcomes in any order, repeated: one charge at most, and the goods are sold once, held, or free', () => {
    fc.assert(fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const { order, entries, booked, held, atTill, receipts, reopened } = live(steps, pendingOrder())
      expect(reopened).toBeLessThanOrEqual(1)
      expect(entries.length).toBeLessThanOrEqual(1)
      expect(booked).toBe(entries.length * TOTAL)
      expect(receipts).toBe(entries.length)
      const givenBack = order.refunds.length === 1
      if (isOpen(order)) expect([held, atTill, entries.length]).toEqual([2, 0, 0])
      else if (order.state === 'paid') expect([held, atTill]).toEqual(givenBack ? [0, 0] : [2, -2])
      else expect([held, atTill, entries.length]).toEqual([0, 0, 0])
    }), many)
  })

  test('whatever comes, a closed order has its answer, no card token and no check; an open one has no answer and a check', () => {
    fc.assert(fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const { order } = live(steps, pendingOrder())
      expect(order.answer === null).toBe(isOpen(order))
      expect(order.checkAtMs === null).toBe(!isOpen(order) && order.refunds.length === 0)
      if (!isOpen(order)) expect([
        order.payment.token, order.payment.clientSecret, order.payment.nextAction,
      ]).toEqual([null, null, null])
      expect(order.history.at(-1)?.state).toBe(order.state)
    }), many)
  })

  test('money that is right is booked by whichever outcome brings it, and then nothing moves the order', () => {
    fc.assert(fc.property(fc.array(step, { maxLength: 6 }), fc.array(step, { maxLength: 6 }), (before, after) => {
      const paid = live([...before, { name: 'succeeded', restocked: true }], pendingOrder()).order
      if (paid.state !== 'paid') throw new Error(`money left the order ${paid.state}`)
      expect(live(after, paid).order).toBe(paid)
    }), many)
  })

  test('the same outcome twice in a row changes no state, no money and no goods', () => {
    fc.assert(fc.property(fc.array(step, { maxLength: 6 }), step, (before, last) => {
      const once = live([...before, last], pendingOrder())
      const twice = live([...before, last, last], pendingOrder())
      const facts = ({ order, ...rest }: typeof once) => ({
        ...rest, state: order.state, history: order.history.length, answer: order.answer,
      })
      expect(facts(twice)).toEqual(facts(once))
    }), many)
  })

  test('each row of the warehouse names its own fact', () => {
    fc.assert(fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const { rowIds } = live(steps, pendingOrder())
      expect(new Set(rowIds).size).toBe(rowIds.length)
    }), many)
  })
})
