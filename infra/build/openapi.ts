/**
 * The OpenAPI 3.1 document of the shop, made from what functions declare: nothing in it is written by hand but the
 * sentences that hold for all operations. Examples were recorded in the seeded shop (`npm run examples`).
 */
import type { ZodType } from 'zod'
import { EVENT_TYPES } from '../../shared/domain/order-event.ts'
import { OrderEventShown } from '../../shared/domain/shown/operations.ts'
import type { Declaration, WebhookDeclaration } from '../../shared/entry/declaration.ts'
import { FAILURES, type FailureCode } from '../../shared/values/failure.ts'
import { ID } from '../../shared/values/ids.ts'
import { momentShown } from '../../shared/values/shown.ts'
import type { Examples } from './examples.ts'
import { FAILURE_CODES, failuresOf, WITH_RETRY_AFTER } from './failures.ts'
import { operationsOf, parametersOf, type Operation } from './operations.ts'
import { REFERENCE, Schemas, type JsonSchema } from './schemas.ts'
import { ABOUT, ABOUT_CODES } from './words.ts'

type Json = Record<string, unknown>

export interface OpenApi {
  readonly openapi: '3.1.0'
  readonly info: Json
  readonly servers: readonly Json[]
  readonly tags: readonly Json[]
  readonly paths: Record<string, Record<string, OperationObject>>
  readonly webhooks: Json
  readonly components: { readonly schemas: Record<string, JsonSchema> } & Json
}

export interface OperationObject {
  readonly operationId: string
  readonly summary: string
  readonly parameters: readonly Parameter[]
  readonly requestBody?: { readonly required: boolean; readonly content: Record<string, { readonly schema: JsonSchema; readonly examples?: Json }> }
  readonly responses: Record<string, ResponseObject>
  readonly security: ReadonlyArray<Record<string, readonly string[]>>
  readonly 'x-roles'?: readonly string[]
  readonly [name: string]: unknown
}

export interface Parameter {
  readonly $ref?: string
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required?: boolean
  readonly schema: JsonSchema
  readonly [name: string]: unknown
}

export interface ResponseObject {
  readonly $ref?: string
  readonly description: string
  readonly headers?: Json
  readonly content?: Record<string, { readonly schema: JsonSchema; readonly examples?: Json }>
}

const JSON_TYPE = 'application/json'
const PAGE_TYPE = 'text/html'

export function openApi(declarations: readonly Declaration[], examples: Examples, version: string): OpenApi {
  const schemas = new Schemas()
  schemas.answered(momentShown)
  schemas.named['Failure'] = FAILURE
  const paths: OpenApi['paths'] = {}
  const responses: Record<string, ResponseObject> = {}
  const operations = operationsOf(declarations)
  for (const operation of operations) {
    const path = templateOf(operation.declaration.path)
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: described(operation, { schemas, responses, examples }) }
  }
  const webhooks = declarations.filter((one): one is WebhookDeclaration => one.kind === 'webhook').sort((a, b) => (a.path < b.path ? -1 : 1))
  for (const webhook of webhooks) paths[webhook.path] = { post: received(webhook, responses) }
  return {
    openapi: '3.1.0',
    info: { title: 'Countinghouse', version, description: ABOUT, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/', description: 'Where this document lies.' }],
    tags: [...new Set([...operations.map(({ declaration }) => tagOf(declaration.path)), ...(webhooks.length === 0 ? [] : [WEBHOOKS])])].sort().map((name) => ({ name })),
    paths,
    webhooks: toldEvents(schemas),
    components: {
      schemas: sorted(schemas.named), responses: sorted(responses), parameters: PARAMETERS, headers: HEADERS,
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'HS256; claims `sub`, `email`, `role`. Which roles may call stands at each operation (`x-roles`).' } },
    },
  }
}

interface Writing {
  readonly schemas: Schemas
  readonly responses: Record<string, ResponseObject>
  readonly examples: Examples
}

