/**
 * A request that a function can answer whatever its shop holds, as the first of an instance: it goes through all that
 * every request goes through (limits, token, input, store) and changes nothing that anybody has.
 */
import type { Declaration, EndpointDeclaration, Method, Role } from '../../../shared/entry/declaration.ts'

export interface FirstRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** Whose token it bears; absent: nobody's. */
  readonly role?: Role
}

const JSON_TYPE = { 'content-type': 'application/json' }
const METHODS: readonly Method[] = ['GET', 'POST', 'PUT', 'DELETE']
/** Names records that no shop has, under every name by which a message names one. */
const NOTHING_OF_OURS = { key: 'unknown', vendor: 'unknown', eventId: 'unknown', id: 'unknown', mailId: 'unknown', subject: null, type: 'unknown', replayId: 'unknown', deliveryId: 'unknown', attempt: 1 }

export function firstRequest(declaration: Declaration): FirstRequest {
  if (declaration.kind === 'endpoint') return toEndpoint(declaration)
  if (declaration.kind === 'message') return { method: 'POST', path: '/', headers: { ...JSON_TYPE, ...EVENT }, body: JSON.stringify(pushOf(NOTHING_OF_OURS)) }
  const path = declaration.kind === 'webhook' ? declaration.path : '/'
  return { method: 'POST', path, headers: JSON_TYPE, body: '{}' }
}

const EVENT = { 'ce-id': 'first', 'ce-type': 'google.cloud.pubsub.topic.v1.messagePublished', 'ce-source': '//pubsub.googleapis.com/first', 'ce-specversion': '1.0' }

function pushOf(data: unknown): unknown {
  return { message: { data: Buffer.from(JSON.stringify(data)).toString('base64'), messageId: 'first', attributes: {} }, subscription: 'first' }
}

function toEndpoint({ path, routes }: EndpointDeclaration): FirstRequest {
  const method = METHODS.find((name) => routes[name] !== undefined) ?? 'GET'
  const who = routes[method]?.who
  const [role] = who === undefined || who === 'public' ? [] : who
  const address = { method, path: path.replaceAll(/:[^/]+/g, 'unknown'), ...(role === undefined ? {} : { role }) }
  return method === 'GET' ? { ...address, headers: {} } : { ...address, headers: JSON_TYPE, body: '{}' }
}
