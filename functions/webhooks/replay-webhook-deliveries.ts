/**
 * Tells endpoints again: deliveries that are named, or those that a filter finds, dead ones unless others are asked for.
 *
 * All of it is one commit with the request's own record, so a second click tells nothing twice. What is on its way is
 * not put back; nothing named is passed over. A filter that finds more than go at once says so, and is asked again.
 */
import { z } from 'zod'
import { newId } from '#values/ids.ts'
import { idField } from '#values/schema.ts'
import { listOf } from '#values/shown.ts'
import { EVENT_TYPES } from '#domain/order-event.ts'
import { auditEvent } from '#domain/rows.ts'
import { RefusedShown } from '#domain/shown/operations.ts'
import type { WebhookDelivery } from '#domain/webhook-delivery.ts'
import { now } from '#platform/clock.ts'
import { transact } from '#platform/firestore.ts'
import { addRows, outboxDoc } from '#stores/outbox.ts'
import { nudgeDeliveries, putBackDeliveries, REPLAY_MAX, toTellAgain, type ReplayedDeliveries } from '#stores/webhook-deliveries.ts'
import type { Reply } from '#entry/answer.ts'
import { endpoint, route, type Call } from '#entry/endpoint.ts'
import { replayFilter, replayWish } from '#entry/replay.ts'

const Filter = replayFilter({
  endpointId: idField.optional(),
  type: z.enum(EVENT_TYPES).optional(),
  status: z.enum(['dead', 'delivered']).default('dead'),
})

const Wish = replayWish(Filter, REPLAY_MAX)
type Wish = z.output<typeof Wish>

const Told = z.object({ ids: listOf(z.string()), refused: listOf(RefusedShown), more: z.boolean().describe('A filter found more than go at once: ask again.') })

export const replayWebhookDeliveries = endpoint({
  name: 'replay-webhook-deliveries',
  path: '/api/admin/webhook-deliveries/replay',
  impact: 'Connected systems that were away are never told what they missed.',
  POST: route({
    who: ['support', 'admin'],
    summary: 'Tell endpoints again, by id or filter',
    body: Wish,
    reply: z.object({ replay: Told.extend({ id: z.string() }) }),
    also: { 200: z.object({ dryRun: Told }) },
    status: 202,
    idempotent: true,
    run,
  }),
})

async function run({ body, once }: Call<Wish, unknown>): Promise<Reply> {
  if (body.dryRun) return { status: 200, body: { dryRun: told(await transact((unit) => toTellAgain(unit, wanted(body)))) } }
  const [replayId, outbox] = [newId('rpl'), await outboxDoc()]
  let again: readonly WebhookDelivery[] = []
  const reply = await once(async (unit) => {
    const found = await toTellAgain(unit, wanted(body))
    again = await putBackDeliveries(unit, found.replayed, replayId)
    addRows(unit, outbox, [replayRow(replayId, body.reason, found)])
    return { replay: { id: replayId, ...told(found) } }
  })
  await nudgeDeliveries(again)
  return reply
}

function wanted({ ids, filter }: Wish): Parameters<typeof toTellAgain>[1] {
  if (ids !== undefined || filter === undefined) return ids ?? []
  const { endpointId, type, status, from, to } = filter
  return { endpointId, type, status, fromMs: from, toMs: to }
}

function told({ replayed, refused, more }: ReplayedDeliveries): z.input<typeof Told> {
  return { ids: replayed.map(({ id }) => id), refused, more }
}

function replayRow(id: string, why: string, { replayed, refused }: ReplayedDeliveries) {
  return auditEvent({
    id: `${id}-audit`, who: null, what: 'webhook_deliveries.replayed', subject: id, before: null, after: { replayed: replayed.length, refused: refused.length },
    why, requestId: null, ip: null, atMs: now(),
  })
}
