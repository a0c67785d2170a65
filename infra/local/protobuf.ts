/**
 * Protocol buffers as the small gRPC servers (Pub/Sub, Secret Manager, Scheduler) speak them: service definitions
 * read from the very files that Google's clients ship, so that both ends always agree, and the few shapes
 * (times, durations, field masks, pages) that every one of these services uses.
 *
 * Unset messages arrive as null, 64-bit numbers and enums as strings.
 */
import { status as codes, type ServiceDefinition } from '@grpc/grpc-js'
import { fromJSON } from '@grpc/proto-loader'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { GrpcFailure } from './grpc-ports.ts'

export interface Duration {
  readonly seconds?: string | number | null
  readonly nanos?: number | null
}

export type Timestamp = Duration

export interface PageRequest {
  readonly pageSize?: number
  readonly pageToken?: string
}

/** Services of one protos.json, by their full names. */
export function servicesIn(protosJson: string): (fullName: string) => ServiceDefinition {
  const path = createRequire(import.meta.url).resolve(protosJson)
  const definitions = fromJSON(JSON.parse(readFileSync(path, 'utf8')) as Parameters<typeof fromJSON>[0], {
    longs: String,
    enums: String,
    defaults: true,
    oneofs: true,
  })
  return (fullName) => {
    const found = definitions[fullName]
    if (found === undefined) throw new RangeError(`${protosJson} has no service ${fullName}.`)
    return found as ServiceDefinition
  }
}

export function millis(value: Duration): number {
  return Number(value.seconds ?? 0) * 1000 + Math.round((value.nanos ?? 0) / 1e6)
}

/** A moment or a length of time. */
export function seconds(ms: number): { seconds: number; nanos: number } {
  const whole = Math.floor(ms / 1000)
  return { seconds: whole, nanos: Math.round((ms - whole * 1000) * 1e6) }
}

/** Names of the fields in an update mask, as properties: `retry_policy.minimum_backoff` is `retryPolicy`. */
export function maskedFields(mask: { readonly paths?: readonly string[] } | null | undefined): string[] {
  return (mask?.paths ?? []).map((path) => {
    const field = path.split('.')[0] ?? ''
    return field.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
  })
}

/** One page of a list; the token is the number of the first item on the next page. */
export function pageOf<T>(all: readonly T[], request: PageRequest, sizeMax: number): { items: T[]; nextPageToken: string } {
  const start = request.pageToken ? Number(request.pageToken) : 0
  if (!Number.isInteger(start) || start < 0) throw invalid('The page token is not one of ours.')
  const size = Math.min(request.pageSize || sizeMax, sizeMax)
  const end = start + size
  return { items: all.slice(start, end), nextPageToken: end < all.length ? String(end) : '' }
}

export function invalid(message: string): GrpcFailure {
  return new GrpcFailure(codes.INVALID_ARGUMENT, message)
}

export function notFound(resource: string): GrpcFailure {
  return new GrpcFailure(codes.NOT_FOUND, `Resource not found (resource=${resource}).`)
}

export function alreadyExists(resource: string): GrpcFailure {
  return new GrpcFailure(codes.ALREADY_EXISTS, `Resource already exists in the project (resource=${resource}).`)
}

/** For what the real service has and this one does not: refused, never accepted and then forgotten. */
export function unserved(what: string): GrpcFailure {
  return new GrpcFailure(codes.UNIMPLEMENTED, `${what} is not served by the local cloud.`)
}
