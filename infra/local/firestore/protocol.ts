/**
 * Bytes in, bytes out: the protobuf classes that ship with Google's client, and the service built on them.
 *
 * A request is decoded once, straight to messages, and keeps its size. An answer is bytes already when a method
 * returns it: a stored document's encoding is made at its commit and only copied into answers, because turning
 * documents into objects and back for each read was most of the cost of a read.
 */
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js'
import { createRequire } from 'node:module'
import type { DocumentMessage, Timestamp, Value } from './messages.ts'

interface MessageClass<T> {
  decode(bytes: Uint8Array): T
  encode(message: T): { finish(): Uint8Array }
}

const require = createRequire(import.meta.url)
const v1 = require('@google-cloud/firestore-api/protos').google.firestore.v1 as Record<string, MessageClass<unknown>>

export const DocumentClass = v1['Document'] as MessageClass<DocumentMessage>
const ValueClass = v1['Value'] as MessageClass<Value>

/** A 64-bit integer as the decoder would make it. */
export function int64(text: string): NonNullable<Value['integerValue']> {
  const { integerValue } = ValueClass.decode(
    ValueClass.encode({ integerValue: text as unknown as NonNullable<Value['integerValue']> }).finish(),
  )
  if (integerValue == null) throw new RangeError(`"${text}" is no integer.`)
  return integerValue
}

/** A decoded request and what it weighed on the wire. */
export interface Received<T> {
  readonly message: T
  readonly bytes: number
}

const STREAMED_ANSWERS = new Set(['BatchGetDocuments', 'RunQuery', 'RunAggregationQuery', 'ExecutePipeline', 'Listen', 'Write'])
const STREAMED_REQUESTS = new Set(['Listen', 'Write'])
const METHODS = [
  'GetDocument', 'ListDocuments', 'CreateDocument', 'UpdateDocument', 'DeleteDocument', 'BatchGetDocuments',
  'BeginTransaction', 'Commit', 'Rollback', 'RunQuery', 'RunAggregationQuery', 'ExecutePipeline', 'PartitionQuery',
  'Write', 'Listen', 'ListCollectionIds', 'BatchWrite',
]

export const definition: ServiceDefinition = Object.fromEntries(METHODS.map((name) => [name, method(name)]))

function method(name: string): MethodDefinition<Received<unknown>, Buffer> {
  const request = v1[`${name}Request`]
  if (request === undefined) throw new Error(`The client ships no ${name}Request.`)
  return {
    path: `/google.firestore.v1.Firestore/${name}`,
    requestStream: STREAMED_REQUESTS.has(name),
    responseStream: STREAMED_ANSWERS.has(name),
    requestDeserialize: (bytes) => ({ message: request.decode(bytes), bytes: bytes.length }),
    requestSerialize: (received) => Buffer.from(request.encode(received.message).finish()),
    responseSerialize: (answer) => answer,
    responseDeserialize: (bytes) => bytes,
  }
}

/** Encodes an answer made anew. */
export function encode(name: string, message: unknown): Buffer {
  const answer = v1[name]
  if (answer === undefined) throw new Error(`The client ships no ${name}.`)
  return answer.encode(message).finish() as Buffer
}

/** A field of a message that is encoded already. */
export type Part = readonly [field: number, bytes: Uint8Array]

export function compose(parts: readonly Part[]): Buffer {
  let size = 0
  for (const [, bytes] of parts) size += 1 + varintSize(bytes.length) + bytes.length
  const out = Buffer.allocUnsafe(size)
  let at = 0
  for (const [field, bytes] of parts) {
    out[at++] = (field << 3) | 2
    let rest = bytes.length
    while (rest > 127) {
      out[at++] = (rest & 127) | 128
      rest >>>= 7
    }
    out[at++] = rest
    out.set(bytes, at)
    at += bytes.length
  }
  return out
}

function varintSize(size: number): number {
  let count = 1
  for (let rest = size; rest > 127; rest >>>= 7) count += 1
  return count
}

/** A timestamp's encoding, from microseconds since 1970. */
export function timestampBytes(micros: number): Uint8Array {
  const { seconds, nanos } = timestampOf(micros)
  const bytes: number[] = []
  if (seconds !== 0) pushVarint(bytes, 0x08, seconds)
  if (nanos !== 0) pushVarint(bytes, 0x10, nanos)
  return Uint8Array.from(bytes)
}

function pushVarint(bytes: number[], tag: number, value: number): void {
  bytes.push(tag)
  let rest = value
  while (rest > 127) {
    bytes.push((rest % 128) | 128)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
}

export function timestampOf(micros: number): { seconds: number; nanos: number } {
  const seconds = Math.floor(micros / 1_000_000)
  return { seconds, nanos: (micros - seconds * 1_000_000) * 1000 }
}

export function microsOf(timestamp: Timestamp): number {
  return Number(timestamp.seconds ?? 0) * 1_000_000 + Math.floor((timestamp.nanos ?? 0) / 1000)
}
