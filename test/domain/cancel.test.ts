/**
 * An order that is not wanted any more, at whatever point it stands and whatever the gateway says then: nothing of it is
 * sold, nothing kept.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { balanced } from '#domain/ledger.ts'
import { cancel, type CancelWish } from '#domain/cancel.ts'
import { isCancelled } from '#domain/cancellation.ts'
import { suspected } from '#domain/fraud.ts'
import { answerFor, pageAnswerFor } from '#domain/order-answer.ts'
import { isOpen, orderView, refundedAmount, takenFor, type Order, type OrderState } from '#domain/order.ts'
import type { RefundOutcome } from '#domain/payment.ts'
import { askedRefund, settleRefund } from '#domain/refund.ts'
import { decide, lastCall } from '#domain/review.ts'
import { isLateMoney, settle, settleLate } from '#domain/settle.ts'
import type { Settlement } from '#domain/settlement.ts'
import { Failure } from '#values/failure.ts'
import { DAY_MS } from '#values/time.ts'
import { NOW_MS, SHOP, draftLine, orderIn, pendingOrder } from './given.ts'
import { TOTAL, outcomeNames, outcomes, type OutcomeName } from './outcomes.ts'

const LATER_MS = NOW_MS + 60_000
const wish = (wanted: Partial<CancelWish> = {}): CancelWish => ({
  id: 'can_1', by: 'customer cust-1', byStaff: false, reason: null, requestHash: 'hash', refundId: 'ref_1', nowMs: LATER_MS, ...wanted,
})
const STAFF = { by: 'admin ann', byStaff: true, reason: 'Out of stock in the shop' }
const must = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error('nothing was written')
  return value
}
const settled = (order: Order, name: OutcomeName, nowMs = LATER_MS + 1000): Settlement | undefined =>
  settle({ order, outcome: outcomes[name], cause: 'cancel', nowMs, shopName: SHOP })
const paid = (): Order => must(settled(pendingOrder(), 'succeeded', NOW_MS)).order
const cancelled = (order: Order, wanted: Partial<CancelWish> = {}): Order => must(cancel(order, wish(wanted))).order
const given = (order: Order, refundId = 'ref_1', outcome: RefundOutcome = { status: 'succeeded', gatewayRefundId: 're_1', answer: null }): Settlement =>
  must(settleRefund(order, refundId, outcome, LATER_MS + 1000, SHOP))
const page = { id: 'cs_1', url: 'https://pay.example/cs_1', expiresAtMs: NOW_MS + DAY_MS, answer: { status: 201, body: '{}' } }
const away = (): Order => ({ ...pendingOrder(), payment: { ...pendingOrder().payment, transactionId: 'cs_1', session: page } })
const decided = (decision: 'approve' | 'refuse'): Order =>
  must(decide(orderIn('in_review'), { id: 'rev_1', decision, reason: 'Known', decidedBy: 'admin bob', requestHash: 'hash', nowMs: NOW_MS })).order

const OPEN = ['pending_payment', 'requires_action', 'payment_unknown', 'in_review'] as const

/** Where a cancelled order goes by each outcome; `-` is nowhere. */
const TABLE: Record<OutcomeName, OrderState | '-'> = {
  'succeeded': 'paid', 'other amount': 'paid', 'other currency': 'paid', 'risky': 'paid',
  'authorised': '-', 'declined': 'cancelled', 'requires_action': '-', 'processing': '-', 'cancelled': 'cancelled',
  'absent': 'cancelled', 'unavailable': '-', 'unknown': '-',
}

