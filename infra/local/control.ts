/**
 * Local control, under `/_local`: what a person playing with the shop and a test proving it may do to the world around
 * it. Move the clock, run a job, wait for quiet, count calls, look into simulators, order faults.
 *
 * It exists only in the local cloud; no product code knows of it.
 */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { z } from 'zod'
import type { Declaration } from '../../shared/entry/declaration.ts'
import { Refusal as BigQueryRefusal } from './bigquery/refusal.ts'
import { badInput, notFound, readBody, Refusal, sendJson, sendRefusal } from './answers.ts'
import { StillDue } from './drain.ts'
import type { HttpAnswer } from './http-ports.ts'
import { InstanceLost, InstanceTimeout, type Instances } from './instances.ts'
import { addDuration, momentOf } from './moments.ts'
import { tokenWish, type TokenWish } from './tokens.ts'
import type { Vendor } from './vendors/vendor.ts'
import { EFFECTS, type Wire } from './wire.ts'

export interface ControlledCloud {
  readonly url: string
  readonly declarations: readonly Declaration[]
  readonly instances: Pick<Instances, 'list' | 'kill'>
  readonly wire: Wire
  readonly vendors: ReadonlyMap<string, Vendor>
  /** Addresses of the local servers for clients from outside, by the name of the variable that takes them. */
  readonly addresses: Readonly<Record<string, string>>
  /** Names that a fault may have as its target. */
  readonly targets: readonly string[]
  now(): number
  offsetMs(): number
  jumpTo(targetMs: number): Promise<void>
  drain(): Promise<{ delivered: number; dead: number }>
  runJob(name: string): Promise<{ status: number; body: unknown }>
  token(wish: TokenWish): Promise<string>
  documents(collection: string): unknown
  rows(dataset: string, table: string): unknown
}

interface Asked {
  /** What stands at the place of each `*`; for `**` all the rest. */
  readonly names: readonly string[]
  readonly query: URLSearchParams
  readonly body: () => unknown
  /** What a browser sent by a form. */
  readonly form: () => URLSearchParams
}

type Answer = HttpAnswer | Record<string, unknown>
type Route = readonly [method: string, path: string, answer: (cloud: ControlledCloud, asked: Asked) => Promise<Answer> | Answer]

const ROUTES: readonly Route[] = [
  ['GET', '', describe],
  ['GET', 'clock', tellClock],
  ['POST', 'clock', moveClock],
  ['POST', 'jobs/*', runJob],
  ['POST', 'drain', (cloud) => cloud.drain()],
  ['GET', 'calls', listCalls],
  ['GET', 'vendors/*/requests', (cloud, { names }) => ({ requests: vendor(cloud, names[0]).requests() })],
  ['GET', 'vendors/*/objects/*', listObjects],
  ['GET', 'vendors/*/pages/**', (cloud, { names }) => page(cloud, names)],
  ['POST', 'vendors/*/pages/**', (cloud, { names, form }) => page(cloud, names, form())],
  ['POST', 'vendors/*/**', (cloud, { names, body }) => vendor(cloud, names[0]).control(names.slice(1), body())],
  ['POST', 'faults', orderFault],
  ['GET', 'faults', (cloud) => ({ faults: cloud.wire.faults() })],
  ['DELETE', 'faults', clearFaults],
  ['POST', 'token', async (cloud, { body }) => ({ token: await cloud.token(parse(tokenWish, body())) })],
  ['POST', 'instances/*/kill', killInstance],
  ['GET', 'firestore/**', (cloud, { names }) => ({ documents: cloud.documents(names.join('/')) })],
  ['GET', 'bigquery/*/*', async (cloud, { names }) => ({ rows: await cloud.rows(names[0] ?? '', names[1] ?? '') })],
]

const JUMP_MS_MAX = 20 * 366 * 86_400_000

