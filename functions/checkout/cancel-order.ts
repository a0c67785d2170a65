/**
 * Cancels an order: one that is not paid is given up, one that is paid and not handed over is given back whole.
 *
 * That it is cancelled is written on the order first, so that nobody charges it or hands it over from then on; then the
 * gateway is asked, then it is settled. A lost answer changes nothing: the same call and the sweep find what was written
 * and carry it out. Goods never go back while the payment could still be made; money that was taken meanwhile goes back
 * whole. A paid order is given back by one refund, however many ask.
 */
import { z } from 'zod'
import { Failure, invalid } from '#values/failure.ts'
import { newId } from '#values/ids.ts'
import { cancel } from '#domain/cancel.ts'
import { cancelledView, isCancelled } from '#domain/cancellation.ts'
import { isOpen, type Order } from '#domain/order.ts'
import { CancelledShown } from '#domain/shown/order.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { derivedId } from '#platform/derived.ts'
import { guarded } from '#stores/guarded.ts'
import { nudgeMails } from '#stores/mails.ts'
import { changeOrder, settleOrder } from '#stores/orders.ts'
import { finishRefund } from '#stores/refunding.ts'
import { gatewayNamed } from '#vendors/gateways.ts'
import { carryOut } from '#vendors/reviewed.ts'
import type { Reply } from '#entry/answer.ts'
import { isStaff, refuseStranger, whoIs } from '#entry/bearer.ts'
import { endpoint, route, type Call } from '#entry/endpoint.ts'

const Wish = z.strictObject({ reason: z.string().trim().min(1).max(500).optional() })

export const cancelOrder = endpoint({
  name: 'cancel-order',
  path: '/api/orders/:orderId/cancel',
  impact: 'Customers cannot take back an order; staff can refund it.',
  POST: route({
    who: 'public',
    summary: 'Cancel an order that is not handed over',
    body: Wish,
    reply: CancelledShown,
    also: { 202: CancelledShown.extend({ message: z.string() }) },
    idempotent: true,
    run,
  }),
})

async function run(call: Call<z.output<typeof Wish>, unknown>): Promise<Reply> {
  const { body, caller, requestHash } = call
  const byStaff = isStaff(caller)
  if (byStaff && body.reason === undefined) throw invalid('reason', 'staff say why they cancel')
  const orderId = call.params['orderId'] ?? ''
  const id = call.key === undefined ? newId('can') : derivedId('can', [whoIs(caller), orderId, call.key])
  let known = false
  const wanted = await changeOrder(orderId, (order) => {
    refuseStranger(caller, order.customerId)
    known = order.cancellation?.id === id
    if (known && order.cancellation?.requestHash !== requestHash) throw new Failure('IDEMPOTENCY_MISMATCH')
    const refundId = derivedId('ref', ['cancel-order', orderId, String(order.refunds.length)])
    return cancel(order, { id, by: whoIs(caller), byStaff, reason: body.reason ?? null, requestHash, refundId, nowMs: now() })
  })
  const { order, waits } = await carriedOut(wanted)
  const answer = order.cancellation?.answer
  if (answer !== undefined) return { ...answer, replayed: known }
  if (isCancelled(order)) return { status: 200, body: cancelledView(order) }
  if (waits) return { status: 202, body: { ...cancelledView(order), message: WAITS }, replayed: known }
  const details = { orderId, state: order.state }
  const underWay = isOpen(order) || order.refunds.some(({ status }) => status === 'pending')
  if (!underWay) throw new Failure('CONFLICT', { message: REFUSED, details })
  throw new Failure('GATEWAY_TIMEOUT', { message: UNANSWERED, details, retryAfterSeconds: 60 })
}

const WAITS = 'This order is cancelled. The money is given back as soon as the payment service can.'
const REFUSED = 'The payment service refused to give the money back. Please contact us.'
const UNANSWERED = 'The payment service did not answer. The order will be cancelled, and nothing is charged twice.'

interface CarriedOut {
  readonly order: Order
  /** The gateway takes its time, and will say by itself or to the sweep when it is done. */
  readonly waits: boolean
}

async function carriedOut(wanted: Order): Promise<CarriedOut> {
  if (wanted.cancellation?.answer !== undefined) return { order: wanted, waits: false }
  const ended = isOpen(wanted) ? await ending(wanted) : { order: wanted, waits: false }
  return isOpen(ended.order) ? ended : givingBack(ended.order)
}

async function ending(wanted: Order): Promise<CarriedOut> {
  const outcome = await carryOut(wanted, guarded(gatewayNamed(wanted.payment.gateway)))
  const { order, settlement } = await settleOrder(wanted.id, { outcome, cause: 'cancel', shopName: config('shop').SHOP_NAME })
  await nudgeMails(settlement?.mails ?? [])
  return { order, waits: outcome.status === 'processing' }
}

async function givingBack(paid: Order): Promise<CarriedOut> {
  const means = { gateway: gatewayNamed(paid.payment.gateway), shopName: config('shop').SHOP_NAME }
  let all: CarriedOut = { order: paid, waits: false }
  for (const refund of paid.refunds.filter(({ status }) => status === 'pending')) all = await finishRefund(means, paid, refund)
  return all
}
