/**
 * Reading what a caller sent. A GET's query and a POST's body are the same to a handler: fields by name, where a
 * query gives numbers as digits and lists with commas. A field of the wrong shape is refused by its name.
 */
import { invalid, missing } from './failure.ts'
import type { Json } from './shapes.ts'

export function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function text(input: Json, field: string): string | undefined {
  const value = input[field]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') throw invalid(field, `Expected a string value for ${field}.`)
  return value
}

export function requiredText(input: Json, field: string, lengthMax = 255): string {
  const value = text(input, field)
  if (value === undefined || value === '') throw missing(field)
  if (value.length > lengthMax) throw invalid(field, `Field must not be greater than ${lengthMax} in length: ${field}`)
  return value
}

export function texts(input: Json, field: string): string[] | undefined {
  const value = input[field]
  if (value === undefined || value === null) return undefined
  const list = typeof value === 'string' ? value.split(',') : value
  if (!Array.isArray(list) || !list.every((entry) => typeof entry === 'string')) {
    throw invalid(field, `Expected a list of strings for ${field}.`)
  }
  return list.length === 0 ? undefined : list
}

export function oneOf<T extends string>(input: Json, field: string, allowed: readonly T[]): T | undefined {
  const value = text(input, field)
  if (value === undefined) return undefined
  const found = allowed.find((entry) => entry === value)
  if (found === undefined) throw invalid(field, `\`${value}\` is not a valid enum value for ${field}.`)
  return found
}

export function flag(input: Json, field: string): boolean {
  const value = input[field]
  if (value === undefined || value === null) return false
  if (value === true || value === 'true') return true
  if (value === false || value === 'false') return false
  throw invalid(field, `Expected a boolean value for ${field}.`)
}

/** `limit` of a page: the vendor's default when absent, refused outside 1 to `max`. */
export function pageLimit(input: Json, standard: number, max: number): number {
  const value = input['limit']
  if (value === undefined || value === null) return standard
  const limit = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
  if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 1 || limit > max) {
    throw invalid('limit', `Limit must be between 1 and ${max}.`)
  }
  return limit
}

/** A time in the canonical form of the simulator's own objects, so that text order is time order. */
export function time(input: Json, field: string): string | undefined {
  const value = text(input, field)
  if (value === undefined) return undefined
  const ms = /^\d{4}-\d{2}-\d{2}T/.test(value) ? Date.parse(value) : Number.NaN
  if (Number.isNaN(ms)) throw invalid(field, `Expected an RFC 3339 timestamp for ${field}.`)
  return new Date(ms).toISOString()
}

export function record(input: Json, field: string): Json | undefined {
  const value = input[field]
  if (value === undefined || value === null) return undefined
  if (!isRecord(value)) throw invalid(field, `Expected an object for ${field}.`)
  return value
}

export function records(input: Json, field: string): Json[] {
  const value = input[field]
  if (value === undefined || value === null) return []
  if (!Array.isArray(value) || !value.every(isRecord)) throw invalid(field, `Expected a list of objects for ${field}.`)
  return value
}
