/**
 * The secrets that outgoing webhooks are signed with. They follow from the shop's own secret, the endpoint and the
 * generation: so they are kept nowhere, and nobody who reads the store can sign.
 */
import { createHmac } from 'node:crypto'
import { config } from './config.ts'

/** What its receiver is shown. */
export function webhookKey(endpointId: string, generation: number): Buffer {
  return keyFrom(config('webhooks').WEBHOOK_SIGNING_SECRET, endpointId, generation)
}

/** All that an event is signed with: also what follows from the shop's secret before the last rotation, while that is mounted. */
export function webhookKeys(endpointId: string, generation: number): Buffer[] {
  const { WEBHOOK_SIGNING_SECRET, WEBHOOK_SIGNING_SECRET_PREVIOUS } = config('webhooks')
  const secrets = [WEBHOOK_SIGNING_SECRET, ...(WEBHOOK_SIGNING_SECRET_PREVIOUS === undefined ? [] : [WEBHOOK_SIGNING_SECRET_PREVIOUS])]
  return secrets.map((secret) => keyFrom(secret, endpointId, generation))
}

function keyFrom(secret: string, endpointId: string, generation: number): Buffer {
  return createHmac('sha256', secret).update(`${endpointId}:${generation}`).digest()
}
