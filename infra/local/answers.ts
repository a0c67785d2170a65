/**
 * Answers that the gateway and local control give themselves, in the product's own shape: a client must not
 * have to tell them apart from a function's.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'

export const BODY_BYTES_MAX = 32 << 20

/** What went wrong, as a sentence for the caller. */
export class Refusal extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, sentence: string) {
    super(sentence)
    this.status = status
    this.code = code
  }
}

export function badInput(sentence: string): Refusal {
  return new Refusal(400, 'INVALID_INPUT', sentence)
}

export function notFound(sentence: string): Refusal {
  return new Refusal(404, 'NOT_FOUND', sentence)
}

export function sendJson(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  const payload = JSON.stringify(body)
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(payload),
    'cache-control': 'no-store',
    ...headers,
  })
  response.end(payload)
}

export function sendRefusal(response: ServerResponse, refusal: Refusal, context: { requestId: string; nowMs: number; headers?: Record<string, string> }): void {
  const retryable = refusal.status === 503 || refusal.status === 504
  const body = {
    success: false,
    error: refusal.message,
    code: refusal.code,
    retryable,
    timestamp: new Date(context.nowMs).toISOString(),
  }
  sendJson(response, refusal.status, body, {
    ...context.headers,
    'x-request-id': context.requestId,
    ...(refusal.status === 503 ? { 'retry-after': '1' } : {}),
    // What is left of a body that was refused unread must not be taken for the next request.
    ...(refusal.status === 413 ? { connection: 'close' } : {}),
  })
}

/** The whole body; refused beyond the platform's limit. */
export async function readBody(request: IncomingMessage, bytesMax = BODY_BYTES_MAX): Promise<Buffer | undefined> {
  const tooLarge = (): Refusal => new Refusal(413, 'PAYLOAD_TOO_LARGE', `A request may have at most ${bytesMax >> 20} MB.`)
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) {
    request.resume()
    throw tooLarge()
  }
  if (request.headers['content-length'] === undefined && request.headers['transfer-encoding'] === undefined) return undefined
  const chunks: Buffer[] = []
  let bytes = 0
  return new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > bytesMax) {
        request.removeAllListeners('data')
        request.resume()
        reject(tooLarge())
      } else chunks.push(chunk)
    })
    request.once('end', () => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)))
    request.once('error', reject)
    request.once('close', () => {
      if (!request.complete) reject(badInput('The request ended in the middle of its body.'))
    })
  })
}
