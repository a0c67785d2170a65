/** The log of outgoing webhooks, the newest first: what was told to whom, how often it was tried and what was answered. */
import { z } from 'zod'
import { cursorField, idField, limitField } from '#values/schema.ts'
import { cursorShown, listOf } from '#values/shown.ts'
import { EVENT_TYPES } from '#domain/order-event.ts'
import { WebhookDeliveryShown } from '#domain/shown/operations.ts'
import { DELIVERY_STATUSES, deliveryView } from '#domain/webhook-delivery.ts'
import { listDeliveries } from '#stores/webhook-deliveries.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const listWebhookDeliveries = endpoint({
  name: 'list-webhook-deliveries',
  path: '/api/admin/webhook-deliveries',
  impact: 'Staff do not see why a connected system was not told of an order.',
  GET: route({
    who: ['viewer', 'support', 'admin'],
    summary: 'Outgoing webhooks, the newest first',
    query: z.strictObject({
      endpointId: idField.optional(),
      status: z.enum(DELIVERY_STATUSES).optional(),
      type: z.enum(EVENT_TYPES).optional(),
      cursor: cursorField.optional(),
      limit: limitField(50, 100),
    }),
    reply: z.object({ deliveries: listOf(WebhookDeliveryShown), nextCursor: cursorShown }),
    run: async ({ query }) => {
      const { deliveries, nextCursor } = await listDeliveries(query)
      return { deliveries: deliveries.map(deliveryView), nextCursor }
    },
  }),
})
