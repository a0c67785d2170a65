/**
 * Values on their way out: what DuckDB holds, as the REST interface writes it (everything a string, records as `{f}`,
 * lists as `[{v}]`) and as plain JSON for people. A list is never null: the client would fail on it.
 */
import {
  BIGINT, BLOB, BOOLEAN, DATE, DECIMAL, DOUBLE, LIST, STRUCT, TIMESTAMP, TIMESTAMPTZ, VARCHAR,
  DuckDBBlobValue, DuckDBListValue, DuckDBStructValue, DuckDBTimestampTZValue,
  type DuckDBType, type DuckDBValue,
} from '@duckdb/node-api'
import { refuseQuery } from './refusal.ts'
import type { Column, Scalar, Type } from './columns.ts'

export type Cell = string | null | readonly { readonly v: Cell }[] | { readonly f: readonly { readonly v: Cell }[] }

const LOGICAL: Record<Scalar, DuckDBType> = {
  STRING: VARCHAR,
  BYTES: BLOB,
  INT64: BIGINT,
  FLOAT64: DOUBLE,
  NUMERIC: DECIMAL(38, 9),
  BOOL: BOOLEAN,
  TIMESTAMP: TIMESTAMPTZ,
  DATE,
  DATETIME: TIMESTAMP,
  JSON: VARCHAR,
}

/** The type as DuckDB's binary interface wants it. */
export function logicalType(type: Type): DuckDBType {
  if (type.is === 'ARRAY') return LIST(logicalType(type.of))
  if (type.is === 'STRUCT') return STRUCT(Object.fromEntries(type.fields.map((field) => [field.name, logicalType(field.type)])))
  return type.is === 'NULL' ? BIGINT : LOGICAL[type.is]
}

/** @param asMicros timestamps as whole microseconds, which the Node client asks for; otherwise seconds */
export function encodeRow(row: readonly DuckDBValue[], types: readonly Type[], asMicros: boolean): { f: { v: Cell }[] } {
  return { f: types.map((type, index) => ({ v: encode(row[index] ?? null, type, asMicros) })) }
}

function encode(value: DuckDBValue, type: Type, asMicros: boolean): Cell {
  if (type.is === 'ARRAY') return itemsOf(value).map((item) => ({ v: encode(item, type.of, asMicros) }))
  if (value === null) return null
  if (type.is === 'STRUCT') {
    return { f: type.fields.map((field) => ({ v: encode(fieldOf(value, field.name), field.type, asMicros) })) }
  }
  if (type.is === 'TIMESTAMP') return encodeMoment((value as DuckDBTimestampTZValue).micros, asMicros)
  return encodeScalar(value, type.is as Scalar)
}

function encodeMoment(micros: bigint, asMicros: boolean): string {
  return asMicros ? String(micros) : String(Number(micros) / 1e6)
}

function encodeScalar(value: DuckDBValue, type: Scalar): string {
  if (type === 'NUMERIC') return String(value).replace(/\.?0+$/, '')
  if (type === 'DATETIME') return String(value).replace(' ', 'T')
  if (type === 'BYTES') return Buffer.from((value as DuckDBBlobValue).bytes).toString('base64')
  return String(value)
}

export function plainRow(row: readonly DuckDBValue[], columns: readonly Column[]): Record<string, unknown> {
  return Object.fromEntries(columns.map(({ name, type }, index) => [name, plain(row[index] ?? null, type)]))
}

/** The value as a person would write it in JSON: exact numbers that JSON cannot hold stay text. */
function plain(value: DuckDBValue, type: Type): unknown {
  if (type.is === 'ARRAY') return itemsOf(value).map((item) => plain(item, type.of))
  if (value === null) return null
  if (type.is === 'STRUCT') {
    return Object.fromEntries(type.fields.map((field) => [field.name, plain(fieldOf(value, field.name), field.type)]))
  }
  if (type.is === 'BOOL' || type.is === 'FLOAT64') return value
  if (type.is === 'INT64') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  if (type.is === 'TIMESTAMP') return new Date(Number((value as DuckDBTimestampTZValue).micros / 1000n)).toISOString()
  if (type.is === 'JSON') return JSON.parse(String(value)) as unknown
  return encodeScalar(value, type.is as Scalar)
}

function itemsOf(value: DuckDBValue): readonly DuckDBValue[] {
  if (value === null) return []
  const { items } = value as DuckDBListValue
  if (items.includes(null)) refuseQuery('Array cannot have a null element; error in writing a field of the result')
  return items
}

function fieldOf(value: DuckDBValue, name: string): DuckDBValue {
  return (value as DuckDBStructValue).entries[name] ?? null
}
