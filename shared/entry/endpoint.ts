/**
 * The seam of everything a person or a frontend calls.
 *
 * In this order: general limit, who calls, may they, what do they send, the work, the answer. A function declares the
 * facts; nothing of this is written twice.
 *
 *     export const getThing = endpoint({
 *       name: 'get-thing', path: '/api/things/:thingId', impact: '...',
 *       GET: route({ who: ['customer'], summary: '...', reply: Thing, run: async (call) => ({ thing: ... }) }),
 *     })
 */
import type { HttpFunction, Request, Response } from '@google-cloud/functions-framework'
import { createHash } from 'node:crypto'
import { z, type ZodType } from 'zod'
import { canonical } from '#values/canonical.ts'
import { Failure, type FailureCode } from '#values/failure.ts'
import { ID } from '#values/ids.ts'
import { actAs } from '#platform/acting.ts'
import { config } from '#platform/config.ts'
import type { Unit } from '#platform/firestore.ts'
import { leaveFrameworkDomain } from '#platform/framework-domain.ts'
import { takeToken, type Allowance } from '#stores/limits.ts'
import { once } from '#stores/operations.ts'
import { bytesOf, send, sendFailure, type Reply } from './answer.ts'
import { callerOf, isStaff, whoIs, type Caller } from './bearer.ts'
import { METHODS, type EndpointDeclaration, type Method, type Resources, type RouteDeclaration, type Who } from './declaration.ts'
import { bodyOf, countryOf, idempotencyKeyOf, ipOf, paramsOf, requestIdOf } from './request.ts'
import { validated } from './validate.ts'

export interface Call<Body, Query> {
  readonly body: Body
  readonly query: Query
  readonly params: Record<string, string>
  readonly caller: Caller
  readonly ip: string
  /** Country of `ip`, where the platform tells it. */
  readonly ipCountry: string | null
  readonly userAgent: string
  readonly requestId: string
  /** `Idempotency-Key`, for functions whose own record is the operation's (an order, a refund). */
  readonly key: string | undefined
  /** Hash of what was asked: the same key with another hash is a mismatch. */
  readonly requestHash: string
  /** Runs a unit of work once per `Idempotency-Key`, its record in the same transaction. */
  readonly once: (work: (unit: Unit) => Promise<Reply | Record<string, unknown>>) => Promise<Reply>
}

export interface Route<Body, Query> extends RouteDeclaration {
  readonly run: (call: Call<Body, Query>) => Promise<Reply | Record<string, unknown>>
}

interface RouteFacts<Body extends ZodType, Query extends ZodType> {
  readonly who: Who
  readonly summary: string
  readonly body?: Body
  readonly query?: Query
  readonly reply: ZodType
  readonly also?: Readonly<Partial<Record<number, ZodType>>>
  readonly fails?: readonly FailureCode[]
  readonly page?: boolean
  readonly status?: number
  readonly idempotent?: boolean
  readonly anyBody?: boolean
  readonly run: (call: Call<z.output<Body>, z.output<Query>>) => Promise<Reply | Record<string, unknown>>
}

const NOTHING = z.strictObject({})
type Nothing = typeof NOTHING

/** Declares one method of an endpoint. */
export function route<Body extends ZodType = Nothing, Query extends ZodType = Nothing>(facts: RouteFacts<Body, Query>): Route<unknown, unknown> {
  return { status: 200, idempotent: false, ...facts } as unknown as Route<unknown, unknown>
}

type EndpointFacts = {
  readonly name: string
  readonly path: string
  readonly impact: string
  readonly timeoutSeconds?: number
  readonly resources?: Partial<Resources>
} & Partial<Record<Method, Route<unknown, unknown>>>

export function endpoint(facts: EndpointFacts): EndpointDeclaration {
  const routes: Partial<Record<Method, Route<unknown, unknown>>> = {}
  for (const method of METHODS) if (facts[method] !== undefined) routes[method] = facts[method]
  const { name, path, impact, resources, timeoutSeconds = 60 } = facts
  const handle: HttpFunction = async (request, response) => {
    leaveFrameworkDomain()
    const requestId = requestIdOf(request)
    try {
      if (crossOrigin(request, response, Object.keys(routes))) return
      // Who asks for the headers only gets those of the answer; Express sends no body.
      const method = request.method === 'HEAD' ? 'GET' : (request.method as Method)
      const reply = await answer(facts, method, request, response, requestId)
      send(response, reply, requestId)
    } catch (error) {
      sendFailure(response, error, { requestId, function: name })
    }
  }
  return { kind: 'endpoint', name, path, impact, timeoutSeconds, routes, handle, ...(resources === undefined ? {} : { resources }) }
}

