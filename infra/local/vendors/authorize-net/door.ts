/**
 * One address for every operation: the root element of the body names it, the body says who asks, and the answer is
 * always 200, in JSON behind a byte order mark. Beside it the REST addresses of the webhooks.
 */
import { timingSafeEqual } from 'node:crypto'
import type { Shelves } from '../../disk.ts'
import type { HttpAnswer, HttpCall } from '../../http-ports.ts'
import { type RequestLog, Routes } from '../vendor.ts'
import type { Account } from './account.ts'
import { checkElement, isElement } from './elements.ts'
import { EVENTS, type Notifications, type Webhook } from './notifications.ts'
import { OPERATIONS, type Outcome } from './operations.ts'
import { Refusal } from './refusal.ts'
import { SHAPES } from './shapes.ts'
import type { Trouble } from './trouble.ts'

export interface Credentials {
  readonly loginId: string
  readonly transactionKey: string
}

export interface DoorParts {
  readonly account: Account
  readonly shelves: Shelves
  readonly credentials: Credentials
  readonly trouble: Trouble
  readonly log: RequestLog
}

type Json = Readonly<Record<string, unknown>>
type Handle = (parts: DoorParts, call: HttpCall, id: string) => Promise<HttpAnswer> | HttpAnswer

const BYTE_ORDER_MARK = '\uFEFF'
const SECRET = new Set(['merchantAuthentication', 'dataValue', 'cardNumber', 'cardCode', 'expirationDate'])
const SERVER_ERROR: HttpAnswer = {
  status: 500, headers: { 'content-type': 'text/html' }, body: '<html><body><h1>Server Error</h1></body></html>',
}

export const ROUTES = new Routes<Handle>({
  'POST /xml/v1/request.api': api,
  'GET /rest/v1/eventtypes': signedIn(() => ({ status: 200, body: EVENTS.map((name) => ({ name })) })),
  'GET /rest/v1/webhooks': signedIn(({ account }) => ({ status: 200, body: account.notifications.webhooks() })),
  'POST /rest/v1/webhooks': signedIn(({ account }, call) => {
    const { name = 'Shop', url, eventTypes, status = 'active' } = bodyOf(call) as Partial<Webhook>
    if (typeof url !== 'string' || !Array.isArray(eventTypes)) return failed(400, 'INVALID_DATA', 'The content is invalid.')
    return { status: 201, body: account.notifications.add({ name, url, eventTypes, status }) }
  }),
  'GET /rest/v1/webhooks/:id': signedIn(({ account }, _, id) => found(account.notifications.webhook(id))),
  'PUT /rest/v1/webhooks/:id': signedIn(({ account }, call, id) => found(changed(account.notifications, id, bodyOf(call)))),
  'DELETE /rest/v1/webhooks/:id': signedIn(({ account }, _, id) =>
    account.notifications.remove(id) ? { status: 200 } : found(undefined),
  ),
  'GET /rest/v1/notifications': signedIn(({ account }, call) => {
    const wanted = call.query.get('deliveryStatus')
    const isWanted = (one: object): boolean => wanted === null || (one as Json)['deliveryStatus'] === wanted
    const notifications = account.notifications.all().filter(isWanted)
    return { status: 200, body: { notifications } }
  }),
})

export async function answer(parts: DoorParts, call: HttpCall): Promise<HttpAnswer> {
  const route = ROUTES.find(call.method, call.path)
  await parts.trouble.pause()
  const nowhere = failed(404, 'RESOURCE_NOT_FOUND', 'The URI you requested could not be found.')
  const said = route === undefined ? nowhere : await route.handle(parts, call, route.params['id'] ?? '')
  parts.log.add(call, said, withoutSecrets(bodyOf(call)))
  return said
}

function api({ account, shelves, credentials, trouble }: DoorParts, call: HttpCall): HttpAnswer {
  if (trouble.strikes('before')) return SERVER_ERROR
  const asked = bodyOf(call)
  const [name = ''] = Object.keys(asked)
  const body = isElement(asked[name]) ? asked[name] : {}
  const refId = typeof body['refId'] === 'string' ? { refId: body['refId'] } : {}
  const said = shelves.together(() => {
    try {
      if (Object.keys(asked).length !== 1) throw malformed()
      return { ...messagesOf(worked(account, credentials, { name, body })), ...refId }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return { ...refId, messages: { resultCode: 'Error', message: [{ code: error.code, text: error.message }] } }
    }
  })
  if (trouble.strikes('after')) return SERVER_ERROR
  const headers = { 'content-type': 'application/json; charset=utf-8' }
  return { status: 200, headers, body: `${BYTE_ORDER_MARK}${JSON.stringify(said)}` }
}

function malformed(): Refusal {
  return new Refusal('E00003', 'The request is not well formed, or its root element is not known.')
}

function worked(account: Account, credentials: Credentials, { name, body }: { name: string; body: Json }): Outcome {
  const [shape, operation] = [SHAPES[name], OPERATIONS[name]]
  if (shape === undefined || operation === undefined) throw malformed()
  checkElement(name, body, shape)
  const who = body['merchantAuthentication'] as { name: unknown; transactionKey: unknown }
  if (!same(String(who.name), credentials.loginId) || !same(String(who.transactionKey), credentials.transactionKey)) {
    throw new Refusal('E00007', 'User authentication failed due to invalid authentication values.')
  }
  return operation(account, body)
}

/** The vendor's own order: what was asked first, what he says of it last. */
function messagesOf({ fields, empty, unsuccessful }: Outcome): Json {
  if (unsuccessful === true) {
    return { ...fields, messages: { resultCode: 'Error', message: [{ code: 'E00027', text: 'The transaction was unsuccessful.' }] } }
  }
  const message = empty === true ? { code: 'I00004', text: 'No records found.' } : { code: 'I00001', text: 'Successful.' }
  return { ...fields, messages: { resultCode: 'Ok', message: [message] } }
}

function signedIn(work: (parts: DoorParts, call: HttpCall, id: string) => HttpAnswer): Handle {
  return (parts, call, id) => {
    const { loginId, transactionKey } = parts.credentials
    const given = /^Basic (.+)$/.exec(call.headers.authorization ?? '')?.[1] ?? ''
    if (!same(Buffer.from(given, 'base64').toString('utf8'), `${loginId}:${transactionKey}`)) {
      return failed(401, 'AUTHENTICATION_FAILED', 'Invalid credentials.')
    }
    return parts.shelves.together(() => work(parts, call, id))
  }
}

function changed(notifications: Notifications, id: string, body: Json): Webhook | undefined {
  const known = Object.entries(body).filter(([name]) => ['name', 'url', 'eventTypes', 'status'].includes(name))
  return notifications.change(id, Object.fromEntries(known))
}

function found(webhook: Webhook | undefined): HttpAnswer {
  if (webhook === undefined) return failed(404, 'RESOURCE_NOT_FOUND', 'The webhook could not be found.')
  return { status: 200, body: webhook }
}

function failed(status: number, reason: string, message: string): HttpAnswer {
  return { status, body: { status, reason, message } }
}

/** An object, empty where the body is none. */
function bodyOf(call: HttpCall): Json {
  try {
    const body = JSON.parse(new TextDecoder().decode(call.body)) as unknown
    return isElement(body) ? body : {}
  } catch {
    return {}
  }
}

function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets)
  if (!isElement(value)) return value
  const shown = Object.entries(value).map(([name, inner]) => [name, SECRET.has(name) ? '***' : withoutSecrets(inner)])
  return Object.fromEntries(shown)
}

function same(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}
