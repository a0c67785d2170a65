/**
 * The front door of the local cloud: what Firebase Hosting does to a request on its way to a function.
 *
 * A file of the public folder is served as it lies there; else the first rewrite of firebase.json that matches decides; 60 seconds are the limit; of the cookies only `__session`
 * passes. A client can never choose the function or the caller's identity by headers of our own. A request is sent
 * to one instance once: when that instance dies, the client gets 503 and decides.
 *
 * Unlike Hosting, the address that the caller names in `X-Forwarded-For` is believed: one person at one machine
 * can be many customers. It always becomes exactly one hop.
 */
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { isIP, type AddressInfo } from 'node:net'
import type { FirebaseJson } from '../build/firebase.ts'
import { notFound, readBody, Refusal, sendJson, sendRefusal } from './answers.ts'
import { globToRegExp } from './globs.ts'
import type { HostedFile } from './hosted-files.ts'
import { InstanceLost, InstanceTimeout, type InstanceAnswer, type InstanceRequest } from './instances.ts'

export const HOSTING_LIMIT_MS = 60_000

export interface GatewayOptions {
  readonly firebaseJson: Pick<FirebaseJson['hosting'], 'rewrites' | 'headers'>
  readonly send: (functionName: string, request: InstanceRequest, timeoutMs: number) => Promise<InstanceAnswer>
  /** Files of the public folder. */
  readonly file?: (path: string) => HostedFile | undefined
  /** What the platform gives one function, in seconds. */
  readonly timeoutSecondsOf: (functionName: string) => number
  /** Answers everything under `/_local`. */
  readonly control: (request: IncomingMessage, response: ServerResponse) => Promise<void>
  readonly now: () => number
  /** Told of every answer of a function. */
  readonly onAnswer?: (functionName: string, status: number) => void
  readonly limitMs?: number
}

/** Ours, or of one hop only: never passed on. */
const NOT_PASSED = new Set([
  'connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te', 'trailer',
  'transfer-encoding', 'upgrade', 'expect', 'host', 'cookie', 'content-length', 'x-forwarded-for', 'x-forwarded-host',
  'x-forwarded-proto', 'forwarded', 'x-local-function', 'x-local-request', 'x-local-tenant',
])
const NOT_ANSWERED = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'set-cookie'])
const METHODS = new Set(['GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])

export class Gateway {
  readonly #options: GatewayOptions
  readonly #rewrites: ReadonlyArray<{ pattern: RegExp; serviceId: string }>
  readonly #headerRules: ReadonlyArray<{ pattern: RegExp; headers: Array<[string, string]> }>

  constructor(options: GatewayOptions) {
    this.#options = options
    this.#rewrites = options.firebaseJson.rewrites.map(({ source, run }) => ({
      pattern: globToRegExp(source),
      serviceId: run.serviceId,
    }))
    this.#headerRules = options.firebaseJson.headers.map(({ source, headers }) => ({
      pattern: globToRegExp(source),
      headers: headers.map(({ key, value }): [string, string] => [key.toLowerCase(), value]),
    }))
  }

  /** A request handler for `http.Server`. */
  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    const requestId = requestIdOf(request)
    this.#answer(request, response, requestId).catch((error: unknown) => {
      if (response.headersSent || response.destroyed) return
      sendRefusal(response, refusalOf(error), { requestId, nowMs: this.#options.now(), headers: this.#headersFor(request.url?.split('?', 1)[0] ?? '/') })
    })
  }

  async #answer(request: IncomingMessage, response: ServerResponse, requestId: string): Promise<void> {
    const target = request.url ?? '/'
    const path = target.split('?', 1)[0] ?? '/'
    if (path === '/_local' || path.startsWith('/_local/')) return this.#options.control(request, response)
    const file = request.method === 'GET' || request.method === 'HEAD' ? this.#options.file?.(path) : undefined
    if (file !== undefined) return this.#pass({ status: 200, headers: { 'content-type': file.type }, body: file.body }, { method: request.method ?? 'GET', path, requestId }, response)
    const name = this.#rewrites.find(({ pattern }) => pattern.test(path))?.serviceId
    if (name === undefined) return this.#unknown(path, response, requestId)
    const method = request.method ?? 'GET'
    if (!METHODS.has(method)) throw new Refusal(405, 'INVALID_INPUT', `${method} is not passed on.`)
    const body = await readBody(request)
    const headers = passedOn(request, requestId)
    const limitMs = this.#options.limitMs ?? HOSTING_LIMIT_MS
    const timeoutMs = Math.min(limitMs, this.#options.timeoutSecondsOf(name) * 1000)
    const asked = { method, path: target, headers, ...(body === undefined ? {} : { body }) }
    const answer = await this.#options.send(name, asked, timeoutMs)
    this.#options.onAnswer?.(name, answer.status)
    this.#pass(answer, { method, path, requestId }, response)
  }

  #unknown(path: string, response: ServerResponse, requestId: string): void {
    if (path !== '/') throw notFound('There is nothing at this address.')
    sendJson(
      response,
      200,
      { shop: 'Countinghouse', look: 'GET /_local lists every function and its route; README.md says what to try.' },
      { 'x-request-id': requestId },
    )
  }

  #headersFor(path: string): Record<string, string> {
    return Object.fromEntries(this.#headerRules.filter(({ pattern }) => pattern.test(path)).flatMap(({ headers }) => headers))
  }

  #pass(answer: InstanceAnswer, asked: { method: string; path: string; requestId: string }, response: ServerResponse): void {
    const headers: Record<string, string | string[]> = { 'x-request-id': asked.requestId, ...this.#headersFor(asked.path) }
    for (const [name, value] of Object.entries(answer.headers)) {
      if (value !== undefined && !NOT_ANSWERED.has(name)) headers[name] = value
    }
    headers['cache-control'] ??= 'private'
    headers['date'] = new Date(this.#options.now()).toUTCString()
    const cookies = answer.headers['set-cookie']
    if (cookies !== undefined && String(headers['cache-control']).includes('private')) headers['set-cookie'] = cookies
    if (asked.method === 'HEAD') headers['content-length'] = answer.headers['content-length'] ?? String(answer.body.length)
    else if (answer.status !== 204 && answer.status !== 304) headers['content-length'] = String(answer.body.length)
    response.writeHead(answer.status, headers)
    response.end(answer.body)
  }
}

