/**
 * Stands in for Firestore while a function is compiled: takes every commit, finds by name what was written so, and nothing
 * by a query. It speaks just enough of gRPC for the client to go all the way to an answer.
 *
 * It remembers because work under a lease ends at once when its lease is not found: what comes after would not be compiled.
 */
import { createServer, type Http2Server } from 'node:http2'

/** Field 1 of `CommitResponse`: one document written at some second. */
const COMMITTED = Buffer.from('0a080a0608a0a7b7c906', 'hex')
/** `transaction` and `read_time` of a read's answer: 2 and 3 in a query's, 3 and 4 in that of documents. */
const QUERIED = Buffer.from('1201781a0608a0a7b7c906', 'hex')
const READ = Buffer.from('1a0178220608a0a7b7c906', 'hex')
/** `result` of an aggregation, with nothing in it. */
const NO_RESULT = Buffer.from('0a00', 'hex')
/** `create_time` and `update_time` of a document. */
const TIMES = Buffer.from('1a0608a0a7b7c906220608a0a7b7c906', 'hex')
/** `documents` of a read, in whose answer the same number is `missing`; and `writes` of a commit. */
const SECOND = 2
/** `found` of a read's answer, `update` of a write, `name` of a document. */
const FIRST = 1
const FRAME_BYTES = 5

export function standIn(): Http2Server {
  const stored = new Map<string, Buffer>()
  return createServer().on('stream', (stream, headers) => {
    const parts: Buffer[] = []
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    stream.on('error', () => undefined)
    stream.on('data', (part: Buffer) => parts.push(part))
    stream.on('end', () => {
      const request = Buffer.concat(parts).subarray(FRAME_BYTES)
      for (const message of answersTo(String(headers[':path']).split('/').at(-1) ?? '', request, stored)) stream.write(framed(message))
      stream.end()
    })
  })
}

function answersTo(method: string, request: Buffer, stored: Map<string, Buffer>): readonly Buffer[] {
  if (method === 'Commit') return [committed(request, stored)]
  if (method === 'RunQuery') return [QUERIED]
  if (method === 'RunAggregationQuery') return [Buffer.concat([NO_RESULT, QUERIED])]
  if (method !== 'BatchGetDocuments') return []
  return fieldsOf(request).filter(({ number }) => number === SECOND).map(({ bytes }) => {
    const found = stored.get(bytes.toString())
    return Buffer.concat([found === undefined ? field(SECOND, bytes) : field(FIRST, found), READ])
  })
}

/** Each written document is kept as it came; a deletion is a write without one, and forgets nothing. */
function committed(request: Buffer, stored: Map<string, Buffer>): Buffer {
  for (const write of fieldsOf(request).filter(({ number }) => number === SECOND)) {
    const document = fieldsOf(write.bytes).find(({ number }) => number === FIRST)?.bytes
    const name = document === undefined ? undefined : fieldsOf(document).find(({ number }) => number === FIRST)?.bytes
    if (document !== undefined && name !== undefined) stored.set(name.toString(), Buffer.concat([document, TIMES]))
  }
  return COMMITTED
}

interface Field {
  readonly number: number
  readonly bytes: Buffer
}

/** Of a message all whose fields are texts or messages, so that each has a length. */
function fieldsOf(message: Buffer): Field[] {
  const found: Field[] = []
  for (let place = 0; place < message.length; ) {
    const number = (message[place++] ?? 0) >> 3
    let length = 0
    for (let shift = 0, more = true; more; shift += 7) {
      const byte = message[place++] ?? 0
      length |= (byte & 0x7f) << shift
      more = byte > 0x7f
    }
    found.push({ number, bytes: message.subarray(place, place + length) })
    place += length
  }
  return found
}

function field(number: number, bytes: Buffer): Buffer {
  const head = [(number << 3) | 2]
  let length = bytes.length
  for (; length > 0x7f; length >>>= 7) head.push((length & 0x7f) | 0x80)
  return Buffer.concat([Buffer.from([...head, length]), bytes])
}

function framed(message: Buffer): Buffer {
  const frame = Buffer.alloc(FRAME_BYTES)
  frame.writeUInt32BE(message.length, 1)
  return Buffer.concat([frame, message])
}
