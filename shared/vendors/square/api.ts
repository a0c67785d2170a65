/** Calls to Square: one door, so that version, token, deadline and errors are the same everywhere. */
import { VendorDown } from '#domain/breaker.ts'
import { config } from '#platform/config.ts'
import { callHttp, callPatiently, isPassing, restMs } from '#platform/http.ts'
import { Failure } from '#values/failure.ts'

/** What is wrong with the caller (his token, his permissions, his patience), not with what he asks: put right, it will be taken. */
const OURS: readonly number[] = [401, 403, 408]

interface SquareCall {
  readonly method: 'GET' | 'POST'
  /** Below `/v2`. */
  readonly path: string
  readonly body?: unknown
  /** Somebody waits for the answer: it is asked for once. Without it a job asks, patiently: all its calls may be repeated. */
  readonly deadlineMs?: number
  /** A job waits for Square to recover if it says so and means no longer than this. */
  readonly restMsMax?: number
}

/**
 * @throws VendorDown when Square does not serve; Failure SERVICE_UNAVAILABLE when it answers another error: `details.code`
 *   is Square's, and `details.refused` says that the request will never be taken as it is
 */
export async function square<Answer>(call: SquareCall): Promise<Answer> {
  const { SQUARE_ACCESS_TOKEN, SQUARE_API_BASE, SQUARE_API_VERSION } = config('square')
  const ask = call.deadlineMs === undefined ? callPatiently : callHttp
  const result = await ask({
    method: call.method,
    url: `${SQUARE_API_BASE}/v2${call.path}`,
    headers: { authorization: `Bearer ${SQUARE_ACCESS_TOKEN}`, 'square-version': SQUARE_API_VERSION },
    ...(call.body === undefined ? {} : { body: call.body }),
    deadlineMs: call.deadlineMs ?? config('deadlines').VENDOR_DEADLINE_MS,
    ...(call.restMsMax === undefined ? {} : { restMsMax: call.restMsMax }),
  })
  if (result.lost) throw new VendorDown({ reason: `square: ${result.reason}` })
  const done = result.status >= 200 && result.status < 300
  // A proxy's page, or nothing at all, is no answer of Square's: what was asked may have been done or not.
  if (done && !isObject(result.body)) throw new VendorDown({ reason: `square ${result.status}: not an answer of Square's` })
  const error = (result.body as { errors?: Array<{ code?: string; detail?: string }> } | undefined)?.errors?.[0]
  if (done && error === undefined) return result.body as Answer
  const reason = `square ${result.status}: ${error?.code ?? ''} ${error?.detail ?? ''}`
  if (isPassing(result)) throw new VendorDown({ reason, restMs: restMs(result) })
  const refused = result.status >= 400 && result.status < 500 && !OURS.includes(result.status)
  throw new Failure('SERVICE_UNAVAILABLE', { reason, details: { code: error?.code ?? null, refused } })
}

function isObject(body: unknown): boolean {
  return typeof body === 'object' && body !== null
}