/** Takes the port at once; `handle` may be set later. Rejects with EADDRINUSE when somebody has the port. */
export async function listen(port: number): Promise<{ server: Server; port: number }> {
  // Whoever called closes what he does not use: closed from here, a connection could go at the moment of its next request.
  const server = createServer({ keepAliveTimeout: 0 })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, () => {
      server.off('error', reject)
      resolve()
    })
  })
  return { server, port: (server.address() as AddressInfo).port }
}

export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id']
  return typeof given === 'string' && /^[\x21-\x7e]([\x20-\x7e]{0,126}[\x21-\x7e])?$/.test(given) ? given : randomUUID()
}

function passedOn(request: IncomingMessage, requestId: string): Record<string, string | string[] | undefined> {
  const headers: Record<string, string | string[] | undefined> = {}
  for (const [name, value] of Object.entries(request.headers)) if (!NOT_PASSED.has(name)) headers[name] = value
  const session = sessionCookie(request.headers)
  if (session !== undefined) headers['cookie'] = session
  headers['x-forwarded-for'] = addressOf(request)
  headers['x-forwarded-host'] = request.headers.host ?? ''
  headers['x-forwarded-proto'] = 'https'
  headers['x-request-id'] = requestId
  return headers
}

function sessionCookie(headers: IncomingHttpHeaders): string | undefined {
  return headers.cookie
    ?.split(';')
    .map((cookie) => cookie.trim())
    .find((cookie) => cookie.startsWith('__session='))
}

function addressOf(request: IncomingMessage): string {
  const named = String(request.headers['x-forwarded-for'] ?? '').split(',', 1)[0]?.trim() ?? ''
  if (isIP(named) !== 0) return named
  return (request.socket.remoteAddress ?? '127.0.0.1').replace(/^::ffff:/, '')
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  if (error instanceof InstanceTimeout) {
    return new Refusal(504, 'GATEWAY_TIMEOUT', 'This took too long. Please ask again to learn how it ended.')
  }
  if (error instanceof InstanceLost) {
    return new Refusal(503, 'SERVICE_UNAVAILABLE', 'The service was interrupted. Please try again.')
  }
  process.stderr.write(`local cloud: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  return new Refusal(500, 'INTERNAL_ERROR', 'The gateway failed.')
}
