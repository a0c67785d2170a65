/**
 * Tells a system outside the shop what happened: one POST to an address that somebody typed, so nothing about the other
 * side is trusted. It gets five seconds, is not followed elsewhere, and of what it says only the beginning is read.
 */
import { request as requestHttp, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP } from 'node:net'
import type { Told } from '#domain/webhook-delivery.ts'
import { config } from '#platform/config.ts'
import { restMs } from '#platform/http.ts'
import { guardedLookup, hostOf, mayCall } from '#platform/public-address.ts'
import { redactText } from '#platform/redact.ts'

export interface Post {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What an answer may hold before we stop to listen; what is kept of it is cut shorter still. */
const RESPONSE_BYTES_MAX = 1_024

interface Heard {
  readonly answer: IncomingMessage
  readonly text: string
}

export async function post(wish: Post): Promise<Told> {
  try {
    const { answer, text } = await sent(wish)
    const [status, response] = [answer.statusCode ?? 0, redactText(text)]
    if (status >= 200 && status < 300) return { taken: true, status, response }
    const rest = restMs({ lost: false, status, headers: answer.headers, body: undefined })
    return { taken: false, status, response, reason: `answered ${status}`, restMs: rest }
  } catch (error) {
    return { taken: false, status: null, response: null, reason: redactText(reasonOf(error)) }
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no answer'
  return error.name === 'TimeoutError' || error.name === 'AbortError' ? `no answer within ${config('webhooks').WEBHOOK_DEADLINE_MS} ms` : error.message || error.name
}

/** A connection of its own: one that is kept open was checked for an earlier call. */
async function sent({ url, headers, body }: Post): Promise<Heard> {
  const { WEBHOOK_DEADLINE_MS, WEBHOOK_TO_LOOPBACK } = config('webhooks')
  const address = new URL(url)
  // An address that is no name is never looked up.
  if (isIP(hostOf(address)) !== 0 && !mayCall(hostOf(address), WEBHOOK_TO_LOOPBACK)) throw new Error('the address may not be called')
  const options: RequestOptions = {
    method: 'POST', agent: false, lookup: guardedLookup(WEBHOOK_TO_LOOPBACK), signal: AbortSignal.timeout(WEBHOOK_DEADLINE_MS),
    headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), 'user-agent': 'Countinghouse-Webhooks/1', ...headers },
  }
  return new Promise((resolve, reject) => {
    const answered = (answer: IncomingMessage): void => void beginningOf(answer).then((text) => resolve({ answer, text }), reject)
    const call = address.protocol === 'http:' ? requestHttp(address, options, answered) : requestHttps(address, options, answered)
    call.on('error', reject)
    call.end(body)
  })
}

async function beginningOf(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of answer as AsyncIterable<Buffer>) {
    parts.push(part)
    bytes += part.length
    if (bytes >= RESPONSE_BYTES_MAX) break
  }
  return new TextDecoder().decode(Buffer.concat(parts).subarray(0, RESPONSE_BYTES_MAX))
}
