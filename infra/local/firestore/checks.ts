/**
 * What a document may hold: depth, names of fields, arrays not directly in arrays, at most 1 MiB.
 * Timestamps lose what is finer than a microsecond, as the service stores them.
 */
import type { Fields, Value } from './messages.ts'
import { invalid } from './refusal.ts'
import { isVector } from './values.ts'

const DOCUMENT_BYTES_MAX = 1_048_576
/** Below this size on the wire no document can reach the limit by Firestore's own measure. */
const SURELY_SMALL_BYTES = 200_000
const DEPTH_MAX = 20
const FIELD_NAME_BYTES_MAX = 1500
const VECTOR_DIMENSION_MAX = 2048

/** Refuses fields that no document may have. */
export function checkFields(fields: Fields, depth = 1): void {
  if (depth > DEPTH_MAX) throw invalid(`Document is nested deeper than ${DEPTH_MAX} levels.`)
  for (const [name, value] of Object.entries(fields)) {
    checkFieldName(name)
    checkValue(value, depth)
  }
}

function checkFieldName(name: string): void {
  if (name === '') throw invalid('A field name must not be empty.')
  if (name.startsWith('__') && name.endsWith('__') && name.length > 3) {
    throw invalid(`The property name "${name}" is reserved: it matches "__.*__".`)
  }
  if (name.length > FIELD_NAME_BYTES_MAX / 4 && Buffer.byteLength(name) > FIELD_NAME_BYTES_MAX) {
    throw invalid(`A field name is longer than ${FIELD_NAME_BYTES_MAX} bytes.`)
  }
}

export function checkValue(value: Value, depth: number): void {
  if (value.timestampValue != null) {
    value.timestampValue.nanos = Math.floor((value.timestampValue.nanos ?? 0) / 1000) * 1000
  } else if (value.arrayValue != null) {
    if (depth >= DEPTH_MAX) throw invalid(`Document is nested deeper than ${DEPTH_MAX} levels.`)
    for (const element of value.arrayValue.values ?? []) {
      if (element.arrayValue != null) throw invalid('Cannot convert an array value in an array value.')
      checkValue(element, depth + 1)
    }
  } else if (value.mapValue != null) {
    if (isVector(value)) checkVector(value)
    else checkFields(value.mapValue.fields ?? {}, depth + 1)
  }
}

function checkVector(value: Value): void {
  const numbers = value.mapValue?.fields?.['value']?.arrayValue?.values ?? []
  if (numbers.length === 0 || numbers.length > VECTOR_DIMENSION_MAX) {
    throw invalid(`A vector has 1 to ${VECTOR_DIMENSION_MAX} dimensions, not ${numbers.length}.`)
  }
}

/** Refuses a document above 1 MiB; `encodedBytes` spares the measuring of nearly all. */
export function checkSize(name: string, fields: Fields, encodedBytes: number): void {
  if (encodedBytes < SURELY_SMALL_BYTES) return
  const bytes = documentBytes(name, fields)
  if (bytes <= DOCUMENT_BYTES_MAX) return
  throw invalid(
    `Document '${name}' cannot be written because its size (${bytes.toLocaleString('en-US')} bytes) exceeds the maximum `
      + `allowed size of ${DOCUMENT_BYTES_MAX.toLocaleString('en-US')} bytes.`,
  )
}

/** Firestore's measure: 16 bytes + each segment for the name, each field's name and value, 32 bytes on top. */
export function documentBytes(name: string, fields: Fields): number {
  const path = name.slice(name.indexOf('/documents/') + '/documents/'.length).split('/')
  const nameBytes = path.reduce((sum, segment) => sum + stringBytes(segment), 16)
  return nameBytes + fieldsBytes(fields) + 32
}

function fieldsBytes(fields: Fields): number {
  let bytes = 0
  for (const [name, value] of Object.entries(fields)) bytes += stringBytes(name) + valueBytes(value)
  return bytes
}

function stringBytes(text: string): number {
  return Buffer.byteLength(text) + 1
}

function valueBytes(value: Value): number {
  if (value.stringValue != null) return stringBytes(value.stringValue)
  if (value.bytesValue != null) return value.bytesValue.length
  if (value.referenceValue != null) return stringBytes(value.referenceValue)
  if (value.arrayValue != null) return (value.arrayValue.values ?? []).reduce((sum, element) => sum + valueBytes(element), 0)
  if (value.mapValue != null) return fieldsBytes(value.mapValue.fields ?? {})
  if (value.integerValue != null || value.doubleValue != null || value.timestampValue != null) return 8
  return value.geoPointValue == null ? 1 : 16
}
