/**
 * Finishes an order whose customer comes back from his bank, or from the gateway's own page: asks the gateway what became
 * of the charge.
 *
 * Safe to run twice: it charges nothing, and an order that has moved on is answered as it is. The webhook may be
 * faster or slower; both settle the same way.
 */
import { z } from 'zod'
import { Failure } from '#values/failure.ts'
import { chargeRequestOf } from '#domain/checkout.ts'
import { answerFor } from '#domain/order-answer.ts'
import { isOpen, type Order } from '#domain/order.ts'
import { GrantedShown } from '#domain/shown/membership.ts'
import { PlacedShown, SoldShown } from '#domain/shown/order.ts'
import { config } from '#platform/config.ts'
import { guarded } from '#stores/guarded.ts'
import { nudgeMails } from '#stores/mails.ts'
import { readOrder, settleOrder } from '#stores/orders.ts'
import { gatewayNamed } from '#vendors/gateways.ts'
import { refuseStranger } from '#entry/bearer.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const confirmOrder = endpoint({
  name: 'confirm-order',
  path: '/api/orders/:orderId/confirm',
  impact: 'Customers who come back from their bank or from the payment page wait for the webhook instead of seeing their order paid.',
  POST: route({
    who: 'public',
    summary: 'Ask what became of a payment that the customer has finished elsewhere',
    reply: GrantedShown,
    also: { 201: z.union([SoldShown, GrantedShown]), 202: PlacedShown },
    fails: ['PAYMENT_DECLINED'],
    run: async ({ params, caller }) => {
      const order = await readOrder(params['orderId'] ?? '')
      if (order === undefined) throw new Failure('NOT_FOUND')
      refuseStranger(caller, order.customerId)
      const answer = answerFor(isOpen(order) && mayBeAsked(order) ? await asked(order) : order)
      return 'final' in answer ? answer.final : answer
    },
  }),
})

/** A page is found by our reference too. */
function mayBeAsked({ payment }: Order): boolean {
  return payment.transactionId !== null || payment.session !== undefined
}

async function asked(order: Order): Promise<Order> {
  const gateway = guarded(gatewayNamed(order.payment.gateway))
  const outcome = await gateway.find(chargeRequestOf(order), order.payment.transactionId)
  if (outcome.status === 'unknown' || outcome.status === 'requires_action') return order
  const settled = await settleOrder(order.id, { outcome, cause: 'confirmed', shopName: config('shop').SHOP_NAME })
  await nudgeMails(settled.settlement?.mails ?? [])
  return settled.order
}
