/**
 * The secrets that outgoing webhooks are signed with. They follow from the shop's own secret, the endpoint and the
 * generation: so they are kept nowhere, and nobody who reads the store can sign.
 */
import { createHmac } from 'node:crypto'
import { config } from './config.ts'

export function webhookKey(endpointId: string, generation: number): Buffer {
  return createHmac('sha256', config('webhooks').WEBHOOK_SIGNING_SECRET).update(`${endpointId}:${generation}`).digest()
}
