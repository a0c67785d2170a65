/**
 * Requests made up from the document: as it wants them, at the edge of what it allows, and broken in every way. All that
 * is random follows from a seed.
 */
import fc from 'fast-check'
import type { OpenApi, OperationObject, Parameter } from '../../infra/build/openapi.ts'
import { REFERENCE, type JsonSchema } from '../../infra/build/schemas.ts'
import { CHARACTER } from '../character.ts'
import type { Ids } from './ground.ts'

export interface Asked {
  readonly id: string
  readonly method: string
  /** With its parameters and query, as it goes over the wire. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Buffer
  /** Who asks; undefined without a token. */
  readonly role: string | undefined
  /** Its path names something. */
  readonly hasId: boolean
  /** How it was made, for whoever reads what went wrong. */
  readonly how: string
}

/** What vendors send, and what they never would, under the names that their events have for it. */
const RUBBISH = fc.jsonValue({ maxDepth: 3 })
const VENDOR_ID = fc.oneof(fc.constantFrom('evt_1', 'pi_1', '', 'x'.repeat(2_000), '../x', 'é'), fc.string())
const VENDOR_TYPE = fc.oneof(
  fc.constantFrom(
    'payment_intent.succeeded', 'charge.refunded', 'charge.dispute.created', 'checkout.session.completed', 'setup_intent.succeeded', 'transfer.reversed', 'review.opened',
    'net.authorize.payment.authcapture.created', 'net.authorize.payment.fraud.held', 'email.bounced', 'email.delivered', 'inventory.count.updated', 'catalog.version.updated', 'oauth.authorization.revoked',
  ),
  fc.string(),
)
const VENDOR_OBJECT = fc.oneof(RUBBISH, fc.record({ id: VENDOR_ID, metadata: RUBBISH, status: fc.string(), amount: RUBBISH, payment_intent: RUBBISH, inventory_counts: fc.array(RUBBISH, { maxLength: 3 }) }, { requiredKeys: [] }))
const EVENT = fc.oneof(
  { weight: 1, arbitrary: RUBBISH },
  {
    weight: 4,
    arbitrary: fc.record(
      {
        id: VENDOR_ID, event_id: VENDOR_ID, notificationId: VENDOR_ID, type: VENDOR_TYPE, eventType: VENDOR_TYPE, object: fc.constant('event'), merchant_id: fc.string(),
        created_at: fc.constantFrom('2026-12-04T00:00:00.000Z', 'never'), created: RUBBISH, data: fc.oneof(RUBBISH, fc.record({ object: VENDOR_OBJECT, email_id: VENDOR_ID, to: RUBBISH }, { requiredKeys: [] })), payload: VENDOR_OBJECT,
      },
      { requiredKeys: [] },
    ),
  },
)

/** Fields of which only one may be sent. */
const ONE_OF = [['cartId', 'cart'], ['token', 'cardId'], ['ids', 'filter'], ['percent', 'amount'], ['amount', 'lines'], ['amount', 'shipping']] as const
/** What fields of these names are mostly sent with, where a rule that no schema tells wants something sensible. */
const SENSIBLE: Readonly<Record<string, readonly unknown[]>> = {
  currency: ['USD'], fullName: ['Maria Gomez', 'Zoë O\'Brien-Núñez'], dateOfBirth: ['1990-01-01', '2010-01-01'], url: ['http://127.0.0.1:9/hook', 'https://93.184.215.14/hook'], state: ['TX'],
  country: ['US'], postalCode: ['78701'], quantity: [1, 2], price: [50], expectedTotal: [50, 100], validThrough: ['2030-12-31'], subtotal: ['100.00'],
}
/** Asked after all others: whoever is forgotten buys nothing any more. */
const AT_LAST = ['eraseCustomer', 'revokeAgeVerification']
const ROLES = [undefined, 'customer', 'scanner', 'viewer', 'support', 'admin', 'organisation', 'organiser']
const TOKENS = ['pm_card_visa', 'pm_card_visa_chargeDeclined', 'tok_visa_test', 'pm_card_threeDSecure2Required', 'pm_card_riskLevelElevated']
const MOMENTS = ['2026-12-04T00:00:00.000Z', '2026-12-31T23:59:59.999+14:00', '1970-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z']
const DAYS = ['2026-12-04', '2028-02-29', '1900-01-01', '9999-12-31', '1990-01-01']
const EMAILS = ['maria@example.com', `${'a'.repeat(64)}@${'b'.repeat(60)}.example`, 'a+b@EXAMPLE.com']

