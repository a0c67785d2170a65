/**
 * What functions declare: one name with the export, a verb that tells the trigger, and nothing that the platform would
 * not take or would do otherwise. What is derived from it is current.
 */
import { Cron } from 'croner'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  METHODS, ROLES, type Declaration, type EndpointDeclaration, type MessageDeclaration, type Method, type Role,
  type RouteDeclaration, type ScheduleDeclaration,
} from '#entry/declaration.ts'
import { inboxTopic } from '#stores/inbox.ts'
import { firebaseJson } from '../../infra/build/firebase.ts'
import { faultsIn, readText } from './source.ts'

/** Cloud Run takes no longer name. */
const NAME_LENGTH_MAX = 49
/** Hosting, Scheduler and an event's delivery wait no longer. */
const SECONDS_MAX = { hosting: 60, scheduler: 1800, event: 540 }
const NAME = /^[a-z](?:-?[a-z0-9])*$/
const PATH = /^\/(?:health|healthz|openapi\.json|api(?:\/(?:[a-z][a-z0-9-]*|:[a-z][A-Za-z0-9]*))+)$/
const TOPIC = /^(?!goog)[A-Za-z][A-Za-z0-9._~+%-]{2,254}$/
const SENTENCE = /^[A-Z][^.!?\n]*\.$/

/** Verbs that belong to one trigger and to no other; every other verb is called by a person. */
const TRIGGERS: Record<string, Declaration['kind']> = {
  sync: 'schedule', sweep: 'schedule', send: 'schedule', renew: 'schedule', reconcile: 'schedule', publish: 'schedule',
  on: 'message', receive: 'webhook',
}

