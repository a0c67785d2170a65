import type { FailureCode } from '../../../shared/values/failure.ts'

/** Where the shop is, and who asks. */
export interface ShopOptions {
  /** `https://shop.example` */
  readonly url: string
  /** A token for each call; without one everything is asked as a guest. */
  readonly token?: () => string | undefined | Promise<string | undefined>
  /** Tries of one call in all, 3 without it. */
  readonly triesMax?: number
  /** A try is given up after so long, 65 seconds without it: longer than the shop takes to say that it does not know. */
  readonly deadlineMs?: number
  /** Told of each answer, for logs and figures. */
  readonly onAnswer?: (facts: AnswerFacts) => void
  /** Instead of the runtime's own. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
  /** Instead of real time, between tries. */
  readonly wait?: (ms: number, signal: AbortSignal | undefined) => Promise<void>
}

export interface CallOptions {
  /** Ends the call, and its waits. What the shop has begun it finishes. */
  readonly signal?: AbortSignal
  /** Instead of one that is made for this call: hand the same one in again to go on with a call of before. */
  readonly idempotencyKey?: string
  /** By which the call is found in the shop's logs. */
  readonly requestId?: string
}

export interface AnswerFacts {
  readonly operation: string
  readonly status: number
  readonly requestId: string | undefined
  /** The answer was given before; nothing was done now. */
  readonly replayed: boolean
  /** Which try it came to. */
  readonly tries: number
}

/** Whatever is no success. `NETWORK`: no answer came, `UNREADABLE`: one that is not the shop's. */
export class ShopError extends Error {
  readonly code: FailureCode | 'NETWORK' | 'UNREADABLE'
  /** Undefined when no answer came. */
  readonly status: number | undefined
  /** The same call may have a better end later. */
  readonly retryable: boolean
  readonly retryAfterSeconds: number | undefined
  readonly requestId: string | undefined
  /** Hand it in with the same call again, and nothing is done twice. */
  readonly idempotencyKey: string | undefined
  readonly details: Readonly<Record<string, unknown>>

  constructor(message: string, facts: ShopErrorFacts) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause })
    this.name = 'ShopError'
    this.code = facts.code
    this.status = facts.status
    this.retryable = facts.retryable
    this.retryAfterSeconds = facts.retryAfterSeconds
    this.requestId = facts.requestId
    this.idempotencyKey = facts.idempotencyKey
    this.details = facts.details ?? {}
  }
}

interface ShopErrorFacts {
  readonly code: ShopError['code']
  readonly retryable: boolean
  readonly status?: number | undefined
  readonly retryAfterSeconds?: number | undefined
  readonly requestId?: string | undefined
  readonly idempotencyKey?: string | undefined
  readonly details?: Readonly<Record<string, unknown>> | undefined
  readonly cause?: unknown
}

interface Call {
  readonly operation: string
  readonly method: string
  readonly path: string
  /** Sent twice it is done once. */
  readonly keyed: boolean
  /** It is answered by a page, not JSON. */
  readonly page?: boolean
  readonly parameters?: Readonly<Record<string, unknown>>
  readonly query?: readonly string[]
  readonly body?: unknown
}

const TRIES_MAX = 3
const DEADLINE_MS = 65_000
const FIRST_WAIT_MS = 500
/** Whoever is to wait longer is told so, and decides himself. */
const WAIT_MS_MAX = 15_000

/** How calls go out and answers come in. A call is sent again only where that is safe: it reads, says how things are to be, or has a key. */
export class Transport {
  readonly #options: ShopOptions

  constructor(options: ShopOptions) {
    this.#options = options
  }

  protected async send<Answer>(call: Call, options: CallOptions = {}): Promise<Answer> {
    const { triesMax = TRIES_MAX, wait = waited } = this.#options
    const key = call.keyed ? (options.idempotencyKey ?? crypto.randomUUID()) : undefined
    const isSafe = call.method !== 'POST' || key !== undefined
    for (let tries = 1; ; tries += 1) {
      const outcome = await this.#tried<Answer>(call, { ...options, key, tries })
      if (!(outcome instanceof ShopError)) return outcome.answer
      const waitMs = waitAfter(outcome, tries)
      if (!isSafe || tries >= triesMax || waitMs === undefined) throw outcome
      await wait(waitMs, options.signal)
    }
  }