function described(operation: Operation, { schemas, responses, examples }: Writing): OperationObject {
  const { id, method, route, declaration } = operation
  const { path, impact } = declaration
  const example = examples[id]
  const roles = route.who === 'public' ? undefined : route.who
  const body = method === 'GET' || route.body === undefined ? undefined : schemas.sent(route.body)
  return {
    operationId: id,
    summary: route.summary,
    description: [roles === undefined ? 'For everybody.' : `For ${roles.join(', ')}.`, `Without it: ${impact}`].join(' '),
    tags: [tagOf(path)],
    security: roles === undefined ? (path.startsWith('/api') ? [{}, { bearer: [] }] : []) : [{ bearer: [] }],
    ...(roles === undefined ? {} : { 'x-roles': roles }),
    parameters: [
      ...parametersOf(path).map((name) => inPath(name, example?.path[name])),
      ...(route.query === undefined ? [] : inQuery(schemas.sent(route.query), example?.query ?? {})),
      ...(route.idempotent ? [reference('parameters', 'IdempotencyKey')] : []),
      reference('parameters', 'RequestId'),
    ],
    ...(body === undefined ? {} : { requestBody: sentAs(body, example?.body) }),
    responses: { ...goodAnswers(operation, schemas, examples), ...badAnswers(failuresOf(operation), responses), ...(route.page === true ? { 404: NO_PAGE } : {}) },
  }
}

/** `{}` may be left out where nothing is needed. */
function sentAs(schema: JsonSchema, example: unknown): NonNullable<OperationObject['requestBody']> {
  return {
    required: schema.type !== 'object' || (schema.required ?? []).length > 0,
    content: { [JSON_TYPE]: { schema, ...(example === undefined ? {} : { examples: { recorded: { value: example } } }) } },
  }
}

function goodAnswers({ id, route, declaration: { path } }: Operation, schemas: Schemas, examples: Examples): Record<string, ResponseObject> {
  const replies = Object.entries({ ...route.also, [route.status]: route.reply }).filter((one): one is [string, ZodType] => one[1] !== undefined)
  const headers = headersFor({ limited: path.startsWith('/api'), replayed: route.idempotent })
  return Object.fromEntries(
    replies.map(([status, reply]) => {
      const description = Number(status) === route.status ? route.summary : (OTHER_GOOD[status] ?? 'Another good answer.')
      if (route.page === true) return [status, { description, headers, content: { [PAGE_TYPE]: { schema: { type: 'string' } } } }]
      const schema = enveloped(schemas.answered(reply), schemas)
      const answer = examples[id]?.status === Number(status) ? { examples: { recorded: { value: examples[id]?.answer } } } : {}
      return [status, { description, headers, content: { [JSON_TYPE]: { schema, ...answer } } }]
    }),
  )
}

const OTHER_GOOD: Readonly<Record<string, string>> = {
  200: 'Done, or only tried out: nothing was created.', 201: 'Created.', 202: 'Taken on, and not finished: somebody or something has to act first.',
}

/** Every good answer says so, and when. */
function enveloped(schema: JsonSchema, schemas: Schemas): JsonSchema {
  const options = schema.anyOf ?? schema.oneOf
  if (options !== undefined) return { anyOf: options.map((one) => enveloped(one, schemas)) }
  const { properties = {}, required = [], ...rest } = schemas.resolved(schema)
  if (schema.$ref !== undefined) return { allOf: [{ type: 'object', properties: ENVELOPE, required: Object.keys(ENVELOPE) }, schema] }
  return { ...rest, type: 'object', properties: { success: ENVELOPE.success, ...properties, timestamp: ENVELOPE.timestamp }, required: ['success', ...required, 'timestamp'] }
}

/** For a person who followed a link. */
const NO_PAGE: ResponseObject = {
  description: 'There is nothing behind this link.', headers: headersFor({}),
  content: { [PAGE_TYPE]: { schema: { type: 'string' } }, [JSON_TYPE]: { schema: { $ref: `${REFERENCE}Failure` } } },
}

const MOMENT = { $ref: `${REFERENCE}Moment` }
const ENVELOPE = { success: { const: true }, timestamp: MOMENT }

