/**
 * The order of values, across types, as Firestore's indexes have it:
 * null < booleans < numbers (NaN first) < timestamps < strings < bytes < references < geo points < arrays < vectors < maps.
 *
 * Two values that compare as 0 are equal to a query, even if one is the integer 3 and the other the double 3.0.
 */
import type { Fields, Int64, Timestamp, Value } from './messages.ts'
import { compareNames, compareStrings } from './paths.ts'

export const NULL_VALUE: Value = { nullValue: 0 }

const RANK_NULL = 0
const RANK_BOOLEAN = 1
const RANK_NUMBER = 2
const RANK_TIMESTAMP = 3
const RANK_STRING = 4
const RANK_BYTES = 5
const RANK_REFERENCE = 6
const RANK_GEO = 7
const RANK_ARRAY = 8
const RANK_VECTOR = 9
const RANK_MAP = 10

/** The place of a value's type among types. */
export function rank(value: Value): number {
  if (value.stringValue != null) return RANK_STRING
  if (value.integerValue != null || value.doubleValue != null) return RANK_NUMBER
  if (value.timestampValue != null) return RANK_TIMESTAMP
  if (value.booleanValue != null) return RANK_BOOLEAN
  if (value.mapValue != null) return isVector(value) ? RANK_VECTOR : RANK_MAP
  if (value.arrayValue != null) return RANK_ARRAY
  if (value.referenceValue != null) return RANK_REFERENCE
  if (value.bytesValue != null) return RANK_BYTES
  if (value.geoPointValue != null) return RANK_GEO
  return RANK_NULL
}

export function isNull(value: Value): boolean {
  return rank(value) === RANK_NULL
}

export function isNumber(value: Value): boolean {
  return value.integerValue != null || value.doubleValue != null
}

export function isNaNValue(value: Value): boolean {
  return value.doubleValue != null && Number.isNaN(value.doubleValue)
}

export function isVector(value: Value): boolean {
  return value.mapValue?.fields?.['__type__']?.stringValue === '__vector__'
}

/** A vector's numbers, or undefined for any other value. */
export function vectorOf(value: Value | undefined): number[] | undefined {
  if (value === undefined || !isVector(value)) return undefined
  return (value.mapValue?.fields?.['value']?.arrayValue?.values ?? []).map(numberOf)
}

/** A number value as a JavaScript number; integers beyond 2^53 lose their last digits. */
export function numberOf(value: Value): number {
  return value.integerValue == null ? (value.doubleValue ?? 0) : toNumber(value.integerValue)
}

function toNumber(integer: Int64 | number): number {
  return typeof integer === 'number' ? integer : integer.high * 4_294_967_296 + (integer.low >>> 0)
}

export function integerOf(value: Value): bigint {
  return BigInt(String(value.integerValue ?? 0))
}

export function compareValues(a: Value, b: Value): number {
  const left = rank(a)
  const right = rank(b)
  if (left !== right) return left - right
  switch (left) {
    case RANK_STRING:
      return compareStrings(a.stringValue ?? '', b.stringValue ?? '')
    case RANK_NUMBER:
      return compareNumbers(a, b)
    case RANK_TIMESTAMP:
      return compareTimestamps(a.timestampValue ?? {}, b.timestampValue ?? {})
    case RANK_BOOLEAN:
      return Number(a.booleanValue) - Number(b.booleanValue)
    case RANK_REFERENCE:
      return compareNames(a.referenceValue ?? '', b.referenceValue ?? '')
    case RANK_BYTES:
      return Buffer.compare(a.bytesValue ?? new Uint8Array(), b.bytesValue ?? new Uint8Array())
    case RANK_GEO:
      return (a.geoPointValue?.latitude ?? 0) - (b.geoPointValue?.latitude ?? 0)
        || (a.geoPointValue?.longitude ?? 0) - (b.geoPointValue?.longitude ?? 0)
    case RANK_ARRAY:
      return compareArrays(a.arrayValue?.values ?? [], b.arrayValue?.values ?? [])
    case RANK_VECTOR:
      return compareVectors(vectorOf(a) ?? [], vectorOf(b) ?? [])
    case RANK_MAP:
      return compareMaps(a.mapValue?.fields ?? {}, b.mapValue?.fields ?? {})
    default:
      return 0
  }
}

export function equalValues(a: Value, b: Value): boolean {
  return compareValues(a, b) === 0
}

function compareNumbers(a: Value, b: Value): number {
  const left = numberOf(a)
  const right = numberOf(b)
  if (left < right) return -1
  if (left > right) return 1
  if (left === right) return Number.isSafeInteger(left) ? 0 : compareLarge(a, b)
  const leftNaN = Number.isNaN(left)
  return leftNaN === Number.isNaN(right) ? 0 : leftNaN ? -1 : 1
}

/** Beyond 2^53 two integers may share a double; only their digits tell. */
function compareLarge(a: Value, b: Value): number {
  if (a.integerValue == null && b.integerValue == null) return 0
  const left = a.integerValue == null ? (a.doubleValue ?? 0) : integerOf(a)
  const right = b.integerValue == null ? (b.doubleValue ?? 0) : integerOf(b)
  return left < right ? -1 : left > right ? 1 : 0
}

function compareTimestamps(a: Timestamp, b: Timestamp): number {
  return toNumber(a.seconds ?? 0) - toNumber(b.seconds ?? 0) || (a.nanos ?? 0) - (b.nanos ?? 0)
}

function compareArrays(a: readonly Value[], b: readonly Value[]): number {
  for (const [index, left] of a.entries()) {
    const right = b[index]
    if (right === undefined) return 1
    const order = compareValues(left, right)
    if (order !== 0) return order
  }
  return a.length - b.length
}

function compareVectors(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) return a.length - b.length
  for (const [index, left] of a.entries()) {
    const order = left - (b[index] ?? 0)
    if (order !== 0) return order
  }
  return 0
}

function compareMaps(a: Fields, b: Fields): number {
  const left = Object.keys(a).sort(compareStrings)
  const right = Object.keys(b).sort(compareStrings)
  for (const [index, key] of left.entries()) {
    const other = right[index]
    if (other === undefined) return 1
    const order = compareStrings(key, other) || compareValues(a[key] ?? NULL_VALUE, b[other] ?? NULL_VALUE)
    if (order !== 0) return order
  }
  return left.length - right.length
}