export class Requests {
  readonly #document: OpenApi
  readonly #ids: Ids

  constructor(document: OpenApi, ids: Ids) {
    this.#document = document
    this.#ids = ids
  }

  /** `count` requests for each operation, mixed as `SHARES` says. */
  all(count: number, seed: number, only?: readonly string[]): Asked[] {
    const operations = Object.entries(this.#document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })))
    const made = operations.map((one, place) => only?.includes(one.operation.operationId) === false ? [] : fc.sample(this.#request(one), { numRuns: count, seed: seed * 10_007 + place }))
    // All operations in turn: so each finds what the others have done.
    const inTurn = Array.from({ length: count }, (_, turn) => made.flatMap((some) => some[turn] ?? [])).flat()
    return [...inTurn.filter(({ id }) => !AT_LAST.includes(id)), ...inTurn.filter(({ id }) => AT_LAST.includes(id))]
  }

  /** One that keeps to the document, for an example. */
  good(id: string, seed: number): { readonly path: Record<string, string>; readonly query: Record<string, string>; readonly body: unknown } | undefined {
    const [operation] = Object.values(this.#document.paths).flatMap((methods) => Object.values(methods)).filter(({ operationId }) => operationId === id)
    return operation === undefined ? undefined : fc.sample(this.#parts(operation, 0), { numRuns: 1, seed })[0]
  }

  #request({ path, method, operation }: { path: string; method: string; operation: OperationObject }): fc.Arbitrary<Asked> {
    const kind = fc.oneof({ arbitrary: fc.constant('valid'), weight: 6 }, { arbitrary: fc.constant('boundary'), weight: 3 }, { arbitrary: fc.constant('broken'), weight: 5 })
    const allowed = operation['x-roles']
    const role = fc.oneof({ arbitrary: fc.constantFrom(...(allowed ?? [undefined, 'customer', 'admin'])), weight: 4 }, { arbitrary: fc.constantFrom(...ROLES), weight: 1 })
    return kind.chain((how) =>
      fc.record({ parts: this.#parts(operation, how === 'boundary' ? 0.5 : 0.02), role, fault: fc.constantFrom(...FAULTS), noise: fc.nat() }).map(({ parts, role: who, fault, noise }) => {
        const url = addressOf(path, parts.path, parts.query)
        const keyed = operation.parameters.some(({ $ref }) => $ref?.endsWith('IdempotencyKey') === true) && noise % 3 === 0
        const body = parts.body === undefined ? {} : { body: JSON.stringify(parts.body) }
        const asked: Asked = {
          id: operation.operationId, method: method.toUpperCase(), url, role: who, how, hasId: path.includes('{'),
          headers: { ...(parts.body === undefined ? {} : { 'content-type': 'application/json' }), ...(keyed ? { 'idempotency-key': `key-${noise % 7}` } : {}) }, ...body,
        }
        return how === 'broken' ? { ...fault.strike(asked, parts.body, noise), how: fault.name } : asked
      }),
    )
  }

  /** @param edge share of values at the edge of what is allowed */
  #parts(operation: OperationObject, edge: number) {
    const own = operation.parameters.filter(({ $ref }) => $ref === undefined)
    const some = (where: Parameter['in']) =>
      fc.tuple(fc.record(Object.fromEntries(own.filter((one) => one.in === where).map((one) => [one.name, this.#named(one.name, one.schema, edge).map(String)])), {
        requiredKeys: own.filter((one) => one.in === where && one.required === true).map(({ name }) => name),
      }) as fc.Arbitrary<Record<string, string>>, fc.nat({ max: 3 })).map(([sent, which]) => (which === 0 ? sent : withoutCursor(sent)))
    const schema = operation.requestBody?.content['application/json']?.schema
    const body = schema === undefined ? fc.constant(undefined) : operation.operationId.startsWith('receive') ? EVENT : this.value(schema, edge)
    return fc.record({ path: some('path'), query: some('query'), body })
  }

  /** A value that the schema allows. Fields that name something that exists name it, most of the time. */
  value(schema: JsonSchema, edge: number): fc.Arbitrary<unknown> {
    if (schema.$ref !== undefined) return this.value(this.#document.components.schemas[schema.$ref.slice(REFERENCE.length)] ?? {}, edge)
    if (schema.const !== undefined) return fc.constant(schema.const)
    if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
    const options = schema.anyOf ?? schema.oneOf
    if (options !== undefined) return fc.oneof(...options.map((one) => this.value(one, edge)))
    const type = Array.isArray(schema.type) ? schema.type[0] : schema.type
    switch (type) {
      case 'object': return this.#object(schema, edge)
      case 'array': return this.#list(schema, edge)
      case 'integer': case 'number': return numberIn(schema, edge)
      case 'boolean': return fc.boolean()
      case 'null': return fc.constant(null)
      case 'string': return textIn(schema, edge)
      default: return fc.jsonValue({ maxDepth: 1 })
    }
  }

  #named(name: string, schema: JsonSchema, edge: number): fc.Arbitrary<unknown> {
    const ids = this.#ids[name] ?? []
    const known = SENSIBLE[name] ?? [...ids, ...ids.slice(0, 1), ...ids.slice(0, 1)]
    if (name === 'token' && schema.pattern === undefined) return fc.oneof({ arbitrary: fc.constantFrom(...TOKENS), weight: 8 }, { arbitrary: this.value(schema, edge), weight: 1 })
    if (known.length === 0) return this.value(schema, edge)
    return fc.oneof({ arbitrary: fc.constantFrom(...known), weight: 8 }, { arbitrary: this.value(schema, edge), weight: 1 })
  }

  #object({ properties = {}, required = [] }: JsonSchema, edge: number): fc.Arbitrary<unknown> {
    const fields = Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, this.#named(name, schema, edge)]))
    const whole = fc.record(fields, { requiredKeys: required }) as fc.Arbitrary<Record<string, unknown>>
    return fc.tuple(whole, fc.nat({ max: 1 }), fc.boolean()).map(([value, which, isBare]) => {
      const needed: readonly string[] = [...required, ...ONE_OF.flat()]
      if (isBare) for (const name of Object.keys(value)) if (!needed.includes(name)) delete value[name]
      for (const pair of ONE_OF) if (pair.every((name) => value[name] !== undefined)) delete value[pair[which] ?? pair[0]]
      return value
    })
  }

  #list({ items = {}, minItems = 0, maxItems = 3 }: JsonSchema, edge: number): fc.Arbitrary<unknown> {
    const [least, most] = [Number(minItems), Number(maxItems)]
    const few = fc.array(this.value(items, edge), { minLength: least, maxLength: Math.max(least, Math.min(most, 3)) })
    if (edge < 0.1) return few
    return fc.oneof({ arbitrary: few, weight: 3 }, { arbitrary: fc.array(this.value(items, 0), { minLength: Math.min(most, 60), maxLength: Math.min(most, 60) }), weight: 1 })
  }
}

function numberIn({ type, minimum, maximum, exclusiveMinimum, multipleOf }: JsonSchema, edge: number): fc.Arbitrary<unknown> {
  const least = minimum ?? (typeof exclusiveMinimum === 'number' ? exclusiveMinimum + 1 : 0)
  const most = maximum ?? 1_000_000
  const whole = type === 'integer' || multipleOf !== undefined
  const usual = fc.integer({ min: Math.ceil(least), max: Math.min(Math.floor(most), Math.ceil(least) + 200) })
  return edge < 0.1 ? usual : fc.oneof(usual, fc.constantFrom(least, most, ...(whole ? [] : [least + 0.1, least + 0.001])))
}

const FORMATS: Readonly<Record<string, readonly string[]>> = { 'date-time': MOMENTS, date: DAYS, email: EMAILS, uri: ['https://example.com/a'] }

function textIn({ pattern, format, minLength = 0, maxLength = 40 }: JsonSchema, edge: number): fc.Arbitrary<unknown> {
  const [least, most] = [Number(minLength), Number(maxLength)]
  const known = FORMATS[format ?? '']
  if (known !== undefined) return fc.constantFrom(...known.filter(({ length }) => length <= (maxLength === 40 ? Infinity : most)))
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern))
  const usual = fc.string({ minLength: least, maxLength: Math.max(least, Math.min(most, 20)) })
  if (edge < 0.1) return usual
  return fc.oneof(
    usual, fc.string({ unit: CHARACTER, minLength: least, maxLength: Math.max(least, Math.min(most, 20)) }), fc.constantFrom('x'.repeat(most), 'é'.repeat(Math.min(most, 200)), '\u202e\u0000\ud83d\ude00'.slice(0, Math.max(1, most)), ' '.repeat(Math.max(1, least))),
  )
}

function addressOf(path: string, parameters: Readonly<Record<string, string>>, query: Readonly<Record<string, string>>): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(wellFormed(parameters[name] ?? '')))
  const text = new URLSearchParams(Object.entries(query)).toString()
  return text === '' ? filled : `${filled}?${text}`
}

