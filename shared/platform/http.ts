/**
 * Calls to vendors that have no client of their own: JSON over HTTPS, always with a deadline, on connections that are
 * kept open (by Node's own client: its `fetch` costs three times the processor time of a small call).
 */
import { Agent as HttpAgent, request as requestHttp, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { now } from './clock.ts'
import { backoff, pause } from './deadline.ts'

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

/** Waits before the second, third and fourth try; real time, within one run. */
const TRIES_AFTER_MAX = 3
/** What a 429 means that does not say when to come again. */
const LIMITED_MS = 60_000

/**
 * For jobs, and calls that may be repeated: what was lost, failed at the other side or came too fast is asked again after 1,
 * 2 and 4 s. One that is to wait longer is not waited for, unless the other side says how long and it is at most `restMsMax`.
 */
export async function callPatiently(request: HttpRequest & { readonly restMsMax?: number }): Promise<HttpResult> {
  for (let retry = 0; ; retry++) {
    const result = await callHttp(request)
    if (retry === TRIES_AFTER_MAX || !isPassing(result)) return result
    const saidMs = result.lost ? undefined : saidRetryAfterMs(result.headers)
    const waits = saidMs !== undefined && saidMs <= (request.restMsMax ?? 0)
    const waitMs = waits ? Math.max(saidMs, backoff(retry)) : backoff(retry)
    if (!waits && (restMs(result) ?? 0) > waitMs) return result
    await pause(waitMs)
  }
}

/** Worth another try: there was no answer, or one that says nothing about the request. */
export function isPassing(result: HttpResult): boolean {
  return result.lost || result.status >= 500 || result.status === 429
}

/** How long the other side wants to be left alone: what it says, and a minute if it only says that it is too much. */
export function restMs(result: HttpResult): number | undefined {
  if (result.lost) return undefined
  return saidRetryAfterMs(result.headers) ?? (result.status === 429 ? LIMITED_MS : undefined)
}

/** `Retry-After`, in seconds or as a date. */
export function saidRetryAfterMs(headers: Readonly<Record<string, string | readonly string[] | undefined>>): number | undefined {
  const said = headers['retry-after']
  if (typeof said !== 'string') return undefined
  const ms = /^\d+(\.\d+)?$/.test(said) ? Number(said) * 1000 : Date.parse(said) - now()
  return ms > 0 ? Math.ceil(ms) : undefined
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
      read(answer).then((answerBody) => resolve({ lost: false, status: answer.statusCode ?? 0, headers: answer.headers, body: answerBody })).catch(reject)
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
