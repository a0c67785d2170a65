/**
 * One word everywhere: a function's file, export, deployment, alarm and test bear one name, whose verb tells what
 * triggers it. What it declares stays within what the platform takes.
 */
import { Cron } from 'croner'
import { beforeAll, describe, expect, test } from 'vitest'
import { METHODS, ROLES, type Declaration, type EndpointDeclaration, type MessageDeclaration, type RouteDeclaration } from '#entry/declaration.ts'
import { inboxTopic } from '#stores/inbox.ts'
import { exists, readText, sourceOf, sourcesIn, type Source } from './source.ts'

const LINES_MAX = 160
const HOSTING_SECONDS_MAX = 60
const SCHEDULER_SECONDS_MAX = 1800
const EVENT_SECONDS_MAX = 540
const PATH = /^\/(?:health|healthz|openapi\.json|api(?:\/(?:[a-z][a-z0-9-]*|:[a-z][A-Za-z0-9]*))+)$/
const TOPIC = /^(?!goog)[A-Za-z][A-Za-z0-9._~+%-]{2,254}$/

/** Verbs that belong to one trigger and to no other. */
const TRIGGERS: Record<string, Declaration['kind']> = {
  sync: 'schedule', sweep: 'schedule', send: 'schedule', renew: 'schedule', reconcile: 'schedule', publish: 'schedule',
  on: 'message', receive: 'webhook',
}

/** A function's file as its path says it: `functions/checkout/refund-order.ts`. */
interface Room {
  readonly source: Source
  readonly area: string
  readonly name: string
}

function roomOf(source: Source): Room {
  const [, area = '', file = ''] = source.path.split('/')
  return { source, area, name: file.replace(/\.ts$/, '') }
}

function camel(name: string): string {
  return name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

/** What is wrong with a file under functions/, read without running it. */
function faultsOfFile({ source, name }: Room): string[] {
  const { path, text, code } = source
  const docblock = /^\/\*\*([\s\S]*?)\*\//.exec(text)?.[1] ?? ''
  const exported = [...code.matchAll(/^export\b.*/gm)].map(([line]) => line)
  const kind = /^export const (\w+) = (endpoint|schedule|message|webhook)\(/.exec(exported[0] ?? '')
  const lines = text.split('\n').length - 1
  const faults = [
    /^functions\/[a-z][a-z0-9-]*\/[a-z][a-z0-9]*(?:-[a-z0-9]+)*\.ts$/.test(path) ? '' : 'lies at functions/<area>/<verb-object>.ts, in kebab case',
    docblock.trim() === '' ? 'begins with a docblock: what it does, then what must never happen and why it is done this way' : '',
    exported.length === 1 && kind !== null ? '' : `exports one declaration and nothing else, found ${exported.length}; move the rest below it, not exported`,
    kind === null || kind[1] === camel(name) ? '' : `exports ${camel(name)}, as its file says, not ${kind[1]}`,
    lines > LINES_MAX ? `has ${lines} lines, at most ${LINES_MAX}: it has two jobs, move rules to shared/domain or make two functions` : '',
    kind?.[2] !== 'endpoint' && !/^ \* Safe to run twice: \S/m.test(docblock) ? 'says in its docblock, on a line of its own, "Safe to run twice: " and why' : '',
  ]
  return faults.filter((fault) => fault !== '').map((fault) => `${path}: a function ${fault}.`)
}

function faultsOfContents(contents: string, rooms: readonly Room[]): string[] {
  const stray = sourceOf('functions/index.ts', contents).code.split('\n').filter((line) => line.trim() !== '' && !LISTED.test(line))
  const listed = [...contents.matchAll(new RegExp(LISTED, 'gm'))].map((match) => ({ name: match[1] ?? '', file: match[2] ?? '' }))
  const wanted = rooms.map(({ area, name }) => ({ name: camel(name), file: `./${area}/${name}.ts` }))
  return [
    ...stray.map((line) => `functions/index.ts: "${line.trim()}" is no line of a contents page: one "export { name } from './area/file.ts'" each.`),
    ...wanted
      .filter(({ name, file }) => listed.filter((line) => line.name === name && line.file === file).length !== 1)
      .map(({ name, file }) => `functions/index.ts: list it once: export { ${name} } from '${file}'`),
    ...listed
      .filter(({ file }) => !wanted.some((one) => one.file === file))
      .map(({ file }) => `functions/index.ts: ${file} is no function's file; take the line out.`),
  ]
}
const LISTED = /^export \{ (\w+) \} from '([^']+)'$/