  async #tried<Answer>(call: Call, { signal, requestId, key, tries }: CallOptions & { readonly key: string | undefined; readonly tries: number }): Promise<{ answer: Answer } | ShopError> {
    const { url, token, onAnswer, deadlineMs = DEADLINE_MS, fetch: sent = fetch } = this.#options
    const bearer = await token?.()
    const headers: Record<string, string> = {
      ...(bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` }),
      ...(call.body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(key === undefined ? {} : { 'Idempotency-Key': key }),
      ...(requestId === undefined ? {} : { 'X-Request-Id': requestId }),
    }
    const deadline = AbortSignal.timeout(deadlineMs)
    const body = call.body === undefined ? {} : { body: JSON.stringify(call.body) }
    try {
      const response = await sent(`${url.replace(/\/$/, '')}${addressOf(call)}`, { method: call.method, headers, signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]), ...body })
      const facts = { requestId: response.headers.get('x-request-id') ?? undefined, status: response.status }
      const text = await response.text()
      onAnswer?.({ ...facts, operation: call.operation, replayed: response.headers.get('idempotent-replayed') === 'true', tries })
      if (!response.ok) return failureIn(text, { ...facts, idempotencyKey: key, retryAfterSeconds: secondsIn(response.headers.get('retry-after')) })
      if (call.page === true) return { answer: text as Answer }
      if ((response.headers.get('content-type') ?? '').includes('json')) return { answer: JSON.parse(text) as Answer }
      return new ShopError('The answer is not the shop\'s.', { ...facts, code: 'UNREADABLE', retryable: false, idempotencyKey: key })
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason
      return new ShopError('The shop could not be reached.', { code: 'NETWORK', retryable: true, idempotencyKey: key, cause: error })
    }
  }
}

/** How long to wait before the next try; undefined when another would not help, or nobody should wait so long. */
function waitAfter({ code, retryAfterSeconds }: ShopError, tries: number): number | undefined {
  if (code !== 'NETWORK' && code !== 'SERVICE_UNAVAILABLE' && code !== 'GATEWAY_TIMEOUT') return undefined
  if (code === 'SERVICE_UNAVAILABLE' && retryAfterSeconds === undefined) return undefined
  const waitMs = retryAfterSeconds === undefined ? FIRST_WAIT_MS * 2 ** (tries - 1) * (1 + Math.random() / 4) : retryAfterSeconds * 1000
  return waitMs > WAIT_MS_MAX ? undefined : waitMs
}

function failureIn(text: string, facts: Omit<ShopErrorFacts, 'code' | 'retryable' | 'details'> & { readonly status: number }): ShopError {
  try {
    const { error, code, retryable, details } = JSON.parse(text) as { error: string; code: FailureCode; retryable: boolean; details?: Record<string, unknown> }
    if (typeof error === 'string' && typeof code === 'string') return new ShopError(error, { ...facts, code, retryable, details })
  } catch {
    // Something between us and the shop has answered.
  }
  const code = facts.status === 503 ? 'SERVICE_UNAVAILABLE' : facts.status === 502 || facts.status === 504 ? 'GATEWAY_TIMEOUT' : 'UNREADABLE'
  return new ShopError(`The answer ${facts.status} is not the shop's.`, { ...facts, code, retryable: code !== 'UNREADABLE' })
}

function addressOf({ path, parameters = {}, query = [] }: Call): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(parameters[name])))
  const asked = new URLSearchParams()
  for (const name of query) if (parameters[name] !== undefined) asked.set(name, String(parameters[name]))
  return asked.size === 0 ? filled : `${filled}?${asked.toString()}`
}

function secondsIn(header: string | null): number | undefined {
  return header !== null && /^\d+$/.test(header) ? Number(header) : undefined
}

function waited(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer)
      reject(signal?.reason as Error)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    if (signal?.aborted === true) stop()
    else signal?.addEventListener('abort', stop, { once: true })
  })
}