describe('does', () => {
  test.each(OPEN.flatMap((state) => outcomeNames.map((name) => [state, name] as const)))('%s, cancelled, + %s: as the table says', (state, name) => {
    const order = cancelled(orderIn(state))
    const next = state === 'in_review' && name === 'absent' ? '-' : TABLE[name]
    expect(settled(order, name)?.order.state ?? '-').toBe(next)
  })

  test('the wish moves nothing yet: goods stay reserved, the cart frozen; who and why is on record', () => {
    const settlement = must(cancel(orderIn('requires_action'), wish(STAFF)))
    expect(settlement).toMatchObject({ entries: [], mails: [], holds: [], stock: [], reopenCart: false })
    expect(settlement.order).toMatchObject({ state: 'requires_action', answer: null, checkAtMs: LATER_MS + 60_000, cancellation: { by: 'admin ann', reason: STAFF.reason } })
    expect(settlement.rows.map(({ json }) => json)).toMatchObject([{ what: 'order.cancel_requested', who: 'admin ann', why: STAFF.reason }])
  })

  test('given up: stock and cart go back, nothing is booked, the customer is told once, and both answers say so for ever', () => {
    const settlement = must(settled(cancelled(orderIn('requires_action')), 'cancelled'))
    expect(settlement).toMatchObject({ entries: [], stock: [], holds: [{ productId: 'oil', delta: -2 }], reopenCart: true, mails: [{ template: 'cancelled' }] })
    expect(JSON.parse(settlement.order.answer?.body ?? '')).toMatchObject({ code: 'CONFLICT', error: 'This order was cancelled. Nothing was charged.' })
    expect(JSON.parse(settlement.order.cancellation?.answer?.body ?? '')).toMatchObject({
      success: true, cancelled: true, order: { state: 'cancelled', cancellation: { by: 'customer', reason: null, at: expect.any(String) } },
    })
    expect(settlement.rows.find(({ dataset }) => dataset === 'audit')?.json).toMatchObject({ what: 'order.cancelled', who: 'customer cust-1', why: 'Cancelled by its customer' })
  })

  test('paid meanwhile: booked, and all that came is on its way back; nothing is sold, the refund\'s mail will tell', () => {
    for (const name of ['succeeded', 'other amount', 'other currency', 'risky'] as const) {
      const settlement = must(settled(cancelled(orderIn('requires_action')), name))
      expect(settlement).toMatchObject({ stock: [], mails: [], holds: [{ productId: 'oil', delta: -2 }], reopenCart: true })
      expect(settlement.order.refunds).toMatchObject([{ amount: outcomes[name].amount, status: 'pending', restock: false, reason: 'Cancelled by its customer' }])
      expect(JSON.parse(settlement.order.answer?.body ?? '')).toMatchObject({ error: 'This order was cancelled. What was charged is given back.' })
      const end = given(settlement.order, settlement.order.refunds[0]?.id)
      expect(end).toMatchObject({ order: { state: 'refunded' }, stock: [], holds: [], mails: [{ template: 'refund' }] })
      expect(JSON.parse(end.order.cancellation?.answer?.body ?? '')).toMatchObject({ cancelled: true, order: { state: 'refunded' } })
    }
  })

  test('money that comes after the end goes back whole, although the goods could be had again', () => {
    const end = must(settled(cancelled(orderIn('requires_action')), 'cancelled')).order
    for (const restocked of [true, false]) {
      const late = settleLate({ order: end, outcome: outcomes.succeeded, cause: 'webhook', nowMs: LATER_MS + 9000, shopName: SHOP }, restocked)
      expect(late).toMatchObject({ holds: [], stock: [], mails: [], order: { state: 'paid', refunds: [{ amount: TOTAL, status: 'pending' }] } })
      expect(late.takeCart).toBeUndefined()
      expect(late.order.cancellation?.answer).toBe(end.cancellation?.answer)
    }
  })

  test('paid: all that is left is asked back with its goods, and it ends refunded', () => {
    const asked = must(cancel(paid(), wish()))
    expect(asked.order).toMatchObject({ state: 'paid', refunds: [{ id: 'ref_1', amount: TOTAL, restock: true, status: 'pending', requestedBy: 'customer cust-1', reason: 'Cancelled by its customer' }] })
    expect(asked.order.cancellation?.answer).toBeUndefined()
    const end = given(asked.order)
    expect(end).toMatchObject({ order: { state: 'refunded' }, stock: [{ productId: 'oil', delta: 2 }], mails: [{ template: 'refund' }] })
    expect(isCancelled(end.order)).toBe(true)
    expect(JSON.parse(end.order.cancellation?.answer?.body ?? '')).toMatchObject({ cancelled: true, order: { state: 'refunded', refunded: 108.25 } })
  })

  test('paid and partly refunded: the rest, once; a refund of staff that is under way is not doubled', () => {
    const part = askedRefund(paid(), { id: 'ref_s', amount: 1000, restock: false, reason: 'Broken', requestedBy: 'admin ann', nowMs: NOW_MS }).order
    const asked = cancelled(part)
    expect(asked.refunds).toMatchObject([{ id: 'ref_s', amount: 1000 }, { id: 'ref_1', amount: TOTAL - 1000 }])
    const first = given(asked)
    expect([first.order.state, first.order.cancellation?.answer]).toEqual(['partially_refunded', undefined])
    expect(given(first.order, 'ref_s')).toMatchObject({ order: { state: 'refunded', cancellation: { answer: { status: 200 } } } })
  })

  test('the gateway refused to give it back: asked again it is another refund, for what is left', () => {
    const failed = given(cancelled(paid()), 'ref_1', { status: 'failed', reason: 'no', gatewayRefundId: null }).order
    expect([failed.state, isCancelled(failed)]).toEqual(['paid', false])
    const again = cancelled(failed, { id: 'can_2', by: 'admin ann', byStaff: true, reason: 'Again', refundId: 'ref_2' })
    expect(again.refunds).toMatchObject([{ id: 'ref_1', status: 'failed' }, { id: 'ref_2', amount: TOTAL, status: 'pending', restock: true }])
    expect(again.cancellation?.by).toBe('customer cust-1')
    expect(given(again, 'ref_2').order.state).toBe('refunded')
  })

  test('what had been sent back as it came has never left the shelf, and does not come back to it', () => {
    const back = must(settled(cancelled(orderIn('requires_action')), 'succeeded')).order
    const failed = given(back, back.refunds[0]?.id, { status: 'failed', reason: 'no', gatewayRefundId: null }).order
    const again = cancelled(failed, { refundId: 'ref_2' })
    expect(again.refunds.at(-1)).toMatchObject({ id: 'ref_2', restock: false, amount: TOTAL })
  })

  test('an order that cost nothing: its goods come back, nothing is booked, and the mail speaks of no money', () => {
    const free = must(settle({ order: pendingOrder({ lines: [draftLine({ unitPrice: 0 })] }), outcome: { status: 'succeeded', transactionId: null, amount: 0, currency: 'USD', answer: null }, cause: 'checkout', nowMs: NOW_MS, shopName: SHOP })).order
    const end = given(cancelled(free))
    expect(end).toMatchObject({ order: { state: 'refunded' }, entries: [{ postings: [] }], stock: [{ delta: 2 }], mails: [{ template: 'cancelled' }] })
  })

  test('what a customer writes stays with the order; of staff the records name the reason', () => {
    const secret = 'My neighbour Jo Doe would see it'
    const { order, rows } = must(cancel(paid(), wish({ reason: secret })))
    expect(JSON.stringify([rows, given(order).rows])).not.toContain('Doe')
    expect(orderView(order)['cancellation']).toEqual({ by: 'customer', reason: secret, at: expect.any(String) })
    expect(JSON.stringify(must(cancel(paid(), wish(STAFF))).rows)).toContain(STAFF.reason)
  })

  test('in review: staff are not asked any more', () => {
    const order = { ...orderIn('in_review'), payment: { ...orderIn('in_review').payment, status: 'authorised' as const } }
    expect(lastCall(order, NOW_MS + 8 * DAY_MS)).toBeDefined()
    const { order: after, alerts } = must(cancel(order, wish()))
    expect(alerts).toMatchObject([{ resolve: `review/${order.id}` }])
    expect(lastCall(after, NOW_MS + 8 * DAY_MS)).toBeUndefined()
  })
})