/** Half a character cannot be written into an address. */
function wellFormed(text: string): string {
  return text.toWellFormed()
}

/** One that is made up is refused, whatever else is sent. */
function withoutCursor(sent: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(sent).filter(([name]) => name !== 'cursor'))
}

interface Fault {
  readonly name: string
  readonly strike: (asked: Asked, body: unknown, noise: number) => Asked
}

const JSON_HEADERS = { 'content-type': 'application/json' }
const ODD_VALUES: readonly unknown[] = [
  null, '', 0, -1, 1e308, 1e-7, 9_007_199_254_740_992, true, [], {}, [[]], 'x'.repeat(10_000), '\u0000', '\ud800', '../../etc/passwd', '<script>', "' OR 1=1 --", '\u202e', 'NaN', '2026-02-30', '__proto__',
]

/** A body with one of its fields changed, wherever that lies. */
function withOddField(body: unknown, noise: number): unknown {
  const copy = (typeof body === 'object' && body !== null ? structuredClone(body) : {}) as Record<string, unknown>
  const places: Array<[Record<string, unknown>, string]> = []
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [name, inner] of Object.entries(value)) {
      places.push([value as Record<string, unknown>, name])
      walk(inner)
    }
  }
  walk(copy)
  const [holder, name] = places[noise % Math.max(1, places.length)] ?? [copy, 'customerId']
  const odd = ODD_VALUES[Math.floor(noise / 7) % (ODD_VALUES.length + 1)]
  if (odd === undefined) delete holder[name]
  else holder[name] = odd
  return copy
}