const FAILURE: JsonSchema = {
  type: 'object',
  description: 'Every answer that is no success.',
  properties: {
    success: { const: false },
    error: { type: 'string', description: 'A sentence for a person.' },
    code: { enum: FAILURE_CODES, description: FAILURE_CODES.map((code) => `${code}: ${ABOUT_CODES[code]}`).join('\n\n') },
    retryable: { type: 'boolean', description: 'The same request may have a better end later.' },
    details: { type: 'object', description: 'Facts for programs, by code: `fields` of INVALID_INPUT, `lines` of OUT_OF_STOCK, `orderId` where there is an order.' },
    timestamp: MOMENT,
  },
  required: ['success', 'error', 'code', 'retryable', 'timestamp'],
}

/** One for each status, naming the codes that are meant. */
function badAnswers(codes: readonly FailureCode[], responses: Record<string, ResponseObject>): Record<string, ResponseObject> {
  const byStatus = Map.groupBy(codes, (code) => FAILURES[code].status)
  return Object.fromEntries(
    [...byStatus].map(([status, some]) => {
      const name = some.map(titled).join('Or')
      responses[name] ??= refusal(some)
      return [String(status), reference('responses', name)]
    }),
  )
}

function refusal(codes: readonly FailureCode[]): ResponseObject {
  const examples = codes.map((code) => {
    const { sentence: error, retryable } = FAILURES[code]
    return [code, { value: { success: false, error, code, retryable, timestamp: '2026-11-20T12:03:40.448Z' } }]
  })
  return {
    description: codes.map((code) => `${code}: ${ABOUT_CODES[code]}`).join('\n\n'),
    headers: headersFor({ limited: codes.includes('RATE_LIMITED'), retry: codes.some((code) => WITH_RETRY_AFTER.includes(code)) }),
    content: {
      [JSON_TYPE]: {
        schema: { allOf: [{ $ref: `${REFERENCE}Failure` }, { properties: { code: { enum: [...codes] } } }] }, examples: Object.fromEntries(examples),
      },
    },
  }
}

function titled(code: string): string {
  return code.split('_').map((word) => `${word[0]}${word.slice(1).toLowerCase()}`).join('')
}

const WEBHOOKS = 'webhooks'
const WEBHOOK_FAILS: readonly FailureCode[] = ['INVALID_INPUT', 'UNAUTHORIZED', 'PAYLOAD_TOO_LARGE', 'DATABASE_ERROR', 'INTERNAL_ERROR', 'SERVICE_UNAVAILABLE', 'GATEWAY_TIMEOUT']

/** What a vendor calls: he signs the bytes, and his own documents say what is in them. */
function received({ name, vendor, impact, signedBy = [] }: WebhookDeclaration, responses: Record<string, ResponseObject>): OperationObject {
  const answer: JsonSchema = { type: 'object', properties: { success: ENVELOPE.success, received: { const: true }, timestamp: MOMENT }, required: ['success', 'received', 'timestamp'] }
  return {
    operationId: name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    summary: `Take an event of ${vendor}`,
    description: `Sent by ${vendor}, who signs the bytes of the body. Once it is answered 200 the event is stored; sent again, it changes nothing. Without it: ${impact}`,
    tags: [WEBHOOKS],
    security: [],
    parameters: [
      ...signedBy.map((header): Parameter => ({ name: header, in: 'header', required: true, schema: { type: 'string' }, description: `Signature of ${vendor}.` })),
      reference('parameters', 'RequestId'),
    ],
    requestBody: { required: true, content: { [JSON_TYPE]: { schema: { type: 'object', description: `An event as ${vendor} describes it.` } } } },
    responses: {
      200: {
        description: 'Stored.', headers: headersFor({}),
        content: { [JSON_TYPE]: { schema: answer, examples: { stored: { value: { success: true, received: true, timestamp: '2026-11-20T12:03:40.448Z' } } } } },
      },
      ...badAnswers(WEBHOOK_FAILS, responses),
    },
  }
}

