/**
 * Gives money back: an amount, some lines, or all that is left; with or without putting the goods back on the shelf.
 *
 * The refund is first written on the order, which takes its amount off what is left, then asked of the gateway under
 * its own id, then settled. So two admins at once cannot give back more than was paid, and a lost answer is asked for
 * again (same key, or the sweep) under the same id: a second refund of one wish must never happen.
 */
import { z } from 'zod'
import { Failure, invalid } from '#values/failure.ts'
import { newId } from '#values/ids.ts'
import { toMinor, wireAmount } from '#values/money.ts'
import { idField } from '#values/schema.ts'
import { LINES_MAX, QUANTITY_MAX } from '#domain/cart.ts'
import { orderView, refundView } from '#domain/order.ts'
import { askedRefund } from '#domain/refund.ts'
import { OrderShown, RefundShown } from '#domain/shown/order.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { derivedId } from '#platform/derived.ts'
import { changeOrder } from '#stores/orders.ts'
import { finishRefund } from '#stores/refunding.ts'
import { gatewayNamed } from '#vendors/gateways.ts'
import type { Reply } from '#entry/answer.ts'
import { whoIs } from '#entry/bearer.ts'
import { endpoint, route, type Call } from '#entry/endpoint.ts'

const Wish = z
  .strictObject({
    amount: wireAmount.gt(0).optional(),
    lines: z.array(z.strictObject({ productId: idField, quantity: z.number().int().min(1).max(QUANTITY_MAX) })).min(1).max(LINES_MAX).optional(),
    /** What is left of the shipping fee too, besides lines or alone. */
    shipping: z.literal(true).optional(),
    restock: z.boolean().default(false),
    reason: z.string().trim().min(1).max(500),
  })
  .refine(({ amount, lines }) => amount === undefined || lines === undefined, { path: ['amount'], message: 'send either amount or lines' })
  .refine(({ amount, shipping }) => amount === undefined || shipping === undefined, { path: ['amount'], message: 'send either amount or shipping' })
  .refine(({ lines }) => new Set(lines?.map(({ productId }) => productId)).size === (lines?.length ?? 0), { path: ['lines'], message: 'name each product once' })

const Given = z.object({ refund: RefundShown, order: OrderShown })

export const refundOrder = endpoint({
  name: 'refund-order',
  path: '/api/orders/:orderId/refunds',
  impact: 'Customers do not get back what they are owed.',
  POST: route({
    who: ['admin'],
    summary: 'Refund an order, in full, by amount or by line',
    body: Wish,
    reply: Given,
    also: { 202: Given },
    status: 201,
    idempotent: true,
    run,
  }),
})

async function run(call: Call<z.output<typeof Wish>, unknown>): Promise<Reply> {
  const { body, caller } = call
  const orderId = call.params['orderId'] ?? ''
  const id = call.key === undefined ? newId('ref') : derivedId('ref', [caller.role, caller.id ?? '', orderId, call.key])
  let known = false
  const requested = await changeOrder(orderId, (order) => {
    const before = order.refunds.find((refund) => refund.id === id)
    known = before !== undefined
    if (before !== undefined && before.requestHash !== call.requestHash) throw new Failure('IDEMPOTENCY_MISMATCH')
    if (known) return undefined
    const amount = body.amount === undefined ? undefined : minorOf(body.amount, order.currency)
    return askedRefund(order, { ...body, amount, id, requestedBy: whoIs(caller), requestHash: call.requestHash, nowMs: now() })
  })
  const asked = requested.refunds.find((one) => one.id === id)
  const means = { gateway: gatewayNamed(requested.payment.gateway), shopName: config('shop').SHOP_NAME }
  const { order: settled, waits } = asked?.status === 'pending' ? await finishRefund(means, requested, asked) : { order: requested, waits: false }
  const refund = settled.refunds.find((one) => one.id === id)
  if (refund?.answer !== undefined) return { ...refund.answer, replayed: known }
  const details = { refundId: id }
  if (refund?.status === 'pending' && waits) return { status: 202, body: { refund: refundView(settled, refund), order: orderView(settled) }, replayed: known }
  if (refund?.status === 'failed') throw new Failure('CONFLICT', { message: 'The payment service refused this refund.', details })
  throw new Failure('GATEWAY_TIMEOUT', { message: UNANSWERED, details, retryAfterSeconds: 30 })
}

const UNANSWERED = 'The payment service did not answer. The refund will be finished; it will not be paid twice.'

function minorOf(amount: number, currency: string): number {
  const minor = toMinor(amount, currency)
  if (minor === undefined) throw invalid('amount', `has more digits than ${currency} has`)
  return minor
}
