/**
 * How Stripe says no: a status, and an error body that callers decide by (`type`, `code`, `decline_code`, `param`).
 *
 * `begun` must be right in every case: what was refused once the work had begun is stored under the idempotency key
 * and said again (402 included), what was refused before (a missing parameter, an unknown id) leaves the key free.
 */
export interface ErrorBody {
  readonly type: 'api_error' | 'card_error' | 'idempotency_error' | 'invalid_request_error'
  readonly message: string
  readonly code?: string
  readonly param?: string | null
  readonly decline_code?: string
  readonly advice_code?: string
  readonly network_decline_code?: string
  readonly doc_url?: string
  readonly charge?: string
  readonly payment_intent?: object
  readonly payment_method?: object
  readonly setup_intent?: object
}

export class Refusal extends Error {
  readonly status: number
  readonly body: ErrorBody
  readonly begun: boolean
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, body: ErrorBody, options: { begun?: boolean; headers?: Record<string, string> } = {}) {
    super(body.message)
    this.status = status
    this.body = body.code === undefined ? body : { ...body, doc_url: docUrl(body.code) }
    this.begun = options.begun ?? false
    this.headers = options.headers ?? {}
  }
}

export function docUrl(code: string): string {
  return `https://stripe.com/docs/error-codes/${code.replaceAll('_', '-')}`
}

/** Refused before anything was done. */
export function invalid(message: string, details: { code?: string; param?: string } = {}): Refusal {
  return new Refusal(400, { type: 'invalid_request_error', message, ...details })
}

export function missing(param: string): Refusal {
  return invalid(`Missing required param: ${param}.`, { code: 'parameter_missing', param })
}

/** The id in the path names nothing. */
export function notFound(kind: string, id: string): Refusal {
  const message = `No such ${kind}: '${id}'`
  return new Refusal(404, { type: 'invalid_request_error', code: 'resource_missing', message, param: 'id' })
}

/** An id in a parameter names nothing. */
export function noSuch(kind: string, id: string, param: string): Refusal {
  return invalid(`No such ${kind}: '${id}'`, { code: 'resource_missing', param })
}

/** The object is not in a state for this; found out at work, so it is said again for the same key. */
export function unexpectedState(message: string, details: Partial<ErrorBody> = {}): Refusal {
  return new Refusal(400, { type: 'invalid_request_error', message, ...details }, { begun: true })
}
