/** Endpoints that are told of events: few, changed seldom, each change with its audit event in the same commit. */
import {
  changedEndpoint, ENDPOINTS_MAX, endpointKey, newEndpoint, removedRow, rotatedEndpoint, type EndpointChange, type EndpointWish, type WebhookEndpoint,
} from '#domain/webhook-endpoint.ts'
import { Failure } from '#values/failure.ts'
import { now } from '#platform/clock.ts'
import { collection, doc, readQuery, transact, type Doc, type Snapshot } from '#platform/firestore.ts'
import { alertPlace, nudgeKeys, resolveAlert } from './alerts.ts'
import { addRows, outboxDoc } from './outbox.ts'

export function endpointDoc(endpointId: string): Promise<Doc> {
  return doc('webhook_endpoints', endpointId)
}

export function endpointOf(snapshot: Snapshot | undefined): WebhookEndpoint | undefined {
  return snapshot?.data() as WebhookEndpoint | undefined
}

async function allEndpoints() {
  return (await collection('webhook_endpoints')).orderBy('__name__').limit(ENDPOINTS_MAX)
}

export async function listEndpoints(): Promise<WebhookEndpoint[]> {
  return (await readQuery(await allEndpoints())).map((snapshot) => endpointOf(snapshot) as WebhookEndpoint)
}

/**
 * Safe to run twice with the same id: what is there stands.
 * @throws Failure IDEMPOTENCY_MISMATCH when another endpoint was asked for under this id; CONFLICT when there are too many
 */
export async function registerEndpoint(wish: EndpointWish): Promise<WebhookEndpoint> {
  const [place, outbox, all] = [await endpointDoc(wish.id), await outboxDoc(), await allEndpoints()]
  return transact(async (unit) => {
    const known = endpointOf(await unit.get(place))
    if (known !== undefined && known.requestHash !== wish.requestHash) throw new Failure('IDEMPOTENCY_MISMATCH')
    if (known !== undefined) return known
    if ((await unit.query(all)).length >= ENDPOINTS_MAX) throw new Failure('CONFLICT', { message: `There are ${ENDPOINTS_MAX} webhook endpoints already: remove one first.` })
    const { endpoint, row } = newEndpoint(wish, now())
    unit.create(place, { ...endpoint })
    addRows(unit, outbox, [row])
    return endpoint
  })
}

async function changeEndpoint(endpointId: string, rule: (endpoint: WebhookEndpoint) => EndpointChange | undefined): Promise<WebhookEndpoint> {
  const [place, outbox, alert] = [await endpointDoc(endpointId), await outboxDoc(), await alertPlace()]
  const { endpoint, isBack } = await transact(async (unit) => {
    const before = endpointOf(await unit.get(place))
    if (before === undefined) throw notFound()
    const change = rule(before)
    if (change === undefined) return { endpoint: before, isBack: false }
    unit.set(place, { ...change.endpoint })
    addRows(unit, outbox, [change.row])
    const back = before.disabledReason !== null && change.endpoint.disabledReason === null
    if (back) resolveAlert(unit, alert, endpointKey(endpointId))
    return { endpoint: change.endpoint, isBack: back }
  })
  if (isBack) await nudgeKeys([endpointKey(endpointId)])
  return endpoint
}

export function setEndpoint(endpointId: string, wish: Parameters<typeof changedEndpoint>[1]): Promise<WebhookEndpoint> {
  return changeEndpoint(endpointId, (endpoint) => changedEndpoint(endpoint, wish, now()))
}

export function rotateSecret(endpointId: string, rotation: string): Promise<WebhookEndpoint> {
  return changeEndpoint(endpointId, (endpoint) => rotatedEndpoint(endpoint, rotation, now()))
}

/** What is on its way to it is found undeliverable when its time comes. */
export async function removeEndpoint(endpointId: string): Promise<void> {
  const [place, outbox, alert] = [await endpointDoc(endpointId), await outboxDoc(), await alertPlace()]
  await transact(async (unit) => {
    const endpoint = endpointOf(await unit.get(place))
    if (endpoint === undefined) throw notFound()
    unit.delete(place)
    addRows(unit, outbox, [removedRow(endpoint, now())])
    if (endpoint.disabledReason !== null) resolveAlert(unit, alert, endpointKey(endpointId))
  })
  await nudgeKeys([endpointKey(endpointId)])
}

function notFound(): Failure {
  return new Failure('NOT_FOUND', { message: 'Webhook endpoint not found.' })
}