describe('refuses', () => {
  test('while somebody may be charging, naming when to come again; a customer who is away is nobody', () => {
    for (const state of ['pending_payment', 'payment_unknown'] as const) {
      const busy = { ...orderIn(state), leaseUntilMs: LATER_MS + 20_000 }
      const error = refusal(() => cancel(busy, wish()))
      expect([error.code, error.message, error.retryable, error.retryAfterSeconds]).toEqual(['CONFLICT', 'This order is being paid just now.', true, 20])
    }
    for (const order of [away(), orderIn('requires_action'), orderIn('in_review')]) expect(cancel({ ...order, leaseUntilMs: LATER_MS + 20_000 }, wish())).toBeDefined()
  })

  test.each(['fulfilled', 'payment_failed', 'expired', 'refunded', 'disputed'] as const)('an order that is %s', (state) => {
    expect(refusal(() => cancel(orderIn(state), wish()))).toMatchObject({ code: 'CONFLICT', message: `An order that is ${state} cannot be cancelled.`, retryable: false })
  })

  test('what was handed over, also when some of it was refunded since', () => {
    const order: Order = { ...orderIn('partially_refunded'), fulfilment: { how: 'shipped', tracking: '1', by: 'support bo', atMs: NOW_MS } }
    expect(refusal(() => cancel(order, wish())).message).toBe('This order has been handed over: it can be refunded, not cancelled.')
  })

  test('what staff have decided, and lets nobody decide what is cancelled', () => {
    expect(refusal(() => cancel(decided('approve'), wish())).message).toBe('This order has been approved already.')
    expect(refusal(() => cancel(decided('refuse'), wish())).message).toBe('This order has been refused already.')
    const verdict = { id: 'rev_1', decision: 'approve' as const, reason: 'Known', decidedBy: 'admin bob', requestHash: 'hash', nowMs: LATER_MS }
    expect(refusal(() => decide(cancelled(orderIn('in_review')), verdict)).message).toBe('This order was cancelled.')
  })

  test('what is being given back whole already', () => {
    const all = askedRefund(paid(), { id: 'ref_s', restock: false, reason: 'Broken', requestedBy: 'admin ann', nowMs: NOW_MS }).order
    expect(refusal(() => cancel(all, wish())).message).toBe('All of this order is being given back already.')
  })

  test('to tell a checkout anything but that it is being cancelled, and to show its page', () => {
    const order = cancelled(away())
    for (const answer of [answerFor, pageAnswerFor]) expect(refusal(() => answer(order))).toMatchObject({ code: 'CONFLICT', message: 'This order is being cancelled.' })
  })
})

