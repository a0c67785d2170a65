/**
 * Calls to Lightspeed: one door, so that sign-in, deadline, the bucket and errors are the same everywhere.
 *
 * The bucket is never filled on purpose: each answer says how full it is and how fast it drains, and a call waits until
 * there is room for it. Nothing of that is kept: the next answer says it again.
 */
import { VendorDown } from '#domain/breaker.ts'
import type { TokenKeeper } from '#domain/vendor-tokens.ts'
import { CursorExpired } from '#domain/walk.ts'
import { Failure } from '#values/failure.ts'
import { MINUTE_MS, SECOND_MS } from '#values/time.ts'
import { now } from '#platform/clock.ts'
import { config } from '#platform/config.ts'
import { pause } from '#platform/deadline.ts'
import { callHttp, callPatiently, isPassing, restMs, type HttpResult } from '#platform/http.ts'
import { signIn, type Signed } from './sign-in.ts'

const PUBLIC_ORIGIN = 'https://api.lightspeedapp.com'

export interface Lightspeed {
  /** Path and query below the account: `Sale.json?limit=100`. */
  readonly get: (path: string, hurry?: Hurry) => Promise<Record<string, unknown>>
  /** Sent once: there is no key by which Lightspeed would know it again, so whoever gets no answer must look for what it did. */
  readonly write: (method: 'POST' | 'PUT', path: string, terms: WriteTerms) => Promise<Record<string, unknown>>
}

/** Somebody waits for the answer: it is asked for once. */
interface Hurry {
  readonly deadlineMs: number
}

interface WriteTerms {
  readonly body: unknown
  /** What it takes of the bucket. */
  readonly cost: number
  /** Not sent later than this, however long sign-in and the bucket took. */
  readonly notAfterMs: number
}

interface Sending {
  readonly send: (to: { readonly url: string; readonly headers: Record<string, string> }) => Promise<HttpResult>
  readonly cost?: number
  /** How long it may wait for the bucket. */
  readonly waitMsMax?: number
  readonly writes?: boolean
}

/** What is wrong with the caller or the moment, not with what is asked. */
const PASSING: readonly number[] = [401, 403, 408, 409]

/** A conversation with Lightspeed, with what was learnt in it of the bucket. */
export function lightspeed(keeper: TokenKeeper): Lightspeed {
  const bucket = new Bucket()
  let signed: Signed | undefined
  async function called(path: string, { send, cost, waitMsMax, writes = false }: Sending): Promise<Record<string, unknown>> {
    let refused: string | undefined
    for (;;) {
      if (signed === undefined || signed.goodUntilMs <= now()) signed = await signIn(keeper, refused)
      await bucket.room(cost, waitMsMax)
      const result = await send({ url: `${accountUrl()}/${path}`, headers: { authorization: signed.header } })
      bucket.learn(result)
      if (result.lost || result.status !== 401 || refused !== undefined) return answerIn(result, { path, writes })
      refused = signed.header
      signed = undefined
    }
  }
  const patience = (): { deadlineMs: number } => ({ deadlineMs: config('deadlines').VENDOR_DEADLINE_MS })
  return {
    get: (path, hurry) => called(path, {
      ...(hurry === undefined ? {} : { waitMsMax: 0 }),
      send: (to) => (hurry === undefined ? callPatiently({ method: 'GET', ...to, ...patience(), restMsMax: MINUTE_MS }) : callHttp({ method: 'GET', ...to, ...hurry })),
    }),
    write: (method, path, { body, cost, notAfterMs }) => called(path, {
      cost,
      writes: true,
      send: async (to) => {
        if (now() > notAfterMs) throw new Failure('SERVICE_UNAVAILABLE', { reason: 'lightspeed: too late to begin' })
        return callHttp({ method, ...to, body, ...patience() })
      },
    }),
  }
}

function accountUrl(): string {
  const { LIGHTSPEED_API_BASE, LIGHTSPEED_ACCOUNT_ID } = config('lightspeed')
  return `${LIGHTSPEED_API_BASE}/API/V3/Account/${LIGHTSPEED_ACCOUNT_ID ?? ''}`
}

