/** Firestore's values to plain JavaScript and back, for local control, seeds and tests. */
import type { Fields, Value } from './messages.ts'
import { int64, microsOf, timestampOf } from './protocol.ts'
import { integerOf, isVector, numberOf, vectorOf } from './values.ts'

export function plainFields(fields: Fields): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, plainValue(value)]))
}

/** Timestamps become dates, references their names, vectors arrays of numbers; integers beyond 2^53 a bigint. */
export function plainValue(value: Value): unknown {
  if (value.stringValue != null) return value.stringValue
  if (value.booleanValue != null) return value.booleanValue
  if (value.integerValue != null) {
    const number = numberOf(value)
    return Number.isSafeInteger(number) ? number : integerOf(value)
  }
  if (value.doubleValue != null) return value.doubleValue
  if (value.timestampValue != null) return new Date(Math.floor(microsOf(value.timestampValue) / 1000))
  if (isVector(value)) return vectorOf(value)
  if (value.mapValue != null) return plainFields(value.mapValue.fields ?? {})
  if (value.arrayValue != null) return (value.arrayValue.values ?? []).map(plainValue)
  if (value.referenceValue != null) return value.referenceValue
  if (value.bytesValue != null) return Buffer.from(value.bytesValue)
  if (value.geoPointValue != null) {
    return { latitude: value.geoPointValue.latitude ?? 0, longitude: value.geoPointValue.longitude ?? 0 }
  }
  return null
}

export function valueOfPlain(plain: unknown): Value {
  if (plain === null) return { nullValue: 0 }
  if (typeof plain === 'string') return { stringValue: plain }
  if (typeof plain === 'boolean') return { booleanValue: plain }
  if (typeof plain === 'bigint') return { integerValue: int64(String(plain)) }
  if (typeof plain === 'number') {
    return Number.isSafeInteger(plain) ? { integerValue: int64(String(plain)) } : { doubleValue: plain }
  }
  if (plain instanceof Date) return { timestampValue: timestampOf(plain.getTime() * 1000) }
  if (plain instanceof Uint8Array) return { bytesValue: plain }
  if (Array.isArray(plain)) return { arrayValue: { values: plain.map(valueOfPlain) } }
  if (typeof plain === 'object') return { mapValue: { fields: fieldsOfPlain(plain as Record<string, unknown>) } }
  throw new TypeError(`A ${typeof plain} cannot be stored.`)
}

/** A field that is undefined is left out. */
export function fieldsOfPlain(plain: Record<string, unknown>): Fields {
  const entries = Object.entries(plain).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries.map(([key, value]) => [key, valueOfPlain(value)]))
}