/** What is wrong with a declaration, whatever its trigger. */
function faultsOfDeclaration(exportName: string, declaration: Declaration): string[] {
  const { name, kind, impact } = declaration
  const verb = name.split('-')[0] ?? ''
  const verbs = Object.keys(TRIGGERS).filter((one) => TRIGGERS[one] === kind)
  return [
    camel(name) === exportName ? '' : `is exported as ${exportName}; name and export are one word`,
    /^[a-z](?:-?[a-z0-9])*$/.test(name) && name.length <= 49 ? '' : 'needs a kebab-case name of at most 49 characters, Cloud Run takes no longer one',
    (TRIGGERS[verb] ?? 'endpoint') === kind ? '' : `is a ${kind}: its verb is ${verbs.length === 0 ? `not "${verb}"` : `one of ${verbs.join(', ')}`}`,
    /^[A-Z][^.!?\n]*\.$/.test(impact) ? '' : 'states its impact in one sentence with a full stop: what the business loses when it fails',
    ...faultsOfTrigger(declaration),
  ].filter((fault) => fault !== '').map((fault) => `${name}: ${fault}.`)
}

function faultsOfTrigger(declaration: Declaration): string[] {
  if (declaration.kind === 'message') return faultsOfMessage(declaration)
  if (declaration.kind === 'schedule') {
    const { cron, timeZone, timeoutSeconds } = declaration
    const ends = timeoutSeconds > 0 && timeoutSeconds <= SCHEDULER_SECONDS_MAX
    return [
      fires(cron, timeZone) ? '' : `its cron "${cron}" is not five fields that ever fire`,
      ends ? '' : `its timeout is at most ${SCHEDULER_SECONDS_MAX} s, Scheduler waits no longer`,
    ]
  }
  const { path, timeoutSeconds } = declaration
  return [
    PATH.test(path) ? '' : `its path ${path} is /api/... in kebab case, or /health, /healthz, /openapi.json`,
    timeoutSeconds > 0 && timeoutSeconds <= HOSTING_SECONDS_MAX ? '' : `its timeout is at most ${HOSTING_SECONDS_MAX} s, Hosting waits no longer`,
    ...(declaration.kind === 'endpoint' ? faultsOfRoutes(declaration) : []),
  ]
}

function fires(cron: string, timeZone: string | undefined): boolean {
  if (cron.trim().split(/\s+/).length !== 5) return false
  try {
    return new Cron(cron, { timezone: timeZone ?? 'UTC' }).nextRun() !== null
  } catch {
    return false
  }
}

function faultsOfMessage({ topic, ackDeadlineSeconds, timeoutSeconds, deliveryAttemptsMax, backoffSeconds: { min, max } }: MessageDeclaration): string[] {
  return [
    TOPIC.test(topic) ? '' : `Pub/Sub takes no topic "${topic}"`,
    ackDeadlineSeconds >= 10 && ackDeadlineSeconds <= 600 ? '' : 'its ack deadline is 10 to 600 s',
    timeoutSeconds <= Math.min(ackDeadlineSeconds, EVENT_SECONDS_MAX) ? '' : `its timeout is at most its ack deadline and ${EVENT_SECONDS_MAX} s, or it runs beside its own retry`,
    deliveryAttemptsMax >= 5 && deliveryAttemptsMax <= 100 ? '' : 'it is tried 5 to 100 times before the dead letter',
    min >= 0 && min <= max && max <= 600 ? '' : 'its back-off is 0 to 600 s, the shorter first',
  ]
}

