/**
 * Gives an endpoint a new secret, shown once. For a day every message is signed with both, so that its receiver may
 * change over when he likes and loses nothing.
 *
 * The same `Idempotency-Key` rotates once and shows the same secret; it must never be that a lost answer leaves an
 * endpoint with a secret that nobody knows.
 */
import { z } from 'zod'
import { newId } from '#values/ids.ts'
import { EndpointShown } from '#domain/shown/operations.ts'
import { secretText } from '#domain/standard-webhook.ts'
import { endpointView } from '#domain/webhook-endpoint.ts'
import { derivedId } from '#platform/derived.ts'
import { webhookKey } from '#platform/webhook-secret.ts'
import { rotateSecret } from '#stores/webhook-endpoints.ts'
import { whoIs } from '#entry/bearer.ts'
import { endpoint, route } from '#entry/endpoint.ts'

export const rotateWebhookSecret = endpoint({
  name: 'rotate-webhook-secret',
  path: '/api/admin/webhook-endpoints/:endpointId/rotate',
  impact: 'A secret that leaked cannot be exchanged.',
  POST: route({
    who: ['admin'],
    summary: 'Give an endpoint a new secret; the old one is valid for another day',
    reply: z.object({ endpoint: EndpointShown, secret: z.string() }),
    idempotent: true,
    run: async ({ caller, key, params }) => {
      const id = params['endpointId'] ?? ''
      const rotation = key === undefined ? newId('rot') : derivedId('rot', [whoIs(caller), id, key])
      const rotated = await rotateSecret(id, rotation)
      return { endpoint: endpointView(rotated), secret: secretText(webhookKey(id, rotated.generation)) }
    },
  }),
})
