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
import { orderView, refundView, type Order, type Refund } from '#domain/order.ts'
import { requestRefund, settleRefund } from '#domain/refund.ts'
import type { Settlement } from '#domain/settlement.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { derivedId } from '#platform/derived.ts'
import { nudgeMails } from '#stores/mails.ts'
import { changeOrder } from '#stores/orders.ts'
import { gatewayNamed } from '#vendors/gateways.ts'
import type { Reply } from '#entry/answer.ts'
import { endpoint, route, type Call } from '#entry/endpoint.ts'

const Wish = z
  .strictObject({
    amount: wireAmount.gt(0).optional(),
    lines: z.array(z.strictObject({ productId: idField, quantity: z.number().int().min(1).max(QUANTITY_MAX) })).min(1).max(LINES_MAX).optional(),
    restock: z.boolean().default(false),
    reason: z.string().trim().min(1).max(500),
  })
  .refine(({ amount, lines }) => amount === undefined || lines === undefined, { path: ['amount'], message: 'send either amount or lines' })
  .refine(({ lines }) => new Set(lines?.map(({ productId }) => productId)).size === (lines?.length ?? 0), { path: ['lines'], message: 'name each product once' })

export const refundOrder = endpoint({
  name: 'refund-order',
  path: '/api/orders/:orderId/refunds',
  impact: 'Customers do not get back what they are owed.',
  POST: route({
    who: ['admin'],
    summary: 'Refund an order, in full, by amount or by line',
    body: Wish,
    reply: z.object({ refund: z.looseObject({}), order: z.looseObject({}) }),
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
    known = order.refunds.some((refund) => refund.id === id)
    if (known) refuseOtherWish(order, id, body)
    const amount = body.amount === undefined ? undefined : minorOf(body.amount, order.currency)
    return known ? undefined : requestRefund(order, { ...body, amount, id, requestedBy: `${caller.role} ${caller.id ?? ''}`, nowMs: now() })
  })
  const settled = await refunded(requested, id)
  const refund = settled.refunds.find((one) => one.id === id) as Refund
  if (refund.status === 'failed') throw new Failure('CONFLICT', { message: 'The payment service refused this refund.', details: { refundId: id } })
  if (refund.status === 'pending') throw new Failure('GATEWAY_TIMEOUT', { message: 'The payment service did not answer. The refund will be finished; it will not be paid twice.', details: { refundId: id }, retryAfterSeconds: 30 })
  return { status: 201, body: { refund: refundView(settled, refund), order: orderView(settled) }, replayed: known }
}

/** Asks the gateway for a refund that is still pending. */
async function refunded(order: Order, refundId: string): Promise<Order> {
  const refund = order.refunds.find((one) => one.id === refundId)
  if (refund?.status !== 'pending') return order
  const gateway = await gatewayNamed(order.payment.gateway)
  const outcome = await gateway.refund({
    refundId, orderId: order.id, transactionId: order.payment.transactionId ?? '', amount: refund.amount, createdAtMs: refund.atMs,
  })
  let settlement: Settlement | undefined
  const settled = await changeOrder(order.id, (fresh) => (settlement = settleRefund(fresh, refundId, outcome, now(), config('shop').SHOP_NAME)))
  await nudgeMails((settlement?.mails ?? []).map(({ id }) => id))
  return settled
}

function minorOf(amount: number, currency: string): number {
  const minor = toMinor(amount, currency)
  if (minor === undefined) throw invalid('amount', `has more digits than ${currency} has`)
  return minor
}

/** The same key with another wish is a mistake that must not look like success. */
function refuseOtherWish(order: Order, refundId: string, wish: z.output<typeof Wish>): void {
  const refund = order.refunds.find(({ id }) => id === refundId)
  const sameAmount = wish.amount === undefined || toMinor(wish.amount, order.currency) === refund?.amount
  const sameLines = wish.lines === undefined || JSON.stringify(wish.lines) === JSON.stringify(refund?.lines.map(({ productId, quantity }) => ({ productId, quantity })))
  if (!sameAmount || !sameLines || wish.reason !== refund?.reason || wish.restock !== refund.restock) throw new Failure('IDEMPOTENCY_MISMATCH')
}