function sending(body: unknown, headers: Readonly<Record<string, string>> = JSON_HEADERS): (asked: Asked) => Asked {
  return (asked) => ({ ...asked, headers: { ...asked.headers, ...headers }, ...(asked.method === 'GET' ? {} : { body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body) }) })
}

function asking(suffix: string): (asked: Asked) => Asked {
  return (asked) => ({ ...asked, url: `${asked.url}${asked.url.includes('?') ? '&' : '?'}${suffix}` })
}

/** Another id in the path, or the last part of it; an address without one would become another operation's. */
function leadingTo(part: string): (asked: Asked) => Asked {
  return (asked) => (asked.hasId ? { ...asked, url: asked.url.replace(/[^/]+$/, part) } : asking('debug=1')(asked))
}

const FAULTS: readonly Fault[] = [
  ...Array.from({ length: 10 }, () => ({ name: 'an odd field', strike: (asked: Asked, body: unknown, noise: number) => sending(withOddField(body, noise))(asked) })),
  { name: 'an unknown field', strike: (asked, body) => sending({ ...(body as object | undefined), colour: 'red' })(asked) },
  { name: 'a prototype', strike: sending('{"__proto__":{"admin":true},"constructor":{"prototype":{}}}') },
  { name: 'no object', strike: sending('[1,2,3]') },
  { name: 'null', strike: sending('null') },
  { name: 'a number', strike: sending('1e999') },
  { name: 'nothing', strike: sending('') },
  { name: 'broken JSON', strike: sending('{"customerId": "a"') },
  { name: 'deep nesting', strike: sending(`${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`) },
  { name: 'deep lists', strike: sending(`{"cart":${'['.repeat(20_000)}${']'.repeat(20_000)}}`) },
  { name: 'bytes that are no text', strike: sending(Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])) },
  { name: 'another content type', strike: (asked, body) => sending(body ?? {}, { 'content-type': 'text/plain' })(asked) },
  { name: 'a form', strike: sending('a=b&c[d]=e', { 'content-type': 'application/x-www-form-urlencoded' }) },
  { name: 'another charset', strike: sending('{}', { 'content-type': 'application/json; charset=utf-16' }) },
  { name: 'gzip by name', strike: sending('{}', { ...JSON_HEADERS, 'content-encoding': 'gzip' }) },
  { name: 'a huge body', strike: sending(JSON.stringify({ note: 'x'.repeat(1_100_000) })) },
  { name: 'a card number', strike: (asked, body) => sending({ ...(body as object | undefined), reason: '4242 4242 4242 4242' })(asked) },
  { name: 'an unknown query field', strike: asking('debug=1') },
  { name: 'a query field twice', strike: asking('limit=1&limit=2') },
  { name: 'a query field as a list', strike: asking('limit[]=1&cursor[a][b]=c') },
  { name: 'a query of escapes', strike: asking('cursor=%E0%A4%A&limit=%00') },
  { name: 'a negative limit', strike: asking('limit=-1') },
  { name: 'a limit beyond numbers', strike: asking('limit=1e99') },
  { name: 'a cursor of somebody else', strike: asking(`cursor=${Buffer.from('99999999999999999 \u0000').toString('base64url')}`) },
  { name: 'a bad escape in the path', strike: leadingTo('%E0%A4%A') },
  { name: 'a null byte in the path', strike: leadingTo('a%00b') },
  { name: 'a way out of the path', strike: leadingTo('..%2F..%2Fadmin') },
  { name: 'a long path', strike: leadingTo('a'.repeat(4_000)) },
  { name: 'unicode in the path', strike: leadingTo(encodeURIComponent('ордер-\u202e😀')) },
  { name: 'a key that is too long', strike: (asked) => ({ ...asked, headers: { ...asked.headers, 'idempotency-key': 'k'.repeat(256) } }) },
  { name: 'a key with blanks', strike: (asked) => ({ ...asked, headers: { ...asked.headers, 'idempotency-key': 'a b' } }) },
  { name: 'a token that is none', strike: (asked) => ({ ...asked, role: undefined, headers: { ...asked.headers, authorization: 'Bearer a.b.c' } }) },
  { name: 'another way to sign in', strike: (asked) => ({ ...asked, role: undefined, headers: { ...asked.headers, authorization: 'Basic YTpi' } }) },
  { name: 'nobody', strike: (asked) => ({ ...asked, role: undefined }) },
]
