/**
 * Registers an address that is told what happens to orders; lists those that are.
 *
 * Its secret is shown in this answer and never again: it follows from the shop's own and is kept nowhere. The same
 * `Idempotency-Key` gets the same endpoint and, as the answer may have been lost, the same secret. Our own network, this
 * machine and the platform's metadata server may not be registered, and are refused once more at each call.
 */
import { z } from 'zod'
import { invalid } from '#values/failure.ts'
import { newId } from '#values/ids.ts'
import { listOf } from '#values/shown.ts'
import { EVENT_TYPES } from '#domain/order-event.ts'
import { EndpointShown } from '#domain/shown/operations.ts'
import { secretText } from '#domain/standard-webhook.ts'
import { endpointView } from '#domain/webhook-endpoint.ts'
import { config } from '#platform/config.ts'
import { derivedId } from '#platform/derived.ts'
import { refusedAddress } from '#platform/public-address.ts'
import { webhookKey } from '#platform/webhook-secret.ts'
import { listEndpoints, registerEndpoint } from '#stores/webhook-endpoints.ts'
import { whoIs } from '#entry/bearer.ts'
import { endpoint, route } from '#entry/endpoint.ts'

const Wish = z.strictObject({
  url: z.string().trim().min(1).max(1_000),
  /** Empty: all. */
  eventTypes: z.array(z.enum(EVENT_TYPES)).max(EVENT_TYPES.length).default([]),
})

export const registerOrListWebhookEndpoints = endpoint({
  name: 'register-or-list-webhook-endpoints',
  path: '/api/admin/webhook-endpoints',
  impact: 'Systems built on the shop cannot be connected.',
  POST: route({
    who: ['admin'],
    summary: 'Register an address that is told of orders; shows its secret once',
    body: Wish,
    reply: z.object({ endpoint: EndpointShown, secret: z.string() }),
    status: 201,
    idempotent: true,
    run: async ({ body, caller, key, requestHash }) => {
      const refusal = refusedAddress(body.url, config('webhooks').WEBHOOK_TO_LOOPBACK)
      if (refusal !== undefined) throw invalid('url', refusal)
      const id = key === undefined ? newId('whe') : derivedId('whe', [whoIs(caller), key])
      const eventTypes = [...new Set(body.eventTypes)].sort()
      const registered = await registerEndpoint({ id, url: new URL(body.url).href, eventTypes, requestHash })
      return { endpoint: endpointView(registered), secret: secretText(webhookKey(id, 1)) }
    },
  }),
  GET: route({
    who: ['admin'],
    summary: 'Addresses that are told of orders',
    reply: z.object({ endpoints: listOf(EndpointShown) }),
    run: async () => ({ endpoints: (await listEndpoints()).map(endpointView) }),
  }),
})
