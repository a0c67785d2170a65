/** Named query parameters, typed by the caller, as values inside the statement: their types are known as BigQuery knows them. */
import { Refusal, refuseQuery } from './refusal.ts'
import type { Typed } from './signatures.ts'
import { duckdbType, quoteName, quoteText, scalar, typeName, type Column, type Type } from './columns.ts'

interface ParameterType {
  readonly type?: string
  readonly arrayType?: ParameterType
  readonly structTypes?: ReadonlyArray<{ readonly name?: string; readonly type: ParameterType }>
}

interface ParameterValue {
  /** A text by contract; numbers and booleans are taken as their text, as the real service does. */
  readonly value?: string | number | boolean | null
  readonly arrayValues?: readonly ParameterValue[]
  readonly structValues?: Readonly<Record<string, ParameterValue>>
}

export interface QueryParameter {
  readonly name?: string
  readonly parameterType?: ParameterType
  readonly parameterValue?: ParameterValue
}

export function readParameters(parameters: readonly QueryParameter[]): Map<string, Typed> {
  const all = new Map<string, Typed>()
  for (const { name, parameterType, parameterValue } of parameters) {
    if (name === undefined || name === '') throw new Refusal('invalid', 'The local server takes named parameters only.')
    all.set(name.toLowerCase(), read(name, typeOf(parameterType ?? {}), parameterValue ?? {}))
  }
  return all
}

function typeOf(type: ParameterType): Type {
  if (type.type === 'ARRAY') return { is: 'ARRAY', of: typeOf(type.arrayType ?? {}) }
  if (type.type !== 'STRUCT') return { is: scalar(type.type ?? 'of an unnamed kind') }
  return { is: 'STRUCT', fields: (type.structTypes ?? []).map((field) => ({ name: field.name ?? '', type: typeOf(field.type) })) }
}

function read(name: string, type: Type, { value, arrayValues, structValues }: ParameterValue): Typed {
  if (type.is === 'ARRAY') {
    const items = (arrayValues ?? []).map((item) => read(name, type.of, item).sql)
    return { sql: `CAST([${items.join(', ')}] AS ${duckdbType(type)})`, type }
  }
  if (type.is === 'STRUCT') {
    const fieldOf = (field: Column) => read(name, field.type, structValues?.[field.name] ?? {}).sql
    const fields = type.fields.map((field) => `${quoteName(field.name)}: ${fieldOf(field)}`)
    return { sql: `{${fields.join(', ')}}`, type }
  }
  if (value === undefined || value === null) return { sql: `CAST(NULL AS ${duckdbType(type)})`, type }
  const text = String(value)
  if (FORMS[type.is]?.test(text) === false) {
    refuseQuery(`Invalid value for type: ${typeName(type)} is not a valid value for parameter '${name}'`)
  }
  if (type.is === 'BYTES') return { sql: `from_base64(${quoteText(text)})`, type }
  return { sql: `CAST(${quoteText(text)} AS ${duckdbType(type)})`, type, literal: text }
}

/** What DuckDB would otherwise round or accept in a form of its own. */
const FORMS: Partial<Record<Type['is'], RegExp>> = {
  INT64: /^[-+]?\d+$/,
  NUMERIC: /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i,
  BOOL: /^(true|false)$/i,
  DATE: /^\d{4}-\d\d?-\d\d?$/,
  TIMESTAMP: /^\d{4}-\d\d?-\d\d?([T ]|$)/,
  DATETIME: /^\d{4}-\d\d?-\d\d?([T ]|$)/,
}
