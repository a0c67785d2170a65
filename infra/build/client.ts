/**
 * The typed client for frontends, written from the OpenAPI document: one file without dependencies, for browsers and Node.
 * How calls are sent stands in `client/transport.ts` and is taken over as it is, without its imports; types and methods are made here.
 */
import { readFileSync } from 'node:fs'
import type { OpenApi, OperationObject, Parameter } from './openapi.ts'
import { REFERENCE, type JsonSchema } from './schemas.ts'

const TRANSPORT = new URL('client/transport.ts', import.meta.url)
const JSON_TYPE = 'application/json'

interface Route {
  readonly path: string
  readonly method: string
  readonly operation: OperationObject
}

export function clientText(document: OpenApi): string {
  const routes = Object.entries(document.paths)
    .flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]): Route => ({ path, method: method.toUpperCase(), operation })))
    .filter(({ path }) => !path.startsWith('/api/webhooks/'))
  const { Failure: failure, ...schemas } = document.components.schemas
  const codes = (failure?.properties?.['code']?.enum ?? []) as string[]
  return [
    '/**',
    ' * Everything that the shop can be asked, with types: generated from its functions (`npm run generate`), never edited.',
    ' *',
    ' *     const shop = new Countinghouse({ url: "https://shop.example", token: () => session.token })',
    ' *     const { cart } = await shop.openCart({})',
    ' */',
    `export type FailureCode = ${union(codes.map((code) => `'${code}'`))}`,
    '',
    ...Object.entries(schemas).map(([name, schema]) => `${comment(schema.description)}export type ${name} = ${typeOf(schema)}\n`),
    ...routes.flatMap(typesOf),
    readFileSync(TRANSPORT, 'utf8').replaceAll(/^import .*\n\n?/gm, ''),
    'export class Countinghouse extends Transport {',
    routes.map(methodOf).join('\n'),
    '}',
    '',
  ].join('\n')
}

function typesOf({ operation }: Route): string[] {
  const name = titled(operation.operationId)
  const body = bodyOf(operation)
  const own = parametersOf(operation)
  const answer = `export type ${name}Answer = ${answerOf(operation)}\n`
  const sent = body === undefined ? [] : [`export type ${name}Body = ${typeOf(body)}\n`]
  if (own.length === 0) return [...sent, answer]
  const fields = own.map(({ name: field, required = false, schema }) => `readonly ${field}${required ? '' : '?'}: ${typeOf(schema)}${required ? '' : ' | undefined'}`)
  const all = body === undefined ? fields : [...fields, `readonly body${operation.requestBody?.required === false ? '?' : ''}: ${name}Body`]
  return [...sent, `export type ${name}Wish = { ${all.join('; ')} }\n`, answer]
}

function methodOf({ path, method, operation }: Route): string {
  const { operationId, summary } = operation
  const [own, body, name] = [parametersOf(operation), bodyOf(operation), titled(operationId)]
  const isKeyed = operation.parameters.some(({ $ref }) => $ref?.endsWith('/IdempotencyKey') === true)
  const isFree = own.every(({ required }) => required !== true) && (body === undefined || operation.requestBody?.required === false)
  const asked = own.length > 0 ? `wish: ${name}Wish${isFree ? ' = {}' : ''}, ` : body === undefined ? '' : `body: ${name}Body${operation.requestBody?.required === false ? ' = {}' : ''}, `
  const query = own.filter((one) => one.in === 'query').map((one) => `'${one.name}'`)
  const facts = [
    `operation: '${operationId}'`, `method: '${method}'`, `path: '${path}'`, `keyed: ${isKeyed}`, ...(answerOf(operation) === 'string' ? ['page: true'] : []),
    ...(own.length === 0 ? [] : ['parameters: wish']), ...(query.length === 0 ? [] : [`query: [${query.join(', ')}]`]),
    ...(body === undefined ? [] : [own.length === 0 ? 'body' : 'body: wish.body ?? {}']),
  ]
  const who = operation['x-roles'] === undefined ? 'For everybody.' : `For ${operation['x-roles'].join(', ')}.`
  return [
    `  /** ${summary}. ${who} */`,
    `  ${operationId}(${asked}options?: CallOptions): Promise<${name}Answer> {`,
    `    return this.send({ ${facts.join(', ')} }, options)`,
    '  }',
    '',
  ].join('\n')
}

/** In the path and the query; headers are the transport's. */
function parametersOf({ parameters }: OperationObject): Parameter[] {
  return parameters.filter(({ $ref, in: where }) => $ref === undefined && (where === 'path' || where === 'query'))
}

function bodyOf({ requestBody }: OperationObject): JsonSchema | undefined {
  return requestBody?.content[JSON_TYPE]?.schema
}

function answerOf({ responses }: OperationObject): string {
  const good = Object.entries(responses).filter(([status]) => status.startsWith('2'))
  return union(good.map(([, { content }]) => (content?.[JSON_TYPE] === undefined ? 'string' : typeOf(content[JSON_TYPE].schema))))
}

/** A schema as TypeScript. */
export function typeOf(schema: JsonSchema): string {
  if (schema.$ref !== undefined) return schema.$ref.slice(REFERENCE.length)
  if (schema.const !== undefined) return literal(schema.const)
  if (schema.enum !== undefined) return union(schema.enum.map(literal))
  const options = schema.anyOf ?? schema.oneOf
  if (options !== undefined) return union(options.map(typeOf))
  if (schema.allOf !== undefined) return schema.allOf.map(typeOf).join(' & ')
  if (Array.isArray(schema.type)) return union(schema.type.map((type) => typeOf({ ...schema, type })))
  switch (schema.type) {
    case 'string': return 'string'
    case 'integer': case 'number': return 'number'
    case 'boolean': return 'boolean'
    case 'null': return 'null'
    case 'array': return `ReadonlyArray<${typeOf(schema.items ?? {})}>`
    case 'object': return objectOf(schema)
    default: return 'unknown'
  }
}

function objectOf({ properties = {}, required = [], additionalProperties, propertyNames }: JsonSchema): string {
  const fields = Object.entries(properties)
  if (typeof additionalProperties === 'object') return `Readonly<Record<${propertyNames === undefined ? 'string' : typeOf(propertyNames)}, ${typeOf(additionalProperties)}>>`
  if (fields.length === 0) return 'Readonly<Record<string, never>>'
  const lines = fields.map(([name, schema]) => `readonly ${name}${required.includes(name) ? '' : '?'}: ${typeOf(schema)}${required.includes(name) ? '' : ' | undefined'}`)
  return `{ ${lines.join('; ')} }`
}

function union(types: readonly string[]): string {
  const some = [...new Set(types)]
  return some.length === 0 ? 'never' : some.map((type) => (some.length > 1 && type.includes(' & ') ? `(${type})` : type)).join(' | ')
}

function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value.replaceAll('\\', '\\\\').replaceAll('\'', '\\\'')}'` : JSON.stringify(value)
}

function titled(name: string): string {
  return `${name[0]?.toUpperCase()}${name.slice(1)}`
}

function comment(text: string | undefined): string {
  return text === undefined ? '' : `/** ${text.replaceAll('*/', '* /')} */\n`
}
