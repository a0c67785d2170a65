/** What the caller of a checkout is told about an order, at whatever point it stands. */
import { Failure } from '#values/failure.ts'
import { toMajor } from '#values/money.ts'
import { orderView, paymentView, type Answer, type Order } from './order.ts'

/** The final answer (kept, the same bytes for ever), or what can be said meanwhile. */
export type OrderAnswer = { readonly final: Answer } | { readonly status: number; readonly body: Record<string, unknown> }

/** @throws Failure GATEWAY_TIMEOUT while nobody knows whether the order was charged */
export function answerFor(order: Order): OrderAnswer {
  if (order.answer !== null) return { final: order.answer }
  const { clientSecret, nextAction } = order.payment
  const facts = { orderId: order.id, order: orderView(order), total: toMajor(order.total, order.currency) }
  if (order.state === 'requires_action') return { status: 202, body: { ...facts, payment: { ...paymentView(order), clientSecret, nextAction } } }
  if (order.state === 'in_review') {
    return { status: 202, body: { ...facts, payment: { ...paymentView(order), status: 'in_review' }, message: 'Payment under review. You will be contacted.' } }
  }
  throw new Failure('GATEWAY_TIMEOUT', { details: { orderId: order.id }, retryAfterSeconds: 10 })
}
