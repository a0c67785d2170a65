/**
 * Resend, as the shop meets it: mails one by one and in batches, their fate told by signed webhooks, suppressions, limits.
 *
 * No mail leaves the machine. One mail per idempotency key, whatever is retried: what is proved against this
 * simulator about "each mail once" must hold at the vendor too.
 */
import type { HttpAnswer, HttpCall } from '../../http-ports.ts'
import { RequestLog, Routes, type Vendor, type VendorContext } from '../vendor.ts'
import { control, type Parts } from './control.ts'
import { Endpoints } from './endpoints.ts'
import { ResendFailure } from './failure.ts'
import { IdempotencyKeys } from './idempotency.ts'
import { Limits } from './limits.ts'
import { Mailroom } from './mailroom.ts'
import { isRecord } from './message.ts'
import { sendBatch, sendOne, type Desk } from './sending.ts'
import { Suppressions } from './suppressions.ts'
import { WebhookEvents } from './webhook-events.ts'

export interface ResendOptions {
  readonly apiKey: string
  /** Keys that may only send. */
  readonly sendOnlyKeys?: readonly string[]
  readonly webhookSecret: string
  /** Whether the shop's endpoint is told of events from the start; local control may change it. */
  readonly webhooks?: boolean
  /** Calls a second; the vendor's own default is lower, which would slow a busy shop on one machine. */
  readonly ratePerSecond?: number
  /** Recipients a day; no quota without it. */
  readonly dailyQuota?: number
  /** Real milliseconds a call to send takes before it takes effect. */
  readonly latencyMs?: number
  /** From sent to delivered. */
  readonly deliveryMs?: number
  /** Domains that mail may be sent from; any without it. */
  readonly verifiedDomains?: readonly string[]
}

interface Ask {
  readonly call: HttpCall
  readonly input: unknown
  readonly id: string
  readonly eventId: string
}

type Answering = (ask: Ask) => unknown

const RATE_PER_SECOND = 100
const DELIVERY_MS = 300
const SENDING = ['POST /emails', 'POST /emails/batch']
const CREATED = ['POST /suppressions']

export function createResend(context: VendorContext, options: ResendOptions): Vendor {
  const parts = assemble(context, options)
  const desk: Desk = {
    context,
    mailroom: parts.mailroom,
    limits: parts.limits,
    keys: new IdempotencyKeys(context),
    latencyMs: options.latencyMs ?? 0,
    verifiedDomains: options.verifiedDomains,
  }
  const routes = new Routes(table(parts, desk))
  const log = new RequestLog(context.timeline)

  async function handle(call: HttpCall): Promise<HttpAnswer> {
    const input = read(call)
    const answer = await answerTo(() => answered(call, input))
    const key = call.headers['idempotency-key']
    log.add(call, answer, input, typeof key === 'string' ? key : undefined)
    return answer
  }

  async function answered(call: HttpCall, input: unknown): Promise<HttpAnswer> {
    if (call.headers['user-agent'] === undefined) return { status: 403, body: 'error code: 1010' }
    const mayOnlySend = checkKey(call, options)
    const headers = () => parts.limits.headers()
    return answerTo(async () => {
      parts.limits.countCall()
      const route = routes.find(call.method, call.path)
      if (route === undefined) throw noRoute(routes.knows(call.path))
      if (mayOnlySend && !SENDING.includes(route.name)) {
        throw new ResendFailure(401, 'restricted_api_key', 'This API key is restricted to only send emails')
      }
      const body = await route.handle({ call, input, id: route.params['id'] ?? '', eventId: route.params['eventId'] ?? '' })
      return { status: CREATED.includes(route.name) ? 201 : 200, body }
    }, headers)
  }

  return {
    name: 'resend',
    service: { target: 'resend', operation: (method, path) => routes.name(method, path), handle },
    requests: () => log.all(),
    objects: (type) => objects(parts, type),
    control: (action, body) => answerTo(() => control(parts, action, isRecord(body) ? body : {})),
    pending: () => parts.mailroom.pending() + parts.events.pending(),
    waiting: () => parts.mailroom.pending() + parts.events.waiting(),
  }
}