export async function control(cloud: ControlledCloud, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const requestId = randomUUID()
  try {
    const url = new URL(request.url ?? '/', 'http://local')
    const segments = url.pathname.split('/').slice(2).filter((segment) => segment !== '').map(decode)
    const [answer, names] = find(request.method ?? 'GET', segments)
    const bytes = await readBody(request)
    const result = await answer(cloud, {
      names, query: url.searchParams, body: () => parseJson(bytes), form: () => new URLSearchParams(bytes?.toString('utf8') ?? ''),
    })
    if (isHttpAnswer(result) && typeof result.body === 'string') response.writeHead(result.status, result.headers).end(result.body)
    else if (isHttpAnswer(result)) sendJson(response, result.status, result.body ?? {}, result.headers)
    else sendJson(response, 200, result, { 'x-request-id': requestId })
  } catch (error) {
    sendRefusal(response, refusalOf(error), { requestId, nowMs: cloud.now() })
  }
}

function describe(cloud: ControlledCloud): Answer {
  return {
    url: cloud.url,
    now: iso(cloud.now()),
    functions: cloud.declarations.map(describeFunction),
    services: cloud.addresses,
    vendors: [...cloud.vendors.keys()],
    instances: cloud.instances.list(),
    control: ROUTES.map(([method, path]) => `${method} /_local${path === '' ? '' : `/${path}`}`),
  }
}

function describeFunction(declaration: Declaration): Record<string, unknown> {
  const { name, kind, impact } = declaration
  switch (declaration.kind) {
    case 'endpoint': {
      const who = Object.fromEntries(Object.entries(declaration.routes).map(([method, route]) => [method, route.who]))
      return { name, kind, route: declaration.path, who, impact }
    }
    case 'webhook':
      return { name, kind, route: declaration.path, who: `${declaration.vendor}, by signature`, impact }
    case 'schedule':
      return { name, kind, schedule: declaration.cron, timeZone: declaration.timeZone ?? 'UTC', who: 'scheduler', impact }
    case 'message':
      return { name, kind, topic: declaration.topic, who: 'pubsub', impact }
  }
}

function tellClock(cloud: ControlledCloud): Answer {
  return { now: iso(cloud.now()), offsetMs: cloud.offsetMs() }
}

const clockWish = z.union([z.strictObject({ advance: z.string() }), z.strictObject({ set: z.string() })], {
  error: 'Say {"advance":"P3D"} (an ISO 8601 duration) or {"set":"2026-12-01T00:00:00.000Z"} (a moment to come).',
})

async function moveClock(cloud: ControlledCloud, { body }: Asked): Promise<Answer> {
  const wish = parse(clockWish, body())
  const nowMs = cloud.now()
  const targetMs = 'advance' in wish ? addDuration(nowMs, wish.advance) : momentOf(wish.set)
  if (targetMs === undefined) {
    const [field, rule] = 'advance' in wish ? ['advance', 'duration such as P3D or PT15M'] : ['set', 'moment with a zone']
    throw badInput(`"${field}" must be an ISO 8601 ${rule}.`)
  }
  if (targetMs < nowMs) throw badInput(`The clock only moves forward; it is ${iso(nowMs)} now.`)
  if (targetMs > nowMs + JUMP_MS_MAX) throw badInput('The clock moves 20 years at most at once.')
  await cloud.jumpTo(targetMs)
  return tellClock(cloud)
}

async function runJob(cloud: ControlledCloud, { names }: Asked): Promise<Answer> {
  const [name = ''] = names
  const known = cloud.declarations.filter(({ kind }) => kind === 'schedule').map((declaration) => declaration.name)
  if (!known.includes(name)) throw notFound(`No scheduled function is called "${name}". There are: ${known.join(', ')}.`)
  return cloud.runJob(name)
}

/** Calls of instances; `outside=true` lists those of other clients too (seeding, a test's own). */
function listCalls(cloud: ControlledCloud, { query }: Asked): Answer {
  const since = Number(query.get('since') ?? 0)
  if (!Number.isSafeInteger(since) || since < 0) throw badInput('"since" must be the number of a call: 0 or more.')
  const calls = cloud.wire.calls(since)
  const all = query.get('outside') === 'true'
  return { calls: all ? calls : calls.filter(({ instance }) => instance !== 'outside'), last: cloud.wire.lastCall }
}

function listObjects(cloud: ControlledCloud, { names }: Asked): Answer {
  const objects = vendor(cloud, names[0]).objects(names[1] ?? '')
  if (objects === undefined) throw notFound(`The simulator "${names[0]}" holds no "${names[1]}".`)
  return { objects }
}