/** What we call: endpoints that were registered under `/api/admin/webhook-endpoints`. */
function toldEvents(schemas: Schemas): Json {
  const event = schemas.answered(OrderEventShown)
  const header = (name: string, description: string) => ({ name, in: 'header', required: true, schema: { type: 'string' }, description })
  return Object.fromEntries(
    EVENT_TYPES.map((type) => {
      const body = { type, timestamp: '2026-11-20T12:03:40.448Z', data: { orderId: 'ord_7nf8yvvrq11zbk3m59r1e3ym52', number: '7NF8-YVVR-Q1', state: 'paid', total: 100, currency: 'USD' } }
      return [type, {
        post: {
          operationId: `told.${type}`,
          summary: `Something happened to an order: ${type}`,
          description: 'At least once, and in the order in which it happened to one order, as long as it is answered. Any 2xx takes it.',
          parameters: [
            header('webhook-id', 'Of the event: the same for every try.'), header('webhook-timestamp', 'Seconds since 1970.'),
            header('webhook-signature', '`v1,` and the HMAC-SHA256 of `id.timestamp.body`, one for each secret that is valid, by the rules of standard-webhooks.'),
          ],
          requestBody: { required: true, content: { [JSON_TYPE]: { schema: event, examples: { told: { value: body } } } } },
          responses: { 200: { description: 'Taken.' }, 410: { description: 'Never again: the endpoint is switched off.' } },
        },
      }]
    }),
  )
}

function inPath(name: string, example: unknown): Parameter {
  return { name, in: 'path', required: true, schema: { type: 'string', pattern: ID.source }, ...(example === undefined ? {} : { example }) }
}

function inQuery({ properties = {}, required = [], description }: JsonSchema, examples: Readonly<Record<string, string>>): Parameter[] {
  return Object.entries(properties).map(([name, schema]) => {
    const rule = [schema.description, description].filter(Boolean).join(' ')
    const example = examples[name]
    return {
      name, in: 'query', required: required.includes(name), schema, ...(rule === '' ? {} : { description: rule }),
      ...(example === undefined ? {} : { example: schema.type === 'integer' ? Number(example) : example }),
    }
  })
}

const PARAMETERS = {
  IdempotencyKey: {
    name: 'Idempotency-Key', in: 'header', required: false, schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[\\x21-\\x7e]+$' },
    description: 'The same key and body get the same answer, and nothing is done twice, for 24 hours; the same key with another body is refused.',
  },
  RequestId: {
    name: 'X-Request-Id', in: 'header', required: false, schema: { type: 'string', maxLength: 128 }, description: 'By which this request is found in the logs; answered as it was sent.',
  },
}

const whole = (description: string) => ({ schema: { type: 'integer', minimum: 0 }, description })
const HEADERS = {
  'X-Request-Id': { schema: { type: 'string' }, description: 'By which this request is found in the logs.' },
  'RateLimit-Limit': whole('Requests a minute.'),
  'RateLimit-Remaining': whole('Requests left in this minute.'),
  'RateLimit-Reset': whole('Seconds until a new minute begins.'),
  'Retry-After': whole('Seconds after which the same request may be sent again.'),
  'Idempotent-Replayed': { schema: { const: 'true' }, description: 'The answer was given before; nothing was done now.' },
}

function headersFor({ limited = false, replayed = false, retry = false }: { limited?: boolean; replayed?: boolean; retry?: boolean }): Json {
  const names = ['X-Request-Id', ...(limited ? ['RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset'] : []), ...(replayed ? ['Idempotent-Replayed'] : []), ...(retry ? ['Retry-After'] : [])]
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]))
}

function reference<Kind extends 'parameters' | 'responses'>(kind: Kind, name: string): Kind extends 'parameters' ? Parameter : ResponseObject {
  return { $ref: `#/components/${kind}/${name}` } as never
}

function templateOf(path: string): string {
  return path.replace(/:([A-Za-z0-9]+)/g, '{$1}')
}

/** `/api/admin/reviews/...` is about reviews; probes are operations. */
function tagOf(path: string): string {
  const [, api, first = '', second = ''] = path.split('/')
  return api === 'api' ? (first === 'admin' ? second : first) : 'operations'
}

function sorted<Value>(record: Record<string, Value>): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).sort(([one], [other]) => (one < other ? -1 : 1)))
}