function assemble(context: VendorContext, options: ResendOptions): Parts {
  const endpoints = new Endpoints(context, { secret: options.webhookSecret, enabled: options.webhooks ?? false })
  const events = new WebhookEvents(context, endpoints)
  const suppressions = new Suppressions(context, events)
  const quota = options.dailyQuota === undefined ? {} : { daily: options.dailyQuota }
  return {
    endpoints,
    events,
    suppressions,
    limits: new Limits(context, { perSecond: options.ratePerSecond ?? RATE_PER_SECOND, ...quota }),
    mailroom: new Mailroom(context, { events, suppressions, deliveryMs: options.deliveryMs ?? DELIVERY_MS }),
  }
}

function table(parts: Parts, desk: Desk): Record<string, Answering> {
  const { mailroom, events, endpoints, suppressions } = parts
  return {
    'POST /emails': ({ call, input }) => sendOne(desk, call, input),
    'POST /emails/batch': ({ call, input }) => sendBatch(desk, call, input),
    'GET /emails': ({ call }) => mailroom.list(call.query),
    'GET /emails/:id': ({ id }) => mailroom.get(id),
    'PATCH /emails/:id': ({ id, input }) => mailroom.reschedule(id, isRecord(input) ? input['scheduled_at'] : undefined),
    'POST /emails/:id/cancel': ({ id }) => mailroom.cancel(id),
    'POST /webhooks': ({ input }) => endpoints.create(input),
    'GET /webhooks': ({ call }) => endpoints.list(call.query),
    'GET /webhooks/:id': ({ id }) => endpoints.get(id),
    'PATCH /webhooks/:id': ({ id, input }) => endpoints.update(id, input),
    'DELETE /webhooks/:id': ({ id }) => endpoints.remove(id),
    'POST /webhooks/:id/signing-secret/rotate': ({ id }) => endpoints.rotate(id),
    'GET /webhooks/:id/events': ({ call, id }) => events.list(id, call.query),
    'GET /webhooks/:id/events/:eventId': ({ id, eventId }) => events.get(id, eventId),
    'POST /webhooks/:id/events/:eventId/replay': ({ id, eventId }) => events.replay(id, eventId),
    'POST /suppressions': ({ input }) => suppressions.add(input),
    'GET /suppressions': ({ call }) => suppressions.list(call.query),
    'GET /suppressions/:id': ({ id }) => suppressions.get(id),
    'DELETE /suppressions/:id': ({ id }) => suppressions.remove(id),
  }
}

/** True when the key may do nothing but send. */
function checkKey(call: HttpCall, options: ResendOptions): boolean {
  const key = /^Bearer (.+)$/.exec(call.headers.authorization ?? '')?.[1]
  if (key === undefined) {
    throw new ResendFailure(401, 'missing_api_key', 'Missing API Key in the authorization header.')
  }
  if (key === options.apiKey) return false
  if (options.sendOnlyKeys?.includes(key) === true) return true
  throw new ResendFailure(403, 'invalid_api_key', 'API key is invalid')
}

function noRoute(pathKnown: boolean): ResendFailure {
  if (pathKnown) return new ResendFailure(405, 'method_not_allowed', 'Method is not allowed for the requested path.')
  return new ResendFailure(404, 'not_found', 'The requested endpoint does not exist.')
}

/** The body as JSON; undefined when there is none or it is broken. */
function read(call: HttpCall): unknown {
  try {
    return JSON.parse(call.body.toString('utf8')) as unknown
  } catch {
    return undefined
  }
}

async function answerTo(
  work: () => Promise<HttpAnswer> | HttpAnswer,
  headers: () => Record<string, string> = () => ({}),
): Promise<HttpAnswer> {
  try {
    const answer = await work()
    return { ...answer, headers: { ...headers(), ...answer.headers } }
  } catch (error) {
    if (!(error instanceof ResendFailure)) throw error
    const answer = error.answer()
    return { ...answer, headers: { ...headers(), ...answer.headers } }
  }
}

function objects(parts: Parts, type: string): readonly unknown[] | undefined {
  switch (type) {
    case 'emails':
      return parts.mailroom.all()
    case 'webhooks_events':
      return parts.events.all()
    case 'suppressions':
      return parts.suppressions.all()
    default:
      return undefined
  }
}
