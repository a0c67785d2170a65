/** Lightspeed's refusals: one body for sign-in, another for everything else. */
import type { HttpAnswer } from '../../http-ports.ts'

const PHRASES: Readonly<Record<number, string>> = {
  400: 'Bad Request', 403: 'Forbidden', 404: 'Not Found', 405: 'Method Not Allowed', 422: 'Unprocessable Entity', 429: 'Too Many Requests',
  500: 'Internal Server Error', 502: 'Bad Gateway', 503: 'Service Unavailable',
}

export class Refusal extends Error {
  readonly status: number
  readonly body: unknown
  readonly headers: Record<string, string>

  constructor(status: number, body: unknown, headers: Record<string, string> = {}) {
    super(JSON.stringify(body))
    this.status = status
    this.body = body
    this.headers = headers
  }

  answer(headers: Record<string, string> = {}): HttpAnswer {
    return { status: this.status, headers: { ...headers, ...this.headers }, body: this.body }
  }
}

export function refused(status: number, message: string, headers: Record<string, string> = {}): Refusal {
  return new Refusal(status, { httpCode: String(status), httpMessage: PHRASES[status] ?? '', message, errorClass: '' }, headers)
}

/** An access token that is not good. */
export function denied(hint: string): Refusal {
  return new Refusal(401, {
    error: 'access_denied', error_description: 'The resource owner or authorization server denied the request.', hint,
  })
}

/** A refresh that is not granted: what is missing, or that the token is not good (any more). */
export function notGranted(error: 'invalid_request' | 'invalid_grant' | 'invalid_client' | 'unsupported_grant_type', hint: string): Refusal {
  return new Refusal(error === 'invalid_client' ? 401 : 400, { error, error_description: 'The provided authorization grant is not good.', hint })
}
