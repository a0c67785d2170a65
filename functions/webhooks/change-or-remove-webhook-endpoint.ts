/**
 * Changes what an endpoint is told of, switches it off or on again, or removes it.
 *
 * Switched on, it begins anew: what it missed is put back by `replay-webhook-deliveries`. Another address is another
 * endpoint, with a secret of its own. Safe to run twice: what is so already is not written; what is removed is not found.
 */
import { z } from 'zod'
import { EVENT_TYPES } from '#domain/order-event.ts'
import { EndpointShown } from '#domain/shown/operations.ts'
import { endpointView } from '#domain/webhook-endpoint.ts'
import { removeEndpoint, setEndpoint } from '#stores/webhook-endpoints.ts'
import { endpoint, route } from '#entry/endpoint.ts'

const Change = z
  .strictObject({
    eventTypes: z.array(z.enum(EVENT_TYPES)).max(EVENT_TYPES.length).transform((types) => [...new Set(types)].sort()).optional(),
    active: z.boolean().optional(),
  })
  .refine(({ eventTypes, active }) => eventTypes !== undefined || active !== undefined, { path: ['active'], message: 'send eventTypes or active' })

export const changeOrRemoveWebhookEndpoint = endpoint({
  name: 'change-or-remove-webhook-endpoint',
  path: '/api/admin/webhook-endpoints/:endpointId',
  impact: 'Systems built on the shop cannot be disconnected.',
  PUT: route({
    who: ['admin'],
    summary: 'Change what an endpoint is told of, or switch it off or on',
    body: Change,
    reply: z.object({ endpoint: EndpointShown }),
    run: async ({ body, params }) => ({ endpoint: endpointView(await setEndpoint(params['endpointId'] ?? '', definedIn(body))) }),
  }),
  DELETE: route({
    who: ['admin'],
    summary: 'Remove an endpoint',
    reply: z.object({}),
    run: async ({ params }) => {
      await removeEndpoint(params['endpointId'] ?? '')
      return {}
    },
  }),
})

function definedIn({ eventTypes, active }: z.output<typeof Change>): Parameters<typeof setEndpoint>[1] {
  return { ...(eventTypes === undefined ? {} : { eventTypes }), ...(active === undefined ? {} : { active }) }
}
