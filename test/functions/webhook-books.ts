/** What must hold of outgoing webhooks: what waits has a moment and what is done has none; each event is one delivery for each endpoint. */
import type { Json } from './shop.ts'

export function deliveryFaults(deliveries: readonly Json[]): string[] {
  const byEvent = Map.groupBy(deliveries, ({ endpointId, orderId, version }) => `${endpointId} ${orderId} ${version}`)
  return [
    ...deliveries
      .filter(({ status, nextAtMs }) => (status === 'pending') !== (nextAtMs !== null))
      .map(({ id, status, nextAtMs }) => `webhook ${id} is ${status}, to be sent at ${nextAtMs}`),
    ...deliveries.filter(({ status, deliveredAtMs }) => status === 'delivered' && deliveredAtMs === null).map(({ id }) => `webhook ${id} is delivered, and nobody knows when`),
    ...[...byEvent.values()].filter(({ length }) => length > 1).map(([one, ...more]) => `webhook ${one?.['id']} has ${more.length} twins`),
  ]
}

export function unsent(deliveries: readonly Json[]): string[] {
  return deliveries.filter(({ status }) => status === 'pending').map(({ id, attempts, lastError }) => `webhook ${id} is still on its way after ${attempts} tries: ${lastError}`)
}
