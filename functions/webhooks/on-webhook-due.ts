/**
 * Tells one endpoint of one event: a signed POST, of which any answer but 2xx within five seconds is a failed try.
 *
 * Safe to run twice: a try is claimed and counted in the delivery's record before it is made, so that two copies of a
 * nudge are one try. A sender that dies may have told it: the next one tells it again, under the same id.
 */
import { z } from 'zod'
import { secretText, signedHeaders } from '#domain/standard-webhook.ts'
import { validGenerations } from '#domain/webhook-endpoint.ts'
import { now } from '#platform/clock.ts'
import { webhookKeys } from '#platform/webhook-secret.ts'
import { claimDelivery, noteTry, WEBHOOK_TOPIC } from '#stores/webhook-deliveries.ts'
import { post } from '#vendors/subscribers/post.ts'
import { message } from '#entry/message.ts'

export const onWebhookDue = message({
  name: 'on-webhook-due',
  topic: WEBHOOK_TOPIC,
  impact: 'Connected systems are not told what happens to orders.',
  data: z.object({ deliveryId: z.string(), attempt: z.number().int() }),
  run: async ({ deliveryId, attempt }) => {
    const sending = await claimDelivery(deliveryId, attempt)
    if (sending === undefined) return
    const { delivery, endpoint } = sending
    const { eventId: id, body } = delivery
    const secrets = validGenerations(endpoint, now()).flatMap((generation) => webhookKeys(endpoint.id, generation).map(secretText))
    await noteTry(sending, await post({ url: endpoint.url, body, headers: signedHeaders({ id, atMs: now(), body }, secrets) }))
  },
})
