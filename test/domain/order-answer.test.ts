/** What a caller of a checkout hears: the same bytes for ever once it is final, and never a guess before. */
import { describe, expect, test } from 'vitest'
import { answerFor } from '#domain/order-answer.ts'
import { orderView, type OrderState } from '#domain/order.ts'
import { Failure } from '#values/failure.ts'
import { orderIn } from './given.ts'

const CLOSED: readonly OrderState[] = [
  'paid', 'fulfilled', 'payment_failed', 'expired', 'cancelled', 'partially_refunded', 'refunded', 'disputed',
]

describe('does', () => {
  test.each(CLOSED)('an order that is %s gives the answer that was given first, to the byte', (state) => {
    const order = orderIn(state)
    expect(answerFor({ ...order, updatedAtMs: 0 })).toEqual({ final: order.answer })
  })

  test('authentication: 202 with what the customer\'s device needs', () => {
    const order = orderIn('requires_action')
    const asked = { ...order, payment: { ...order.payment, clientSecret: 'pi_1_secret_2', nextAction: { type: 'redirect' } } }
    expect(answerFor(asked)).toMatchObject({
      status: 202,
      body: {
        orderId: order.id, total: 108.25,
        payment: { gateway: 'stripe', transactionId: 'pi_1', clientSecret: 'pi_1_secret_2', nextAction: { type: 'redirect' } },
      },
    })
  })

  test('review: 202 and the sentence for the customer', () => {
    expect(answerFor(orderIn('in_review'))).toMatchObject({
      status: 202, body: { payment: { status: 'in_review' }, message: 'Payment under review. You will be contacted.' },
    })
  })
})

describe('refuses', () => {
  test.each([
    'pending_payment', 'payment_unknown',
  ] as const)('to say anything of an order that is %s but that nobody is charged twice', (state) => {
    const order = orderIn(state)
    let failure: unknown
    try {
      answerFor(order)
    } catch (error) {
      failure = error
    }
    expect(failure).toBeInstanceOf(Failure)
    expect(failure).toMatchObject({
      code: 'GATEWAY_TIMEOUT', details: { orderId: order.id }, retryAfterSeconds: 10,
      message: expect.stringContaining('You will not be charged twice.'),
    })
  })

  test('to show a card token, a client secret, an address or who runs it in the view of an order', () => {
    const order = orderIn('requires_action')
    const text = JSON.stringify(orderView({ ...order, payment: { ...order.payment, clientSecret: 'pi_1_secret_2' } }))
    expect(text).not.toMatch(/pm_card_visa|_secret_|10\.1\.2\.3|run_1|"hash"/)
  })
})
