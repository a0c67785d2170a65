/**
 * Reading and changing a document's fields by path. A change copies the maps along its path and shares the rest:
 * a stored document is never changed, because snapshots and indexes hold on to it.
 */
import type { Fields, Value } from './messages.ts'
import { fieldPath } from './paths.ts'

export function getField(fields: Fields, path: readonly string[]): Value | undefined {
  let map: Fields | null | undefined = fields
  let value: Value | undefined
  for (const segment of path) {
    if (map == null || !Object.hasOwn(map, segment)) return undefined
    value = map[segment]
    map = value?.mapValue?.fields
  }
  return value
}

/** The fields with one of them set, or removed when `value` is undefined. Maps on the way are made as needed. */
export function setField(fields: Fields, path: readonly string[], value: Value | undefined): Fields {
  const [first, ...rest] = path
  if (first === undefined) return fields
  if (rest.length > 0) {
    const inner = Object.hasOwn(fields, first) ? fields[first]?.mapValue?.fields : undefined
    if (inner == null && value === undefined) return fields
    return { ...fields, [first]: { mapValue: { fields: setField(inner ?? {}, rest, value) } } }
  }
  if (value !== undefined) return { ...fields, [first]: value }
  if (!Object.hasOwn(fields, first)) return fields
  const { [first]: _removed, ...kept } = fields
  return kept
}

/** Only the fields named; a path that is absent is left out. */
export function project(fields: Fields, paths: readonly string[]): Fields {
  let kept: Fields = {}
  for (const text of paths) {
    if (text === '__name__') continue
    const path = fieldPath(text)
    const value = getField(fields, path)
    if (value !== undefined) kept = setField(kept, path, value)
  }
  return kept
}