function faultsOfRoutes({ path, routes }: EndpointDeclaration): string[] {
  const declared = METHODS.flatMap((method) => (routes[method] === undefined ? [] : [{ method, route: routes[method] }]))
  if (declared.length === 0) return ['declares at least one method']
  return declared.flatMap(({ method, route: { who, summary, status, idempotent, body } }) => [
    who === 'public' || (who.length > 0 && new Set(who).size === who.length && who.every((role) => ROLES.includes(role)))
      ? '' : `${method}: who may call is "public" or a list of known roles, each once`,
    path.startsWith('/api/admin/') && (who === 'public' || who.includes('customer')) ? `${method}: /api/admin is for staff` : '',
    /^[A-Z][^.\n]{2,79}$/.test(summary) ? '' : `${method}: its summary is a few words without a full stop`,
    status >= 200 && status <= 299 ? '' : `${method}: its status is a success`,
    method === 'GET' && (idempotent || body !== undefined) ? 'GET: it changes nothing: no body, no Idempotency-Key' : '',
    method === 'POST' && status === 201 && !idempotent ? 'POST: what creates something takes an Idempotency-Key: idempotent: true' : '',
  ])
}

function faultsOfWebhooks(declarations: readonly Declaration[]): string[] {
  const topics = declarations.flatMap((one) => (one.kind === 'message' ? [one.topic] : []))
  return declarations.flatMap((one) => {
    if (one.kind !== 'webhook' || topics.includes(inboxTopic(one.vendor))) return []
    return [`${one.name}: nobody applies its events: write an on-...-event function on the topic ${inboxTopic(one.vendor)}.`]
  })
}

const rooms = sourcesIn('functions').filter(({ path }) => path !== 'functions/index.ts').map(roomOf)
let declarations: Array<[string, Declaration]> = []

beforeAll(async () => {
  declarations = Object.entries(await import('#functions'))
})

describe('does', () => {
  test('one file holds one function, and reads like the others', () => {
    expect(rooms.flatMap(faultsOfFile)).toEqual([])
  })

  test('the contents page lists every function once', () => {
    expect(faultsOfContents(readText('functions/index.ts'), rooms)).toEqual([])
  })

  test('file, export, name and trigger are one word, and the platform takes what is declared', () => {
    expect(declarations.flatMap(([name, declaration]) => faultsOfDeclaration(name, declaration))).toEqual([])
    expect(declarations.map(([, { name }]) => name).sort()).toEqual(rooms.map(({ name }) => name).sort())
  })

  test('no topic is fed by a webhook and read by nobody', () => {
    expect(faultsOfWebhooks(declarations.map(([, declaration]) => declaration))).toEqual([])
  })

  test('every function has a test of its own', () => {
    const untested = rooms.map(({ area, name }) => `test/functions/${area}/${name}.test.ts`).filter((path) => !exists(path))
    expect(untested.map((path) => `${path}: is missing; write what the function guarantees.`)).toEqual([])
  })
})

const GOOD_FILE = "/**\n * Sweeps.\n *\n * Safe to run twice: it looks again.\n */\nexport const sweepCarts = schedule({\n})\n"
const GOOD_ROUTE: RouteDeclaration = { who: ['customer'], summary: 'A cart', reply: {} as never, status: 200, idempotent: false }
const GOOD: EndpointDeclaration = {
  kind: 'endpoint', name: 'get-cart', path: '/api/carts/:cartId', impact: 'Carts are lost.', timeoutSeconds: 60, handle: () => undefined,
  routes: { GET: GOOD_ROUTE },
}
const GOOD_MESSAGE: MessageDeclaration = {
  kind: 'message', name: 'on-mail', topic: 'mails', impact: 'No mail.', ackDeadlineSeconds: 60, timeoutSeconds: 60,
  deliveryAttemptsMax: 5, backoffSeconds: { min: 10, max: 600 }, handle: async () => undefined,
}

