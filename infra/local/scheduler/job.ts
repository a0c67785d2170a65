/**
 * A scheduled job as it is kept, how it comes and goes over gRPC, and the bounds the real service sets.
 */
import { invalid, millis, seconds, unserved, type Duration } from '../protobuf.ts'
import { CronSchedule } from './cron.ts'

export interface Retry {
  readonly count: number
  readonly durationMs: number
  readonly minMs: number
  readonly maxMs: number
  readonly doublings: number
}

export interface HttpTarget {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  /** Base64. */
  readonly body: string
  /** Absent: called without a token. */
  readonly oidc?: { readonly email: string; readonly audience: string }
}

export interface Job {
  readonly name: string
  description: string
  cron: string
  timeZone: string
  target: HttpTarget
  retry: Retry
  attemptDeadlineMs: number
  paused: boolean
  updatedMs: number
  lastAttempt?: { readonly atMs: number; readonly code: number; readonly message: string }
}

export interface WireJob {
  readonly name?: string
  readonly description?: string
  readonly schedule?: string
  readonly timeZone?: string
  readonly httpTarget?: WireHttpTarget | null
  readonly pubsubTarget?: object | null
  readonly appEngineHttpTarget?: object | null
  readonly retryConfig?: {
    readonly retryCount?: number
    readonly maxRetryDuration?: Duration | null
    readonly minBackoffDuration?: Duration | null
    readonly maxBackoffDuration?: Duration | null
    readonly maxDoublings?: number
  } | null
  readonly attemptDeadline?: Duration | null
}

interface WireHttpTarget {
  readonly uri?: string
  readonly httpMethod?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer
  readonly oidcToken?: { readonly serviceAccountEmail?: string; readonly audience?: string } | null
  readonly oauthToken?: object | null
}

export const NO_RETRY: Retry = { count: 0, durationMs: 0, minMs: 5000, maxMs: 3_600_000, doublings: 5 }
export const ATTEMPT_DEADLINE_MS = 180_000

export function shortName(name: string): string {
  return name.split('/').at(-1) ?? name
}

export function jobFrom(name: string, wire: WireJob, nowMs: number): Job {
  if (!/^[A-Za-z0-9_-]{1,500}$/.test(shortName(name))) throw invalid(`The job id "${shortName(name)}" is not allowed.`)
  const { schedule: cron = '', timeZone = '', description = '' } = wire
  new CronSchedule(cron, timeZone)
  if (description.length > 500) throw invalid('The description is longer than 500 characters.')
  return {
    name,
    description,
    cron,
    timeZone: timeZone || 'UTC',
    target: targetFrom(wire),
    retry: retryFrom(wire.retryConfig),
    attemptDeadlineMs: wire.attemptDeadline
      ? within('attempt_deadline', millis(wire.attemptDeadline), 15_000, 1_800_000)
      : ATTEMPT_DEADLINE_MS,
    paused: false,
    updatedMs: nowMs,
  }
}

function targetFrom(wire: WireJob): HttpTarget {
  if (wire.pubsubTarget || wire.appEngineHttpTarget) throw unserved('A target other than HTTP')
  const { uri = '', httpMethod, headers, body, oidcToken, oauthToken } = wire.httpTarget ?? {}
  if (!/^https?:\/\//.test(uri) || !URL.canParse(uri)) throw invalid(`Invalid HTTP target (uri=${uri}).`)
  if (oauthToken) throw unserved('An OAuth token')
  const method = httpMethod === undefined || httpMethod === 'HTTP_METHOD_UNSPECIFIED' ? 'POST' : httpMethod
  return {
    url: uri,
    method,
    headers: { ...headers },
    body: body?.toString('base64') ?? '',
    ...(oidcToken && { oidc: { email: oidcToken.serviceAccountEmail ?? '', audience: oidcToken.audience || uri } }),
  }
}

function retryFrom(wire: WireJob['retryConfig']): Retry {
  if (!wire) return NO_RETRY
  const { maxRetryDuration, minBackoffDuration, maxBackoffDuration } = wire
  return {
    count: within('retry_count', wire.retryCount ?? 0, 0, 5),
    durationMs: maxRetryDuration ? millis(maxRetryDuration) : 0,
    minMs: minBackoffDuration ? millis(minBackoffDuration) : NO_RETRY.minMs,
    maxMs: maxBackoffDuration ? millis(maxBackoffDuration) : NO_RETRY.maxMs,
    doublings: wire.maxDoublings || NO_RETRY.doublings,
  }
}

function within(field: string, value: number, min: number, max: number): number {
  if (value < min || value > max) throw invalid(`Invalid ${field}: ${value} is not between ${min} and ${max}.`)
  return value
}

/** Wait before the retry with this number, the first being 0: doubling, then growing by the same step, up to the longest. */
export function retryWaitMs(retry: Retry, number: number): number {
  const step = retry.minMs * 2 ** Math.min(number, retry.doublings)
  return Math.min(step * Math.max(number - retry.doublings + 1, 1), retry.maxMs)
}

export function wireJob(job: Job, dueMs: number | undefined): object {
  const { target, retry, lastAttempt } = job
  const { count, durationMs, minMs, maxMs, doublings } = retry
  return {
    name: job.name,
    description: job.description,
    schedule: job.cron,
    timeZone: job.timeZone,
    state: job.paused ? 'PAUSED' : 'ENABLED',
    httpTarget: {
      uri: target.url,
      httpMethod: target.method,
      headers: target.headers,
      body: Buffer.from(target.body, 'base64'),
      ...(target.oidc && { oidcToken: { serviceAccountEmail: target.oidc.email, audience: target.oidc.audience } }),
    },
    retryConfig: {
      retryCount: count,
      maxRetryDuration: seconds(durationMs),
      minBackoffDuration: seconds(minMs),
      maxBackoffDuration: seconds(maxMs),
      maxDoublings: doublings,
    },
    attemptDeadline: seconds(job.attemptDeadlineMs),
    userUpdateTime: seconds(job.updatedMs),
    ...(dueMs !== undefined && { scheduleTime: seconds(dueMs) }),
    ...(lastAttempt && {
      lastAttemptTime: seconds(lastAttempt.atMs),
      status: { code: lastAttempt.code, message: lastAttempt.message },
    }),
  }
}
