/**
 * Resolves a difference by hand: attaches a charge or a refund to the order that it belongs to, or has it booked as
 * unexplained.
 *
 * In two steps, because it cannot be taken back: without `confirm` it answers what would happen and a token for exactly
 * that; with the token it is done. Two admins, a double click or a lost answer resolve it once: the difference, the order
 * and the operation's record are written together. An order whose own payment may still be made is refused.
 */
import { z } from 'zod'
import { newId } from '#values/ids.ts'
import { idField } from '#values/schema.ts'
import { iso } from '#values/time.ts'
import { differenceView } from '#domain/difference.ts'
import { orderView } from '#domain/order.ts'
import type { Settlement } from '#domain/settlement.ts'
import { DifferenceShown, PreviewShown } from '#domain/shown/books.ts'
import { OrderShown } from '#domain/shown/order.ts'
import { config } from '#platform/config.ts'
import { nudgeAlerts } from '#stores/alerts.ts'
import { nudgeMails } from '#stores/mails.ts'
import { previewOf, refusePayable, resolveIn, type Resolving } from '#stores/resolving.ts'
import { gatewayNamed } from '#vendors/gateways.ts'
import type { Reply } from '#entry/answer.ts'
import { endpoint, route, type Call } from '#entry/endpoint.ts'

const Wish = z.strictObject({
  orderId: idField.optional(),
  reason: z.string().trim().min(1).max(500),
  confirm: z.string().min(1).max(100).optional(),
})

export const resolveDifference = endpoint({
  name: 'resolve-difference',
  path: '/api/admin/reconciliation/:differenceId/resolve',
  impact: 'Money that belongs to an order cannot be given to it.',
  POST: route({
    who: ['admin'],
    summary: 'Attach a charge or refund to its order, or book it as unexplained',
    body: Wish,
    reply: z.union([PreviewShown, z.object({ resolved: z.literal(true), difference: DifferenceShown, order: OrderShown.optional() })]),
    idempotent: true,
    run,
  }),
})

async function run(call: Call<z.output<typeof Wish>, unknown>): Promise<Reply | Record<string, unknown>> {
  const { confirm, ...wish } = call.body
  const resolving: Resolving = {
    id: call.params['differenceId'] ?? '',
    wish,
    by: `${call.caller.role} ${call.caller.id ?? ''}`,
    shopName: config('shop').SHOP_NAME,
    runner: newId('run'),
  }
  return confirm === undefined ? preview(resolving) : resolve(call, resolving, confirm)
}

async function preview(resolving: Resolving): Promise<Record<string, unknown>> {
  const { difference, plan, confirm, expiresAtMs } = await previewOf(resolving)
  return { resolved: false, difference: differenceView(difference), how: plan.how, effects: plan.effects, confirm, expiresAt: iso(expiresAtMs) }
}

async function resolve(call: Call<unknown, unknown>, resolving: Resolving, confirm: string): Promise<Reply> {
  await refusePayable(resolving, ({ payment }) => gatewayNamed(payment.gateway))
  let written: Settlement | undefined
  const reply = await call.once(async (unit) => {
    const { difference, settlement } = await resolveIn(unit, resolving, confirm)
    written = settlement
    return { resolved: true, difference: differenceView(difference), ...(settlement === undefined ? {} : { order: orderView(settlement.order) }) }
  })
  await nudgeMails(written?.mails ?? [])
  await nudgeAlerts([{ resolve: `reconciliation/${resolving.id}` }, ...(written?.alerts ?? [])])
  return reply
}
