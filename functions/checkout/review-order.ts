/**
 * Decides an order in review: approved, its money is taken and it is sold; refused, it is given up and nothing is kept.
 *
 * The decision is written on the order first, so of two admins who decide differently one wins, and the other is told
 * what was decided. Then the gateway is asked, then the order is settled. A lost answer changes nothing: the same call
 * and the sweep find the decision and carry it out. A refused order is never captured, an approved one never voided.
 */
import { z } from 'zod'
import { Failure } from '#values/failure.ts'
import { newId } from '#values/ids.ts'
import { isOpen, type Order } from '#domain/order.ts'
import { decide, differs } from '#domain/review.ts'
import { DecisionShown, OrderShown } from '#domain/shown/order.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { derivedId } from '#platform/derived.ts'
import { guarded } from '#stores/guarded.ts'
import { nudgeMails } from '#stores/mails.ts'
import { changeOrder, settleOrder } from '#stores/orders.ts'
import { gatewayNamed } from '#vendors/gateways.ts'
import { carryOut } from '#vendors/reviewed.ts'
import type { Reply } from '#entry/answer.ts'
import { whoIs } from '#entry/bearer.ts'
import { endpoint, route, type Call } from '#entry/endpoint.ts'

const Verdict = z.strictObject({ decision: z.enum(['approve', 'refuse']), reason: z.string().trim().min(1).max(500) })

export const reviewOrder = endpoint({
  name: 'review-order',
  path: '/api/orders/:orderId/review',
  impact: 'Orders in review are neither sold nor given back.',
  POST: route({
    who: ['admin'],
    summary: 'Approve or refuse an order in review',
    body: Verdict,
    reply: z.object({ orderId: z.string(), review: DecisionShown, order: OrderShown }),
    idempotent: true,
    run,
  }),
})

async function run(call: Call<z.output<typeof Verdict>, unknown>): Promise<Reply> {
  const { body, caller, requestHash } = call
  const orderId = call.params['orderId'] ?? ''
  const id = call.key === undefined ? newId('rev') : derivedId('rev', [whoIs(caller), orderId, call.key])
  let known = false
  const decided = await changeOrder(orderId, (order) => {
    known = order.review?.id === id
    if (known && order.review?.requestHash !== requestHash) throw new Failure('IDEMPOTENCY_MISMATCH')
    return known ? undefined : decide(order, { ...body, id, decidedBy: whoIs(caller), requestHash, nowMs: now() })
  })
  const order = isOpen(decided) ? await carriedOut(decided) : decided
  if (order.review === null) throw differs(order)
  if (order.review.answer !== undefined) return { ...order.review.answer, replayed: known }
  throw new Failure('GATEWAY_TIMEOUT', { message: UNANSWERED, details: { orderId, decision: order.review.decision }, retryAfterSeconds: 60 })
}

const UNANSWERED = 'The payment service did not answer. The decision stands and will be carried out.'

async function carriedOut(order: Order): Promise<Order> {
  const outcome = await carryOut(order, guarded(gatewayNamed(order.payment.gateway)))
  const settled = await settleOrder(order.id, { outcome, cause: 'review', shopName: config('shop').SHOP_NAME })
  await nudgeMails(settled.settlement?.mails ?? [])
  return settled.order
}
