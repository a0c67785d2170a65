/**
 * Calls to vendors that have no client of their own: JSON over HTTPS, always with a deadline, on connections that are
 * kept open (by Node's own client: its `fetch` costs three times the processor time of a small call).
 */
import { Agent as HttpAgent, request as requestHttp, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly url: string
  readonly headers?: Record<string, string>
  readonly body?: unknown
  readonly deadlineMs: number
}

/** `lost`: no answer came; the call may have taken effect. A redirect is an answer and is not followed. */
export type HttpResult =
  | { readonly lost: false; readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: unknown }
  | { readonly lost: true; readonly reason: string }

const AGENTS = { 'http:': new HttpAgent({ keepAlive: true }), 'https:': new HttpsAgent({ keepAlive: true }) }
const ANSWER_BYTES_MAX = 32 * 1024 * 1024

export async function callHttp(request: HttpRequest): Promise<HttpResult> {
  try {
    return await sent(request)
  } catch (error) {
    return { lost: true, reason: error instanceof Error ? `${error.name}: ${error.message}` : 'no answer' }
  }
}

function sent({ method, url, headers, body, deadlineMs }: HttpRequest): Promise<HttpResult> {
  const address = new URL(url)
  const text = body === undefined ? undefined : JSON.stringify(body)
  const written = text === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }
  const options = {
    method, headers: { accept: 'application/json', ...written, ...headers }, signal: AbortSignal.timeout(deadlineMs),
  }
  return new Promise((resolve, reject) => {
    const answered = (answer: IncomingMessage): void => {
      read(answer).then((answerBody) => resolve({ lost: false, status: answer.statusCode ?? 0, headers: answer.headers, body: answerBody }), reject)
    }
    const call =
      address.protocol === 'http:'
        ? requestHttp(address, { ...options, agent: AGENTS['http:'] }, answered)
        : requestHttps(address, { ...options, agent: AGENTS['https:'] }, answered)
    call.on('error', reject)
    call.end(text)
  })
}

async function read(answer: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of answer as AsyncIterable<Buffer>) {
    bytes += part.length
    if (bytes > ANSWER_BYTES_MAX) throw new Error(`an answer of more than ${ANSWER_BYTES_MAX} bytes`)
    parts.push(part)
  }
  return parsed(new TextDecoder().decode(Buffer.concat(parts)))
}

/** A body that is not JSON (a proxy's error page) is kept as text. */
function parsed(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text)
  } catch {
    return text
  }
}