describe('refuses', () => {
  test.each([
    ['functions/carts/sweep-carts.ts', GOOD_FILE.replace('/**', '/*'), 'begins with a docblock'],
    ['functions/carts/sweep-carts.ts', GOOD_FILE.replace('Safe to run twice:', 'Safe.'), 'Safe to run twice'],
    ['functions/carts/sweep-carts.ts', `${GOOD_FILE}export const PAGE = 20\n`, 'found 2'],
    ['functions/carts/sweep-carts.ts', GOOD_FILE.replace('schedule(', 'registered('), 'exports one declaration'],
    ['functions/carts/sweep-old-carts.ts', GOOD_FILE, 'exports sweepOldCarts'],
    ['functions/carts/sweep-carts.ts', `${GOOD_FILE}${'\n'.repeat(160)}`, 'at most 160'],
    ['functions/sweep-carts.ts', GOOD_FILE, 'lies at functions/<area>'],
  ])('a file %#', (path, text, fault) => {
    expect(faultsOfFile({ ...roomOf(sourceOf(path, text)), name: path.split('/').at(-1)?.replace('.ts', '') ?? '' }).join()).toContain(fault)
    expect(faultsOfFile(roomOf(sourceOf('functions/carts/sweep-carts.ts', GOOD_FILE)))).toEqual([])
  })

  test('a contents page with a line missing, twice, stray, or of another file', () => {
    const line = "export { sweepCarts } from './carts/sweep-carts.ts'"
    const known = [roomOf(sourceOf('functions/carts/sweep-carts.ts', GOOD_FILE))]
    expect(faultsOfContents(`// Carts\n${line}\n`, known)).toEqual([])
    for (const page of ['', `${line}\n${line}`, `${line}\nconst a = 1`, `${line}\nexport { a } from './carts/a.ts'`]) {
      expect(faultsOfContents(page, known)).toHaveLength(1)
    }
  })

  test.each<[string, Declaration]>([
    ['is exported as', { ...GOOD, name: 'get-carts' }],
    ['its verb is not "sweep"', { ...GOOD, name: 'sweep-cart' }],
    ['its verb is one of on', { ...GOOD_MESSAGE, name: 'mail-it' }],
    ['impact', { ...GOOD, impact: 'Carts are lost. Customers leave.' }],
    ['impact', { ...GOOD, impact: 'Carts are lost' }],
    ['its path', { ...GOOD, path: '/api/Carts' }],
    ['its path', { ...GOOD, path: '/carts' }],
    ['at most 60 s', { ...GOOD, timeoutSeconds: 61 }],
    ['at least one method', { ...GOOD, routes: {} }],
    ['who may call', { ...GOOD, routes: { GET: { ...GOOD_ROUTE, who: [] } } }],
    ['who may call', { ...GOOD, routes: { GET: { ...GOOD_ROUTE, who: ['root' as never] } } }],
    ['for staff', { ...GOOD, path: '/api/admin/carts', routes: { GET: { ...GOOD_ROUTE, who: 'public' } } }],
    ['changes nothing', { ...GOOD, routes: { GET: { ...GOOD_ROUTE, idempotent: true } } }],
    ['Idempotency-Key', { ...GOOD, routes: { POST: { ...GOOD_ROUTE, status: 201 } } }],
    ['no topic', { ...GOOD_MESSAGE, topic: 'goog-mails' }],
    ['10 to 600 s', { ...GOOD_MESSAGE, ackDeadlineSeconds: 601 }],
    ['beside its own retry', { ...GOOD_MESSAGE, timeoutSeconds: 61 }],
    ['5 to 100', { ...GOOD_MESSAGE, deliveryAttemptsMax: 4 }],
    ['back-off', { ...GOOD_MESSAGE, backoffSeconds: { min: 10, max: 601 } }],
    ['its cron', { ...GOOD, kind: 'schedule', name: 'sweep-carts', cron: '* * * * * *' }],
    ['its cron', { ...GOOD, kind: 'schedule', name: 'sweep-carts', cron: '0 0 30 2 *' }],
  ])('a declaration: %s', (fault, declaration) => {
    expect(faultsOfDeclaration('getCart', declaration).join()).toContain(fault)
    expect([...faultsOfDeclaration('getCart', GOOD), ...faultsOfDeclaration('onMail', GOOD_MESSAGE)]).toEqual([])
  })

  test('a webhook whose events nobody applies', () => {
    const webhook: Declaration = { ...GOOD, kind: 'webhook', name: 'receive-acme', path: '/api/webhooks/acme', vendor: 'acme' }
    expect(faultsOfWebhooks([webhook, GOOD_MESSAGE])).toEqual([expect.stringContaining('nobody applies')])
    expect(faultsOfWebhooks([webhook, { ...GOOD_MESSAGE, topic: inboxTopic('acme') }])).toEqual([])
  })
})
