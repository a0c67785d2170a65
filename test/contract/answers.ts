/**
 * Answers and requests, held against the document: every field that comes is documented, every one that is promised comes.
 *
 * The document leaves answers open for what is added later. Here they are closed, so that a field which nobody has written
 * down is found.
 */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import type { OpenApi, OperationObject, Parameter } from '../../infra/build/openapi.ts'
import type { JsonSchema } from '../../infra/build/schemas.ts'

const JSON_TYPE = 'application/json'

export interface SentRequest {
  readonly path: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
  readonly body?: unknown
}

export class Answers {
  readonly #document: OpenApi
  readonly #operations: ReadonlyMap<string, OperationObject>
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
  readonly #compiled = new Map<string, ValidateFunction>()

  constructor(document: OpenApi) {
    this.#document = document
    const all = Object.values(document.paths).flatMap((methods) => Object.values(methods))
    this.#operations = new Map(all.map((operation) => [operation.operationId, operation]))
    const schemas = Object.entries(document.components.schemas)
    const named = (change: (schema: JsonSchema) => JsonSchema) => ({ components: { schemas: Object.fromEntries(schemas.map(([name, schema]) => [name, change(schema)])) } })
    this.#ajv.addSchema({ $id: 'https://shop.example/closed', ...named(closed) })
    this.#ajv.addSchema({ $id: 'https://shop.example/parts', ...named(within) })
  }

  /** What is wrong with an answer, in words; nothing when it is as documented. */
  faultsOf(id: string, status: number, answer: unknown): string[] {
    const response = this.#operations.get(id)?.responses[String(status)]
    if (response === undefined) return [`${id}: ${status} is not documented`]
    const found = response.$ref === undefined ? response : (this.#document.components['responses'] as Record<string, typeof response>)[response.$ref.split('/').at(-1) ?? '']
    const content = found?.content ?? {}
    if (content['text/html'] !== undefined && typeof answer === 'string') return []
    if (content[JSON_TYPE] === undefined) return [`${id}: ${status} is a page, and JSON came`]
    return this.#faults(`${id} ${status}`, content[JSON_TYPE].schema, answer)
  }

  faultsOfRequest(id: string, { path, query, body }: SentRequest): string[] {
    const operation = this.#operations.get(id)
    const parameters = (operation?.parameters ?? []).filter(({ $ref }) => $ref === undefined)
    const wrong = parameters.flatMap((parameter) => {
      const value = parameter.in === 'path' ? path[parameter.name] : query[parameter.name]
      if (value === undefined) return parameter.required === true ? [`${id}: ${parameter.name} is missing`] : []
      return this.#faults(`${id} ${parameter.name}`, parameter.schema, valueOf(parameter, value))
    })
    const schema = operation?.requestBody?.content[JSON_TYPE]?.schema
    if (schema === undefined) return body === undefined ? wrong : [...wrong, `${id}: a body was sent where none is taken`]
    return [...wrong, ...(body === undefined && operation?.requestBody?.required === false ? [] : this.#faults(`${id} body`, schema, body))]
  }

  #faults(what: string, schema: JsonSchema, value: unknown): string[] {
    const validate = this.#compiled.get(what) ?? this.#ajv.compile(closed(schema))
    this.#compiled.set(what, validate)
    if (validate(value)) return []
    return (validate.errors ?? []).slice(0, 5).map(({ instancePath, message, params }) => `${what}: ${instancePath} ${message} ${JSON.stringify(params)}`)
  }
}

function valueOf({ schema }: Parameter, text: string): unknown {
  return schema.type === 'integer' || schema.type === 'number' ? Number(text) : text
}

/** With no fields but those that are named. What is put together of several is closed as a whole. */
function closed(schema: JsonSchema): JsonSchema {
  const inner = within(schema)
  if (inner.allOf !== undefined) return { ...inner, unevaluatedProperties: false }
  return inner.properties !== undefined && inner.additionalProperties === undefined ? { ...inner, unevaluatedProperties: false } : inner
}

function within(schema: JsonSchema): JsonSchema {
  const all = (some: JsonSchema[]): JsonSchema[] => some.map(closed)
  return {
    ...schema,
    ...(schema.$ref === undefined ? {} : { $ref: schema.$ref.replace(/^#/, 'https://shop.example/closed#') }),
    ...(schema.properties === undefined ? {} : { properties: Object.fromEntries(Object.entries(schema.properties).map(([name, one]) => [name, closed(one)])) }),
    ...(schema.propertyNames === undefined ? {} : { propertyNames: within(schema.propertyNames) }),
    ...(schema.items === undefined ? {} : { items: closed(schema.items) }),
    ...(typeof schema.additionalProperties === 'object' ? { additionalProperties: closed(schema.additionalProperties) } : {}),
    ...(schema.anyOf === undefined ? {} : { anyOf: all(schema.anyOf) }),
    ...(schema.oneOf === undefined ? {} : { oneOf: all(schema.oneOf) }),
    // Parts of one whole know nothing of each other's fields.
    ...(schema.allOf === undefined ? {} : { allOf: schema.allOf.map(open) }),
  }
}

/** A part that is referred to is taken as it stands, but for its own inner parts. */
function open(schema: JsonSchema): JsonSchema {
  if (schema.$ref !== undefined) return { $ref: `${schema.$ref.replace(/^#/, 'https://shop.example/parts#')}` }
  return within(schema)
}
