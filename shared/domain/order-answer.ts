/** What the caller of a checkout is told about an order, at whatever point it stands. */
import { Failure } from '#values/failure.ts'
import { toMajor } from '#values/money.ts'
import { hasPage } from './hosted.ts'
import { isOpen, orderView, paymentView, type Answer, type Order } from './order.ts'

/** The final answer (kept, the same bytes for ever), or what can be said meanwhile. */
export type OrderAnswer = { readonly final: Answer } | { readonly status: number; readonly body: Record<string, unknown> }

/** @throws Failure GATEWAY_TIMEOUT while nobody knows whether the order was charged, CONFLICT while it is being cancelled */
export function answerFor(order: Order): OrderAnswer {
  if (order.answer !== null) return { final: order.answer }
  if (order.cancellation !== undefined) throw new Failure('CONFLICT', { message: 'This order is being cancelled.', details: { orderId: order.id } })
  const { clientSecret, nextAction } = order.payment
  const facts = { orderId: order.id, order: orderView(order), total: toMajor(order.total, order.currency) }
  if (order.state === 'requires_action') return { status: 202, body: { ...facts, payment: { ...paymentView(order), clientSecret, nextAction } } }
  if (order.state === 'in_review') {
    return { status: 202, body: { ...facts, payment: { ...paymentView(order), status: 'in_review' }, message: 'Payment under review. You will be contacted.' } }
  }
  const underWay = order.payment.session !== undefined && order.payment.status === 'processing'
  if (hasPage(order) || underWay) return { status: 202, body: { ...facts, payment: paymentView(order) } }
  throw new Failure('GATEWAY_TIMEOUT', { details: { orderId: order.id }, retryAfterSeconds: 10 })
}

/**
 * What whoever asks for the gateway's page is told: the same page while the order is open, then what has become of it.
 * @throws Failure GATEWAY_TIMEOUT while nobody knows whether there is a page
 */
export function pageAnswerFor(order: Order): OrderAnswer {
  const answer = order.payment.session?.answer ?? null
  return answer !== null && isOpen(order) && order.cancellation === undefined ? { final: answer } : answerFor(order)
}
