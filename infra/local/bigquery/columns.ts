/**
 * The types of GoogleSQL that the warehouse uses, and how they are called elsewhere: in a table's schema and in DuckDB.
 *
 * A type that is not here (BIGNUMERIC, TIME, GEOGRAPHY, RANGE, ...) is refused when a table or a parameter asks for it:
 * a near match would store another value than BigQuery does.
 */
import { Refusal } from './refusal.ts'

const DUCKDB = {
  STRING: 'VARCHAR',
  BYTES: 'BLOB',
  INT64: 'BIGINT',
  FLOAT64: 'DOUBLE',
  NUMERIC: 'DECIMAL(38,9)',
  BOOL: 'BOOLEAN',
  TIMESTAMP: 'TIMESTAMPTZ',
  DATE: 'DATE',
  DATETIME: 'TIMESTAMP',
  JSON: 'JSON',
} as const

export type Scalar = keyof typeof DUCKDB

/** `NULL` is the type of a bare NULL until something beside it says which; it never leaves a statement. */
export type Type =
  | { readonly is: Scalar | 'NULL' }
  | { readonly is: 'ARRAY'; readonly of: Type }
  | { readonly is: 'STRUCT'; readonly fields: readonly Column[] }

export interface Column {
  readonly name: string
  readonly type: Type
}

/** A column as the REST interface writes it. */
export interface Field {
  readonly name: string
  readonly type: string
  readonly mode?: string
  readonly fields?: readonly Field[]
  readonly [more: string]: unknown
}

/** Old names, which the REST interface still answers with, and aliases of GoogleSQL. */
const OTHER_NAMES: Record<string, Scalar> = {
  INTEGER: 'INT64',
  FLOAT: 'FLOAT64',
  BOOLEAN: 'BOOL',
  DECIMAL: 'NUMERIC',
  INT: 'INT64',
  BIGINT: 'INT64',
}
const LEGACY: Partial<Record<Scalar, string>> = { INT64: 'INTEGER', FLOAT64: 'FLOAT', BOOL: 'BOOLEAN' }

export const STRING: Type = { is: 'STRING' }
export const INT64: Type = { is: 'INT64' }
export const BOOL: Type = { is: 'BOOL' }
export const NULL: Type = { is: 'NULL' }

export function scalar(name: string): Scalar {
  const upper = name.toUpperCase()
  const known = OTHER_NAMES[upper] ?? upper
  if (!Object.hasOwn(DUCKDB, known)) throw new Refusal('invalid', `The local server does not know the type ${name}.`)
  return known as Scalar
}

export function typeOfField(field: Field): Type {
  const record = /^(RECORD|STRUCT)$/i.test(field.type)
  const one: Type = record ? { is: 'STRUCT', fields: columnsOf(field.fields ?? []) } : { is: scalar(field.type) }
  return field.mode === 'REPEATED' ? { is: 'ARRAY', of: one } : one
}

export function columnsOf(fields: readonly Field[]): Column[] {
  return fields.map((field) => ({ name: field.name, type: typeOfField(field) }))
}

export function fieldOfColumn(column: Column): Field {
  const repeated = column.type.is === 'ARRAY'
  const type = column.type.is === 'ARRAY' ? column.type.of : column.type
  const mode = repeated ? 'REPEATED' : 'NULLABLE'
  if (type.is === 'STRUCT') return { name: column.name, type: 'RECORD', mode, fields: type.fields.map(fieldOfColumn) }
  return { name: column.name, type: LEGACY[type.is as Scalar] ?? type.is, mode }
}

/** The type as GoogleSQL writes it, for messages. */
export function typeName(type: Type): string {
  if (type.is === 'ARRAY') return `ARRAY<${typeName(type.of)}>`
  if (type.is === 'STRUCT') return `STRUCT<${type.fields.map((field) => `${field.name} ${typeName(field.type)}`).join(', ')}>`
  return type.is
}

export function duckdbType(type: Type): string {
  if (type.is === 'ARRAY') return `${duckdbType(type.of)}[]`
  if (type.is === 'STRUCT') {
    return `STRUCT(${type.fields.map((field) => `${quoteName(field.name)} ${duckdbType(field.type)}`).join(', ')})`
  }
  return type.is === 'NULL' ? DUCKDB.INT64 : DUCKDB[type.is]
}

export function sameType(one: Type, other: Type): boolean {
  return typeName(one) === typeName(other)
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
