/**
 * Stands in for Firestore while a function is compiled: takes every commit, and finds nothing. It speaks just enough of
 * gRPC for the client to go all the way to an answer.
 */
import { createServer, type Http2Server } from 'node:http2'

/** Field 1 of `CommitResponse`: one document written at some second. */
const COMMITTED = Buffer.from('0a080a0608a0a7b7c906', 'hex')
/** `transaction` and `read_time` of a read's answer: 2 and 3 in a query's, 3 and 4 in that of documents. */
const QUERIED = Buffer.from('1201781a0608a0a7b7c906', 'hex')
const READ = Buffer.from('1a0178220608a0a7b7c906', 'hex')
/** `result` of an aggregation, with nothing in it. */
const NO_RESULT = Buffer.from('0a00', 'hex')
/** `documents` of a read; in its answer the same number is `missing`. */
const DOCUMENTS = 0x12
const FRAME_BYTES = 5

export function standIn(): Http2Server {
  return createServer().on('stream', (stream, headers) => {
    const parts: Buffer[] = []
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    stream.on('error', () => undefined)
    stream.on('data', (part: Buffer) => parts.push(part))
    stream.on('end', () => {
      for (const message of answersTo(String(headers[':path']).split('/').at(-1) ?? '', Buffer.concat(parts))) stream.write(framed(message))
      stream.end()
    })
  })
}

function answersTo(method: string, request: Buffer): readonly Buffer[] {
  if (method === 'Commit') return [COMMITTED]
  if (method === 'RunQuery') return [QUERIED]
  if (method === 'RunAggregationQuery') return [Buffer.concat([NO_RESULT, QUERIED])]
  return method === 'BatchGetDocuments' ? documentsIn(request).map((missing) => Buffer.concat([missing, READ])) : []
}

/** Each asked document as it was written; every field of the request is a text or a message, so each has a length. */
function documentsIn(request: Buffer): Buffer[] {
  const found: Buffer[] = []
  for (let place = FRAME_BYTES; place < request.length; ) {
    const start = place++
    let length = 0
    for (let shift = 0, more = true; more; shift += 7) {
      const byte = request[place++] ?? 0
      length |= (byte & 0x7f) << shift
      more = byte > 0x7f
    }
    place += length
    if (request[start] === DOCUMENTS) found.push(request.subarray(start, place))
  }
  return found
}

function framed(message: Buffer): Buffer {
  const frame = Buffer.alloc(FRAME_BYTES)
  frame.writeUInt32BE(message.length, 1)
  return Buffer.concat([frame, message])
}