describe('survives', () => {
  test('being asked again: nothing new is written, at whatever point it stands', () => {
    const open = cancelled(orderIn('requires_action'))
    const back = cancelled(paid())
    for (const order of [open, must(settled(open, 'cancelled')).order, back, given(back).order, orderIn('cancelled')]) {
      expect(cancel(order, wish({ id: 'can_2', refundId: 'ref_2', by: 'admin ann', byStaff: true, reason: 'Me too' }))).toBeUndefined()
    }
  })

  test('the bank sending the money back: the answer stays, and only staff pay out again', () => {
    const end = given(cancelled(paid())).order
    const returned = given(end, 'ref_1', { status: 'failed', reason: 'closed', gatewayRefundId: 're_1' }).order
    expect(returned.state).toBe('paid')
    expect(cancel(returned, wish({ refundId: 'ref_2' }))).toBeUndefined()
  })

  type Step = { readonly outcome: OutcomeName; readonly restocked: boolean } | { readonly does: 'cancel' | 'approve' | 'refuse' | 'part' | 'given' | 'not given' }
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({ outcome: fc.constantFrom(...outcomeNames), restocked: fc.boolean() }),
    fc.constantFrom('cancel' as const, 'approve' as const, 'refuse' as const, 'part' as const, 'given' as const, 'not given' as const).map((does) => ({ does })),
  )

  test('outcomes, decisions, refunds and cancellations in any order: goods and money add up, and what is cancelled is never sold', () => {
    fc.assert(fc.property(fc.array(step, { maxLength: 14 }), fc.boolean(), (steps, held) => {
      let order = held ? suspected(pendingOrder(), ['many_cards']) : pendingOrder()
      const seen = { held: 2, atTill: 0, booked: 0, mails: [] as string[], rows: [] as string[], soldWhenCancelled: 0 }
      for (const [index, one] of steps.entries()) {
        const change = taken(order, one, index)
        if (change === undefined) continue
        const wanted = order.cancellation === undefined
        order = change.order
        seen.held += change.holds.reduce((sum, { delta }) => sum + delta, 0)
        for (const { delta } of change.stock) {
          seen.atTill += delta
          // The till's adjustment takes the goods off both counts.
          seen.held += delta
          if (!wanted && delta < 0) seen.soldWhenCancelled -= delta
        }
        for (const entry of change.entries) seen.booked += balanced(entry).postings.find(({ account }) => account === 'gateway:stripe')?.amount ?? 0
        seen.mails.push(...change.mails.map(({ id }) => id))
        seen.rows.push(...change.rows.map(({ table, insertId }) => `${table} ${insertId}`))
      }
      expect(new Set(seen.mails).size).toBe(seen.mails.length)
      expect(new Set(seen.rows).size).toBe(seen.rows.length)
      expect(seen.soldWhenCancelled).toBe(0)
      expect(seen.held).toBeGreaterThanOrEqual(0)
      const kept = order.refunds.reduce((sum, { status, amount }) => (status === 'succeeded' ? sum - amount : sum), takenFor(order).amount)
      const tookMoney = !isOpen(order) && order.payment.status === 'succeeded'
      expect(seen.booked).toBe(tookMoney ? kept : 0)
      if (isOpen(order)) expect([seen.held, seen.atTill]).toEqual([2, 0])
      if (order.cancellation === undefined || isOpen(order)) return
      const refused = order.refunds.some(({ status }) => status === 'failed')
      if (!refused && tookMoney) expect(refundedAmount(order)).toBe(takenFor(order).amount)
      if (isCancelled(order)) expect([seen.held, seen.atTill, order.cancellation.answer === undefined]).toEqual([0, 0, false])
    }), { numRuns: 3000 })
  })

  function taken(order: Order, one: Step, index: number): Settlement | undefined {
    const nowMs = LATER_MS + index * 40_000
    if ('outcome' in one) {
      const settling = { order, outcome: outcomes[one.outcome], cause: 'test', nowMs, shopName: SHOP }
      return isLateMoney(order, settling.outcome) ? settleLate(settling, one.restocked) : settle(settling)
    }
    const pending = order.refunds.find(({ status }) => status === 'pending')
    try {
      switch (one.does) {
        case 'cancel':
          return cancel(order, wish({ id: `can_${index}`, refundId: `ref_${index}`, nowMs }))
        case 'part':
          return askedRefund(order, { id: `ref_s${index}`, amount: 700, restock: false, reason: 'Broken', requestedBy: 'admin ann', nowMs })
        case 'given':
          return pending && settleRefund(order, pending.id, { status: 'succeeded', gatewayRefundId: `re_${index}`, answer: null }, nowMs, SHOP)
        case 'not given':
          return pending && settleRefund(order, pending.id, { status: 'failed', reason: 'no', gatewayRefundId: null }, nowMs, SHOP)
        default:
          return decide(order, { id: `rev_${index}`, decision: one.does, reason: 'Looked at', decidedBy: 'admin ann', requestHash: 'hash', nowMs })
      }
    } catch (error) {
      if (error instanceof Failure) return undefined
      throw error
    }
  }
})

function refusal(rule: () => unknown): Failure {
  try {
    rule()
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
  throw new Error('It was not refused.')
}