/**
 * @throws VendorDown when Lightspeed does not serve; Failure SERVICE_UNAVAILABLE when it answers another error:
 *   `details.refused` says that what was to be written will never be taken as it is
 */
function answerIn(result: HttpResult, { path, writes }: { readonly path: string; readonly writes: boolean }): Record<string, unknown> {
  if (result.lost) throw new VendorDown({ reason: `lightspeed: ${result.reason}` })
  const body = (typeof result.body === 'object' && result.body !== null ? result.body : {}) as Record<string, unknown>
  if (result.status >= 200 && result.status < 300) return body
  const reason = `lightspeed ${result.status}: ${String(body['message'] ?? body['error'] ?? '')}`
  if (isPassing(result)) throw new VendorDown({ reason, restMs: restMs(result) })
  if (result.status === 400 && /[?&]after=/.test(path)) throw new CursorExpired(reason)
  const refused = writes && result.status >= 400 && !PASSING.includes(result.status)
  throw new Failure('SERVICE_UNAVAILABLE', { reason, details: { refused } })
}

/**
 * The next page as a list names it, below the account; null after the last one.
 * @throws Failure when it leads anywhere else: our token goes nowhere but there
 */
export function nextIn(body: Record<string, unknown>, resource: string): string | null {
  const said = (body['@attributes'] as { next?: unknown } | undefined)?.next
  if (typeof said !== 'string' || said === '') return null
  const next = URL.canParse(said) ? new URL(said) : undefined
  const own = new URL(`${accountUrl()}/${resource}.json`)
  if (next === undefined || ![PUBLIC_ORIGIN, own.origin].includes(next.origin) || next.pathname !== own.pathname) {
    throw new Failure('SERVICE_UNAVAILABLE', { reason: 'lightspeed: the next page lies elsewhere' })
  }
  return `${resource}.json${next.search}`
}

/** One record comes alone, several come in a list, none does not come at all. */
export function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null || value === '') return []
  return Array.isArray(value) ? value : [value]
}

class Bucket {
  #level = 0
  #size = Infinity
  #drip = 1
  #cost = 1
  #burst = 0
  #burstMax = Infinity
  #atMs = 0

  /**
   * Waits until the next call fits.
   * @throws Failure SERVICE_UNAVAILABLE when whoever asks cannot wait so long
   */
  async room(cost = this.#cost, waitMsMax?: number): Promise<void> {
    const passedMs = performance.now() - this.#atMs
    const level = Math.max(0, this.#level - (passedMs / SECOND_MS) * this.#drip)
    const over = level + cost - this.#size
    const forBucketMs = over > 0 ? (over / this.#drip) * SECOND_MS : 0
    const forBurstMs = this.#burst >= this.#burstMax && passedMs < SECOND_MS ? SECOND_MS - passedMs : 0
    const waitMs = Math.min(Math.max(forBucketMs, forBurstMs), MINUTE_MS)
    if (waitMs > (waitMsMax ?? MINUTE_MS)) throw new Failure('SERVICE_UNAVAILABLE', { reason: 'lightspeed: the bucket is full' })
    if (waitMs > 0) await pause(waitMs)
  }

  learn(result: HttpResult): void {
    if (result.lost) return
    const [level, size] = pair(result.headers['x-ls-api-bucket-level'])
    const [burst, burstMax] = pair(result.headers['x-ls-api-burst-level'])
    this.#atMs = performance.now()
    this.#level = level ?? this.#level
    this.#size = size ?? this.#size
    this.#burst = burst ?? 0
    this.#burstMax = burstMax ?? Infinity
    this.#drip = positive(result.headers['x-ls-api-drip-rate']) ?? this.#drip
    this.#cost = positive(result.headers['x-ls-api-request-cost']) ?? this.#cost
  }
}

/** `92.57/90` */
function pair(said: string | string[] | undefined): [number | undefined, number | undefined] {
  const match = /^(\d+(?:\.\d+)?)\/(\d+(?:\.\d+)?)$/.exec(String(said ?? ''))
  return match === null ? [undefined, undefined] : [Number(match[1]), Number(match[2])]
}

function positive(said: string | string[] | undefined): number | undefined {
  const value = Number(said ?? Number.NaN)
  return value > 0 ? value : undefined
}