function page(cloud: ControlledCloud, [name, ...path]: readonly string[], form?: URLSearchParams): Answer {
  const answer = vendor(cloud, name).page?.(path, form)
  if (answer === undefined) throw notFound(`The simulator "${name}" has no such page.`)
  return answer
}

const count = z.int().min(0).max(1_000_000)
const faultWish = z.strictObject({
  target: z.string(),
  operation: z.string().min(1).optional(),
  match: z.string().min(1).optional(),
  instance: z.string().min(1).optional(),
  when: z.enum(['before', 'after']),
  effect: z.enum(EFFECTS),
  status: z.int().min(0).max(599).optional(),
  delayMs: z.int().min(0).max(600_000).optional(),
  skip: count.optional(),
  times: count.optional(),
})

function orderFault(cloud: ControlledCloud, { body }: Asked): Answer {
  const fault = parse(faultWish, body())
  if (!cloud.targets.includes(fault.target)) {
    throw badInput(`"target" must be one of ${cloud.targets.join(', ')}; "${fault.target}" is none.`)
  }
  cloud.wire.addFault(fault)
  return { status: 201, body: { faults: cloud.wire.faults() } }
}

function clearFaults(cloud: ControlledCloud): Answer {
  cloud.wire.clearFaults()
  return { faults: [] }
}

function killInstance(cloud: ControlledCloud, { names }: Asked): Answer {
  const [label = ''] = names
  if (!cloud.instances.kill(label)) throw notFound(`No instance is called "${label}".`)
  return { killed: label }
}

function vendor(cloud: ControlledCloud, name = ''): Vendor {
  const found = cloud.vendors.get(name)
  if (found === undefined) throw notFound(`No vendor is called "${name}". There are: ${[...cloud.vendors.keys()].join(', ')}.`)
  return found
}

function find(method: string, segments: readonly string[]): [Route[2], string[]] {
  let otherMethod = false
  for (const [routeMethod, path, answer] of ROUTES) {
    const names = match(path === '' ? [] : path.split('/'), segments)
    if (names === undefined) continue
    if (routeMethod === method) return [answer, names]
    otherMethod = true
  }
  if (otherMethod) throw new Refusal(405, 'INVALID_INPUT', `${method} is not answered here; GET /_local lists what is.`)
  throw notFound('Local control has nothing at this address; GET /_local lists what there is.')
}

function match(pattern: readonly string[], segments: readonly string[]): string[] | undefined {
  const names: string[] = []
  for (const [place, part] of pattern.entries()) {
    const segment = segments[place]
    if (segment === undefined) return undefined
    if (part === '**') return [...names, ...segments.slice(place)]
    if (part === '*') names.push(segment)
    else if (part !== segment) return undefined
  }
  return pattern.length === segments.length ? names : undefined
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw badInput(`"${segment}" is not a proper part of an address.`)
  }
}

function parseJson(bytes: Buffer | undefined): unknown {
  if (bytes === undefined || bytes.length === 0) return {}
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    throw badInput('The body must be JSON.')
  }
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const place = issue?.path.join('.') ?? ''
  const sentence = issue?.message ?? 'The body is not as expected.'
  throw badInput(place === '' ? sentence : `"${place}": ${sentence}.`)
}

function isHttpAnswer(answer: Answer): answer is HttpAnswer {
  return typeof answer['status' as keyof Answer] === 'number'
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  if (error instanceof StillDue) return new Refusal(504, 'GATEWAY_TIMEOUT', error.message)
  if (error instanceof InstanceTimeout) return new Refusal(504, 'GATEWAY_TIMEOUT', error.message)
  if (error instanceof InstanceLost) return new Refusal(503, 'SERVICE_UNAVAILABLE', error.message)
  if (error instanceof RangeError) return badInput(error.message)
  if (error instanceof BigQueryRefusal) return error.status === 404 ? notFound(error.message) : badInput(error.message)
  process.stderr.write(`local cloud: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  return new Refusal(500, 'INTERNAL_ERROR', `Local control failed: ${error instanceof Error ? error.message : String(error)}`)
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
