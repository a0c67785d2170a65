/**
 * Documents as lines of JSON, exactly: what JSON has no word for (moments to the nanosecond, bytes, vectors, references, numbers
 * that are none) is tagged. The same document gives the same line, so that two stores can be compared by their lines.
 */
import { DocumentReference, FieldValue, GeoPoint, Timestamp, VectorValue, type Firestore } from '@google-cloud/firestore'

export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [key: string]: Plain }
type Data = Record<string, unknown>

export interface Line {
  /** `orders/ord_1`. */
  readonly path: string
  readonly fields: Plain
}

/** Fields in the order of their names: the store keeps none. */
export function encode(value: unknown): Plain {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0) ? value : { $number: Object.is(value, -0) ? '-0' : String(value) }
  if (value instanceof Timestamp) return { $moment: [value.seconds, value.nanoseconds] }
  if (value instanceof GeoPoint) return { $place: [value.latitude, value.longitude] }
  if (value instanceof DocumentReference) return { $document: value.path }
  if (value instanceof VectorValue) return { $vector: value.toArray() }
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') }
  if (Array.isArray(value)) return value.map(encode)
  const entries = Object.entries(value as Data).sort(([one], [other]) => (one < other ? -1 : 1)).map(([name, inner]) => [name, encode(inner)] as const)
  return entries.some(([name]) => name.startsWith('$')) ? { $map: entries.map(([name, inner]) => [name, inner]) } : Object.fromEntries(entries)
}

export function decode(value: Plain, store: Firestore): unknown {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map((inner: Plain) => decode(inner, store))
  const fields = value as { readonly [key: string]: Plain }
  const [tag = '', held = null] = Object.entries(fields)[0] ?? []
  switch (tag) {
    case '$number': return Number(held)
    case '$moment': return new Timestamp(...(held as [number, number]))
    case '$place': return new GeoPoint(...(held as [number, number]))
    case '$document': return store.doc(String(held))
    case '$vector': return FieldValue.vector(held as number[])
    case '$bytes': return Buffer.from(String(held), 'base64')
    case '$map': return Object.fromEntries((held as Array<[string, Plain]>).map(([name, inner]) => [name, decode(inner, store)]))
    default: return Object.fromEntries(Object.entries(fields).map(([name, inner]) => [name, decode(inner, store)]))
  }
}
