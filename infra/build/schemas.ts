/**
 * JSON Schema from the schemas that functions declare, for the documents of the interface.
 *
 * What has an `id` is written once and referred to. What a caller sends is described as it is sent, before defaults and
 * transforms; what a refinement demands has no place in JSON Schema and stands in the description instead. Answers may
 * get further fields with time, so they are left open; what is sent is closed, because an unknown field is refused.
 */
import { z, type ZodType } from 'zod'

export interface JsonSchema {
  $ref?: string
  type?: string | string[]
  const?: unknown
  enum?: unknown[]
  properties?: Record<string, JsonSchema>
  required?: string[]
  additionalProperties?: boolean | JsonSchema
  propertyNames?: JsonSchema
  items?: JsonSchema
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  allOf?: JsonSchema[]
  description?: string
  default?: unknown
  format?: string
  pattern?: string
  minimum?: number
  maximum?: number
  [keyword: string]: unknown
}

export const REFERENCE = '#/components/schemas/'
/** A format says it; the pattern is a line long and says it again. */
const FORMATS = new Set(['date-time', 'date'])

/** Schemas of one document, with those that are referred to. */
export class Schemas {
  readonly named: Record<string, JsonSchema> = {}

  sent(schema: ZodType): JsonSchema {
    const described = this.#described(schema, 'input')
    const rules = rulesOf(schema)
    return rules.length === 0 ? described : { ...described, description: [described.description, `Rules: ${rules.join('; ')}.`].filter(Boolean).join(' ') }
  }

  answered(schema: ZodType): JsonSchema {
    return this.#described(schema, 'output')
  }

  /** The schema that a reference leads to. */
  resolved(schema: JsonSchema): JsonSchema {
    return schema.$ref === undefined ? schema : (this.named[schema.$ref.slice(REFERENCE.length)] ?? {})
  }

  #described(schema: ZodType, io: 'input' | 'output'): JsonSchema {
    const { $schema: _, $defs = {}, ...whole } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as JsonSchema & { $defs?: Record<string, JsonSchema> }
    for (const [name, definition] of Object.entries($defs)) this.#name(name, cleaned(definition, io))
    return cleaned(whole, io)
  }

  #name(name: string, definition: JsonSchema): void {
    const known = this.named[name]
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(definition)) throw new Error(`Two schemas are called "${name}".`)
    this.named[name] = definition
  }
}

/** Without what says nothing, and with references as OpenAPI writes them. */
function cleaned(schema: JsonSchema, io: 'input' | 'output'): JsonSchema {
  const { id: _, readOnly: __, ...rest } = schema
  const clean: JsonSchema = Object.fromEntries(Object.entries(rest).map(([keyword, value]) => [keyword, cleanedValue(keyword, value, io)]))
  if (clean.$ref !== undefined) clean.$ref = clean.$ref.replace('#/$defs/', REFERENCE)
  if (clean.maximum === Number.MAX_SAFE_INTEGER) delete clean.maximum
  if (clean.minimum === Number.MIN_SAFE_INTEGER) delete clean.minimum
  if (FORMATS.has(clean.format ?? '')) delete clean.pattern
  if (io === 'output' && clean.additionalProperties === false) delete clean.additionalProperties
  return clean
}

function cleanedValue(keyword: string, value: unknown, io: 'input' | 'output'): unknown {
  if (keyword === 'properties') return Object.fromEntries(Object.entries(value as Record<string, JsonSchema>).map(([name, one]) => [name, cleaned(one, io)]))
  if (['anyOf', 'oneOf', 'allOf'].includes(keyword)) return (value as JsonSchema[]).map((one) => cleaned(one, io))
  if (['items', 'additionalProperties', 'propertyNames'].includes(keyword) && typeof value === 'object') return cleaned(value as JsonSchema, io)
  return value
}

interface Definition {
  readonly checks?: ReadonlyArray<{ readonly _zod: { readonly def: { readonly check: string; readonly path?: PropertyKey[]; readonly error?: (issue: object) => unknown } } }>
  readonly shape?: Record<string, ZodType>
  readonly innerType?: ZodType
  readonly element?: ZodType
  readonly in?: ZodType
  readonly options?: readonly ZodType[]
}

/** What refinements demand, in the words in which they refuse. */
function rulesOf(schema: ZodType, path: readonly string[] = []): string[] {
  const { checks = [], shape = {}, innerType, element, in: before, options = [] } = schema._zod.def as unknown as Definition
  const own = checks.flatMap(({ _zod: { def } }) => {
    const message = def.check === 'custom' ? def.error?.({}) : undefined
    return typeof message === 'string' ? [`${[...path, ...(def.path ?? []).map(String)].join('.') || 'the whole'}: ${message}`] : []
  })
  const inner = [innerType, before, ...options].flatMap((one) => (one === undefined ? [] : rulesOf(one, path)))
  const listed = element === undefined ? [] : rulesOf(element, [...path, '*'])
  const fields = Object.entries(shape).flatMap(([name, field]) => rulesOf(field, [...path, name]))
  return [...new Set([...own, ...inner, ...listed, ...fields])]
}