function faultsOf(exportName: string, declaration: Declaration): string[] {
  const { name, kind, impact } = declaration
  const verb = name.split('-')[0] ?? ''
  const verbs = kind === 'endpoint' ? '' : `: ${Object.keys(TRIGGERS).filter((one) => TRIGGERS[one] === kind).join(', ')}`
  return [
    ...faultsIn(`${name}:`, {
      [`is exported as ${exportName}: name and export are one word`]: name !== kebab(exportName),
      [`its name is kebab case, at most ${NAME_LENGTH_MAX} characters`]: !NAME.test(name) || name.length > NAME_LENGTH_MAX,
      [`its verb "${verb}" is not for kind ${kind}${verbs}`]: (TRIGGERS[verb] ?? 'endpoint') !== kind,
      'its impact is one sentence with a full stop: what the business loses when it fails': !SENTENCE.test(impact),
    }),
    ...faultsOfTrigger(declaration),
  ]
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

function faultsOfTrigger(declaration: Declaration): string[] {
  if (declaration.kind === 'message') return faultsOfMessage(declaration)
  if (declaration.kind === 'schedule') return faultsOfSchedule(declaration)
  const { name, path, timeoutSeconds } = declaration
  return [
    ...faultsIn(`${name}:`, {
      [`its path ${path} is /api/... in kebab case, or /health, /healthz, /openapi.json`]: !PATH.test(path),
      [`its timeout is at most ${SECONDS_MAX.hosting} s`]: !(timeoutSeconds > 0 && timeoutSeconds <= SECONDS_MAX.hosting),
    }),
    ...(declaration.kind === 'endpoint' ? faultsOfRoutes(declaration) : []),
  ]
}

function faultsOfSchedule({ name, cron, timeZone, timeoutSeconds }: ScheduleDeclaration): string[] {
  return faultsIn(`${name}:`, {
    [`its cron "${cron}" is five fields that fire some day`]: !fires(cron, timeZone),
    [`its timeout is at most ${SECONDS_MAX.scheduler} s`]: !(timeoutSeconds > 0 && timeoutSeconds <= SECONDS_MAX.scheduler),
  })
}

function fires(cron: string, timeZone: string | undefined): boolean {
  if (cron.trim().split(/\s+/).length !== 5) return false
  try {
    return new Cron(cron, { timezone: timeZone ?? 'UTC' }).nextRun() !== null
  } catch {
    return false
  }
}

function faultsOfMessage(declaration: MessageDeclaration): string[] {
  const { name, topic, ackDeadlineSeconds, timeoutSeconds, deliveryAttemptsMax, backoffSeconds } = declaration
  const { min, max } = backoffSeconds
  const longest = Math.min(ackDeadlineSeconds, SECONDS_MAX.event)
  return faultsIn(`${name}:`, {
    [`Pub/Sub takes no topic "${topic}"`]: !TOPIC.test(topic),
    'its ack deadline is 10 to 600 s': !(ackDeadlineSeconds >= 10 && ackDeadlineSeconds <= 600),
    [`its timeout is at most ${longest} s, or it runs beside its own retry`]: !(timeoutSeconds > 0 && timeoutSeconds <= longest),
    'it is delivered 5 to 100 times before the dead letter': !(deliveryAttemptsMax >= 5 && deliveryAttemptsMax <= 100),
    'its back-off is 0 to 600 s, the shorter first': !(min >= 0 && min <= max && max <= 600),
  })
}

function faultsOfRoutes({ name, path, routes }: EndpointDeclaration): string[] {
  const none = Object.keys(routes).length === 0
  return [
    ...faultsIn(`${name}:`, { 'it declares at least one method': none }),
    ...METHODS.flatMap((method) => {
      const route = routes[method]
      return route === undefined ? [] : faultsOfRoute({ name, path, method, ...route })
    }),
  ]
}

interface Named extends RouteDeclaration {
  readonly name: string
  readonly path: string
  readonly method: Method
}

function faultsOfRoute({ name, path, method, who, summary, status, idempotent, body }: Named): string[] {
  return faultsIn(`${name}: ${method}:`, {
    'who may call is "public" or a list of known roles, each once': who !== 'public' && !areRoles(who),
    '/api/admin is for staff': path.startsWith('/api/admin/') && (who === 'public' || who.includes('customer')),
    'its summary is a few words without a full stop': !/^[A-Z][^.\n]{2,79}$/.test(summary),
    'its status is that of a success': !(status >= 200 && status <= 299),
    'it changes nothing: no body, no Idempotency-Key': method === 'GET' && (idempotent || body !== undefined),
    'what creates something takes an Idempotency-Key: idempotent: true': method === 'POST' && status === 201 && !idempotent,
  })
}

function areRoles(who: readonly Role[]): boolean {
  return who.length > 0 && new Set(who).size === who.length && who.every((role) => ROLES.includes(role))
}

function unheard(declarations: readonly Declaration[]): string[] {
  const topics = declarations.flatMap((one) => (one.kind === 'message' ? [one.topic] : []))
  return declarations.flatMap((one) => {
    if (one.kind !== 'webhook' || topics.includes(inboxTopic(one.vendor))) return []
    return [`${one.name}: nobody applies its events: write an on-...-event function on the topic ${inboxTopic(one.vendor)}.`]
  })
}

let exported: Array<[string, Declaration]> = []

beforeAll(async () => {
  exported = Object.entries(await import('#functions'))
})

describe('does', () => {
  test('name, export and trigger are one word, and the platform takes what is declared', () => {
    expect(exported.flatMap(([name, declaration]) => faultsOf(name, declaration))).toEqual([])
  })

  test('no webhook feeds a topic that nobody reads', () => {
    expect(unheard(exported.map(([, declaration]) => declaration))).toEqual([])
  })

  test('firebase.json is what the declarations say: run "npm run generate" and commit it', () => {
    const text = JSON.stringify(firebaseJson(exported.map(([, declaration]) => declaration)), null, 2)
    expect(readText('firebase.json')).toBe(`${text}\n`)
  })
})

const ROUTE: RouteDeclaration = { who: ['customer'], summary: 'A cart', reply: {} as never, status: 200, idempotent: false }
const GOOD: EndpointDeclaration = {
  kind: 'endpoint', name: 'get-cart', path: '/api/carts/:cartId', impact: 'Carts are lost.', timeoutSeconds: 60,
  routes: { GET: ROUTE }, handle: () => undefined,
}
const MESSAGE: MessageDeclaration = {
  kind: 'message', name: 'on-mail', topic: 'mails', impact: 'No mail.', ackDeadlineSeconds: 60, timeoutSeconds: 60,
  deliveryAttemptsMax: 5, backoffSeconds: { min: 10, max: 600 }, handle: async () => undefined,
}
const SCHEDULE: ScheduleDeclaration = {
  kind: 'schedule', name: 'sweep-carts', cron: '0 0 29 2 *', impact: 'Carts stay.', timeoutSeconds: 300, handle: () => undefined,
}
const WEBHOOK: Declaration = { ...GOOD, kind: 'webhook', name: 'receive-acme', path: '/api/webhooks/acme', vendor: 'acme' }

describe('refuses', () => {
  test('nothing of what is well', () => {
    const good = { getCart: GOOD, onMail: MESSAGE, sweepCarts: SCHEDULE, receiveAcme: WEBHOOK }
    expect(Object.entries(good).flatMap(([name, declaration]) => faultsOf(name, declaration))).toEqual([])
  })

  test.each<[string, Declaration]>([
    ['are one word', { ...GOOD, name: 'get-carts' }],
    ['at most 49 characters', { ...GOOD, name: `get-${'long'.repeat(12)}` }],
    ['"sweep" is not for kind endpoint', { ...GOOD, name: 'sweep-carts' }],
    ['"mail" is not for kind message: on', { ...MESSAGE, name: 'mail-it' }],
    ['"receive" is not for kind schedule: sync', { ...SCHEDULE, name: 'receive-carts' }],
    ['one sentence', { ...GOOD, impact: 'Carts are lost. Customers leave.' }],
    ['one sentence', { ...GOOD, impact: 'Carts are lost' }],
    ['its path', { ...GOOD, path: '/api/Carts' }],
    ['its path', { ...GOOD, path: '/carts' }],
    ['at most 60 s', { ...WEBHOOK, timeoutSeconds: 61 }],
    ['at least one method', { ...GOOD, routes: {} }],
    ['who may call', { ...GOOD, routes: { GET: { ...ROUTE, who: [] } } }],
    ['who may call', { ...GOOD, routes: { GET: { ...ROUTE, who: ['root' as never] } } }],
    ['who may call', { ...GOOD, routes: { GET: { ...ROUTE, who: ['admin', 'admin'] } } }],
    ['for staff', { ...GOOD, path: '/api/admin/carts', routes: { GET: { ...ROUTE, who: 'public' } } }],
    ['few words', { ...GOOD, routes: { GET: { ...ROUTE, summary: 'A cart.' } } }],
    ['of a success', { ...GOOD, routes: { GET: { ...ROUTE, status: 404 } } }],
    ['changes nothing', { ...GOOD, routes: { GET: { ...ROUTE, idempotent: true } } }],
    ['Idempotency-Key', { ...GOOD, routes: { POST: { ...ROUTE, status: 201 } } }],
    ['no topic', { ...MESSAGE, topic: 'goog-mails' }],
    ['10 to 600 s', { ...MESSAGE, ackDeadlineSeconds: 601 }],
    ['beside its own retry', { ...MESSAGE, timeoutSeconds: 61 }],
    ['5 to 100', { ...MESSAGE, deliveryAttemptsMax: 4 }],
    ['back-off', { ...MESSAGE, backoffSeconds: { min: 10, max: 601 } }],
    ['its cron', { ...SCHEDULE, cron: '* * * * * *' }],
    ['its cron', { ...SCHEDULE, cron: '0 0 30 2 *' }],
    ['its cron', { ...SCHEDULE, cron: '61 * * * *' }],
    ['at most 1800 s', { ...SCHEDULE, timeoutSeconds: 1801 }],
  ])('%s', (fault, declaration) => {
    expect(faultsOf('any', declaration).join('\n')).toContain(fault)
  })

  test('a webhook whose events nobody applies', () => {
    expect(unheard([WEBHOOK, MESSAGE])).toEqual([expect.stringContaining('nobody applies')])
    expect(unheard([WEBHOOK, { ...MESSAGE, topic: inboxTopic('acme') }])).toEqual([])
  })
})