async function answer(facts: EndpointFacts, method: Method, request: Request, response: Response, requestId: string): Promise<Reply> {
  const route = facts[method]
  const ip = ipOf(request)
  const { API_LIMIT_PER_MINUTE, ADMIN_LIMIT_PER_MINUTE } = config('limits')
  // A probe is not limited: it must not need the store to say that this instance is alive.
  if (facts.path.startsWith('/api')) limited(response, await takeToken(`api:${ip}`, API_LIMIT_PER_MINUTE))
  if (route === undefined) throw new Failure('NOT_FOUND')
  const caller = await callerOf(request.headers.authorization)
  if (route.who !== 'public') refuseRole(caller, route.who)
  // Whoever may only read changes nothing, also where no role is needed.
  if (route.who === 'public' && method !== 'GET' && (caller.role === 'viewer' || caller.role === 'support')) throw new Failure('FORBIDDEN')
  if (isStaff(caller) && facts.path.startsWith('/api/admin')) limited(response, await takeToken(`admin:${caller.id ?? ''}`, ADMIN_LIMIT_PER_MINUTE))
  const params = readParams(facts.path, request.path)
  const query = validated(route.query ?? NOTHING, request.query, 'query')
  const body = method === 'GET' || route.anyBody === true ? {} : validated(route.body ?? NOTHING, bodyOf(request), 'body')
  const key = route.idempotent ? idempotencyKeyOf(request) : undefined
  const requestHash = createHash('sha256').update(canonical([params, body])).digest('base64url')
  const scope = [facts.name, caller.id === null ? `guest ${ip}` : `${caller.role} ${caller.id}`, key ?? '']
  const status = route.status
  const call: Call<unknown, unknown> = {
    body, query, params, caller, ip, requestId, key, requestHash,
    ipCountry: countryOf(request, config('fraud').IP_COUNTRY_HEADER),
    userAgent: String(request.headers['user-agent'] ?? '').slice(0, 300),
    once: (work) => once(key === undefined ? undefined : { scope, requestHash }, async (unit) => finalBytes(await work(unit), status)),
  }
  const reply = await actAs({ who: whoIs(caller), via: facts.name, requestId, ip }, () => route.run(call))
  return isReply(reply) ? reply : { status, body: reply }
}

/** An answer as it is kept: its exact bytes. */
function finalBytes(reply: Reply | Record<string, unknown>, status: number): { status: number; body: string } {
  if (!isReply(reply)) return { status, body: bytesOf(reply) }
  return { status: reply.status, body: typeof reply.body === 'string' ? reply.body : bytesOf(reply.body) }
}

function isReply(reply: Reply | Record<string, unknown>): reply is Reply {
  return typeof reply['status'] === 'number' && 'body' in reply
}

function refuseRole(caller: Caller, who: readonly string[]): void {
  if (caller.role === 'guest') throw new Failure('UNAUTHORIZED')
  if (!who.includes(caller.role)) throw new Failure('FORBIDDEN')
}

function limited(response: Response, allowance: Allowance): void {
  response.set({
    'RateLimit-Limit': String(allowance.limit),
    'RateLimit-Remaining': String(allowance.remaining),
    'RateLimit-Reset': String(allowance.resetSeconds),
  })
  if (!allowance.allowed) throw new Failure('RATE_LIMITED', { retryAfterSeconds: allowance.resetSeconds })
}

/** An id that cannot be one of ours does not exist: 404, as for any other unknown id. */
function readParams(pattern: string, path: string): Record<string, string> {
  const params = paramsOf(pattern, path)
  if (params === undefined || Object.values(params).some((value) => !ID.test(value))) throw new Failure('NOT_FOUND')
  return params
}

/** Answers a preflight and marks allowed origins; true when the request is answered. */
function crossOrigin(request: Request, response: Response, methods: readonly string[]): boolean {
  const origin = request.headers.origin
  const allowed = config('access').CORS_ORIGINS.split(',').map((text) => text.trim())
  if (origin !== undefined && allowed.includes(origin)) {
    response.set({
      'Access-Control-Allow-Origin': origin,
      'Access-Control-Expose-Headers': 'X-Request-Id, Idempotent-Replayed, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After',
      Vary: 'Origin',
    })
  }
  if (request.method !== 'OPTIONS') return false
  response.status(204).set({
    'Access-Control-Allow-Methods': methods.join(', '),
    'Access-Control-Allow-Headers': 'Authorization, Content-Type, Idempotency-Key, X-Request-Id',
    'Access-Control-Max-Age': '600',
  })
  response.end()
  return true
}
