/** How answers leave: one shape for success, one for failure, the same headers on all. */
import type { Response } from '@google-cloud/functions-framework'
import { Failure } from '#values/failure.ts'
import { iso } from '#values/time.ts'
import { now } from '#platform/clock.ts'
import { log } from '#platform/log.ts'
import { SECURITY_HEADERS } from './front.ts'

export interface Reply {
  readonly status: number
  /** Fields beside `success` and `timestamp`, or the exact bytes of an answer given before. */
  readonly body: Record<string, unknown> | string
  readonly replayed?: boolean
  /** The body is a page, for a person who followed a link. */
  readonly page?: boolean
}

const HEADERS: Record<string, string> = { 'Content-Type': 'application/json; charset=utf-8', ...SECURITY_HEADERS }

/** A page has its styles inline, no script, and a form that leads back to us. */
const PAGE_HEADERS: Record<string, string> = {
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
}

/** Whoever gets a kept answer that says "not now" may come again after this. */
const AGAIN_SECONDS = 5

export function bytesOf(body: Record<string, unknown>): string {
  return JSON.stringify({ success: true, ...body, timestamp: iso(now()) })
}

export function send(response: Response, reply: Reply, requestId: string): void {
  response.status(reply.status).set(HEADERS).set('X-Request-Id', requestId)
  if (reply.page === true) response.set(PAGE_HEADERS)
  if (reply.status === 503) response.set('Retry-After', String(AGAIN_SECONDS))
  if (reply.replayed === true) response.set('Idempotent-Replayed', 'true')
  response.end(typeof reply.body === 'string' ? reply.body : bytesOf(reply.body))
}

/** Says what failed to the caller, and why to the log. What is not a `Failure` says nothing of the inside. */
export function sendFailure(response: Response, error: unknown, facts: { requestId: string; function: string }): void {
  const failure = error instanceof Failure ? error : new Failure('INTERNAL_ERROR', { cause: error })
  if (failure.status >= 500) log.error(`${facts.function} failed`, error, { ...facts, code: failure.code, why: failure.reason })
  else log.info(`${facts.function} refused`, { ...facts, code: failure.code, why: failure.reason })
  response.status(failure.status).set(HEADERS).set('X-Request-Id', facts.requestId)
  if (failure.retryAfterSeconds !== undefined) response.set('Retry-After', String(failure.retryAfterSeconds))
  response.end(
    JSON.stringify({
      success: false,
      error: failure.message,
      code: failure.code,
      retryable: failure.retryable,
      ...(failure.details === undefined ? {} : { details: failure.details }),
      timestamp: iso(now()),
    }),
  )
}
